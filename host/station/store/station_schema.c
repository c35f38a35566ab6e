/* The station's tables (station_schema.h). Every key that can lead with (controller, sequence) does, so that
 * the rows of one controller lie together. A migration that was released is never changed: add another one.
 */
#include "host/station/store/station_schema.h"

static const char tables[] = "CREATE TABLE controller ("
                             " id TEXT NOT NULL PRIMARY KEY,"
                             " device_key BYTES NOT NULL,"
                             " first_contact_ms BIGINT NOT NULL,"
                             " contact_ms BIGINT NOT NULL,"
                             " next_sequence BIGINT NOT NULL,"
                             " head BYTES NOT NULL,"
                             " urgent_sequence BIGINT NOT NULL DEFAULT 0,"
                             " forks BIGINT NOT NULL DEFAULT 0,"
                             " refusals BIGINT NOT NULL DEFAULT 0,"
                             " marked BIGINT NOT NULL DEFAULT 0,"
                             " upstream_ms BIGINT NOT NULL DEFAULT 0,"
                             " upstream_verdict BIGINT NOT NULL DEFAULT 0,"
                             " upstream_text TEXT NOT NULL DEFAULT '',"
                             " report_ms BIGINT NOT NULL DEFAULT 0,"
                             " clock_offset_ms BIGINT NOT NULL DEFAULT 0,"
                             " clock_quality BIGINT NOT NULL DEFAULT 0,"
                             " list_id TEXT NOT NULL DEFAULT '',"
                             " list_version BIGINT NOT NULL DEFAULT 0,"
                             " list_issued_ms BIGINT NOT NULL DEFAULT 0,"
                             " last_sequence BIGINT NOT NULL DEFAULT 0,"
                             " unsent BIGINT NOT NULL DEFAULT 0,"
                             " oldest_unsent_ms BIGINT NOT NULL DEFAULT 0,"
                             " disk_free_bytes BIGINT NOT NULL DEFAULT 0,"
                             " version TEXT NOT NULL DEFAULT '');"
                             "CREATE TABLE entry ("
                             " controller TEXT NOT NULL,"
                             " sequence BIGINT NOT NULL,"
                             " bytes BYTES NOT NULL,"
                             " hash BYTES NOT NULL,"
                             " head_signature BYTES,"
                             " arrived_ms BIGINT NOT NULL,"
                             " time_ms BIGINT NOT NULL,"
                             " mark BIGINT NOT NULL,"
                             " PRIMARY KEY (controller, sequence));"
                             "CREATE TABLE receipt ("
                             " controller TEXT NOT NULL PRIMARY KEY,"
                             " bytes BYTES NOT NULL,"
                             " next_sequence BIGINT NOT NULL,"
                             " arrived_ms BIGINT NOT NULL);"
                             "CREATE TABLE evidence ("
                             " controller TEXT NOT NULL,"
                             " sequence BIGINT NOT NULL,"
                             " hash BYTES NOT NULL,"
                             " verdict BIGINT NOT NULL,"
                             " batch BYTES NOT NULL,"
                             " arrived_ms BIGINT NOT NULL,"
                             " PRIMARY KEY (controller, sequence, hash));"
                             "CREATE TABLE upstream ("
                             " id BIGINT NOT NULL PRIMARY KEY,"
                             " started_ms BIGINT NOT NULL,"
                             " updated_ms BIGINT NOT NULL,"
                             " attempt_ms BIGINT NOT NULL,"
                             " contact_ms BIGINT NOT NULL,"
                             " attempts BIGINT NOT NULL,"
                             " failures BIGINT NOT NULL,"
                             " error_ms BIGINT NOT NULL,"
                             " error_text TEXT NOT NULL,"
                             " list_id TEXT NOT NULL,"
                             " list_version BIGINT NOT NULL,"
                             " list_issued_ms BIGINT NOT NULL,"
                             " list_expires_ms BIGINT NOT NULL,"
                             " list_checked_ms BIGINT NOT NULL,"
                             " clock_offset_ms BIGINT NOT NULL);";

static const struct fg_sql_migration migrations[] = {
    {1, "first tables", tables, NULL, NULL},
    {2, "evidence shown to the bureau", "ALTER TABLE evidence ADD COLUMN shown_ms BIGINT NOT NULL DEFAULT 0",
     NULL, NULL},
    {3, "verification",
     "CREATE TABLE verification (id BIGINT NOT NULL PRIMARY KEY, heads_kept BIGINT NOT NULL,"
     " started_ms BIGINT NOT NULL, ended_ms BIGINT NOT NULL, entries BIGINT NOT NULL,"
     " findings BIGINT NOT NULL, text TEXT NOT NULL)",
     NULL, NULL},
    {4, "when the roster was asked for",
     "ALTER TABLE upstream ADD COLUMN roster_checked_ms BIGINT NOT NULL DEFAULT 0", NULL, NULL},
};

const struct fg_sql_migration *fg_station_schema(size_t *ret_count)
{
    *ret_count = sizeof(migrations) / sizeof(migrations[0]);
    return migrations;
}
