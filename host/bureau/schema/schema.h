/* The bureau's tables, as numbered migrations: one text per subject, in the order in which they came.
 *
 * Keys lead with the controller or device, so that the tables can be spread over many nodes. A migration that
 * was ever released is never changed; a change is a new one at the end. Not: the statements on them (their
 * subjects' files). Relies on: host/sql. */
#ifndef FG_HOST_BUREAU_SCHEMA_SCHEMA_H
#define FG_HOST_BUREAU_SCHEMA_SCHEMA_H

#include "host/sql/sql.h"

extern const struct fg_sql_migration fg_bureau_migrations[];
extern const size_t fg_bureau_migration_count;

#endif
