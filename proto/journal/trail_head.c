/* Implementation of signed heads of the trail (trail_head.h). */
#include "proto/journal/trail_head.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SIGNED_BYTES (8 + 8 + FG_DIGEST_BYTES)
#define SIGNED_AT (FG_KEY_ID_BYTES + FG_SIGNATURE_BYTES)

_Static_assert(SIGNED_AT + SIGNED_BYTES == FG_TRAIL_STATEMENT_BYTES, "the parts fill a statement");

static void number_put(uint8_t bytes[8], uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
}

static uint64_t number_get(const uint8_t bytes[8])
{
    uint64_t number = 0;

    for (unsigned i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

static void signed_put(const struct fg_trail_statement *statement, uint8_t bytes[SIGNED_BYTES])
{
    number_put(bytes, statement->head.number);
    number_put(bytes + 8, (uint64_t)statement->at_ms);
    memcpy(bytes + 16, statement->head.hash.bytes, FG_DIGEST_BYTES);
}

enum fg_err fg_trail_statement_sign(const struct fg_trail_head *head, int64_t at_ms,
                                    const struct fg_private_key *key,
                                    struct fg_trail_statement *ret_statement, struct fg_error *error)
{
    struct fg_trail_statement statement = {.key_id = key->public_key.id, .head = *head, .at_ms = at_ms};
    uint8_t bytes[SIGNED_BYTES];
    enum fg_err result;

    signed_put(&statement, bytes);
    result = fg_sign(key, FG_PURPOSE_TRAIL, bytes, sizeof(bytes), &statement.signature, error);
    if (result == FG_OK)
        *ret_statement = statement;
    return result;
}

void fg_trail_statement_encode(const struct fg_trail_statement *statement,
                               uint8_t ret_bytes[FG_TRAIL_STATEMENT_BYTES])
{
    memcpy(ret_bytes, statement->key_id.bytes, FG_KEY_ID_BYTES);
    memcpy(ret_bytes + FG_KEY_ID_BYTES, statement->signature.bytes, FG_SIGNATURE_BYTES);
    signed_put(statement, ret_bytes + SIGNED_AT);
}

enum fg_err fg_trail_statement_decode(const uint8_t *bytes, size_t length,
                                      struct fg_trail_statement *ret_statement, struct fg_error *error)
{
    struct fg_trail_statement statement;
    uint64_t at_ms;

    if (length != FG_TRAIL_STATEMENT_BYTES)
        return fg_fail(error, FG_E_FORMAT, "head of the trail: %zu bytes, it has %d", length,
                       FG_TRAIL_STATEMENT_BYTES);
    memcpy(statement.key_id.bytes, bytes, FG_KEY_ID_BYTES);
    memcpy(statement.signature.bytes, bytes + FG_KEY_ID_BYTES, FG_SIGNATURE_BYTES);
    statement.head.number = number_get(bytes + SIGNED_AT);
    at_ms = number_get(bytes + SIGNED_AT + 8);
    memcpy(statement.head.hash.bytes, bytes + SIGNED_AT + 16, FG_DIGEST_BYTES);
    if (statement.head.number == 0 || statement.head.number > INT64_MAX || at_ms > INT64_MAX)
        return fg_fail(error, FG_E_FORMAT, "head of the trail: its number or time is impossible");
    statement.at_ms = (int64_t)at_ms;
    *ret_statement = statement;
    return FG_OK;
}

enum fg_err fg_trail_statement_verify(const struct fg_trail_statement *statement,
                                      const struct fg_public_key *keys, size_t key_count,
                                      struct fg_error *error)
{
    uint8_t bytes[SIGNED_BYTES];

    signed_put(statement, bytes);
    for (size_t i = 0; i < key_count; i++) {
        if (memcmp(keys[i].id.bytes, statement->key_id.bytes, FG_KEY_ID_BYTES) == 0)
            return fg_sign_verify(&keys[i], FG_PURPOSE_TRAIL, bytes, sizeof(bytes), &statement->signature,
                                  error);
    }
    return fg_fail(error, FG_E_NOT_FOUND,
                   "head %" PRIu64 " of the trail: signed with a key that is not known here",
                   statement->head.number);
}

bool fg_trail_head_equal(const struct fg_trail_head *one, const struct fg_trail_head *other)
{
    return one->number == other->number &&
           memcmp(one->hash.bytes, other->hash.bytes, sizeof(one->hash.bytes)) == 0;
}

void fg_trail_head_text(const struct fg_trail_head *head, char ret_text[FG_TRAIL_HEAD_TEXT_BYTES])
{
    size_t used = (size_t)snprintf(ret_text, FG_TRAIL_HEAD_TEXT_BYTES, "%" PRIu64 ":", head->number);

    for (size_t i = 0; i < sizeof(head->hash.bytes); i++)
        used +=
            (size_t)snprintf(ret_text + used, FG_TRAIL_HEAD_TEXT_BYTES - used, "%02x", head->hash.bytes[i]);
}
