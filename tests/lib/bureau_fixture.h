/* A bureau's database and controllers' journals for tests.
 *
 * Not: the behaviour of what is tested. Every function ends the test on failure. Relies on: host/bureau,
 * postgres_fixture.h. */
#ifndef FG_TESTS_BUREAU_FIXTURE_H
#define FG_TESTS_BUREAU_FIXTURE_H

#include "host/bureau/ingest.h"
#include "host/pki/ca.h"
#include "host/sql/sql.h"
#include "proto/sync.h"

#define FG_FIXTURE_BUREAU_MS INT64_C(1795392000000) /* 2026-11-22 */

/* Opens a new database with all tables; the caller closes it. */
struct fg_sql *fg_fixture_bureau(bool postgres);

/* Puts a device into the bureau's table; a controller's journal key is fg_fixture_journal's. */
void fg_fixture_bureau_device(struct fg_sql *sql, const char *device, const char *role, const char *station,
                              const struct fg_public_key *device_key);

/* Lets the ledger take everything that a test put into the tables by hand as it is. */
void fg_fixture_bureau_adopt(struct fg_sql *sql);
/* Runs one statement without parameters. */
void fg_fixture_sql_run(struct fg_sql *sql, const char *text);
/* The one number that a query gives. */
int64_t fg_fixture_sql_number(struct fg_sql *sql, const char *text);

#define FG_FIXTURE_ENTRIES_MAX 1200

/* A controller's journal in memory. */
struct fg_fixture_journal {
    char controller[FG_NAME_MAX + 1];
    struct fg_private_key key;
    uint64_t count;
    int64_t inventory_g;                                 /* of the next fill's start */
    struct fg_digest hashes[FG_FIXTURE_ENTRIES_MAX + 1]; /* hashes[n] after entry n */
    size_t lengths[FG_FIXTURE_ENTRIES_MAX + 1];
    uint8_t bytes[FG_FIXTURE_ENTRIES_MAX + 1][FG_ENTRY_BYTES_MAX];
};
/* On the heap; free() it. */
struct fg_fixture_journal *fg_fixture_journal(const char *controller);
/* Adds an entry (controller, sequence, boot, clock set here; kind and the rest by the caller). */
void fg_fixture_journal_add(struct fg_fixture_journal *journal, struct fg_entry *entry);
/* Adds bytes that need not be an entry. */
void fg_fixture_journal_add_bytes(struct fg_fixture_journal *journal, const void *bytes, size_t length);
/* Adds AUTHORISED and ENDED of one fill that ends at wall_ms. */
void fg_fixture_journal_fill(struct fg_fixture_journal *journal, const char *code, int64_t wall_ms,
                             int64_t quantity_g);
/* A batch of entries first..last, signed. */
void fg_fixture_journal_batch(const struct fg_fixture_journal *journal, uint64_t first, uint64_t last,
                              struct fg_sync_batch *ret_batch);

/* Who sends. */
struct fg_peer fg_fixture_bureau_peer(const char *role, const char *id);
/* The bureau's key that signs receipts. */
const struct fg_private_key *fg_fixture_bureau_receipt_key(void);
const struct fg_ingest_settings *fg_fixture_bureau_ingest(void);
/* Sends entries first..last as the station; returns the verdict. */
uint8_t fg_fixture_bureau_send(struct fg_sql *sql, const struct fg_fixture_journal *journal,
                               const char *station, uint64_t first, uint64_t last,
                               struct fg_sync_answer *ret_answer);

/* Two controllers, ctl-1 at station S1 and ctl-2 at S2, with empty journals; free() them. */
void fg_fixture_bureau_pair(struct fg_sql *sql, struct fg_fixture_journal **ret_one,
                            struct fg_fixture_journal **ret_two);
/* Controller ctl-1 at S1, whose journal of fills the bureau got in two batches: entries 1 to first_head, and
 * those up to count (even). On the heap; free() it. */
struct fg_fixture_journal *fg_fixture_bureau_stored(struct fg_sql *sql, uint64_t first_head, uint64_t count);

/* Makes a certificate authority in fg_test_path(name), valid from from_ms on for ten years; its certificate
 * as PEM. */
void fg_fixture_ca(const char *name, int64_t from_ms, char *ret_pem, size_t capacity);
/* Lets it issue a certificate. */
void fg_fixture_ca_issue(const char *name, const struct fg_certificate_order *order,
                         struct fg_certificate *ret_certificate);

#endif
