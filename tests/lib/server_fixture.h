/* A running HTTPS server with routes for tests, certificates from the openssl command, and raw clients.
 *
 * Not: the tests. Relies on: openssl and curl commands, https_server.h. One fixture at a time. */
#ifndef FG_TESTS_SERVER_FIXTURE_H
#define FG_TESTS_SERVER_FIXTURE_H

#include "proto/https_server.h"

#define FG_FIXTURE_BODY_MAX 1000
#define FG_FIXTURE_OUTPUT_MAX 65536

/* The server's clock stands still at this time until a test sets another. */
#define FG_FIXTURE_NOW_MS INT64_C(1790000000000) /* 2026-09-21 */

struct fg_server_fixture {
    struct fg_server *server;
    struct fg_server_settings settings;
    struct fg_error error;
};

/* The two steps of the functions below, for other settings between them. */
void fg_fixture_prepare(struct fg_server_fixture *fixture, bool plain, uint32_t request_max_ms);
void fg_fixture_start(struct fg_server_fixture *fixture);
/* A plain server on loopback with generous limits; request_max_ms 0 = 20 s. */
void fg_fixture_start_plain(struct fg_server_fixture *fixture, uint32_t request_max_ms);
/* With TLS: makes ca.pem, server.pem, server.key first. */
void fg_fixture_start_tls(struct fg_server_fixture *fixture, uint32_t request_max_ms);
void fg_fixture_stop(struct fg_server_fixture *fixture);
void fg_fixture_set_now_ms(int64_t now_ms);
/* All log lines since the start, one after another. */
const char *fg_fixture_log(void);
/* How many times a handler ran since the start. */
unsigned fg_fixture_handled(void);
/* Ends the wait of /wait. */
void fg_fixture_release(void);
/* Waits until /wait is being handled. */
void fg_fixture_await_handler(void);

/* NAME.key and NAME.pem in the test's directory: subject as "/O=fillgate/OU=controller/CN=c1", issued by
 * CA (name of another pair), dates as YYMMDDHHMMSSZ, usage "clientAuth" or "serverAuth". */
void fg_fixture_certificate(const char *name, const char *ca, const char *subject, const char *from,
                            const char *to, const char *usage);
void fg_fixture_authority(const char *name);

/* Runs a shell command in the test's directory with PORT in its environment; its output (with stderr) in a
 * static buffer. *ret_status may be NULL. */
const char *fg_fixture_shell(const struct fg_server_fixture *fixture, int *ret_status, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

/* Raw TCP to the server. */
int fg_fixture_connect(const struct fg_server_fixture *fixture);
void fg_fixture_send(int socket, const void *bytes, size_t length);
/* What the server sends until it closes, at most capacity - 1 bytes, NUL-terminated; the test fails after
 * 60 s. Closes the socket. */
size_t fg_fixture_drain(int socket, char *buffer, size_t capacity);
/* Sends a text and returns all that comes until the close, in a static buffer. */
const char *fg_fixture_raw(const struct fg_server_fixture *fixture, const char *text);

#endif
