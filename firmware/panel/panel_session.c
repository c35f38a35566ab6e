/* The table of sessions and the rates (panel_session.h). */
#include "firmware/panel/panel_session.h"

#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/random.h"

#define A_SECOND(count_, at_once_)                                                                           \
    {                                                                                                        \
        .at_once = (at_once_), .count = (count_), .period_ms = 1000                                          \
    }

static const struct fg_rate session_rates[FG_PANEL_ASK_COUNT] = {[FG_PANEL_ASK_COMMAND] = A_SECOND(10, 20),
                                                                 [FG_PANEL_ASK_SIGN_IN] = A_SECOND(1, 3),
                                                                 [FG_PANEL_ASK_STOP] = A_SECOND(10, 10),
                                                                 [FG_PANEL_ASK_OTHER] = A_SECOND(20, 60)};
static const struct fg_rate common_rates[FG_PANEL_ASK_COUNT] = {
    [FG_PANEL_ASK_COMMAND] = A_SECOND(40, 60), [FG_PANEL_ASK_SIGN_IN] = A_SECOND(2, 6)};
static const struct fg_rate request_rate = A_SECOND(200, 400);
static const struct fg_rate pairing_rate = A_SECOND(1, 5);

/* ---- rates ---- */

bool fg_panel_session_rate_take(struct fg_panel_sessions *sessions, struct fg_panel_session *session,
                                enum fg_panel_ask ask, int64_t now_mono_ms)
{
    return fg_rate_take(&session->buckets[ask], &session_rates[ask], now_mono_ms) &&
           (ask == FG_PANEL_ASK_STOP ||
            fg_rate_take(&sessions->buckets[ask], &common_rates[ask], now_mono_ms));
}

bool fg_panel_request_rate_take(struct fg_panel_sessions *sessions, struct fg_panel_session *session,
                                bool device_paired, int64_t now_mono_ms)
{
    if (session != NULL && session->paired)
        return fg_rate_take(&session->buckets[FG_PANEL_ASK_OTHER], &session_rates[FG_PANEL_ASK_OTHER],
                            now_mono_ms);
    return fg_rate_take(device_paired ? &sessions->devices : &sessions->requests, &request_rate, now_mono_ms);
}

bool fg_panel_pairing_rate_take(struct fg_panel_sessions *sessions, int64_t now_mono_ms)
{
    return fg_rate_take(&sessions->pairings, &pairing_rate, now_mono_ms);
}

/* ---- secrets ---- */

/* Both have FG_PANEL_SECRET_DIGITS characters. */
static bool same_secret(const char *a, const char *b)
{
    unsigned char difference = 0;

    for (size_t i = 0; i < FG_PANEL_SECRET_DIGITS; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

static enum fg_err draw_secret(char ret_secret[FG_PANEL_SECRET_DIGITS + 1], struct fg_error *error)
{
    uint8_t bytes[FG_PANEL_SECRET_BYTES];
    enum fg_err code = fg_random_fill(bytes, sizeof(bytes), error);

    if (code != FG_OK)
        return code;
    for (size_t i = 0; i < sizeof(bytes); i++)
        (void)snprintf(ret_secret + 2 * i, 3, "%02x", bytes[i]);
    mbedtls_platform_zeroize(bytes, sizeof(bytes));
    return FG_OK;
}

bool fg_panel_session_token_fits(const struct fg_panel_session *session, const char *token)
{
    return token != NULL && strlen(token) == FG_PANEL_SECRET_DIGITS && same_secret(session->token, token);
}

/* ---- the table ---- */

struct fg_panel_session *fg_panel_session_find(struct fg_panel_sessions *sessions, const char *cookie,
                                               int64_t now_mono_ms)
{
    struct fg_panel_session *found = NULL;

    if (strlen(cookie) != FG_PANEL_SECRET_DIGITS)
        return NULL;
    for (size_t i = 0; i < FG_PANEL_SESSIONS_MAX; i++) {
        struct fg_panel_session *each = &sessions->sessions[i];

        if (each->used && each->streams == 0 && now_mono_ms - each->used_mono_ms > FG_PANEL_IDLE_MAX_MS)
            mbedtls_platform_zeroize(each, sizeof(*each));
        if (each->used && same_secret(each->cookie, cookie))
            found = each;
    }
    if (found != NULL)
        found->used_mono_ms = now_mono_ms;
    return found;
}

struct fg_panel_session *fg_panel_session_by_number(struct fg_panel_sessions *sessions, uint64_t number)
{
    for (size_t i = 0; i < FG_PANEL_SESSIONS_MAX; i++) {
        if (sessions->sessions[i].used && sessions->sessions[i].number == number)
            return &sessions->sessions[i];
    }
    return NULL;
}

/* Should a make room before b? */
static bool goes_before(const struct fg_panel_session *a, const struct fg_panel_session *b)
{
    if (a->used != b->used)
        return !a->used;
    if (a->paired != b->paired)
        return !a->paired;
    return a->used_mono_ms < b->used_mono_ms;
}

enum fg_err fg_panel_session_new(struct fg_panel_sessions *sessions, int64_t now_mono_ms,
                                 struct fg_panel_session **ret_session, struct fg_error *error)
{
    struct fg_panel_session *slot = NULL;
    struct fg_panel_session made = {.used = true, .used_mono_ms = now_mono_ms};
    enum fg_err code;

    for (size_t i = 0; i < FG_PANEL_SESSIONS_MAX; i++) {
        struct fg_panel_session *each = &sessions->sessions[i];

        if (each->streams == 0 && (slot == NULL || goes_before(each, slot)))
            slot = each;
    }
    /* Fewer streams than sessions: there always is one. */
    if (slot == NULL)
        return fg_fail(error, FG_E_FULL, "every session has an event stream open");
    code = draw_secret(made.cookie, error);
    if (code == FG_OK)
        code = draw_secret(made.token, error);
    if (code != FG_OK)
        return code;
    made.number = ++sessions->made;
    *slot = made;
    mbedtls_platform_zeroize(&made, sizeof(made));
    *ret_session = slot;
    return FG_OK;
}

bool fg_panel_session_sequence_take(struct fg_panel_session *session, uint64_t sequence)
{
    if (sequence <= session->sequence)
        return false;
    session->sequence = sequence;
    return true;
}

/* ---- streams ---- */

bool fg_panel_session_stream_open(struct fg_panel_sessions *sessions, struct fg_panel_session *session)
{
    if (sessions->streams >= FG_PANEL_STREAMS_MAX)
        return false;
    sessions->streams++;
    session->streams++;
    return true;
}

void fg_panel_session_stream_close(struct fg_panel_sessions *sessions, uint64_t number)
{
    struct fg_panel_session *session = fg_panel_session_by_number(sessions, number);

    sessions->streams--;
    if (session != NULL)
        session->streams--;
}
