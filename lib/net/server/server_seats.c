/* Implementation of places (server_seats.h). Every search is one walk along the connections, and happens
 * only when there are too many. */
#include "lib/net/server/server_seats.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PARTY_MIN 8      /* what a browser opens at once */
#define PARTY_FRACTION 8 /* of the proven places, for one party */
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
static struct fg_place_network **slot_of(const struct fg_places *places, const struct fg_network *network)
{
    uint64_t hash = 0;

    memcpy(&hash, network->bytes, sizeof(hash));
    hash = (hash ^ places->salt ^ network->family) * MULTIPLIER;
    hash ^= hash >> 32;
    hash *= MULTIPLIER;
    return &places->slots[(hash >> 16) % places->network_count];
}

static void network_forget(struct fg_places *places, struct fg_place_network *network)
{
    struct fg_place_network **at = slot_of(places, &network->network);

    while (*at != network)
        at = &(*at)->next;
    *at = network->next;
    network->next = places->free_networks;
    places->free_networks = network;
}

/* Of the networks that are only remembered, the one that was proven longest ago. */
static void oldest_forget(struct fg_places *places)
{
    struct fg_place_network *oldest = NULL;

    for (size_t i = 0; i < places->network_count; i++) {
        struct fg_place_network *each = &places->networks[i];

        if (each->places == 0 && each->proven_mono_ms != 0 &&
            (oldest == NULL || each->proven_mono_ms < oldest->proven_mono_ms))
            oldest = each;
    }
    if (oldest == NULL)
        return;
    network_forget(places, oldest);
    oldest->proven_mono_ms = 0;
    places->remembered--;
}

/* There always is a free one: as many as there are connections, and those remembered besides. */
static struct fg_place_network *network_find(struct fg_places *places, const struct fg_network *network)
{
    struct fg_place_network **slot = slot_of(places, network);
    struct fg_place_network *found;

    for (found = *slot; found != NULL; found = found->next) {
        if (networks_equal(&found->network, network))
            return found;
    }
    found = places->free_networks;
    if (found == NULL)
        return NULL;
    places->free_networks = found->next;
    *found = (struct fg_place_network){.network = *network, .next = *slot};
    *slot = found;
    return found;
}

static void network_leave(struct fg_places *places, struct fg_place_network *network, int64_t now_mono_ms)
{
    if (--network->places > 0)
        return;
    if (network->proven_mono_ms == 0 || now_mono_ms - network->proven_mono_ms > FG_PLACES_FRIEND_MS) {
        network_forget(places, network);
        network->proven_mono_ms = 0;
        return;
    }
    places->remembered++;
    if (places->remembered > FG_PLACES_FRIENDS_MAX)
        oldest_forget(places);
}

/* ---- lifetime ---- */

enum fg_err fg_places_start(struct fg_places *places, uint32_t connections_max, uint32_t network_max,
                            uint32_t open_max, struct fg_error *error)
{
    *places = (struct fg_places){.network_max = network_max};
    places->unproven_max = connections_max - connections_max / 2;
    places->proven_max = connections_max / 2;
    places->party_max = places->proven_max / PARTY_FRACTION;
    if (places->party_max < PARTY_MIN)
        places->party_max = PARTY_MIN;
    places->network_count = (size_t)open_max + FG_PLACES_FRIENDS_MAX + 1;
    places->networks = calloc(places->network_count, sizeof(*places->networks));
    places->slots = calloc(places->network_count, sizeof(struct fg_place_network *));
    if (places->networks == NULL || places->slots == NULL) {
        fg_places_end(places);
        return fg_fail(error, FG_E_MEMORY, "no memory for %u connections", open_max);
    }
    if (getrandom(&places->salt, sizeof(places->salt), 0) != (ssize_t)sizeof(places->salt))
        places->salt = MULTIPLIER;
    for (size_t i = 0; i < places->network_count; i++) {
        places->networks[i].next = places->free_networks;
        places->free_networks = &places->networks[i];
    }
    return FG_OK;
}

void fg_places_end(struct fg_places *places)
{
    free(places->networks);
    free(places->slots);
    places->networks = NULL;
    places->slots = NULL;
}

/* ---- who gives way ---- */

static void count_out(struct fg_places *places, struct fg_place *place)
{
    if (place->proven) {
        places->proven--;
    } else {
        places->unproven--;
        place->network->unproven--;
    }
}

static struct fg_place *give_way(struct fg_places *places, struct fg_place *place)
{
    if (place != NULL) {
        count_out(places, place);
        place->gives_way = true;
    }
    return place;
}

static bool is_friend(const struct fg_place_network *network, int64_t now_mono_ms)
{
    return network->proven_mono_ms != 0 && now_mono_ms - network->proven_mono_ms <= FG_PLACES_FRIEND_MS &&
           network->unproven <= FG_PLACES_FRIEND_MAX;
}

/* Should a give way before b, which is older? */
static bool goes_before(const struct fg_place *a, const struct fg_place *b, int64_t now_mono_ms)
{
    bool a_is_friend = is_friend(a->network, now_mono_ms);
    bool b_is_friend = is_friend(b->network, now_mono_ms);

    if (a_is_friend != b_is_friend)
        return b_is_friend;
    return a->network->unproven > b->network->unproven;
}

/* of: only that network's; NULL = all. */
static struct fg_place *choose(const struct fg_places *places, const struct fg_place_network *of,
                               int64_t now_mono_ms)
{
    struct fg_place *chosen = NULL;

    for (struct fg_place *each = places->oldest; each != NULL; each = each->newer) {
        if (each->proven || each->held || each->gives_way || (of != NULL && each->network != of))
            continue;
        if (chosen == NULL || goes_before(each, chosen, now_mono_ms))
            chosen = each;
    }
    return chosen;
}

/* After `place` was counted as unproven. One that cannot be replaced, since all others are being handled,
 * goes itself. */
static struct fg_place *make_room(struct fg_places *places, struct fg_place *place, int64_t now_mono_ms)
{
    const struct fg_place_network *of = NULL;
    struct fg_place *chosen;

    if (places->network_max > 0 && place->network->unproven > places->network_max)
        of = place->network;
    else if (places->unproven <= places->unproven_max)
        return NULL;
    chosen = choose(places, of, now_mono_ms);
    return give_way(places, chosen != NULL ? chosen : place);
}

/* ---- in and out ---- */

static void count_unproven(struct fg_places *places, struct fg_place *place)
{
    place->proven = false;
    place->party[0] = '\0';
    places->unproven++;
    place->network->unproven++;
}

struct fg_place *fg_places_enter(struct fg_places *places, struct fg_place *place,
                                 const struct fg_network *network, int64_t now_mono_ms)
{
    place->network = network_find(places, network);
    if (place->network == NULL) {
        place->gives_way = true;
        return place;
    }
    if (place->network->places == 0 && place->network->proven_mono_ms != 0)
        places->remembered--;
    place->network->places++;
    place->older = places->newest;
    if (places->newest != NULL)
        places->newest->newer = place;
    else
        places->oldest = place;
    places->newest = place;
    count_unproven(places, place);
    return make_room(places, place, now_mono_ms);
}

void fg_places_leave(struct fg_places *places, struct fg_place *place, int64_t now_mono_ms)
{
    if (place->network == NULL)
        return;
    if (place->older != NULL)
        place->older->newer = place->newer;
    else
        places->oldest = place->newer;
    if (place->newer != NULL)
        place->newer->older = place->older;
    else
        places->newest = place->older;
    if (!place->gives_way)
        count_out(places, place);
    network_leave(places, place->network, now_mono_ms);
    place->network = NULL;
}

static uint32_t party_places(const struct fg_places *places, const char *party)
{
    uint32_t count = 0;

    for (const struct fg_place *each = places->oldest; each != NULL; each = each->newer) {
        if (each->proven && !each->gives_way && strcmp(each->party, party) == 0)
            count++;
    }
    return count;
}

struct fg_place *fg_places_prove(struct fg_places *places, struct fg_place *place, const char *party,
                                 int64_t now_mono_ms)
{
    if (place->network == NULL || place->gives_way)
        return NULL;
    if (party != NULL)
        place->network->proven_mono_ms = now_mono_ms > 0 ? now_mono_ms : 1;
    if (place->proven && party != NULL && strncmp(place->party, party, FG_PARTY_MAX) == 0)
        return NULL;
    if (place->proven) {
        places->proven--;
        count_unproven(places, place);
    }
    if (party != NULL && places->proven < places->proven_max) {
        (void)snprintf(place->party, sizeof(place->party), "%s", party);
        if (party_places(places, place->party) < places->party_max) {
            count_out(places, place);
            place->proven = true;
            places->proven++;
            return NULL;
        }
        place->party[0] = '\0';
    }
    return make_room(places, place, now_mono_ms);
}
