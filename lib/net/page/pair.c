/* Pairing codes and paired devices in files (pair.h). */
#include "lib/net/page/pair.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <mbedtls/md.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/random.h"

#define PATH_BYTES 512
#define FILE_BYTES 256
#define CODE_NAME "pairing-code"
#define DEVICE_PREFIX "device-"
#define CODE_COUNT 100000000U /* 10^FG_PAIR_CODE_DIGITS */
/* So many rounds that whoever reads the file does not find the code while it is good. */
#define CODE_ROUNDS 20000
#define DIRECTORY_ENTRIES_MAX 4096

/* ---- small things ---- */

static void hex_of(const uint8_t *bytes, size_t length, char *ret_text)
{
    for (size_t i = 0; i < length; i++)
        (void)snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
}

static bool is_hex(const char *text, size_t digits)
{
    return strspn(text, "0123456789abcdef") == digits && text[digits] == '\0';
}

static uint8_t hex_value(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

static bool bytes_of(const char *text, uint8_t *ret_bytes, size_t length)
{
    if (!is_hex(text, 2 * length))
        return false;
    for (size_t i = 0; i < length; i++)
        ret_bytes[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
    return true;
}

static bool path_of(const char *directory, const char *name, char ret_path[PATH_BYTES])
{
    int length = snprintf(ret_path, PATH_BYTES, "%s/%s", directory, name);

    return length > 0 && length < PATH_BYTES;
}

/* ---- files ---- */

static enum fg_err make_directory(const char *directory, struct fg_error *error)
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return fg_fail(error, FG_E_IO, "%s: cannot be made: %s", directory, strerror(errno));
    return FG_OK;
}

static enum fg_err write_file(const char *directory, const char *name, const char *text,
                              struct fg_error *error)
{
    char path[PATH_BYTES];
    enum fg_err code = make_directory(directory, error);

    if (code != FG_OK)
        return code;
    if (!path_of(directory, name, path))
        return fg_fail(error, FG_E_SIZE, "%.200s: path too long", directory);
    return fg_file_write(path, 0600, text, strlen(text), error);
}

static enum fg_err read_file(const char *directory, const char *name, char ret_text[FILE_BYTES],
                             size_t *ret_length, struct fg_error *error)
{
    char path[PATH_BYTES];
    size_t length = 0;
    enum fg_err code;

    if (!path_of(directory, name, path))
        return fg_fail(error, FG_E_SIZE, "%.200s: path too long", directory);
    code = fg_file_read(path, FG_FILE_OPTIONAL | FG_FILE_NO_LINK | FG_FILE_BEGINNING, ret_text,
                        FILE_BYTES - 1, &length, error);
    if (code != FG_OK)
        return code;
    ret_text[length] = '\0';
    *ret_length = length;
    return FG_OK;
}

/* ---- codes ---- */

static enum fg_err digest_of(const char *code, const uint8_t salt[16], uint8_t ret_digest[32],
                             struct fg_error *error)
{
    mbedtls_md_context_t context;
    int result;

    mbedtls_md_init(&context);
    result = mbedtls_md_setup(&context, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1);
    if (result == 0)
        result = mbedtls_pkcs5_pbkdf2_hmac(&context, (const unsigned char *)code, strlen(code), salt, 16,
                                           CODE_ROUNDS, 32, ret_digest);
    mbedtls_md_free(&context);
    return result == 0 ? FG_OK : fg_fail(error, FG_E_MEMORY, "the code's digest cannot be made");
}

static enum fg_err write_code(const char *directory, const struct fg_pair_code *code, struct fg_error *error)
{
    char text[FILE_BYTES];
    char salt[33];
    char digest[65];

    hex_of(code->salt, sizeof(code->salt), salt);
    hex_of(code->digest, sizeof(code->digest), digest);
    (void)snprintf(text, sizeof(text), "%" PRIu32 " %" PRId64 " %s %s\n", code->tries_left, code->end_ms,
                   salt, digest);
    return write_file(directory, CODE_NAME, text, error);
}

enum fg_err fg_pair_code_parse(const char *text, size_t length, struct fg_pair_code *ret_code,
                               struct fg_error *error)
{
    struct fg_pair_code code;
    char copy[FILE_BYTES];
    char salt[33];
    char digest[65];
    int end = 0;

    if (length >= sizeof(copy))
        return fg_fail(error, FG_E_FORMAT, "the file of the pairing code is too long");
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (sscanf(copy, "%1" SCNu32 " %15" SCNd64 " %32[0-9a-f] %64[0-9a-f]\n%n", &code.tries_left, &code.end_ms,
               salt, digest, &end) != 4 ||
        (size_t)end != length || code.tries_left > FG_PAIR_TRIES ||
        !bytes_of(salt, code.salt, sizeof(code.salt)) || !bytes_of(digest, code.digest, sizeof(code.digest)))
        return fg_fail(error, FG_E_FORMAT, "the file of the pairing code is damaged; make a new code");
    *ret_code = code;
    return FG_OK;
}

enum fg_err fg_pair_code_new(const char *directory, int64_t now_ms, char ret_code[FG_PAIR_CODE_DIGITS + 1],
                             struct fg_error *error)
{
    struct fg_pair_code code = {.tries_left = FG_PAIR_TRIES, .end_ms = now_ms + FG_PAIR_CODE_MS};
    char digits[FG_PAIR_CODE_DIGITS + 1];
    uint64_t number = 0;
    enum fg_err result = fg_random_fill(&number, sizeof(number), error);

    if (result == FG_OK)
        result = fg_random_fill(code.salt, sizeof(code.salt), error);
    (void)snprintf(digits, sizeof(digits), "%08" PRIu64, number % CODE_COUNT);
    if (result == FG_OK)
        result = digest_of(digits, code.salt, code.digest, error);
    if (result == FG_OK)
        result = write_code(directory, &code, error);
    if (result == FG_OK)
        memcpy(ret_code, digits, sizeof(digits));
    mbedtls_platform_zeroize(digits, sizeof(digits));
    mbedtls_platform_zeroize(&number, sizeof(number));
    return result;
}

static void forget_code(const char *directory)
{
    char path[PATH_BYTES];

    if (path_of(directory, CODE_NAME, path))
        (void)unlink(path);
}

enum fg_err fg_pair_code_try(const char *directory, const char *code, int64_t now_ms, struct fg_error *error)
{
    struct fg_pair_code kept;
    uint8_t digest[32];
    uint8_t difference = 0;
    char text[FILE_BYTES];
    size_t length = 0;
    enum fg_err result = read_file(directory, CODE_NAME, text, &length, error);

    if (result == FG_OK)
        result = fg_pair_code_parse(text, length, &kept, error);
    if (result != FG_OK)
        return result;
    /* A clock that was set back far does not make a code good for longer. */
    if (now_ms > kept.end_ms || now_ms < kept.end_ms - 2 * (int64_t)FG_PAIR_CODE_MS) {
        forget_code(directory);
        return fg_fail(error, FG_E_EXPIRED, "the pairing code has ended; make a new one");
    }
    if (kept.tries_left == 0)
        return fg_fail(error, FG_E_AUTH, "too many wrong pairing codes; make a new one");
    /* The try is spent before it is judged: a crash in between gives none back. */
    kept.tries_left--;
    result = write_code(directory, &kept, error);
    if (result == FG_OK)
        result = digest_of(code, kept.salt, digest, error);
    if (result != FG_OK)
        return result;
    for (size_t i = 0; i < sizeof(digest); i++)
        difference |= digest[i] ^ kept.digest[i];
    if (difference != 0)
        return fg_fail(error, FG_E_AUTH, "this is not the pairing code; %u tries are left", kept.tries_left);
    forget_code(directory);
    return FG_OK;
}

/* ---- devices ---- */

void fg_pair_id_of(const char *secret, char ret_id[FG_PAIR_ID_DIGITS + 1])
{
    uint8_t digest[32] = {0};

    (void)mbedtls_sha256_ret((const unsigned char *)secret, strlen(secret), digest, 0);
    hex_of(digest, sizeof(digest), ret_id);
}

static bool device_path(const char *directory, const char *id, char ret_path[PATH_BYTES])
{
    char name[sizeof(DEVICE_PREFIX) + FG_PAIR_ID_DIGITS];

    if (!is_hex(id, FG_PAIR_ID_DIGITS))
        return false;
    (void)snprintf(name, sizeof(name), "%s%s", DEVICE_PREFIX, id);
    return path_of(directory, name, ret_path);
}

bool fg_pair_device_known(const char *directory, const char *id)
{
    char path[PATH_BYTES];

    return device_path(directory, id, path) && access(path, R_OK) == 0;
}

static int older_first(const void *a, const void *b)
{
    const struct fg_pair_device *left = a;
    const struct fg_pair_device *right = b;

    if (left->paired_ms != right->paired_ms)
        return left->paired_ms < right->paired_ms ? -1 : 1;
    return strcmp(left->id, right->id);
}

/* "PAIRED-MS NOTE" */
void fg_pair_device_parse(const char *text, size_t length, struct fg_pair_device *device)
{
    char copy[FILE_BYTES];

    device->paired_ms = 0;
    device->note[0] = '\0';
    if (length >= sizeof(copy))
        return;
    memcpy(copy, text, length);
    copy[length] = '\0';
    (void)sscanf(copy, "%15" SCNd64 " %63[ -~]", &device->paired_ms, device->note);
}

static void read_device(const char *directory, const char *name, struct fg_pair_device *device)
{
    char text[FILE_BYTES] = "";
    size_t length = 0;

    memset(device, 0, sizeof(*device));
    (void)snprintf(device->id, sizeof(device->id), "%s", name + sizeof(DEVICE_PREFIX) - 1);
    if (read_file(directory, name, text, &length, NULL) == FG_OK)
        fg_pair_device_parse(text, length, device);
}

enum fg_err fg_pair_devices(const char *directory, struct fg_pair_device ret_devices[FG_PAIR_DEVICES_MAX],
                            size_t *ret_count, struct fg_error *error)
{
    DIR *folder = opendir(directory);
    size_t count = 0;
    struct dirent *entry;

    if (folder == NULL && errno == ENOENT) {
        *ret_count = 0;
        return FG_OK;
    }
    if (folder == NULL)
        return fg_fail(error, FG_E_IO, "%s: %s", directory, strerror(errno));
    for (size_t i = 0; i < DIRECTORY_ENTRIES_MAX && (entry = readdir(folder)) != NULL; i++) {
        size_t prefix = sizeof(DEVICE_PREFIX) - 1;

        if (count < FG_PAIR_DEVICES_MAX && strncmp(entry->d_name, DEVICE_PREFIX, prefix) == 0 &&
            is_hex(entry->d_name + prefix, FG_PAIR_ID_DIGITS))
            read_device(directory, entry->d_name, &ret_devices[count++]);
    }
    (void)closedir(folder);
    qsort(ret_devices, count, sizeof(ret_devices[0]), older_first);
    *ret_count = count;
    return FG_OK;
}

enum fg_err fg_pair_device_add(const char *directory, int64_t now_ms, const char *note,
                               char ret_secret[FG_PAIR_SECRET_DIGITS + 1], char ret_id[FG_PAIR_ID_DIGITS + 1],
                               struct fg_error *error)
{
    static const size_t bytes = FG_PAIR_SECRET_DIGITS / 2;
    struct fg_pair_device devices[FG_PAIR_DEVICES_MAX];
    uint8_t secret_bytes[FG_PAIR_SECRET_DIGITS / 2];
    char secret[FG_PAIR_SECRET_DIGITS + 1];
    char id[FG_PAIR_ID_DIGITS + 1];
    char name[sizeof(DEVICE_PREFIX) + FG_PAIR_ID_DIGITS];
    char text[FILE_BYTES];
    size_t count = 0;
    enum fg_err code = fg_pair_devices(directory, devices, &count, error);

    if (code == FG_OK && count >= FG_PAIR_DEVICES_MAX)
        code = fg_fail(error, FG_E_FULL, "%d devices are paired, which is as many as there may be; end one",
                       FG_PAIR_DEVICES_MAX);
    if (code == FG_OK)
        code = fg_random_fill(secret_bytes, bytes, error);
    if (code != FG_OK)
        return code;
    hex_of(secret_bytes, bytes, secret);
    fg_pair_id_of(secret, id);
    (void)snprintf(name, sizeof(name), "%s%s", DEVICE_PREFIX, id);
    (void)snprintf(text, sizeof(text), "%" PRId64 " %.63s\n", now_ms, note);
    code = write_file(directory, name, text, error);
    if (code == FG_OK) {
        memcpy(ret_secret, secret, sizeof(secret));
        memcpy(ret_id, id, sizeof(id));
    }
    mbedtls_platform_zeroize(secret_bytes, sizeof(secret_bytes));
    mbedtls_platform_zeroize(secret, sizeof(secret));
    return code;
}

enum fg_err fg_pair_device_remove(const char *directory, const char *id_begin, struct fg_error *error)
{
    struct fg_pair_device devices[FG_PAIR_DEVICES_MAX];
    const struct fg_pair_device *found = NULL;
    char path[PATH_BYTES];
    size_t length = strlen(id_begin);
    size_t count = 0;
    enum fg_err code = fg_pair_devices(directory, devices, &count, error);

    if (code != FG_OK)
        return code;
    if (length < 4 || length > FG_PAIR_ID_DIGITS || !is_hex(id_begin, length))
        return fg_fail(error, FG_E_FORMAT, "a device is named by the first digits of its id, at least 4");
    for (size_t i = 0; i < count; i++) {
        if (strncmp(devices[i].id, id_begin, length) != 0)
            continue;
        if (found != NULL)
            return fg_fail(error, FG_E_EXISTS, "more than one device's id begins with %s", id_begin);
        found = &devices[i];
    }
    if (found == NULL || !device_path(directory, found->id, path))
        return fg_fail(error, FG_E_NOT_FOUND, "no paired device's id begins with %s", id_begin);
    if (unlink(path) != 0)
        return fg_fail(error, FG_E_IO, "%s: %s", path, strerror(errno));
    return FG_OK;
}
