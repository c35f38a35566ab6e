/* A hop that cheats, in this process: it answers in the place of the station or of the bureau with that
 * one's own certificate, and passes requests on with the sender's. So nothing but signatures is between it
 * and what it wants, which is more than any station on the way has.
 *
 * What it does to answers is drawn from a seed, request by request. Not: when it is on the way (trust.h).
 * Relies on: lib/net/server/https_server.h, lib/net/https_client.h, fault.h. Threads of its own; every
 * function may be called from any thread. */
#ifndef FG_TESTS_PROGRAMS_NOLOSS_HOP_H
#define FG_TESTS_PROGRAMS_NOLOSS_HOP_H

#include "lib/crypto/sign.h"
#include "tests/programs/noloss/fault.h"

#define HOP_SENDERS_MAX 3

struct hop_sender {
    const char *id; /* "" = who shows no certificate; NULL = there are no more */
    const char *certificate_path;
    const char *key_path;
};
struct hop_settings {
    const char *certificate_path;
    const char *key_path;
    const char *ca_path;
    uint16_t target_port;
    const char *target_name; /* that the certificate there has */
    struct hop_sender senders[HOP_SENDERS_MAX];
    const struct fg_private_key
        *receipt_key; /* for rosters that are genuine, and not for now or not for here */
};

struct hop;

/* Ends the process when it cannot be made. Texts need not outlive the call, the key must. */
struct hop *hop_new(const struct hop_settings *settings);
uint16_t hop_port(const struct hop *hop);
/* A new seed: what was seen of the one before is forgotten. percent of requests are cheated, 0 to 100, until
 * so many were of each sort; from then on everything passes as it is. */
struct hop_play {
    uint64_t seed;
    uint32_t percent;
    uint32_t journal_cheats;
    uint32_t roster_cheats;
    uint32_t other_cheats;
};
void hop_play_start(struct hop *hop, const struct hop_play *play);
bool hop_has_roster_cheats_left(struct hop *hop);
/* Adds what was done since the last call, and whether a redirect was ever followed. */
void hop_counts_take(struct hop *hop, struct fault_totals *totals, bool *ret_followed);

#endif
