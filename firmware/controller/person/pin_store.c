/* Implementation of pin_store.h. The file: "FGPINS1\n"; controller, 32 bytes; boot, 4 bytes, least
 * significant first; wrong, blocks, 1 if blocked, one byte each; tried_id, 32 bytes; signature, 64 bytes,
 * over all before it. Texts are filled up with NUL. */
#include "firmware/controller/person/pin_store.h"

#include <string.h>

#include "lib/base/file.h"

#define MAGIC "FGPINS1\n"
#define MAGIC_BYTES (sizeof(MAGIC) - 1)
#define NAME_BYTES (FG_NAME_MAX + 1)
#define BOOT_AT (MAGIC_BYTES + NAME_BYTES)
#define WRONG_AT (BOOT_AT + 4)
#define TRIED_AT (WRONG_AT + 3)
#define SIGNATURE_AT (TRIED_AT + NAME_BYTES)

_Static_assert(SIGNATURE_AT + FG_SIGNATURE_BYTES == FG_PIN_STORE_BYTES, "the fields fill the file");

enum fg_err fg_pin_store_encode(const struct fg_pin_store *store, const struct fg_pin_count *count,
                                uint8_t ret_bytes[FG_PIN_STORE_BYTES], struct fg_error *error)
{
    struct fg_signature signature;
    enum fg_err code;

    memset(ret_bytes, 0, FG_PIN_STORE_BYTES);
    memcpy(ret_bytes, MAGIC, MAGIC_BYTES);
    memcpy(ret_bytes + MAGIC_BYTES, store->controller, strnlen(store->controller, FG_NAME_MAX));
    for (unsigned i = 0; i < 4; i++)
        ret_bytes[BOOT_AT + i] = (uint8_t)(store->boot >> (8 * i));
    ret_bytes[WRONG_AT] = count->wrong;
    ret_bytes[WRONG_AT + 1] = count->blocks;
    ret_bytes[WRONG_AT + 2] = count->is_blocked;
    memcpy(ret_bytes + TRIED_AT, count->tried_id, strnlen(count->tried_id, FG_NAME_MAX));
    code = fg_sign(store->key, FG_PURPOSE_PIN_COUNT, ret_bytes, SIGNATURE_AT, &signature, error);
    if (code == FG_OK)
        memcpy(ret_bytes + SIGNATURE_AT, signature.bytes, FG_SIGNATURE_BYTES);
    return code;
}

enum fg_err fg_pin_store_decode(const struct fg_pin_store *store, const uint8_t *bytes, size_t length,
                                uint32_t *ret_boot, struct fg_pin_count *ret_count, struct fg_error *error)
{
    struct fg_pin_count count = {0};
    struct fg_signature signature;
    uint32_t boot = 0;

    if (length != FG_PIN_STORE_BYTES || memcmp(bytes, MAGIC, MAGIC_BYTES) != 0)
        return fg_fail(error, FG_E_FORMAT, "not a count of wrong PINs");
    memcpy(signature.bytes, bytes + SIGNATURE_AT, FG_SIGNATURE_BYTES);
    if (fg_sign_verify(&store->key->public_key, FG_PURPOSE_PIN_COUNT, bytes, SIGNATURE_AT, &signature,
                       NULL) != FG_OK)
        return fg_fail(error, FG_E_AUTH, "not signed with this controller's key");
    if (memchr(bytes + MAGIC_BYTES, '\0', NAME_BYTES) == NULL ||
        strcmp((const char *)bytes + MAGIC_BYTES, store->controller) != 0)
        return fg_fail(error, FG_E_AUTH, "another controller's");
    for (unsigned i = 0; i < 4; i++)
        boot |= (uint32_t)bytes[BOOT_AT + i] << (8 * i);
    count.wrong = bytes[WRONG_AT];
    count.blocks = bytes[WRONG_AT + 1];
    count.is_blocked = bytes[WRONG_AT + 2] != 0;
    if (count.wrong >= FG_PIN_TRIES || memchr(bytes + TRIED_AT, '\0', NAME_BYTES) == NULL)
        return fg_fail(error, FG_E_RANGE, "%u wrong PINs, or a name without an end", count.wrong);
    memcpy(count.tried_id, bytes + TRIED_AT, NAME_BYTES);
    *ret_boot = boot;
    *ret_count = count;
    return FG_OK;
}

static enum fg_err file_take(const struct fg_pin_store *store, struct fg_pin_count *ret_count,
                             struct fg_error *error)
{
    uint8_t bytes[FG_PIN_STORE_BYTES + 1]; /* one more, so that a longer file shows */
    uint32_t boot = 0;
    size_t length = 0;
    enum fg_err code = fg_file_read(store->path, FG_FILE_OPTIONAL | FG_FILE_NO_LINK | FG_FILE_BEGINNING,
                                    bytes, sizeof(bytes), &length, error);

    /* Without the path: the text goes into an entry of the journal, which has little room. */
    if (code == FG_E_NOT_FOUND)
        return fg_fail(error, code, "its file cannot be opened: there is none");
    if (code != FG_OK)
        return fg_fail(error, code, "its file cannot be read");
    code = fg_pin_store_decode(store, bytes, length, &boot, ret_count, error);
    if (code != FG_OK)
        return code;
    /* A start that got no further than this file gives its number to the next one. */
    if (boot + 1 < store->boot)
        return fg_fail(error, FG_E_OLD, "its count is of boot %u, the last was %u", (unsigned)boot,
                       (unsigned)store->boot - 1);
    return FG_OK;
}

enum fg_err fg_pin_store_load(const struct fg_pin_store *store, int64_t now_mono_ms,
                              struct fg_pin_count *ret_count, struct fg_error *error)
{
    struct fg_pin_count count = {0};
    enum fg_err code = file_take(store, &count, error);

    if (code == FG_E_NOT_FOUND && store->boot == 1)
        code = FG_OK;
    if (code == FG_OK)
        count.since_mono_ms = now_mono_ms;
    else
        fg_pin_count_lost(&count, now_mono_ms);
    *ret_count = count;
    return code;
}

enum fg_err fg_pin_store_save(const struct fg_pin_store *store, const struct fg_pin_count *count,
                              struct fg_error *error)
{
    uint8_t bytes[FG_PIN_STORE_BYTES];
    enum fg_err code = fg_pin_store_encode(store, count, bytes, error);

    if (code != FG_OK)
        return code;
    return fg_file_write(store->path, 0600, bytes, sizeof(bytes), error);
}
