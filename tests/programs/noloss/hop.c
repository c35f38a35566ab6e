/* Implementation of the hop that cheats (hop.h). */
#include "tests/programs/noloss/hop.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/net/https_client.h"
#include "lib/net/server/https_server.h"
#include "proto/journal/chain.h"
#include "proto/journal/sync.h"
#include "proto/key/roster.h"
#include "tests/lib/fault_proxy.h"
#include "tests/programs/noloss/city.h"

#define BODY_MAX FG_SYNC_BATCH_BYTES_MAX
#define WAIT_MS 900       /* less than who asks waits */
#define SIGNATURE_TAIL 66 /* of an encoded statement: tag, length, signature */
#define ELSEWHERE "/v1/elsewhere"
#define CONTROLLERS_SEEN 4

/* Of one controller: receipts that passed by, and how its journal goes on as far as batches that passed by
 * told. */
struct seen {
    char controller[FG_NAME_MAX + 1];
    uint64_t next_sequence;
    struct fg_digest hash; /* of the entry before it */
    size_t first_length;
    uint8_t first[FG_STATEMENT_BYTES_MAX];
    size_t newest_length;
    uint8_t newest[FG_STATEMENT_BYTES_MAX];
};

struct passer {
    char id[FG_NAME_MAX + 1];
    pthread_mutex_t lock;
    struct fg_https *https;
};

struct hop {
    struct fg_server *server;
    struct fg_route routes[2];
    size_t passer_count;
    struct passer passers[HOP_SENDERS_MAX];
    const struct fg_private_key *receipt_key;
    struct fg_private_key own_key;
    char elsewhere[64];
    pthread_mutex_t lock; /* for the rest */
    struct hop_play play; /* what is left of it */
    bool followed;
    uint64_t counts[FAULT_KINDS];
    struct seen seen[CONTROLLERS_SEEN];
    bool roster_passed; /* so that an old one comes after it */
};

/* One request on its way. */
struct pass {
    struct hop *hop;
    const struct fg_request *request;
    enum fault cheat; /* FAULT_KINDS: none */
    uint32_t *left;   /* how many more of its sort */
    uint32_t number;  /* drawn with it */
    bool done;        /* it was what it should be, and counts */
    uint16_t status;
    size_t length;
    uint8_t answer[BODY_MAX];
};

/* ---- the draw ---- */

static void cheat_draw(struct pass *pass)
{
    static const enum fault of_journal[] = {
        FAULT_RECEIPT_RAISED,  FAULT_RECEIPT_OF_ANOTHER, FAULT_RECEIPT_OLD, FAULT_RECEIPT_STRIPPED,
        FAULT_RECEIPT_SWAPPED, FAULT_HELD_UNSENT,        FAULT_REDIRECT,    FAULT_CUT_ANSWER};
    static const enum fault of_roster[] = {FAULT_ROSTER_LATE, FAULT_ROSTER_OLD, FAULT_ROSTER_GARBAGE,
                                           FAULT_ROSTER_OF_ANOTHER, FAULT_ROSTER_SWAPPED};
    static const enum fault of_any[] = {FAULT_REDIRECT, FAULT_CUT_ANSWER};
    struct hop *hop = pass->hop;
    struct hop_play *play = &hop->play;
    const char *path = pass->request->path;
    const enum fault *kinds = of_any;
    uint32_t count = sizeof(of_any) / sizeof(of_any[0]);

    pass->left = &play->other_cheats;
    if (strcmp(path, FG_SYNC_PATH_JOURNAL) == 0) {
        kinds = of_journal;
        count = sizeof(of_journal) / sizeof(of_journal[0]);
        pass->left = &play->journal_cheats;
    } else if (strcmp(path, FG_SYNC_PATH_ROSTER) == 0) {
        kinds = of_roster;
        count = sizeof(of_roster) / sizeof(of_roster[0]);
        pass->left = &play->roster_cheats;
    }
    (void)pthread_mutex_lock(&hop->lock);
    pass->number = fg_random_below(&play->seed, UINT32_MAX);
    pass->cheat = FAULT_KINDS;
    if (*pass->left > 0 && fg_random_below(&play->seed, 100) < play->percent)
        pass->cheat = kinds[fg_random_below(&play->seed, count)];
    hop->followed |= strcmp(path, ELSEWHERE) == 0;
    (void)pthread_mutex_unlock(&hop->lock);
}

/* ---- receipts ---- */

/* Under the lock. NULL: more controllers than there can be. */
static struct seen *seen_of(struct hop *hop, const char *controller)
{
    for (size_t i = 0; i < CONTROLLERS_SEEN; i++) {
        struct seen *seen = &hop->seen[i];

        if (seen->controller[0] == '\0') {
            memcpy(seen->controller, controller, strlen(controller) + 1);
            seen->next_sequence = 1;
            fg_chain_start(controller, &seen->hash);
        }
        if (strcmp(seen->controller, controller) == 0)
            return seen;
    }
    return NULL;
}

static void batch_note(struct hop *hop, const struct fg_sync_batch *batch)
{
    struct seen *seen;

    (void)pthread_mutex_lock(&hop->lock);
    seen = seen_of(hop, batch->controller);
    while (seen != NULL && seen->next_sequence >= batch->first_sequence &&
           seen->next_sequence < batch->first_sequence + batch->count) {
        const struct fg_sync_slice *entry = &batch->entries[seen->next_sequence - batch->first_sequence];

        fg_chain_next(&seen->hash, entry->bytes, entry->length, &seen->hash);
        seen->next_sequence++;
    }
    (void)pthread_mutex_unlock(&hop->lock);
}

/* A receipt without a signature that fits the controller's journal as far as it is known here. */
static bool receipt_fit(struct hop *hop, const char *controller, struct fg_receipt *ret_receipt)
{
    const struct seen *seen;
    bool known;

    (void)pthread_mutex_lock(&hop->lock);
    seen = seen_of(hop, controller);
    known = seen != NULL && seen->next_sequence > 1;
    if (known) {
        memcpy(ret_receipt->controller, seen->controller, sizeof(ret_receipt->controller));
        ret_receipt->next_sequence = seen->next_sequence;
        ret_receipt->head = seen->hash;
    }
    (void)pthread_mutex_unlock(&hop->lock);
    return known;
}

static void receipt_note(struct hop *hop, const struct fg_sync_answer *answer)
{
    struct fg_signature signature;
    struct fg_receipt receipt;
    struct seen *seen;

    if (answer->receipt_length == 0 ||
        fg_receipt_decode(answer->receipt, answer->receipt_length, &receipt, &signature, NULL) != FG_OK)
        return;
    (void)pthread_mutex_lock(&hop->lock);
    seen = seen_of(hop, receipt.controller);
    if (seen != NULL && seen->first_length == 0) {
        seen->first_length = answer->receipt_length;
        memcpy(seen->first, answer->receipt, answer->receipt_length);
    }
    if (seen != NULL) {
        seen->newest_length = answer->receipt_length;
        memcpy(seen->newest, answer->receipt, answer->receipt_length);
    }
    if (seen != NULL && receipt.next_sequence > seen->next_sequence) {
        seen->next_sequence = receipt.next_sequence;
        seen->hash = receipt.head;
    }
    (void)pthread_mutex_unlock(&hop->lock);
}

static bool receipt_put(struct fg_sync_answer *answer, const uint8_t *bytes, size_t length)
{
    if (length == 0 || (length == answer->receipt_length && memcmp(bytes, answer->receipt, length) == 0))
        return false;
    memcpy(answer->receipt, bytes, length);
    answer->receipt_length = length;
    return true;
}

/* One that passed by before: another controller's newest, or this one's first. */
static bool receipt_seen_put(struct pass *pass, const char *controller, struct fg_sync_answer *answer)
{
    struct hop *hop = pass->hop;
    bool done = false;

    (void)pthread_mutex_lock(&hop->lock);
    for (size_t i = 0; i < CONTROLLERS_SEEN && !done; i++) {
        const struct seen *seen = &hop->seen[i];
        bool same = strcmp(seen->controller, controller) == 0;

        if (pass->cheat == FAULT_RECEIPT_OLD && same)
            done = receipt_put(answer, seen->first, seen->first_length);
        else if (pass->cheat == FAULT_RECEIPT_OF_ANOTHER && !same)
            done = receipt_put(answer, seen->newest, seen->newest_length);
    }
    (void)pthread_mutex_unlock(&hop->lock);
    return done;
}

/* A receipt for more than the bureau may hold: the genuine one raised, or one made up when no receipt came;
 * most often one that fits the journal, so that only its signature is wrong. */
static bool receipt_raise(struct pass *pass, const struct fg_sync_batch *batch, struct fg_sync_answer *answer)
{
    struct fg_signature signature = {{0}};
    struct fg_receipt receipt = {.next_sequence = batch->first_sequence + batch->count};
    uint64_t genuine_next;

    memcpy(receipt.controller, batch->controller, sizeof(receipt.controller));
    if (answer->receipt_length > 0 &&
        fg_receipt_decode(answer->receipt, answer->receipt_length, &receipt, &signature, NULL) != FG_OK)
        return false;
    genuine_next = answer->receipt_length > 0 ? receipt.next_sequence : 1;
    if (pass->number % 4 == 0 || !receipt_fit(pass->hop, batch->controller, &receipt) ||
        receipt.next_sequence <= genuine_next)
        receipt.next_sequence += 1 + pass->number % 40;
    if (pass->cheat == FAULT_RECEIPT_SWAPPED &&
        fg_receipt_sign(&receipt, &pass->hop->own_key, &signature, NULL) != FG_OK)
        return false;
    if (fg_receipt_encode(&receipt, &signature, answer->receipt, sizeof(answer->receipt),
                          &answer->receipt_length, NULL) != FG_OK)
        return false;
    if (pass->cheat == FAULT_RECEIPT_STRIPPED)
        answer->receipt_length -= SIGNATURE_TAIL;
    return true;
}

static void journal_cheat(struct pass *pass)
{
    struct fg_sync_batch *batch = malloc(sizeof(*batch));
    struct fg_sync_answer answer;

    if (batch != NULL && fg_sync_answer_decode(pass->answer, pass->length, &answer, NULL) == FG_OK &&
        fg_sync_batch_decode(pass->request->body, pass->request->body_length, batch, NULL) == FG_OK) {
        receipt_note(pass->hop, &answer);
        batch_note(pass->hop, batch);
        pass->done = pass->cheat == FAULT_RECEIPT_RAISED || pass->cheat == FAULT_RECEIPT_STRIPPED ||
                             pass->cheat == FAULT_RECEIPT_SWAPPED
                         ? receipt_raise(pass, batch, &answer)
                         : receipt_seen_put(pass, batch->controller, &answer);
        pass->done = pass->done && fg_sync_answer_encode(&answer, pass->answer, sizeof(pass->answer),
                                                         &pass->length, NULL) == FG_OK;
    }
    free(batch);
}

/* Over the journal as far as it is known here, by the hop's own key. */
static void receipt_forge(struct hop *hop, const char *controller, struct fg_sync_answer *answer)
{
    struct fg_signature signature;
    struct fg_receipt receipt;

    if (receipt_fit(hop, controller, &receipt) &&
        fg_receipt_sign(&receipt, &hop->own_key, &signature, NULL) == FG_OK)
        (void)fg_receipt_encode(&receipt, &signature, answer->receipt, sizeof(answer->receipt),
                                &answer->receipt_length, NULL);
}

static void receipt_repeat(struct hop *hop, const char *controller, struct fg_sync_answer *answer)
{
    const struct seen *seen;

    (void)pthread_mutex_lock(&hop->lock);
    seen = seen_of(hop, controller);
    if (seen != NULL)
        (void)receipt_put(answer, seen->newest, seen->newest_length);
    (void)pthread_mutex_unlock(&hop->lock);
}

/* "All of it is durable here", and nothing was passed on; with a forged receipt, the newest genuine one that
 * there is, or none. */
static void held_pretend(struct pass *pass)
{
    struct fg_sync_batch *batch = malloc(sizeof(*batch));
    struct fg_sync_answer answer = {.verdict = FG_SYNC_HELD};

    if (batch != NULL &&
        fg_sync_batch_decode(pass->request->body, pass->request->body_length, batch, NULL) == FG_OK) {
        answer.next_sequence = batch->first_sequence + batch->count;
        batch_note(pass->hop, batch);
        if (pass->number % 3 == 0)
            receipt_forge(pass->hop, batch->controller, &answer);
        else if (pass->number % 3 == 1)
            receipt_repeat(pass->hop, batch->controller, &answer);
        pass->done =
            fg_sync_answer_encode(&answer, pass->answer, sizeof(pass->answer), &pass->length, NULL) == FG_OK;
        pass->status = 200;
    }
    free(batch);
}

/* ---- rosters ---- */

/* Instead of the genuine one in pass->answer: an older one that names fewer, one for another station, or one
 * that is newer than any and that the hop signed. */
static void roster_cheat(struct pass *pass)
{
    struct hop *hop = pass->hop;
    struct fg_roster *roster = malloc(sizeof(*roster));

    if (roster != NULL && fg_roster_verify(pass->answer, pass->length, &hop->receipt_key->public_key, 1,
                                           roster, NULL) == FG_OK) {
        bool swapped = pass->cheat == FAULT_ROSTER_SWAPPED;

        roster->count -= roster->count > 0;
        roster->version = pass->cheat == FAULT_ROSTER_OLD ? 1 : (uint64_t)INT64_MAX;
        if (pass->cheat == FAULT_ROSTER_OF_ANOTHER)
            memcpy(roster->station, "S2", sizeof("S2"));
        pass->done = fg_roster_sign(roster, swapped ? &hop->own_key : hop->receipt_key, pass->answer,
                                    sizeof(pass->answer), &pass->length, NULL) == FG_OK;
    }
    free(roster);
}

/* ---- one request ---- */

/* What needs no word of the target's. */
static bool answer_alone(struct pass *pass)
{
    static const char garbage[] = "garbage, and no message at all";

    switch (pass->cheat) {
    case FAULT_HELD_UNSENT:
        held_pretend(pass);
        return pass->done;
    case FAULT_ROSTER_LATE:
        pass->status = 503;
        pass->length = 0;
        break;
    case FAULT_ROSTER_GARBAGE:
        pass->status = 200;
        pass->length = sizeof(garbage) - 1;
        memcpy(pass->answer, garbage, pass->length);
        break;
    case FAULT_REDIRECT:
        pass->status = 307;
        pass->length = 0;
        break;
    default:
        return false;
    }
    pass->done = true;
    return true;
}

static bool query_add(void *context, const char *name, const char *value)
{
    char *path = context;
    size_t length = strlen(path);

    (void)snprintf(path + length, FG_HTTPS_PATH_MAX + 1 - length, "%s%s%s%s",
                   strchr(path, '?') == NULL ? "?" : "&", name, value != NULL ? "=" : "",
                   value != NULL ? value : "");
    return true;
}

static void target_ask(struct pass *pass)
{
    const struct fg_request *request = pass->request;
    char path[FG_HTTPS_PATH_MAX + 1];
    struct fg_https_answer answered = {0};
    struct fg_https_request asked = {.method = strcmp(request->method, "POST") == 0 ? "POST" : "GET",
                                     .path = path,
                                     .body = request->body,
                                     .body_length = request->body_length,
                                     .answer_max = sizeof(pass->answer),
                                     .answer_buffer = pass->answer};
    struct passer *passer = NULL;
    enum fg_err result = FG_E_NOT_FOUND;

    (void)snprintf(path, sizeof(path), "%s", request->path);
    (void)fg_request_query_each(request, query_add, path);
    for (size_t i = 0; i < pass->hop->passer_count; i++) {
        if (strcmp(pass->hop->passers[i].id, request->peer->id) == 0)
            passer = &pass->hop->passers[i];
    }
    if (passer != NULL) {
        (void)pthread_mutex_lock(&passer->lock);
        result = fg_https_ask(passer->https, &asked, &answered, NULL);
        (void)pthread_mutex_unlock(&passer->lock);
    }
    pass->status = result == FG_OK ? answered.status : 503;
    pass->length = result == FG_OK ? (size_t)answered.length : 0;
}

/* An old one says nothing to a station that has none: the genuine one passes first. */
static void roster_answer(struct pass *pass)
{
    bool too_early;

    (void)pthread_mutex_lock(&pass->hop->lock);
    too_early = pass->cheat == FAULT_ROSTER_OLD && !pass->hop->roster_passed;
    pass->hop->roster_passed |= pass->status == 200 && (pass->cheat == FAULT_KINDS || too_early);
    (void)pthread_mutex_unlock(&pass->hop->lock);
    if (pass->cheat != FAULT_KINDS && !too_early)
        roster_cheat(pass);
}

static void answer_cheat(struct pass *pass)
{
    if (pass->cheat == FAULT_CUT_ANSWER) {
        pass->done = pass->length > 0;
        pass->length /= 2;
    } else if (strcmp(pass->request->path, FG_SYNC_PATH_JOURNAL) == 0) {
        journal_cheat(pass);
    } else if (strcmp(pass->request->path, FG_SYNC_PATH_ROSTER) == 0) {
        roster_answer(pass);
    }
}

static void handle(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct hop *hop = context;
    struct pass *pass = malloc(sizeof(*pass));

    if (pass == NULL)
        city_die("no memory for a request");
    pass->hop = hop;
    pass->request = request;
    pass->done = false;
    cheat_draw(pass);
    if (!answer_alone(pass)) {
        target_ask(pass);
        answer_cheat(pass);
    }
    fg_answer_bytes(ret_answer, pass->status, pass->answer, pass->length);
    if (pass->status == 307)
        ret_answer->headers[ret_answer->header_count++] =
            (struct fg_answer_header){"Location", hop->elsewhere};
    (void)pthread_mutex_lock(&hop->lock);
    if (pass->done && pass->cheat != FAULT_KINDS) {
        hop->counts[pass->cheat]++;
        *pass->left -= *pass->left > 0;
    }
    (void)pthread_mutex_unlock(&hop->lock);
    free(pass);
}

/* ---- the object ---- */

static int64_t now_ms(void *context)
{
    (void)context;
    return city_now_ms();
}

static void passers_make(struct hop *hop, const struct hop_settings *settings)
{
    struct fg_error error;
    char url[32];
    struct fg_https_settings https = {.url = url,
                                      .peer_name = settings->target_name,
                                      .ca_path = settings->ca_path,
                                      .peer_roles = FG_HTTPS_STATION | FG_HTTPS_BUREAU,
                                      .now_ms = now_ms,
                                      .connect_max_ms = WAIT_MS,
                                      .write_max_ms = WAIT_MS,
                                      .first_byte_max_ms = WAIT_MS,
                                      .whole_max_ms = WAIT_MS};

    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", settings->target_port);
    for (size_t i = 0; i < HOP_SENDERS_MAX && settings->senders[i].id != NULL; i++) {
        struct passer *passer = &hop->passers[hop->passer_count++];

        https.certificate_path = settings->senders[i].certificate_path;
        https.key_path = settings->senders[i].key_path;
        (void)snprintf(passer->id, sizeof(passer->id), "%s", settings->senders[i].id);
        (void)pthread_mutex_init(&passer->lock, NULL);
        city_must(fg_https_new(&https, &passer->https, &error), &error, "hop");
    }
}

struct hop *hop_new(const struct hop_settings *settings)
{
    struct hop *hop = calloc(1, sizeof(*hop));
    struct fg_server_settings server = {.address = "127.0.0.1",
                                        .certificate_path = settings->certificate_path,
                                        .key_path = settings->key_path,
                                        .ca_path = settings->ca_path,
                                        .now_ms = now_ms,
                                        .thread_per_connection =
                                            true, /* the pool spins while a handshake waits */
                                        .connections_max = 32,
                                        .request_max_ms = 10000,
                                        .route_count = 2};
    struct fg_error error;

    if (hop == NULL)
        city_die("no memory for a hop");
    (void)pthread_mutex_init(&hop->lock, NULL);
    hop->receipt_key = settings->receipt_key;
    city_must(fg_private_key_new(&hop->own_key, &error), &error, "hop");
    passers_make(hop, settings);
    hop->routes[0] = (struct fg_route){"POST", "/*", BODY_MAX, false, handle, hop};
    hop->routes[1] = (struct fg_route){"GET", "/*", 0, false, handle, hop};
    server.routes = hop->routes;
    city_must(fg_server_start(&server, &hop->server, &error), &error, "hop");
    (void)snprintf(hop->elsewhere, sizeof(hop->elsewhere), "https://127.0.0.1:%u" ELSEWHERE,
                   fg_server_port(hop->server));
    return hop;
}

uint16_t hop_port(const struct hop *hop)
{
    return fg_server_port(hop->server);
}

void hop_play_start(struct hop *hop, const struct hop_play *play)
{
    (void)pthread_mutex_lock(&hop->lock);
    hop->play = *play;
    memset(hop->seen, 0, sizeof(hop->seen));
    hop->roster_passed = false;
    hop->followed = false;
    (void)pthread_mutex_unlock(&hop->lock);
}

bool hop_has_roster_cheats_left(struct hop *hop)
{
    bool left;

    (void)pthread_mutex_lock(&hop->lock);
    left = hop->play.roster_cheats > 0;
    (void)pthread_mutex_unlock(&hop->lock);
    return left;
}

void hop_counts_take(struct hop *hop, struct fault_totals *totals, bool *ret_followed)
{
    (void)pthread_mutex_lock(&hop->lock);
    for (size_t i = 0; i < FAULT_KINDS; i++) {
        totals->counts[i] += hop->counts[i];
        hop->counts[i] = 0;
    }
    *ret_followed = hop->followed;
    (void)pthread_mutex_unlock(&hop->lock);
}
