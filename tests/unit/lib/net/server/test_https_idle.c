/* What the HTTPS server costs while it waits: a peer that stops in the middle of a handshake, a request or an
 * answer has a place, and none of the processor.
 *
 * Measured is processor time of this process with all its threads: a busy machine makes it less, never more.
 * Relies on: GnuTLS for the peers' side. */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/monotime.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/server_fixture.h"

#define WINDOW_MS 200
#define WINDOW_CPU_MAX_MS 20
#define WINDOWS_MAX 10 /* until what was sent is encrypted and the buffers are full */
#define STEP_MS 5
#define HELLO_BYTES 4096

/* ---- processor time ---- */

static int64_t cpu_ms(void)
{
    struct rusage usage;

    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* ---- a peer ---- */

struct peer {
    int socket;
    gnutls_session_t session; /* NULL: it never had one */
    gnutls_certificate_credentials_t trust;
    uint8_t hello[HELLO_BYTES];
    size_t hello_length;
    size_t hello_sent;
    bool dribbles; /* the rest of the hello, while the time is measured */
};

static ssize_t hello_keep(gnutls_transport_ptr_t context, const void *bytes, size_t length)
{
    struct peer *peer = context;

    CHECK(length <= HELLO_BYTES - peer->hello_length);
    memcpy(peer->hello + peer->hello_length, bytes, length);
    peer->hello_length += length;
    return (ssize_t)length;
}

static ssize_t nothing_comes(gnutls_transport_ptr_t context, void *bytes, size_t capacity)
{
    (void)context;
    (void)bytes;
    (void)capacity;
    errno = EAGAIN;
    return -1;
}

static void session_make(struct peer *peer, const char *version)
{
    char priorities[64];

    (void)snprintf(priorities, sizeof(priorities), "NORMAL:-VERS-ALL:+VERS-%s", version);
    CHECK_INT(gnutls_certificate_allocate_credentials(&peer->trust), 0);
    CHECK_INT(gnutls_init(&peer->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK), 0);
    CHECK_INT(gnutls_priority_set_direct(peer->session, priorities, NULL), 0);
    CHECK_INT(gnutls_credentials_set(peer->session, GNUTLS_CRD_CERTIFICATE, peer->trust), 0);
}

/* Only makes the bytes. */
static void hello_make(struct peer *peer, const char *version)
{
    session_make(peer, version);
    gnutls_transport_set_ptr(peer->session, peer);
    gnutls_transport_set_push_function(peer->session, hello_keep);
    gnutls_transport_set_pull_function(peer->session, nothing_comes);
    CHECK_INT(gnutls_handshake(peer->session), GNUTLS_E_AGAIN);
    CHECK(peer->hello_length > 100);
}

static void hello_send(struct peer *peer, size_t length)
{
    fg_fixture_send(peer->socket, peer->hello + peer->hello_sent, length);
    peer->hello_sent += length;
}

/* The server's answer to the hello is there: it waits for the peer's next step. */
static void flight_await(const struct peer *peer)
{
    uint8_t flight[HELLO_BYTES];

    CHECK(recv(peer->socket, flight, sizeof(flight), 0) > 0);
}

static void session_open(struct peer *peer, const char *version)
{
    int result;

    session_make(peer, version);
    gnutls_transport_set_int(peer->session, peer->socket);
    do
        result = gnutls_handshake(peer->session);
    while (result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED);
    CHECK_INT(result, 0);
}

static void ask(const struct peer *peer, const char *text)
{
    CHECK_INT(gnutls_record_send(peer->session, text, strlen(text)), (int64_t)strlen(text));
}

static void peer_end(struct peer *peer)
{
    if (peer->session != NULL)
        gnutls_deinit(peer->session);
    if (peer->trust != NULL)
        gnutls_certificate_free_credentials(peer->trust);
    (void)close(peer->socket);
}

/* ---- where peers stop ---- */

static void stop_at_once(struct peer *peer)
{
    (void)peer;
}

static void stop_in_hello(struct peer *peer)
{
    hello_make(peer, "TLS1.2");
    hello_send(peer, peer->hello_length / 2);
}

static void stop_after_hello_12(struct peer *peer)
{
    hello_make(peer, "TLS1.2");
    hello_send(peer, peer->hello_length);
    flight_await(peer);
}

static void stop_after_hello_13(struct peer *peer)
{
    hello_make(peer, "TLS1.3");
    hello_send(peer, peer->hello_length);
    flight_await(peer);
}

static void stop_after_flight_unread(struct peer *peer)
{
    hello_make(peer, "TLS1.3");
    hello_send(peer, peer->hello_length);
}

static void close_half_after_hello(struct peer *peer)
{
    stop_after_hello_12(peer);
    CHECK_INT(shutdown(peer->socket, SHUT_WR), 0);
}

static void dribble_hello(struct peer *peer)
{
    hello_make(peer, "TLS1.3");
    peer->dribbles = true;
}

static void stop_after_answer(struct peer *peer)
{
    char answer[1000];

    session_open(peer, "TLS1.3");
    ask(peer, "GET /who HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(gnutls_record_recv(peer->session, answer, sizeof(answer)) > 0);
}

static void stop_in_header(struct peer *peer)
{
    session_open(peer, "TLS1.2");
    ask(peer, "GET /who HTTP/1.1\r\nHo");
}

static void stop_in_body(struct peer *peer)
{
    session_open(peer, "TLS1.3");
    ask(peer, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nten bytes.");
}

static void take_no_answer(struct peer *peer)
{
    session_open(peer, "TLS1.3");
    ask(peer, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void take_no_answer_and_close_half(struct peer *peer)
{
    take_no_answer(peer);
    CHECK_INT(shutdown(peer->socket, SHUT_WR), 0);
}

static const struct {
    const char *name;
    void (*stop)(struct peer *peer);
} stops[] = {
    {"sends nothing", stop_at_once},
    {"stops in its ClientHello", stop_in_hello},
    {"sends its ClientHello byte by byte", dribble_hello},
    {"stops after its ClientHello, TLS 1.2", stop_after_hello_12},
    {"stops after its ClientHello, TLS 1.3", stop_after_hello_13},
    {"does not read the answer to its ClientHello", stop_after_flight_unread},
    {"closes half after its ClientHello", close_half_after_hello},
    {"keeps its connection after an answer", stop_after_answer},
    {"stops in the header of a request", stop_in_header},
    {"stops in the body of a request", stop_in_body},
    {"does not read an answer", take_no_answer},
    {"closes half and does not read an answer", take_no_answer_and_close_half},
};

/* Of one window. */
static int64_t window_cpu_ms(struct peer *peer)
{
    int64_t start_cpu_ms = cpu_ms();
    int64_t end_mono_ms = fg_mono_ms() + WINDOW_MS;

    while (fg_mono_ms() < end_mono_ms) {
        fg_sleep_ms(STEP_MS);
        if (peer->dribbles && peer->hello_sent + 1 < peer->hello_length)
            hello_send(peer, 1);
    }
    return cpu_ms() - start_cpu_ms;
}

static void cost_little(bool thread_each)
{
    struct fg_server_fixture fixture;

    fg_fixture_prepare(&fixture, false, 0);
    fixture.settings.thread_per_connection = thread_each;
    fixture.settings.connections_max = 16;
    fg_fixture_start(&fixture);
    for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
        struct peer peer = {.socket = fg_fixture_connect(&fixture)};
        int64_t used_ms = WINDOW_MS;

        stops[i].stop(&peer);
        for (int n = 0; n < WINDOWS_MAX && used_ms > WINDOW_CPU_MAX_MS; n++)
            used_ms = window_cpu_ms(&peer);
        peer_end(&peer);
        if (used_ms > WINDOW_CPU_MAX_MS)
            fg_test_fail(__FILE__, __LINE__, "a peer that %s costs %lld ms of processor in %d ms",
                         stops[i].name, (long long)used_ms, WINDOW_MS);
    }
    fg_fixture_stop(&fixture);
}

TEST("BAD-INPUT-IS-SAFE: a peer that stops in a handshake, a request or an answer costs no processor time")
{
    fg_fixture_authority("ca");
    fg_fixture_certificate("server", "ca", "/O=fillgate/OU=bureau/CN=b1", "200101000000Z", "350101000000Z",
                           "serverAuth");
    cost_little(false);
    cost_little(true);
}
