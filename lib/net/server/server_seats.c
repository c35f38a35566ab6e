/* Implementation of seats (server_seats.h). Every search is one walk along the connections, and happens
 * only when there are too many. */
#include "lib/net/server/server_seats.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/random.h"

#define PARTY_MIN 8      /* what a browser opens at once */
#define PARTY_FRACTION 8 /* of the proven seats, for one party */
#define PREFIX_BYTES 8   /* of an IPv6 address */
#define MULTIPLIER UINT64_C(0x9E3779B97F4A7C15)

/* ---- networks ---- */

void fg_network_of(const struct sockaddr *address, struct fg_network *ret_network)
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
    struct fg_network network = {.family = 0};

    if (address != NULL && address->sa_family == AF_INET) {
        network.family = 4;
        memcpy(network.bytes, &four->sin_addr, 4);
    } else if (address != NULL && address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        network.family = 4;
        memcpy(network.bytes, six->sin6_addr.s6_addr + 12, 4);
    } else if (address != NULL && address->sa_family == AF_INET6) {
        network.family = 6;
        memcpy(network.bytes, six->sin6_addr.s6_addr, PREFIX_BYTES);
    }
    *ret_network = network;
}

static bool networks_equal(const struct fg_network *a, const struct fg_network *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* Salted, so that nobody can choose addresses that meet in one slot. */
static struct fg_seat_network **slot_of(const struct fg_seats *seats, const struct fg_network *network)
{
    uint64_t hash = 0;

    memcpy(&hash, network->bytes, sizeof(hash));
    hash = (hash ^ seats->salt ^ network->family) * MULTIPLIER;
    hash ^= hash >> 32;
    hash *= MULTIPLIER;
    return &seats->slots[(hash >> 16) % seats->network_count];
}

static void network_forget(struct fg_seats *seats, struct fg_seat_network *network)
{
    struct fg_seat_network **at = slot_of(seats, &network->network);

    while (*at != network)
        at = &(*at)->next;
    *at = network->next;
    network->next = seats->free_networks;
    seats->free_networks = network;
}

/* Of the networks that are only remembered, the one that was proven longest ago. */
static void oldest_forget(struct fg_seats *seats)
{
    struct fg_seat_network *oldest = NULL;

    for (size_t i = 0; i < seats->network_count; i++) {
        struct fg_seat_network *each = &seats->networks[i];

        if (each->seats == 0 && each->proven_mono_ms != 0 &&
            (oldest == NULL || each->proven_mono_ms < oldest->proven_mono_ms))
            oldest = each;
    }
    if (oldest == NULL)
        return;
    network_forget(seats, oldest);
    oldest->proven_mono_ms = 0;
    seats->remembered--;
}

/* There always is a free one: as many as there are connections, and those remembered besides. */
static struct fg_seat_network *network_find(struct fg_seats *seats, const struct fg_network *network)
{
    struct fg_seat_network **slot = slot_of(seats, network);
    struct fg_seat_network *found;

    for (found = *slot; found != NULL; found = found->next) {
        if (networks_equal(&found->network, network))
            return found;
    }
    found = seats->free_networks;
    if (found == NULL)
        return NULL;
    seats->free_networks = found->next;
    *found = (struct fg_seat_network){.network = *network, .next = *slot};
    *slot = found;
    return found;
}

static void network_leave(struct fg_seats *seats, struct fg_seat_network *network, int64_t now_mono_ms)
{
    if (--network->seats > 0)
        return;
    if (network->proven_mono_ms == 0 || now_mono_ms - network->proven_mono_ms > FG_SEATS_FRIEND_MS) {
        network_forget(seats, network);
        network->proven_mono_ms = 0;
        return;
    }
    seats->remembered++;
    if (seats->remembered > FG_SEATS_FRIENDS_MAX)
        oldest_forget(seats);
}

/* ---- lifetime ---- */

enum fg_err fg_seats_start(struct fg_seats *seats, uint32_t connections_max, uint32_t network_max,
                           uint32_t open_max, struct fg_error *error)
{
    *seats = (struct fg_seats){.network_max = network_max};
    seats->unproven_max = connections_max - connections_max / 2;
    seats->proven_max = connections_max / 2;
    seats->party_max = seats->proven_max / PARTY_FRACTION;
    if (seats->party_max < PARTY_MIN)
        seats->party_max = PARTY_MIN;
    seats->network_count = (size_t)open_max + FG_SEATS_FRIENDS_MAX + 1;
    seats->networks = calloc(seats->network_count, sizeof(*seats->networks));
    seats->slots = calloc(seats->network_count, sizeof(struct fg_seat_network *));
    if (seats->networks == NULL || seats->slots == NULL) {
        fg_seats_end(seats);
        return fg_fail(error, FG_E_MEMORY, "no memory for %u connections", open_max);
    }
    if (fg_random_fill(&seats->salt, sizeof(seats->salt), NULL) != FG_OK)
        seats->salt = MULTIPLIER;
    for (size_t i = 0; i < seats->network_count; i++) {
        seats->networks[i].next = seats->free_networks;
        seats->free_networks = &seats->networks[i];
    }
    return FG_OK;
}

void fg_seats_end(struct fg_seats *seats)
{
    free(seats->networks);
    free(seats->slots);
    seats->networks = NULL;
    seats->slots = NULL;
}

/* ---- who gives way ---- */

static void count_out(struct fg_seats *seats, struct fg_seat *seat)
{
    if (seat->proven) {
        seats->proven--;
    } else {
        seats->unproven--;
        seat->network->unproven--;
    }
}

static struct fg_seat *give_way(struct fg_seats *seats, struct fg_seat *seat)
{
    if (seat != NULL) {
        count_out(seats, seat);
        seat->gives_way = true;
    }
    return seat;
}

static bool is_friend(const struct fg_seat_network *network, int64_t now_mono_ms)
{
    return network->proven_mono_ms != 0 && now_mono_ms - network->proven_mono_ms <= FG_SEATS_FRIEND_MS &&
           network->unproven <= FG_SEATS_FRIEND_MAX;
}

/* Should a give way before b, which is older? */
static bool goes_before(const struct fg_seat *a, const struct fg_seat *b, int64_t now_mono_ms)
{
    bool a_is_friend = is_friend(a->network, now_mono_ms);
    bool b_is_friend = is_friend(b->network, now_mono_ms);

    if (a_is_friend != b_is_friend)
        return b_is_friend;
    return a->network->unproven > b->network->unproven;
}

/* of: only that network's; NULL = all. */
static struct fg_seat *choose(const struct fg_seats *seats, const struct fg_seat_network *of,
                              int64_t now_mono_ms)
{
    struct fg_seat *chosen = NULL;

    for (struct fg_seat *each = seats->oldest; each != NULL; each = each->newer) {
        if (each->proven || each->held || each->gives_way || (of != NULL && each->network != of))
            continue;
        if (chosen == NULL || goes_before(each, chosen, now_mono_ms))
            chosen = each;
    }
    return chosen;
}

/* After `seat` was counted as unproven. One that cannot be replaced, since all others are being handled,
 * goes itself. */
static struct fg_seat *make_room(struct fg_seats *seats, struct fg_seat *seat, int64_t now_mono_ms)
{
    const struct fg_seat_network *of = NULL;
    struct fg_seat *chosen;

    if (seats->network_max > 0 && seat->network->unproven > seats->network_max)
        of = seat->network;
    else if (seats->unproven <= seats->unproven_max)
        return NULL;
    chosen = choose(seats, of, now_mono_ms);
    return give_way(seats, chosen != NULL ? chosen : seat);
}

/* ---- in and out ---- */

static void count_unproven(struct fg_seats *seats, struct fg_seat *seat)
{
    seat->proven = false;
    seat->party[0] = '\0';
    seats->unproven++;
    seat->network->unproven++;
}

struct fg_seat *fg_seats_enter(struct fg_seats *seats, struct fg_seat *seat, const struct fg_network *network,
                               int64_t now_mono_ms)
{
    seat->network = network_find(seats, network);
    if (seat->network == NULL) {
        seat->gives_way = true;
        return seat;
    }
    if (seat->network->seats == 0 && seat->network->proven_mono_ms != 0)
        seats->remembered--;
    seat->network->seats++;
    seat->older = seats->newest;
    if (seats->newest != NULL)
        seats->newest->newer = seat;
    else
        seats->oldest = seat;
    seats->newest = seat;
    count_unproven(seats, seat);
    return make_room(seats, seat, now_mono_ms);
}

void fg_seats_leave(struct fg_seats *seats, struct fg_seat *seat, int64_t now_mono_ms)
{
    if (seat->network == NULL)
        return;
    if (seat->older != NULL)
        seat->older->newer = seat->newer;
    else
        seats->oldest = seat->newer;
    if (seat->newer != NULL)
        seat->newer->older = seat->older;
    else
        seats->newest = seat->older;
    if (!seat->gives_way)
        count_out(seats, seat);
    network_leave(seats, seat->network, now_mono_ms);
    seat->network = NULL;
}

static uint32_t party_places(const struct fg_seats *seats, const char *party)
{
    uint32_t count = 0;

    for (const struct fg_seat *each = seats->oldest; each != NULL; each = each->newer) {
        if (each->proven && !each->gives_way && strcmp(each->party, party) == 0)
            count++;
    }
    return count;
}

struct fg_seat *fg_seats_prove(struct fg_seats *seats, struct fg_seat *seat, const char *party,
                               int64_t now_mono_ms)
{
    if (seat->network == NULL || seat->gives_way)
        return NULL;
    if (party != NULL)
        seat->network->proven_mono_ms = now_mono_ms > 0 ? now_mono_ms : 1;
    if (seat->proven && party != NULL && strncmp(seat->party, party, FG_PARTY_MAX) == 0)
        return NULL;
    if (seat->proven) {
        seats->proven--;
        count_unproven(seats, seat);
    }
    if (party != NULL && seats->proven < seats->proven_max) {
        (void)snprintf(seat->party, sizeof(seat->party), "%s", party);
        if (party_places(seats, seat->party) < seats->party_max) {
            count_out(seats, seat);
            seat->proven = true;
            seats->proven++;
            return NULL;
        }
        seat->party[0] = '\0';
    }
    return make_room(seats, seat, now_mono_ms);
}
