/* Implementation of the HTTPS client (https_client.h): the connection kept alive, one request and its answer.
 */
#include "lib/net/https_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/monotime.h"
#include "lib/net/http_answer.h"
#include "lib/net/resolve.h"
#include "lib/net/tls.h"

#define HOST_BYTES (FG_HOST_MAX + 1)
#define READ_BYTES 16384
#define HEAD_BYTES 1024

struct fg_https {
    char host[HOST_BYTES];
    char port[8];
    char peer_name[HOST_BYTES];
    struct fg_https_settings settings; /* its texts are not used after fg_https_new */
    struct fg_tls_credentials *credentials;
    struct fg_tls *tls;
    bool used; /* the connection has answered before: it may have been closed meanwhile */
};

static bool port_is_good(const char *port)
{
    size_t length = strlen(port);

    return length > 0 && length <= 5 && strspn(port, "0123456789") == length &&
           strtoul(port, NULL, 10) >= 1 && strtoul(port, NULL, 10) <= 65535;
}

/* "https://HOST[:PORT]", IPv6 in brackets. */
static enum fg_err url_parse(const char *url, char ret_host[HOST_BYTES], char ret_port[8],
                             struct fg_error *error)
{
    static const char scheme[] = "https://";
    const char *at = url + sizeof(scheme) - 1;
    bool bracket;
    bool closed;
    size_t length;
    const char *behind;

    if (strncmp(url, scheme, sizeof(scheme) - 1) != 0 || strlen(url) > FG_HTTPS_URL_MAX)
        return fg_fail(error, FG_E_ARG, "\"%.100s\" is not https://HOST[:PORT]", url);
    bracket = *at == '[';
    at += bracket;
    length = bracket ? strcspn(at, "[]") : strcspn(at, ":/[]");
    behind = at + length;
    closed = *behind == ']';
    behind += closed;
    if (bracket != closed || length == 0 || length >= HOST_BYTES || (*behind != '\0' && *behind != ':') ||
        (*behind == ':' && !port_is_good(behind + 1)))
        return fg_fail(error, FG_E_ARG, "\"%.100s\" is not https://HOST[:PORT]", url);
    memcpy(ret_host, at, length);
    ret_host[length] = '\0';
    (void)snprintf(ret_port, 8, "%s", *behind == ':' ? behind + 1 : "443");
    return FG_OK;
}

static bool peer_is_stated(const struct fg_https_settings *settings)
{
    bool has_ca = settings->ca_path != NULL || settings->ca_pem != NULL;

    if (settings->peer_roles == FG_HTTPS_UNPROVEN)
        return !has_ca && settings->certificate_path == NULL;
    return has_ca && settings->peer_roles != 0 &&
           (settings->peer_roles & ~(FG_HTTPS_STATION | FG_HTTPS_BUREAU)) == 0;
}

enum fg_err fg_https_new(const struct fg_https_settings *settings, struct fg_https **ret_https,
                         struct fg_error *error)
{
    struct fg_https *https;
    enum fg_err result;

    if ((settings->certificate_path == NULL) != (settings->key_path == NULL))
        return fg_fail(error, FG_E_ARG, "HTTPS: a certificate needs its key and a key its certificate");
    if (!peer_is_stated(settings))
        return fg_fail(error, FG_E_ARG,
                       "HTTPS: the settings do not say who the peer may be, and by which CA");
    https = calloc(1, sizeof(*https));
    if (https == NULL)
        return fg_fail(error, FG_E_MEMORY, "HTTPS: no memory");
    https->settings = *settings;
    result = url_parse(settings->url, https->host, https->port, error);
    if (result == FG_OK &&
        (size_t)snprintf(https->peer_name, sizeof(https->peer_name), "%s",
                         settings->peer_name != NULL ? settings->peer_name : https->host) >=
            sizeof(https->peer_name))
        result = fg_fail(error, FG_E_ARG, "HTTPS: the peer's name is too long");
    if (result == FG_OK)
        result = fg_tls_credentials_read(settings, &https->credentials, error);
    if (result == FG_OK)
        *ret_https = https;
    else
        fg_https_free(https);
    return result;
}

void fg_https_close(struct fg_https *https)
{
    fg_tls_close(https->tls);
    https->tls = NULL;
    https->used = false;
}

void fg_https_free(struct fg_https *https)
{
    if (https == NULL)
        return;
    fg_https_close(https);
    fg_tls_credentials_free(https->credentials);
    free(https);
}

static enum fg_err head_write(const struct fg_https *https, const struct fg_https_request *request,
                              char head[HEAD_BYTES], size_t *ret_length, struct fg_error *error)
{
    bool six = strchr(https->host, ':') != NULL;
    char range[64] = "";
    char length_line[64] = "";
    int length;

    if (request->path[0] != '/' || strlen(request->path) > FG_HTTPS_PATH_MAX ||
        strcspn(request->path, " \r\n\t") != strlen(request->path))
        return fg_fail(error, FG_E_ARG, "HTTPS: \"%.80s\" cannot be a path", request->path);
    if (request->range_from > 0)
        (void)snprintf(range, sizeof(range), "Range: bytes=%" PRIu64 "-\r\n", request->range_from);
    if (strcmp(request->method, "POST") == 0)
        (void)snprintf(length_line, sizeof(length_line), "Content-Length: %zu\r\n", request->body_length);
    length =
        snprintf(head, HEAD_BYTES, "%s %s HTTP/1.1\r\nHost: %s%s%s:%s\r\n%s%s\r\n", request->method,
                 request->path, six ? "[" : "", https->host, six ? "]" : "", https->port, length_line, range);
    if (length < 0 || length >= HEAD_BYTES)
        return fg_fail(error, FG_E_SIZE, "HTTPS: the request's head is too long");
    *ret_length = (size_t)length;
    return FG_OK;
}

static enum fg_err connection_ensure(struct fg_https *https, struct fg_error *error)
{
    const struct fg_https_settings *settings = &https->settings;

    if (https->tls != NULL)
        return FG_OK;
    https->used = false;
    return fg_tls_open(https->credentials, https->host, https->port, https->peer_name,
                       settings->now_ms(settings->now_context), fg_mono_ms() + settings->connect_max_ms,
                       &https->tls, error);
}

static enum fg_err request_send(struct fg_https *https, const struct fg_https_request *request,
                                int64_t deadline_mono_ms, struct fg_error *error)
{
    char head[HEAD_BYTES];
    size_t length = 0;
    enum fg_err result = head_write(https, request, head, &length, error);

    if (result == FG_OK)
        result = fg_tls_write(https->tls, head, length, deadline_mono_ms, error);
    if (result == FG_OK && request->body_length > 0 && strcmp(request->method, "POST") == 0)
        result = fg_tls_write(https->tls, request->body, request->body_length, deadline_mono_ms, error);
    return result;
}

/* *ret_began: a byte of the answer has come, so that asking again could be a second time. */
static enum fg_err answer_read(struct fg_https *https, const struct fg_https_request *request,
                               int64_t whole_deadline_mono_ms, struct fg_https_answer *ret_answer,
                               bool *ret_close, bool *ret_began, struct fg_error *error)
{
    int64_t first_deadline_mono_ms = fg_mono_ms() + https->settings.first_byte_max_ms;
    struct fg_http_answer answer;
    uint8_t *bytes = malloc(READ_BYTES);
    enum fg_err result = bytes != NULL ? FG_OK : fg_fail(error, FG_E_MEMORY, "HTTPS: no memory");

    fg_http_answer_start(&answer, request);
    while (result == FG_OK && !answer.complete) {
        int64_t deadline = *ret_began || first_deadline_mono_ms > whole_deadline_mono_ms
                               ? whole_deadline_mono_ms
                               : first_deadline_mono_ms;
        size_t length = 0;

        result = fg_tls_read(https->tls, bytes, READ_BYTES, &length, deadline, error);
        if (result == FG_OK) {
            *ret_began = true;
            result = fg_http_answer_feed(&answer, bytes, length, error);
        } else if (result == FG_E_TIMEOUT) {
            result = fg_fail(error, FG_E_TIMEOUT,
                             *ret_began ? "the answer is incomplete after %u ms"
                                        : "no byte of an answer after %u ms",
                             *ret_began ? https->settings.whole_max_ms : https->settings.first_byte_max_ms);
        }
    }
    free(bytes);
    if (result != FG_OK)
        return result;
    *ret_answer = answer.answer;
    *ret_close = answer.close;
    return FG_OK;
}

static enum fg_err ask_once(struct fg_https *https, const struct fg_https_request *request,
                            struct fg_https_answer *ret_answer, bool *ret_began, struct fg_error *error)
{
    int64_t start_mono_ms;
    bool close = false;
    enum fg_err result = connection_ensure(https, error);

    if (result != FG_OK)
        return result;
    start_mono_ms = fg_mono_ms();
    result = request_send(https, request, start_mono_ms + https->settings.write_max_ms, error);
    /* A server may answer (413, 403) and close before it has read all of the body: its answer is worth more
     * than our fault. */
    if (result == FG_OK || result == FG_E_GONE)
        result = answer_read(https, request, start_mono_ms + https->settings.whole_max_ms, ret_answer, &close,
                             ret_began, error);
    if (result != FG_OK || close)
        fg_https_close(https);
    else
        https->used = true;
    return result;
}

enum fg_err fg_https_ask(struct fg_https *https, const struct fg_https_request *request,
                         struct fg_https_answer *ret_answer, struct fg_error *error)
{
    bool stale_possible = https->tls != NULL && https->used;
    bool began = false;
    struct fg_https_answer answer;
    enum fg_err result;

    memset(&answer, 0, sizeof(answer));
    result = ask_once(https, request, &answer, &began, error);
    if (result == FG_E_GONE && stale_possible && !began)
        result = ask_once(https, request, &answer, &began, error);
    if (result == FG_OK)
        *ret_answer = answer;
    else
        (void)fg_fail_in(error, result, "https://%s:%s%.60s: ", https->host, https->port, request->path);
    return result;
}
