/* Implementation of passwords (password.h). */
#include "host/bureau/user/password.h"

#include <argon2.h>
#include <ctype.h>
#include <errno.h>
#include <mbedtls/platform_util.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "lib/base/random.h"

#define MEMORY_KIB 19456
#define PASSES 2
#define LANES 1
#define MEMORY_KIB_MAX 65536
#define PASSES_MAX 10
#define LANES_MAX 4
#define SALT_BYTES 16
#define DIGEST_BYTES 32
#define AT_A_TIME 2
#define STRANGERS_AT_A_TIME 1
#define WAIT_MAX_S 5
#define GROUPS 4
#define GROUP_LETTERS 5
#define DIFFERENT_MIN 5

/* ---- what a good one is ---- */

/* Long enough to pass, and among the first that anybody tries. */
static const char *const well_known[] = {
    "administrator", "password1234", "password12345",  "passwordpassword", "123456789012",
    "1234567890123", "qwertyuiop12", "qwertyuiopasdf", "qwerty123456",     "1q2w3e4r5t6y",
    "1qaz2wsx3edc",  "letmein12345", "iloveyou1234",   "welcome12345",     "abcdefghijkl",
    "abcdefghijklm", "changeme1234", "woaini1314520",  "fillgate12345",    "huzhou123456",
};

static size_t letters_of(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static size_t different_of(const char *text)
{
    bool seen[256] = {false};
    size_t count = 0;

    for (; *text != '\0'; text++) {
        count += !seen[(unsigned char)*text];
        seen[(unsigned char)*text] = true;
    }
    return count;
}

enum fg_err fg_password_check(const char *password, const char *user, struct fg_error *error)
{
    size_t length = strnlen(password, FG_PASSWORD_BYTES_MAX + 1);
    size_t user_length = strlen(user);

    if (length > FG_PASSWORD_BYTES_MAX)
        return fg_fail(error, FG_E_RANGE, "at most %d bytes", FG_PASSWORD_BYTES_MAX);
    if (letters_of(password) < FG_PASSWORD_LETTERS_MIN)
        return fg_fail(error, FG_E_RANGE, "at least %d characters", FG_PASSWORD_LETTERS_MIN);
    if (different_of(password) < DIFFERENT_MIN)
        return fg_fail(error, FG_E_RANGE, "at least %d different characters", DIFFERENT_MIN);
    if (user_length >= 4 && strcasestr(password, user) != NULL && length < user_length + 8)
        return fg_fail(error, FG_E_RANGE, "not the user's name with a few more characters");
    for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++) {
        if (strcasecmp(password, well_known[i]) == 0)
            return fg_fail(error, FG_E_RANGE, "not one that everybody tries first");
    }
    return FG_OK;
}

/* ---- two at a time ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t place_free;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned strangers;
static unsigned all;
static char nobodys[FG_PASSWORD_HASH_TEXT];

static bool place_is_free(enum fg_password_lane lane)
{
    return all < AT_A_TIME && (lane == FG_PASSWORD_KNOWN || strangers < STRANGERS_AT_A_TIME);
}

static enum fg_err place_take(enum fg_password_lane lane, struct fg_error *error)
{
    struct timespec until;
    int waited = 0;
    bool got;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WAIT_MAX_S;
    (void)pthread_mutex_lock(&mutex);
    while (!place_is_free(lane) && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&place_free, &mutex, &until);
    got = place_is_free(lane);
    if (got) {
        all++;
        strangers += lane == FG_PASSWORD_STRANGER;
    }
    (void)pthread_mutex_unlock(&mutex);
    return got ? FG_OK : fg_fail(error, FG_E_BUSY, "too many passwords are being checked; try again");
}

static void place_give(enum fg_password_lane lane)
{
    (void)pthread_mutex_lock(&mutex);
    all--;
    strangers -= lane == FG_PASSWORD_STRANGER;
    (void)pthread_cond_broadcast(&place_free);
    (void)pthread_mutex_unlock(&mutex);
}

/* ---- hashes ---- */

static enum fg_err hash_make(const char *password, char ret_hash[FG_PASSWORD_HASH_TEXT],
                             struct fg_error *error)
{
    uint8_t salt[SALT_BYTES];
    int code;

    if (fg_random_fill(salt, sizeof(salt), error) != FG_OK)
        return fg_fail_in(error, FG_E_IO, "password: ");
    code = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password, strlen(password), salt, sizeof(salt),
                                 DIGEST_BYTES, ret_hash, FG_PASSWORD_HASH_TEXT);
    if (code == ARGON2_OK)
        return FG_OK;
    return fg_fail(error, code == ARGON2_MEMORY_ALLOCATION_ERROR ? FG_E_MEMORY : FG_E_IO,
                   "password: cannot be hashed: %s", argon2_error_message(code));
}

/* What a password of nobody is checked against. */
static void start(void)
{
    pthread_condattr_t attributes;
    uint8_t random[16];
    char password[2 * sizeof(random) + 1];

    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&place_free, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    if (fg_random_fill(random, sizeof(random), NULL) != FG_OK)
        memset(random, 0, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++)
        (void)snprintf(password + 2 * i, 3, "%02x", random[i]);
    if (hash_make(password, nobodys, NULL) != FG_OK)
        nobodys[0] = '\0';
    mbedtls_platform_zeroize(password, sizeof(password));
}

enum fg_err fg_password_hash(const char *password, enum fg_password_lane lane,
                             char ret_hash[FG_PASSWORD_HASH_TEXT], struct fg_error *error)
{
    char hash[FG_PASSWORD_HASH_TEXT];
    enum fg_err result;

    (void)pthread_once(&once, start);
    if (strnlen(password, FG_PASSWORD_BYTES_MAX + 1) > FG_PASSWORD_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "password: more than %d bytes", FG_PASSWORD_BYTES_MAX);
    result = place_take(lane, error);
    if (result != FG_OK)
        return result;
    result = hash_make(password, hash, error);
    place_give(lane);
    if (result == FG_OK)
        memcpy(ret_hash, hash, sizeof(hash));
    mbedtls_platform_zeroize(hash, sizeof(hash));
    return result;
}

/* The stored text says how much memory is taken; it is believed only within bounds. */
static bool cost_is_bounded(const char *hash)
{
    unsigned version = 0;
    unsigned memory_kib = 0;
    unsigned passes = 0;
    unsigned lanes = 0;

    return strnlen(hash, FG_PASSWORD_HASH_TEXT) < FG_PASSWORD_HASH_TEXT &&
           sscanf(hash, "$argon2id$v=%3u$m=%7u,t=%3u,p=%3u$", &version, &memory_kib, &passes, &lanes) == 4 &&
           memory_kib <= MEMORY_KIB_MAX && passes <= PASSES_MAX && lanes <= LANES_MAX;
}

enum fg_err fg_password_verify(const char *hash, const char *password, enum fg_password_lane lane,
                               struct fg_error *error)
{
    bool nobody = hash == NULL || hash[0] == '\0';
    enum fg_err result;
    int code;

    (void)pthread_once(&once, start);
    if (nobody)
        hash = nobodys;
    if (strnlen(password, FG_PASSWORD_BYTES_MAX + 1) > FG_PASSWORD_BYTES_MAX)
        return fg_fail(error, FG_E_AUTH, "password: more than %d bytes", FG_PASSWORD_BYTES_MAX);
    if (!cost_is_bounded(hash))
        return fg_fail(error, FG_E_CORRUPT, "password: what is stored is not a hash of this program");
    result = place_take(lane, error);
    if (result != FG_OK)
        return result;
    code = argon2id_verify(hash, password, strlen(password));
    place_give(lane);
    if (code == ARGON2_OK && !nobody)
        return FG_OK;
    if (code == ARGON2_OK || code == ARGON2_VERIFY_MISMATCH)
        return fg_fail(error, FG_E_AUTH, "password: it is wrong");
    if (code == ARGON2_MEMORY_ALLOCATION_ERROR)
        return fg_fail(error, FG_E_MEMORY, "password: no memory to check it");
    return fg_fail(error, FG_E_CORRUPT, "password: %s", argon2_error_message(code));
}

enum fg_err fg_password_one_time(char ret_password[FG_PASSWORD_ONE_TIME_TEXT], struct fg_error *error)
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789A";
    uint8_t random[GROUPS * GROUP_LETTERS];
    size_t at = 0;

    if (fg_random_fill(random, sizeof(random), error) != FG_OK)
        return fg_fail_in(error, FG_E_IO, "password: ");
    for (size_t i = 0; i < sizeof(random); i++) {
        if (i > 0 && i % GROUP_LETTERS == 0)
            ret_password[at++] = '-';
        ret_password[at++] = letters[random[i] % 32];
    }
    ret_password[at] = '\0';
    mbedtls_platform_zeroize(random, sizeof(random));
    return FG_OK;
}
