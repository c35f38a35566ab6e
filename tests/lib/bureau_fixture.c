/* Implementation of the bureau's fixture (bureau_fixture.h). */
#include "tests/lib/bureau_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/directory.h"
#include "host/bureau/ledger.h"
#include "host/bureau/schema.h"
#include "host/bureau/suspension.h"
#include "tests/lib/check.h"
#include "tests/lib/postgres_fixture.h"

struct fg_sql *fg_fixture_bureau(bool postgres)
{
    char url[256];
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 10000};
    struct fg_sql *sql = NULL;
    struct fg_error error;

    if (postgres)
        (void)snprintf(url, sizeof(url), "%s", fg_postgres_database());
    else
        (void)snprintf(url, sizeof(url), "sqlite:%s", fg_test_path("bureau.db"));
    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error);
    return sql;
}

void fg_fixture_bureau_device(struct fg_sql *sql, const char *device, const char *role, const char *station,
                              const struct fg_public_key *device_key)
{
    struct fg_sql_statement *statement;
    struct fg_error error;

    CHECK_OK(fg_sql_prepare(sql,
                            "INSERT INTO device (device, role, station, list_id, tls_point, device_point, "
                            "enrolled_ms, certificate_end_ms) VALUES ($1, $2, $3, 'city', $4, $5, $6, $7)",
                            &statement, &error),
             &error);
    fg_sql_bind_text(statement, 1, device);
    fg_sql_bind_text(statement, 2, role);
    fg_sql_bind_text(statement, 3, station);
    fg_sql_bind_bytes(statement, 4, fg_fixture_bureau_receipt_key()->public_key.point, FG_POINT_BYTES);
    if (device_key != NULL)
        fg_sql_bind_bytes(statement, 5, device_key->point, FG_POINT_BYTES);
    else
        fg_sql_bind_null(statement, 5);
    fg_sql_bind_int(statement, 6, FG_FIXTURE_BUREAU_MS);
    fg_sql_bind_int(statement, 7, FG_FIXTURE_BUREAU_MS * 2);
    CHECK_OK(fg_sql_run(statement, NULL, &error), &error);
}

void fg_fixture_bureau_adopt(struct fg_sql *sql)
{
    struct fg_error error;

    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_OK(fg_ledger_adopt(sql, &error), &error);
    CHECK_OK(fg_sql_commit(sql, &error), &error);
}

void fg_fixture_sql_run(struct fg_sql *sql, const char *text)
{
    struct fg_sql_statement *statement;
    struct fg_error error;

    CHECK_OK(fg_sql_prepare(sql, text, &statement, &error), &error);
    CHECK_OK(fg_sql_run(statement, NULL, &error), &error);
}

int64_t fg_fixture_sql_number(struct fg_sql *sql, const char *text)
{
    struct fg_sql_statement *statement;
    struct fg_error error;
    int64_t number;

    CHECK_OK(fg_sql_prepare(sql, text, &statement, &error), &error);
    CHECK_OK(fg_sql_next(statement, &error), &error);
    number = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return number;
}

struct fg_fixture_journal *fg_fixture_journal(const char *controller)
{
    struct fg_fixture_journal *journal = calloc(1, sizeof(*journal));
    struct fg_error error;

    CHECK(journal != NULL);
    (void)snprintf(journal->controller, sizeof(journal->controller), "%s", controller);
    CHECK_OK(fg_private_key_new(&journal->key, &error), &error);
    fg_chain_start(controller, &journal->hashes[0]);
    journal->inventory_g = 1000000;
    return journal;
}

void fg_fixture_journal_add_bytes(struct fg_fixture_journal *journal, const void *bytes, size_t length)
{
    uint64_t number = journal->count + 1;

    CHECK(number <= FG_FIXTURE_ENTRIES_MAX && length <= FG_ENTRY_BYTES_MAX);
    memcpy(journal->bytes[number], bytes, length);
    journal->lengths[number] = length;
    fg_chain_next(&journal->hashes[number - 1], bytes, length, &journal->hashes[number]);
    journal->count = number;
}

void fg_fixture_journal_add(struct fg_fixture_journal *journal, struct fg_entry *entry)
{
    uint8_t bytes[FG_ENTRY_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;

    memcpy(entry->controller, journal->controller, sizeof(entry->controller));
    entry->sequence = journal->count + 1;
    entry->boot = 1;
    entry->mono_ms = (int64_t)entry->sequence;
    if (entry->clock_quality == 0)
        entry->clock_quality = FG_CLOCK_SYNCHRONISED;
    CHECK_OK(fg_entry_encode(entry, bytes, sizeof(bytes), &length, &error), &error);
    fg_fixture_journal_add_bytes(journal, bytes, length);
}

void fg_fixture_journal_fill(struct fg_fixture_journal *journal, const char *code, int64_t wall_ms,
                             int64_t quantity_g)
{
    struct fg_entry entry = {.kind = FG_ENTRY_AUTHORISED,
                             .wall_ms = wall_ms - 60000,
                             .identity = FG_IDENTITY_SIGNED_TAG,
                             .operator_id = "op-7",
                             .list_id = "city",
                             .list_version = 12,
                             .uid = {7, {4, 1, 2, 3, 4, 5, 6}},
                             .meter_state = FG_READING_GOOD,
                             .inventory_g = journal->inventory_g};

    entry.row.state = FG_CYLINDER_IN_SERVICE;
    entry.row.medium = FG_MEDIUM_CNG;
    entry.row.nominal_pressure_kpa = 20000;
    (void)snprintf(entry.row.code.text, sizeof(entry.row.code.text), "%s", code);
    (void)snprintf(entry.row.plate, sizeof(entry.row.plate), "TAXI-%.8s", code);
    fg_fixture_journal_add(journal, &entry);
    entry.kind = FG_ENTRY_ENDED;
    entry.wall_ms = wall_ms;
    entry.authorised_sequence = journal->count;
    entry.stop = FG_STOP_TARGET_REACHED;
    entry.start_inventory_g = journal->inventory_g;
    entry.quantity_g = quantity_g;
    journal->inventory_g += quantity_g;
    entry.inventory_g = journal->inventory_g;
    entry.duration_ms = 60000;
    entry.end_pressure_kpa = 20100;
    fg_fixture_journal_add(journal, &entry);
}

void fg_fixture_journal_batch(const struct fg_fixture_journal *journal, uint64_t first, uint64_t last,
                              struct fg_sync_batch *ret_batch)
{
    struct fg_head head = {.sequence = last, .hash = journal->hashes[last]};
    struct fg_error error;

    CHECK(first >= 1 && first <= last && last <= journal->count);
    memset(ret_batch, 0, sizeof(*ret_batch));
    memcpy(ret_batch->controller, journal->controller, sizeof(ret_batch->controller));
    memcpy(head.controller, journal->controller, sizeof(head.controller));
    ret_batch->first_sequence = first;
    ret_batch->count = (size_t)(last - first + 1);
    for (uint64_t i = first; i <= last; i++)
        ret_batch->entries[i - first] = (struct fg_sync_slice){journal->bytes[i], journal->lengths[i]};
    CHECK_OK(fg_head_sign(&head, &journal->key, &ret_batch->head_signature, &error), &error);
}

struct fg_peer fg_fixture_bureau_peer(const char *role, const char *id)
{
    struct fg_peer peer = {.kind = FG_PEER_CERTIFIED, .key = fg_fixture_bureau_receipt_key()->public_key};

    (void)snprintf(peer.role, sizeof(peer.role), "%s", role);
    (void)snprintf(peer.id, sizeof(peer.id), "%s", id);
    return peer;
}

const struct fg_private_key *fg_fixture_bureau_receipt_key(void)
{
    static struct fg_private_key key;
    static bool made;
    struct fg_error error;

    if (!made)
        CHECK_OK(fg_private_key_new(&key, &error), &error);
    made = true;
    return &key;
}

const struct fg_ingest_settings *fg_fixture_bureau_ingest(void)
{
    static struct fg_ingest_settings settings;

    settings.receipt_key = fg_fixture_bureau_receipt_key();
    settings.directory = fg_device_directory;
    settings.suspended_a_day = FG_SUSPENSION_ENTRIES_A_DAY;
    return &settings;
}

uint8_t fg_fixture_bureau_send(struct fg_sql *sql, const struct fg_fixture_journal *journal,
                               const char *station, uint64_t first, uint64_t last,
                               struct fg_sync_answer *ret_answer)
{
    struct fg_peer peer = fg_fixture_bureau_peer("station", station);
    struct fg_sync_batch batch;
    struct fg_sync_answer answer;
    struct fg_error error;

    fg_fixture_journal_batch(journal, first, last, &batch);
    CHECK_OK(fg_ingest_batch(sql, fg_fixture_bureau_ingest(), &peer, &batch, FG_FIXTURE_BUREAU_MS,
                             ret_answer != NULL ? ret_answer : &answer, &error),
             &error);
    return ret_answer != NULL ? ret_answer->verdict : answer.verdict;
}

void fg_fixture_bureau_pair(struct fg_sql *sql, struct fg_fixture_journal **ret_one,
                            struct fg_fixture_journal **ret_two)
{
    *ret_one = fg_fixture_journal("ctl-1");
    *ret_two = fg_fixture_journal("ctl-2");
    fg_fixture_bureau_device(sql, "S1", "station", "S1", NULL);
    fg_fixture_bureau_device(sql, "S2", "station", "S2", NULL);
    fg_fixture_bureau_device(sql, "ctl-1", "controller", "S1", &(*ret_one)->key.public_key);
    fg_fixture_bureau_device(sql, "ctl-2", "controller", "S2", &(*ret_two)->key.public_key);
}

struct fg_fixture_journal *fg_fixture_bureau_stored(struct fg_sql *sql, uint64_t first_head, uint64_t count)
{
    struct fg_fixture_journal *journal = fg_fixture_journal("ctl-1");

    fg_fixture_bureau_device(sql, "ctl-1", "controller", "S1", &journal->key.public_key);
    for (uint64_t i = 0; i < count / 2; i++)
        fg_fixture_journal_fill(journal, "HZ-1", FG_FIXTURE_BUREAU_MS - 3600000 + (int64_t)i * 120000, 9000);
    CHECK_INT(fg_fixture_bureau_send(sql, journal, "S1", 1, first_head, NULL), FG_SYNC_HELD);
    CHECK_INT(fg_fixture_bureau_send(sql, journal, "S1", first_head + 1, count, NULL), FG_SYNC_HELD);
    return journal;
}

void fg_fixture_ca(const char *name, int64_t from_ms, char *ret_pem, size_t capacity)
{
    char path[256];
    struct fg_error error;
    FILE *file;

    CHECK_OK(fg_ca_create(fg_test_path(name), name, from_ms, 3650, &error), &error);
    (void)snprintf(path, sizeof(path), "%s/ca.pem", fg_test_path(name));
    file = fopen(path, "rb");
    CHECK(file != NULL);
    ret_pem[fread(ret_pem, 1, capacity - 1, file)] = '\0';
    CHECK(fclose(file) == 0);
}

void fg_fixture_ca_issue(const char *name, const struct fg_certificate_order *order,
                         struct fg_certificate *ret_certificate)
{
    struct fg_error error;
    struct fg_ca *ca = NULL;

    CHECK_OK(fg_ca_open(fg_test_path(name), &ca, &error), &error);
    CHECK_OK(fg_ca_issue(ca, order, ret_certificate, &error), &error);
    fg_ca_close(ca);
}
