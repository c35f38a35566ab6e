/* Implementation of waiting_store.h. The file: "FGWAIT1\n"; controller, 32 bytes, filled up with NUL; after,
 * 8 bytes; count, one byte; each entry as its length, 2 bytes, and its bytes; signature, 64 bytes, over all
 * before it. Numbers have the least significant byte first. */
#include "firmware/controller/record/waiting_store.h"

#include <string.h>

#include "lib/base/file.h"

#define MAGIC "FGWAIT1\n"
#define MAGIC_BYTES (sizeof(MAGIC) - 1)
#define NAME_BYTES (FG_NAME_MAX + 1)
#define AFTER_AT (MAGIC_BYTES + NAME_BYTES)
#define COUNT_AT (AFTER_AT + 8)
#define ENTRIES_AT (COUNT_AT + 1)

_Static_assert(ENTRIES_AT + FG_WAITING_MAX * (2 + FG_ENTRY_BYTES_MAX) + FG_SIGNATURE_BYTES ==
                   FG_WAITING_BYTES_MAX,
               "the fields fill the longest file");

/* What has no number yet is encoded under this one. */
#define PLACEHOLDER_SEQUENCE 1

static bool may_wait(const struct fg_entry *entry)
{
    return entry->kind == FG_ENTRY_EVENT || entry->kind == FG_ENTRY_ENDED;
}

static enum fg_err entry_put(const struct fg_waiting_store *store, const struct fg_entry *entry, uint8_t *at,
                             size_t *used, struct fg_error *error)
{
    struct fg_entry named = *entry;
    size_t length = 0;
    enum fg_err code;

    if (!may_wait(entry))
        return fg_fail(error, FG_E_RANGE, "entries of kind %u do not wait", entry->kind);
    memcpy(named.controller, store->controller, sizeof(named.controller));
    named.sequence = PLACEHOLDER_SEQUENCE;
    code = fg_entry_encode(&named, at + 2, FG_ENTRY_BYTES_MAX, &length, error);
    if (code != FG_OK)
        return code;
    at[0] = (uint8_t)length;
    at[1] = (uint8_t)(length >> 8);
    *used += 2 + length;
    return FG_OK;
}

enum fg_err fg_waiting_encode(const struct fg_waiting_store *store, const struct fg_waiting *waiting,
                              uint8_t ret_bytes[FG_WAITING_BYTES_MAX], size_t *ret_length,
                              struct fg_error *error)
{
    struct fg_signature signature;
    size_t used = ENTRIES_AT;
    enum fg_err code = FG_OK;

    if (waiting->count > FG_WAITING_MAX)
        return fg_fail(error, FG_E_RANGE, "%u entries, at most %d wait", waiting->count, FG_WAITING_MAX);
    memset(ret_bytes, 0, ENTRIES_AT);
    memcpy(ret_bytes, MAGIC, MAGIC_BYTES);
    memcpy(ret_bytes + MAGIC_BYTES, store->controller, strnlen(store->controller, FG_NAME_MAX));
    for (unsigned i = 0; i < 8; i++)
        ret_bytes[AFTER_AT + i] = (uint8_t)(waiting->after >> (8 * i));
    ret_bytes[COUNT_AT] = waiting->count;
    for (uint8_t i = 0; i < waiting->count && code == FG_OK; i++)
        code = entry_put(store, &waiting->entries[i], ret_bytes + used, &used, error);
    if (code == FG_OK)
        code = fg_sign(store->key, FG_PURPOSE_WAITING, ret_bytes, used, &signature, error);
    if (code != FG_OK)
        return code;
    memcpy(ret_bytes + used, signature.bytes, FG_SIGNATURE_BYTES);
    *ret_length = used + FG_SIGNATURE_BYTES;
    return FG_OK;
}

/* The entries between ENTRIES_AT and end, which must be used up by them. */
static enum fg_err entries_take(const uint8_t *bytes, size_t end, struct fg_waiting *waiting,
                                struct fg_error *error)
{
    size_t at = ENTRIES_AT;

    for (uint8_t i = 0; i < waiting->count; i++) {
        size_t length = end - at < 2 ? 0 : (size_t)bytes[at] | (size_t)bytes[at + 1] << 8;
        enum fg_err code;

        if (length == 0 || length > end - at - 2)
            return fg_fail(error, FG_E_FORMAT, "waiting entry %u is cut", i + 1U);
        code = fg_entry_decode(bytes + at + 2, length, &waiting->entries[i], error);
        if (code != FG_OK)
            return code;
        if (!may_wait(&waiting->entries[i]))
            return fg_fail(error, FG_E_RANGE, "waiting entry %u is of kind %u", i + 1U,
                           waiting->entries[i].kind);
        at += 2 + length;
    }
    return at == end ? FG_OK : fg_fail(error, FG_E_FORMAT, "more follows after the waiting entries");
}

enum fg_err fg_waiting_decode(const struct fg_waiting_store *store, const uint8_t *bytes, size_t length,
                              struct fg_waiting *ret_waiting, struct fg_error *error)
{
    struct fg_signature signature;
    size_t end = length - FG_SIGNATURE_BYTES;
    uint64_t after = 0;

    ret_waiting->count = 0;
    if (length < ENTRIES_AT + FG_SIGNATURE_BYTES || length > FG_WAITING_BYTES_MAX ||
        memcmp(bytes, MAGIC, MAGIC_BYTES) != 0)
        return fg_fail(error, FG_E_FORMAT, "not a file of waiting entries");
    memcpy(signature.bytes, bytes + end, FG_SIGNATURE_BYTES);
    if (fg_sign_verify(&store->key->public_key, FG_PURPOSE_WAITING, bytes, end, &signature, NULL) != FG_OK)
        return fg_fail(error, FG_E_AUTH, "not signed with this controller's key");
    if (memchr(bytes + MAGIC_BYTES, '\0', NAME_BYTES) == NULL ||
        strcmp((const char *)bytes + MAGIC_BYTES, store->controller) != 0)
        return fg_fail(error, FG_E_AUTH, "another controller's");
    if (bytes[COUNT_AT] > FG_WAITING_MAX)
        return fg_fail(error, FG_E_RANGE, "%u entries, at most %d wait", bytes[COUNT_AT], FG_WAITING_MAX);
    for (unsigned i = 0; i < 8; i++)
        after |= (uint64_t)bytes[AFTER_AT + i] << (8 * i);
    ret_waiting->after = after;
    ret_waiting->count = bytes[COUNT_AT];
    return entries_take(bytes, end, ret_waiting, error);
}

enum fg_err fg_waiting_load(const struct fg_waiting_store *store, struct fg_waiting *ret_waiting,
                            struct fg_error *error)
{
    static uint8_t bytes[FG_WAITING_BYTES_MAX + 1]; /* one more, so that a longer file shows */
    size_t length = 0;
    enum fg_err code = fg_file_read(store->path, FG_FILE_OPTIONAL | FG_FILE_NO_LINK | FG_FILE_BEGINNING,
                                    bytes, sizeof(bytes), &length, error);

    /* Without the path: the text goes into an entry of the journal, which has little room. */
    if (code != FG_OK)
        return fg_fail(error, code, "its file cannot be read");
    return fg_waiting_decode(store, bytes, length, ret_waiting, error);
}

enum fg_err fg_waiting_save(const struct fg_waiting_store *store, const struct fg_waiting *waiting,
                            struct fg_error *error)
{
    static uint8_t bytes[FG_WAITING_BYTES_MAX];
    size_t length = 0;
    enum fg_err code;

    if (waiting->count == 0)
        return fg_file_remove(store->path, error);
    code = fg_waiting_encode(store, waiting, bytes, &length, error);
    if (code != FG_OK)
        return code;
    return fg_file_write(store->path, 0600, bytes, length, error);
}
