/* The bureau's receipts in the station's store (store.h): kept as they came, believed only as far as they
 * prove themselves.
 *
 * What has been received, and so what is still to be sent, is read from the receipt's own signed bytes. The
 * column beside them exists for queries; a row where the two disagree counts as no receipt at all, and then
 * everything held is sent again, which brings a genuine one. */
#include <string.h>

#include "host/station/store/private.h"

enum fg_err fg_station_store_trust(struct fg_station_store *store, const struct fg_public_key *keys,
                                   size_t count, struct fg_error *error)
{
    if (count > FG_STATION_RECEIPT_KEYS_MAX)
        return fg_fail(error, FG_E_RANGE, "%zu receipt keys, at most %d can be trusted", count,
                       FG_STATION_RECEIPT_KEYS_MAX);
    if (count > 0)
        memcpy(store->keys, keys, count * sizeof(*keys));
    store->key_count = count;
    memset(store->proven, 0, sizeof(store->proven));
    return FG_OK;
}

/* Any of the keys may have signed it: a receipt stays good when the bureau changes its key. */
static bool is_signed(struct fg_station_store *store, const struct fg_receipt *receipt,
                      const struct fg_signature *signature)
{
    for (size_t i = 0; i < store->key_count; i++) {
        if (fg_receipt_verify(receipt, signature, &store->keys[i], NULL) == FG_OK)
            return true;
    }
    return store->key_count == 0;
}

/* Proving a signature takes as long as thousands of look-ups: the same bytes are proven once. */
static bool was_proven(struct fg_station_store *store, const struct fg_digest *digest)
{
    const struct fg_digest *slot = &store->proven[digest->bytes[0] % FG_STATION_PROVEN_MAX];

    return fg_bytes_equal(slot->bytes, digest->bytes, sizeof(digest->bytes));
}

bool fg_station_receipt_holds(struct fg_station_store *store, const char *controller, const uint8_t *bytes,
                              size_t length, uint64_t next, struct fg_receipt *ret_receipt,
                              struct fg_error *error)
{
    struct fg_signature signature;
    struct fg_receipt receipt;
    struct fg_digest digest;

    if (fg_receipt_decode(bytes, length, &receipt, &signature, NULL) != FG_OK) {
        (void)fg_fail(error, FG_E_CORRUPT, "controller %s: the stored receipt was edited: it does not parse",
                      controller);
        return false;
    }
    if (strcmp(receipt.controller, controller) != 0 || receipt.next_sequence != next ||
        next > (uint64_t)INT64_MAX) {
        (void)fg_fail(
            error, FG_E_CORRUPT,
            "controller %s: the stored receipt was exchanged: it is for %s, before entry %llu, its row "
            "says before entry %llu",
            controller, receipt.controller, (unsigned long long)receipt.next_sequence,
            (unsigned long long)next);
        return false;
    }
    fg_sha256(bytes, length, &digest);
    if (!was_proven(store, &digest)) {
        if (!is_signed(store, &receipt, &signature)) {
            (void)fg_fail(error, FG_E_AUTH,
                          "controller %s: the stored receipt is not signed with the bureau's key",
                          controller);
            return false;
        }
        store->proven[digest.bytes[0] % FG_STATION_PROVEN_MAX] = digest;
    }
    *ret_receipt = receipt;
    return true;
}

enum fg_err fg_station_store_receipt(struct fg_station_store *store, const char *controller,
                                     uint8_t ret_bytes[FG_STATEMENT_BYTES_MAX], size_t *ret_length,
                                     uint64_t *ret_next, struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    struct fg_receipt receipt;
    const uint8_t *bytes;
    size_t length = 0;
    enum fg_err result = fg_sql_prepare(
        store->sql, "SELECT bytes, next_sequence FROM receipt WHERE controller = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        bytes = fg_sql_bytes(statement, 0, &length);
        if (!fg_station_receipt_holds(store, controller, bytes, length, (uint64_t)fg_sql_int(statement, 1),
                                      &receipt, error)) {
            result = FG_E_NOT_FOUND;
        } else {
            memcpy(ret_bytes, bytes, length);
            *ret_length = length;
            *ret_next = receipt.next_sequence;
        }
    }
    fg_sql_reset(statement);
    return result;
}

enum fg_err fg_station_store_put_receipt(struct fg_station_store *store, const char *controller,
                                         const uint8_t *bytes, size_t length, uint64_t next, int64_t now_ms,
                                         struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result = fg_sql_prepare(
        store->sql,
        "INSERT INTO receipt (controller, bytes, next_sequence, arrived_ms) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (controller) DO UPDATE SET bytes = $2, next_sequence = $3, arrived_ms = $4",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    fg_sql_bind_bytes(statement, 2, bytes, length);
    fg_sql_bind_int(statement, 3, next > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)next);
    fg_sql_bind_int(statement, 4, now_ms);
    return fg_sql_run(statement, NULL, error);
}
