/* Who has a seat at a server: which connection gives way when there are more than there may be.
 *
 * Half of the seats are for connections that have proven who is at the other end (a device by its
 * certificate, a paired browser, a signed-in user: a party), the other half for those that have not yet. A
 * newcomer always gets a seat: among the unproven, the network with the most of them gives up its oldest
 * one. A network is an IPv4 address or the /64 of an IPv6 address, which is what one household or office has.
 * A network that was proven within a day keeps a few unproven seats through a flood from elsewhere, since
 * its devices have to connect before they can prove themselves again. A connection whose request is being
 * handled never gives way. A party has no more of the proven seats than its share; what it has beyond counts
 * as unproven.
 *
 * Not: sockets, requests, time-outs (server_connection.c). Relies on: the caller's lock and clock. */
#ifndef FG_LIB_NET_SERVER_SERVER_SEATS_H
#define FG_LIB_NET_SERVER_SERVER_SEATS_H

#include <sys/socket.h>

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_PARTY_MAX 80           /* bytes of a party's name */
#define FG_SEATS_FRIEND_MAX 8     /* unproven seats that a proven network keeps */
#define FG_SEATS_FRIENDS_MAX 1024 /* networks remembered without a connection */
#define FG_SEATS_FRIEND_MS INT64_C(86400000)

struct fg_network {
    uint8_t family; /* 4, 6, or 0: unknown */
    uint8_t bytes[8];
};

/* Never fails: what is no IP address is one unknown network. An IPv4 address inside IPv6 is IPv4. */
void fg_network_of(const struct sockaddr *address, struct fg_network *ret_network);

struct fg_seat_network {
    struct fg_network network;
    struct fg_seat_network *next; /* of the same slot, or of the free ones */
    uint32_t seats;               /* all that are not left yet */
    uint32_t unproven;
    int64_t proven_mono_ms; /* when one of its connections was proven last; 0 = never */
};

/* One connection's. Zero before fg_seats_enter; belongs to the caller, and to the seats until
 * fg_seats_leave. */
struct fg_seat {
    struct fg_seat *older;
    struct fg_seat *newer;
    struct fg_seat_network *network;
    bool proven;
    bool held;      /* by the caller: its request is being handled */
    bool gives_way; /* its connection is to be closed; it counts no more */
    char party[FG_PARTY_MAX + 1];
};

struct fg_seats {
    uint32_t unproven_max;
    uint32_t proven_max;
    uint32_t party_max;
    uint32_t network_max; /* unproven ones of one network; 0 = no bound of its own */
    uint32_t unproven;
    uint32_t proven;
    uint32_t remembered; /* networks without a connection */
    struct fg_seat *oldest;
    struct fg_seat *newest;
    size_t network_count;
    struct fg_seat_network *networks; /* network_count of them */
    struct fg_seat_network *free_networks;
    struct fg_seat_network **slots; /* network_count of them */
    uint64_t salt;
};

/* For connections_max connections, proven and unproven together, of which open_max may be open at a time
 * while some of them are still being closed. FG_E_MEMORY. */
enum fg_err fg_seats_start(struct fg_seats *seats, uint32_t connections_max, uint32_t network_max,
                           uint32_t open_max, struct fg_error *error);
void fg_seats_end(struct fg_seats *seats);

/* Takes a seat for a connection from this network. Returns the seat that gives way for it, marked so: its
 * connection is to be closed. It may be the newcomer itself; NULL = none. */
struct fg_seat *fg_seats_enter(struct fg_seats *seats, struct fg_seat *seat, const struct fg_network *network,
                               int64_t now_mono_ms);
/* The connection is closed. */
void fg_seats_leave(struct fg_seats *seats, struct fg_seat *seat, int64_t now_mono_ms);
/* The connection was shown to be this party's, or (party NULL) to be nobody's any longer. Returns the seat
 * that gives way, as above. */
struct fg_seat *fg_seats_prove(struct fg_seats *seats, struct fg_seat *seat, const char *party,
                               int64_t now_mono_ms);

#endif
