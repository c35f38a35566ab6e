/* Who gives way when a server has more connections than seats: the rule alone, and at a real server whose
 * clients have many addresses (in a network namespace of the test's own). */
#include "lib/net/server/server_seats.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/check.h"
#include "tests/lib/fixture/server_fixture.h"

#define SEATS_MAX 64
#define FLOOD 300
#define NOW_MS INT64_C(5000)

static struct fg_error error;
static struct fg_seats seats;
static struct fg_seat connections[SEATS_MAX];

static struct fg_network network_of(const char *address)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct fg_network network;

    if (inet_pton(AF_INET, address, &four.sin_addr) == 1) {
        fg_network_of((const struct sockaddr *)(const void *)&four, &network);
    } else {
        CHECK_INT(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
        fg_network_of((const struct sockaddr *)(const void *)&six, &network);
    }
    return network;
}

static void begin(uint32_t connections_max, uint32_t network_max)
{
    memset(connections, 0, sizeof(connections));
    CHECK_OK(fg_seats_start(&seats, connections_max, network_max, SEATS_MAX, &error), &error);
}

/* Index of the one that gives way; -1 = none. */
static int index_of(const struct fg_seat *seat)
{
    return seat == NULL ? -1 : (int)(seat - connections);
}

static int enter(int i, const char *address)
{
    struct fg_network network = network_of(address);

    return index_of(fg_seats_enter(&seats, &connections[i], &network, NOW_MS));
}

static void leave(int i)
{
    fg_seats_leave(&seats, &connections[i], NOW_MS);
}

TEST("addresses of one IPv6 /64 are one network, those of IPv4 are one each, also inside IPv6")
{
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } rows[] = {
        {"2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
        {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fg_network a = network_of(rows[i].a);
        struct fg_network b = network_of(rows[i].b);

        CHECK_INT(a.family == b.family && memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0, rows[i].same);
    }
}

TEST("BAD-INPUT-IS-SAFE: the oldest unproven connection of the network with the most gives way to a newcomer")
{
    begin(8, 0); /* 4 unproven seats */
    CHECK_INT(enter(0, "192.0.2.1"), -1);
    CHECK_INT(enter(1, "192.0.2.9"), -1);
    CHECK_INT(enter(2, "192.0.2.9"), -1);
    CHECK_INT(enter(3, "192.0.2.2"), -1);
    CHECK_INT(enter(4, "192.0.2.3"), 1);
    CHECK(connections[1].gives_way);
    CHECK_INT(enter(5, "192.0.2.4"), 0); /* all have one: the oldest */
    leave(0);
    leave(1);
    leave(2);
    CHECK_INT(enter(6, "192.0.2.5"), -1);
    CHECK_INT(seats.unproven, 4);
    fg_seats_end(&seats);
}

TEST("BAD-INPUT-IS-SAFE: IPv6 addresses of one /64 give way as one, not the others")
{
    char address[64];

    begin(16, 0);
    CHECK_INT(enter(0, "2001:db8:a::1"), -1);
    for (int i = 1; i < 40; i++) {
        (void)snprintf(address, sizeof(address), "2001:db8:b::%x", i);
        CHECK_INT(enter(i, address), i < 8 ? -1 : i - 7);
    }
    CHECK(!connections[0].gives_way);
    fg_seats_end(&seats);
}

TEST("one network has no more unproven connections than its bound, though there is room")
{
    begin(32, 3);
    for (int i = 0; i < 3; i++)
        CHECK_INT(enter(i, "192.0.2.1"), -1);
    CHECK_INT(enter(3, "192.0.2.1"), 0);
    CHECK_INT(enter(4, "192.0.2.2"), -1);
    fg_seats_end(&seats);
}

TEST("BAD-INPUT-IS-SAFE: proven connections have seats of their own and do not give way")
{
    begin(8, 0);
    for (int i = 0; i < 4; i++) {
        CHECK_INT(enter(i, "192.0.2.1"), -1);
        CHECK_INT(index_of(fg_seats_prove(&seats, &connections[i], i % 2 == 0 ? "a" : "b", NOW_MS)), -1);
    }
    for (int i = 4; i < 40; i++)
        CHECK_INT(enter(i, "192.0.2.9"), i < 8 ? -1 : i - 4);
    for (int i = 0; i < 4; i++)
        CHECK(connections[i].proven && !connections[i].gives_way);
    /* The proven seats are taken: a fifth one stays among the unproven. */
    CHECK_INT(enter(40, "192.0.2.1"), 36);
    CHECK_INT(index_of(fg_seats_prove(&seats, &connections[40], "c", NOW_MS)), -1);
    CHECK(!connections[40].proven);
    CHECK_INT(seats.proven, 4);
    CHECK_INT(seats.unproven, 4);
    fg_seats_end(&seats);
}

TEST("a party has its share of the proven seats, and one that is disowned is a stranger again")
{
    begin(48, 0); /* 24 proven seats, 8 of them for one party */
    for (int i = 0; i < 10; i++) {
        CHECK_INT(enter(i, "192.0.2.1"), -1);
        (void)fg_seats_prove(&seats, &connections[i], "greedy", NOW_MS);
    }
    CHECK_INT(seats.proven, 8);
    CHECK_INT(enter(10, "192.0.2.2"), -1);
    (void)fg_seats_prove(&seats, &connections[10], "other", NOW_MS);
    CHECK(connections[10].proven);
    (void)fg_seats_prove(&seats, &connections[10], "other", NOW_MS);
    CHECK_INT(seats.proven, 9);
    (void)fg_seats_prove(&seats, &connections[10], NULL, NOW_MS);
    CHECK(!connections[10].proven);
    CHECK_INT(seats.proven, 8);
    CHECK_INT(seats.unproven, 3);
    for (int i = 0; i < 11; i++)
        leave(i);
    CHECK_INT(seats.proven, 0);
    CHECK_INT(seats.unproven, 0);
    fg_seats_end(&seats);
}

TEST("a connection whose request is being handled does not give way; when all are, the newcomer does")
{
    begin(4, 0);
    CHECK_INT(enter(0, "192.0.2.1"), -1);
    connections[0].held = true;
    CHECK_INT(enter(1, "192.0.2.1"), -1);
    CHECK_INT(enter(2, "192.0.2.1"), 1);
    connections[2].held = true;
    CHECK_INT(enter(3, "192.0.2.1"), 3);
    CHECK_INT(seats.unproven, 2);
    leave(3);
    CHECK_INT(seats.unproven, 2);
    fg_seats_end(&seats);
}

TEST("BAD-INPUT-IS-SAFE: a network that was proven keeps a few seats to come back through a flood from many "
     "others")
{
    char address[64];

    begin(8, 0);
    CHECK_INT(enter(0, "192.0.2.1"), -1);
    (void)fg_seats_prove(&seats, &connections[0], "device", NOW_MS);
    leave(0);
    connections[0] = (struct fg_seat){.held = false};
    CHECK_INT(enter(0, "192.0.2.1"), -1); /* again: not proven yet */
    for (int i = 1; i < 60; i++) {
        (void)snprintf(address, sizeof(address), "198.51.100.%d", i);
        CHECK_INT(enter(i, address), i < 4 ? -1 : i - 3);
    }
    CHECK(!connections[0].gives_way);
    fg_seats_end(&seats);
}

TEST("only so many networks are remembered, for a day, and the books stay right")
{
    struct fg_network network = {.family = 4};
    uint64_t state = 7;

    begin(8, 0);
    for (uint32_t i = 0; i < 3 * FG_SEATS_FRIENDS_MAX; i++) {
        memcpy(network.bytes, &i, sizeof(i));
        connections[0] = (struct fg_seat){.held = false};
        CHECK(fg_seats_enter(&seats, &connections[0], &network, NOW_MS + i) == NULL);
        (void)fg_seats_prove(&seats, &connections[0], "device", NOW_MS + i);
        fg_seats_leave(&seats, &connections[0], NOW_MS + i);
        CHECK(seats.remembered <= FG_SEATS_FRIENDS_MAX);
    }
    CHECK_INT(seats.remembered, FG_SEATS_FRIENDS_MAX);
    memset(connections, 0, sizeof(connections));
    for (int n = 0; n < 20000; n++) {
        size_t i = fg_test_draw(&state, SEATS_MAX);
        uint32_t who = (uint32_t)fg_test_draw(&state, 9);

        memset(&network, 0, sizeof(network));
        memcpy(network.bytes, &who, sizeof(who));
        if (connections[i].network == NULL) {
            connections[i] = (struct fg_seat){.held = fg_test_draw(&state, 3) == 0};
            (void)fg_seats_enter(&seats, &connections[i], &network, NOW_MS + n);
        } else if (fg_test_draw(&state, 3) == 0) {
            fg_seats_leave(&seats, &connections[i], NOW_MS + n);
        } else {
            (void)fg_seats_prove(&seats, &connections[i],
                                 who > 6        ? NULL
                                 : who % 2 != 0 ? "a"
                                                : "b",
                                 NOW_MS + n);
        }
        CHECK(seats.unproven <= seats.unproven_max);
        CHECK(seats.proven <= seats.proven_max);
        CHECK(seats.remembered <= FG_SEATS_FRIENDS_MAX);
    }
    for (int i = 0; i < SEATS_MAX; i++)
        fg_seats_leave(&seats, &connections[i], NOW_MS + FG_SEATS_FRIEND_MS * 2);
    CHECK_INT(seats.unproven, 0);
    CHECK_INT(seats.proven, 0);
    CHECK(seats.oldest == NULL && seats.newest == NULL);
    fg_seats_end(&seats);
}

/* ---- a real server ---- */

static void write_text(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);

    if (file >= 0) {
        (void)!write(file, text, strlen(text));
        (void)close(file);
    }
}

/* From here on this program is alone in a network where every address of fd00::/16 is its own. */
static bool network_of_my_own(void)
{
    char map[64];
    unsigned user = geteuid();

    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    write_text("/proc/self/setgroups", "deny");
    (void)snprintf(map, sizeof(map), "0 %u 1", user);
    write_text("/proc/self/uid_map", map);
    return system("ip link set lo up && ip -6 route add local fd00::/16 dev lo") == 0;
}

static int connect_from(const struct fg_server_fixture *fixture, const char *from)
{
    struct sockaddr_in6 own = {.sin6_family = AF_INET6};
    struct sockaddr_in6 server = {.sin6_family = AF_INET6,
                                  .sin6_port = htons(fg_server_port(fixture->server)),
                                  .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const int on = 1;
    int client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK_INT(inet_pton(AF_INET6, from, &own.sin6_addr), 1);
    CHECK(client >= 0);
    /* The route says that the address is here, though no device has it. */
    CHECK_INT(setsockopt(client, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on)), 0);
    CHECK_INT(bind(client, (const struct sockaddr *)(const void *)&own, sizeof(own)), 0);
    CHECK_INT(connect(client, (const struct sockaddr *)(const void *)&server, sizeof(server)), 0);
    return client;
}

static void await_open(const struct fg_server_fixture *fixture, uint64_t connections_seen)
{
    struct fg_server_counts counts = {0};

    for (int i = 0; i < 3000 && counts.connections < connections_seen; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        fg_server_counts(fixture->server, &counts);
    }
    CHECK(counts.connections >= connections_seen);
}

/* Those that gave way are closed by their threads, a little later. */
static void await_closed(const struct fg_server_fixture *fixture, uint32_t open_max)
{
    struct fg_server_counts counts = {.open = UINT32_MAX};

    for (int i = 0; i < 3000 && counts.open > open_max; i++) {
        fg_server_counts(fixture->server, &counts);
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    CHECK(counts.open <= open_max);
}

TEST("BAD-INPUT-IS-SAFE: hundreds of silent connections of one IPv6 /64 shut out neither another address nor "
     "a device")
{
    static int flood[FLOOD];
    struct fg_server_fixture fixture;
    struct fg_server_counts counts;
    char answer[1000];
    char address[64];
    const char *output;
    int other;

    if (!network_of_my_own()) {
        printf("    no network namespace is to be had here: %s\n", strerror(errno));
        return;
    }
    fg_fixture_authority("ca");
    fg_fixture_certificate("server", "ca", "/O=fillgate/OU=station/CN=s1", "200101000000Z", "350101000000Z",
                           "serverAuth");
    fg_fixture_certificate("device", "ca", "/O=fillgate/OU=controller/CN=c1", "200101000000Z",
                           "350101000000Z", "clientAuth");
    fg_fixture_prepare(&fixture, true, 60000);
    fixture.settings.address = "::1";
    fixture.settings.connections_max = 32;
    fg_fixture_start(&fixture);
    other = connect_from(&fixture, "fd00:2::1");
    for (int i = 0; i < FLOOD; i++) {
        (void)snprintf(address, sizeof(address), "fd00:1::%x", i + 1);
        flood[i] = connect_from(&fixture, address);
    }
    await_open(&fixture, FLOOD + 1);
    fg_fixture_send(other, "GET /who HTTP/1.0\r\n\r\n", 21);
    (void)fg_fixture_drain(other, answer, sizeof(answer));
    CHECK_HAS(answer, "kind=0");
    other = connect_from(&fixture, "fd00:1::ffff"); /* also a newcomer of the flood's own network */
    fg_fixture_send(other, "GET /who HTTP/1.0\r\n\r\n", 21);
    (void)fg_fixture_drain(other, answer, sizeof(answer));
    CHECK_HAS(answer, "kind=0");
    fg_server_counts(fixture.server, &counts);
    CHECK(counts.gave_way >= FLOOD - 16);
    await_closed(&fixture, 16 + 2);
    for (int i = 0; i < FLOOD; i++)
        (void)close(flood[i]);
    fg_fixture_stop(&fixture);

    /* A device that has shown its certificate keeps its connection; it asks once before and once after. */
    fg_fixture_prepare(&fixture, false, 60000);
    fixture.settings.connections_max = 32;
    fg_fixture_start(&fixture);
    (void)fg_fixture_shell(
        &fixture, NULL,
        "(mkfifo go; curl -sS --no-buffer --cacert ca.pem --cert device.pem --key device.key "
        "https://127.0.0.1:$PORT/secret --next --cacert ca.pem --cert device.pem --key device.key "
        "-T go -X POST https://127.0.0.1:$PORT/echo >told 2>&1 & ) >/dev/null; "
        "for i in $(seq 600); do grep -q id=c1 told && break; sleep 0.1; done");
    for (int i = 0; i < 60; i++)
        flood[i] = fg_fixture_connect(&fixture);
    await_open(&fixture, 61);
    output = fg_fixture_shell(
        &fixture, NULL,
        "echo still here >go; for i in $(seq 600); do grep -q 'still here' told && break; sleep 0.1; "
        "done; cat told");
    CHECK_HAS(output, "id=c1");
    CHECK_HAS(output, "still here");
    fg_server_counts(fixture.server, &counts);
    CHECK_INT(counts.connections, 61); /* the same connection */
    for (int i = 0; i < 60; i++)
        (void)close(flood[i]);
    fg_fixture_stop(&fixture);
}
