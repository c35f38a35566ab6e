/* Who has a place at a server: which connection gives way when there are more than there may be.
 *
 * Half of the places are for connections that have proven who is at the other end (a device by its
 * certificate, a paired browser, a signed-in user: a party), the other half for those that have not yet. A
 * newcomer always gets a place: among the unproven, the network with the most of them gives up its oldest
 * one. A network is an IPv4 address or the /64 of an IPv6 address, which is what one household or office has.
 * A network that was proven within a day keeps a few unproven places through a flood from elsewhere, since
 * its devices have to connect before they can prove themselves again. A connection whose request is being
 * handled never gives way. A party has no more of the proven places than its share; what it has beyond counts
 * as unproven.
 *
 * Not: sockets, requests, time-outs (server_connection.c). Relies on: the caller's lock and clock. */
#ifndef FG_LIB_NET_SERVER_SERVER_SEATS_H
#define FG_LIB_NET_SERVER_SERVER_SEATS_H

#include <sys/socket.h>

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_PARTY_MAX 80            /* bytes of a party's name */
#define FG_PLACES_FRIEND_MAX 8     /* unproven places that a proven network keeps */
#define FG_PLACES_FRIENDS_MAX 1024 /* networks remembered without a connection */
#define FG_PLACES_FRIEND_MS INT64_C(86400000)

struct fg_network {
    uint8_t family; /* 4, 6, or 0: unknown */
    uint8_t bytes[8];
};

/* Never fails: what is no IP address is one unknown network. An IPv4 address inside IPv6 is IPv4. */
void fg_network_of(const struct sockaddr *address, struct fg_network *ret_network);

struct fg_place_network {
    struct fg_network network;
    struct fg_place_network *next; /* of the same slot, or of the free ones */
    uint32_t places;               /* all that are not left yet */
    uint32_t unproven;
    int64_t proven_mono_ms; /* when one of its connections was proven last; 0 = never */
};

/* One connection's. Zero before fg_places_enter; belongs to the caller, and to the places until
 * fg_places_leave. */
struct fg_place {
    struct fg_place *older;
    struct fg_place *newer;
    struct fg_place_network *network;
    bool proven;
    bool held;      /* by the caller: its request is being handled */
    bool gives_way; /* its connection is to be closed; it counts no more */
    char party[FG_PARTY_MAX + 1];
};

struct fg_places {
    uint32_t unproven_max;
    uint32_t proven_max;
    uint32_t party_max;
    uint32_t network_max; /* unproven ones of one network; 0 = no bound of its own */
    uint32_t unproven;
    uint32_t proven;
    uint32_t remembered; /* networks without a connection */
    struct fg_place *oldest;
    struct fg_place *newest;
    size_t network_count;
    struct fg_place_network *networks; /* network_count of them */
    struct fg_place_network *free_networks;
    struct fg_place_network **slots; /* network_count of them */
    uint64_t salt;
};

/* For connections_max connections, proven and unproven together, of which open_max may be open at a time
 * while some of them are still being closed. FG_E_MEMORY. */
enum fg_err fg_places_start(struct fg_places *places, uint32_t connections_max, uint32_t network_max,
                            uint32_t open_max, struct fg_error *error);
void fg_places_end(struct fg_places *places);

/* Takes a place for a connection from this network. Returns the place that gives way for it, marked so: its
 * connection is to be closed. It may be the newcomer itself; NULL = none. */
struct fg_place *fg_places_enter(struct fg_places *places, struct fg_place *place,
                                 const struct fg_network *network, int64_t now_mono_ms);
/* The connection is closed. */
void fg_places_leave(struct fg_places *places, struct fg_place *place, int64_t now_mono_ms);
/* The connection was shown to be this party's, or (party NULL) to be nobody's any longer. Returns the place
 * that gives way, as above. */
struct fg_place *fg_places_prove(struct fg_places *places, struct fg_place *place, const char *party,
                                 int64_t now_mono_ms);

#endif
