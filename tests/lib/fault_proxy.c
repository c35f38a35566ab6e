/* Implementation of the misbehaving proxy (fault_proxy.h). */
#include "tests/lib/fault_proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/monotime.h"

#define PAIRS_MAX 64
#define BUFFER_BYTES 16384
#define TURN_MS 5
#define IDLE_TURN_MS 20

/* One direction of one connection: bytes taken from `from` and not yet given to `to`. */
struct lane {
    int from;
    int to;
    size_t length;
    int64_t not_before_mono_ms;
    bool ended; /* from has no more */
    uint8_t bytes[BUFFER_BYTES];
};

struct pair {
    bool used;
    int sockets[2];
    struct lane lanes[2];
    struct fg_proxy_faults faults;
    int64_t cut_left; /* bytes until the cut; negative = never */
    int64_t stall_left;
    int64_t corrupt_left;
    bool stalled;
};

struct fg_proxy {
    int listener;
    uint16_t port;
    atomic_uint target_port;
    uint64_t random;
    pthread_t thread;
    pthread_mutex_t lock; /* faults */
    struct fg_proxy_faults faults;
    atomic_bool stop;
    atomic_bool cut_now;
    atomic_uint_fast64_t accepted;
    atomic_uint_fast64_t faulty;
    struct pair pairs[PAIRS_MAX];
};

uint64_t fg_random_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t fg_random_below(uint64_t *state, uint32_t below)
{
    return below == 0 ? 0 : (uint32_t)(fg_random_next(state) % below);
}

/* A reset, so that the other end sees a fault and not an orderly end. */
static void reset_socket(int *descriptor)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    if (*descriptor < 0)
        return;
    (void)setsockopt(*descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    (void)close(*descriptor);
    *descriptor = -1;
}

static void pair_close(struct pair *pair, bool reset)
{
    for (int i = 0; i < 2; i++) {
        if (reset)
            reset_socket(&pair->sockets[i]);
        else if (pair->sockets[i] >= 0)
            (void)close(pair->sockets[i]);
        pair->sockets[i] = -1;
    }
    pair->used = false;
}

static int64_t chance_bytes(struct fg_proxy *proxy, uint32_t percent, uint32_t bytes_max)
{
    if (fg_random_below(&proxy->random, 100) >= percent)
        return -1;
    (void)atomic_fetch_add(&proxy->faulty, 1);
    return fg_random_below(&proxy->random, bytes_max + 1);
}

static int connect_target(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor >= 0 && connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0) {
        (void)close(descriptor);
        descriptor = -1;
    }
    return descriptor;
}

static void pair_start(struct fg_proxy *proxy, struct pair *pair, int client)
{
    int one = 1;

    memset(pair, 0, sizeof(*pair));
    (void)pthread_mutex_lock(&proxy->lock);
    pair->faults = proxy->faults;
    (void)pthread_mutex_unlock(&proxy->lock);
    pair->sockets[0] = client;
    pair->sockets[1] = -1;
    if (fg_random_below(&proxy->random, 100) < pair->faults.refuse_percent) {
        (void)atomic_fetch_add(&proxy->faulty, 1);
        pair_close(pair, true);
        return;
    }
    pair->sockets[1] = connect_target((uint16_t)atomic_load(&proxy->target_port));
    if (pair->sockets[1] < 0) {
        pair_close(pair, true);
        return;
    }
    for (int i = 0; i < 2; i++) {
        (void)fcntl(pair->sockets[i], F_SETFL, O_NONBLOCK);
        (void)setsockopt(pair->sockets[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        pair->lanes[i].from = i;
        pair->lanes[i].to = 1 - i;
    }
    pair->cut_left = chance_bytes(proxy, pair->faults.cut_percent, pair->faults.cut_bytes_max);
    pair->stall_left = chance_bytes(proxy, pair->faults.stall_percent, pair->faults.cut_bytes_max);
    pair->corrupt_left = chance_bytes(proxy, pair->faults.corrupt_percent, pair->faults.cut_bytes_max);
    pair->used = true;
}

static void accept_all(struct fg_proxy *proxy)
{
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        int client;

        if (proxy->pairs[i].used)
            continue;
        client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client < 0)
            return;
        (void)atomic_fetch_add(&proxy->accepted, 1);
        pair_start(proxy, &proxy->pairs[i], client);
    }
}

/* Takes the bytes' toll on the connection's fate; false: cut. */
static bool fate_apply(struct pair *pair, uint8_t *bytes, size_t length)
{
    int64_t count = (int64_t)length;

    if (pair->corrupt_left >= 0 && pair->corrupt_left < count) {
        bytes[pair->corrupt_left] ^= 0x20;
        pair->corrupt_left = -1;
    } else if (pair->corrupt_left >= 0) {
        pair->corrupt_left -= count;
    }
    if (pair->stall_left >= 0) {
        pair->stall_left -= count;
        pair->stalled = pair->stall_left < 0;
    }
    if (pair->cut_left < 0)
        return true;
    pair->cut_left -= count;
    return pair->cut_left >= 0;
}

static bool lane_read(struct fg_proxy *proxy, struct pair *pair, struct lane *lane)
{
    size_t room = BUFFER_BYTES - lane->length;
    ssize_t got;

    if (pair->faults.piece_bytes_max > 0 && room > pair->faults.piece_bytes_max)
        room = pair->faults.piece_bytes_max;
    if (lane->length > 0 || lane->ended || room == 0)
        return true;
    got = read(pair->sockets[lane->from], lane->bytes, room);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0) {
        lane->ended = true;
        (void)shutdown(pair->sockets[lane->to], SHUT_WR);
        return true;
    }
    lane->length = (size_t)got;
    lane->not_before_mono_ms =
        fg_mono_ms() + (int64_t)fg_random_below(&proxy->random, pair->faults.delay_max_ms + 1);
    return fate_apply(pair, lane->bytes, lane->length);
}

static bool lane_write(struct pair *pair, struct lane *lane)
{
    ssize_t sent;

    if (lane->length == 0 || pair->stalled || fg_mono_ms() < lane->not_before_mono_ms)
        return true;
    sent = send(pair->sockets[lane->to], lane->bytes, lane->length, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
    lane->length -= (size_t)sent;
    memmove(lane->bytes, lane->bytes + sent, lane->length);
    return true;
}

static void pair_serve(struct fg_proxy *proxy, struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        if (!lane_read(proxy, pair, &pair->lanes[i]) || !lane_write(pair, &pair->lanes[i])) {
            pair_close(pair, true);
            return;
        }
    }
    if (pair->lanes[0].ended && pair->lanes[1].ended && pair->lanes[0].length == 0 &&
        pair->lanes[1].length == 0)
        pair_close(pair, false);
}

/* Bytes that wait for their moment are looked at often, sockets wake the thread by themselves. */
static void wait_turn(struct fg_proxy *proxy)
{
    struct pollfd polls[2 * PAIRS_MAX + 1];
    nfds_t count = 0;
    bool waits = false;

    polls[count++] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        const struct pair *pair = &proxy->pairs[i];

        for (int side = 0; pair->used && side < 2; side++) {
            const struct lane *lane = &pair->lanes[side];

            waits = waits || (lane->length > 0 && !pair->stalled);
            if (lane->length == 0 && !lane->ended)
                polls[count++] = (struct pollfd){.fd = pair->sockets[side], .events = POLLIN};
        }
    }
    (void)poll(polls, count, waits ? TURN_MS : IDLE_TURN_MS);
}

static void *proxy_run(void *context)
{
    struct fg_proxy *proxy = context;

    while (!atomic_load(&proxy->stop)) {
        bool cut = atomic_exchange(&proxy->cut_now, false);

        wait_turn(proxy);
        accept_all(proxy);
        for (size_t i = 0; i < PAIRS_MAX; i++) {
            if (proxy->pairs[i].used && cut)
                pair_close(&proxy->pairs[i], true);
            if (proxy->pairs[i].used)
                pair_serve(proxy, &proxy->pairs[i]);
        }
    }
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (proxy->pairs[i].used)
            pair_close(&proxy->pairs[i], true);
    }
    return NULL;
}

static bool listen_any(struct fg_proxy *proxy)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (proxy->listener < 0)
        return false;
    if (bind(proxy->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(proxy->listener, PAIRS_MAX) != 0 ||
        getsockname(proxy->listener, (struct sockaddr *)&address, &length) != 0) {
        (void)close(proxy->listener);
        return false;
    }
    proxy->port = ntohs(address.sin_port);
    return true;
}

struct fg_proxy *fg_proxy_new(uint16_t target_port, uint64_t seed)
{
    struct fg_proxy *proxy = calloc(1, sizeof(*proxy));

    if (proxy == NULL)
        return NULL;
    atomic_init(&proxy->target_port, target_port);
    proxy->random = seed;
    if (!listen_any(proxy)) {
        free(proxy);
        return NULL;
    }
    (void)pthread_mutex_init(&proxy->lock, NULL);
    if (pthread_create(&proxy->thread, NULL, proxy_run, proxy) != 0) {
        (void)close(proxy->listener);
        (void)pthread_mutex_destroy(&proxy->lock);
        free(proxy);
        return NULL;
    }
    return proxy;
}

uint16_t fg_proxy_port(const struct fg_proxy *proxy)
{
    return proxy->port;
}

void fg_proxy_set(struct fg_proxy *proxy, const struct fg_proxy_faults *faults, bool cut_now)
{
    (void)pthread_mutex_lock(&proxy->lock);
    proxy->faults = *faults;
    (void)pthread_mutex_unlock(&proxy->lock);
    if (cut_now)
        atomic_store(&proxy->cut_now, true);
}

void fg_proxy_target(struct fg_proxy *proxy, uint16_t target_port)
{
    atomic_store(&proxy->target_port, target_port);
    atomic_store(&proxy->cut_now, true);
}

void fg_proxy_counts(const struct fg_proxy *proxy, uint64_t *ret_accepted, uint64_t *ret_faults)
{
    *ret_accepted = atomic_load(&proxy->accepted);
    *ret_faults = atomic_load(&proxy->faulty);
}

void fg_proxy_free(struct fg_proxy *proxy)
{
    if (proxy == NULL)
        return;
    atomic_store(&proxy->stop, true);
    (void)pthread_join(proxy->thread, NULL);
    (void)close(proxy->listener);
    (void)pthread_mutex_destroy(&proxy->lock);
    free(proxy);
}
