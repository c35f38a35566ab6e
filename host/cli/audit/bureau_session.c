/* Implementation of sessions with the bureau's API (bureau_session.h). */
#include "host/cli/audit/bureau_session.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "host/bureau/registry/values.h"
#include "host/cli/cli_secret.h"
#include "lib/crypto/certificate.h"
#include "proto/key/enrol.h"

#define URL_BYTES 300
#define ANSWER_MAX (4U << 20)
#define CONNECT_MAX_MS 15000L
#define ANSWER_MAX_MS 150000L /* a sample of a large population takes minutes */
#define STANDSTILL_MAX_S 60L
#define DOWNLOAD_MAX_MS (12L * 3600 * 1000) /* of everything, over a slow line */
#define SECRET_BYTES 300
#define LINE_BYTES 400
#define DATES_BYTES 100

struct cli_session {
    CURL *curl;
    char base[URL_BYTES]; /* "https://host:port" */
    char token[80];
    char refused[41]; /* the bureau's name for its last refusal */
    enum fg_language language;
    bool peer_proven;           /* of the connection in use: who is at its other end */
    struct fg_error peer_fault; /* code FG_OK: none */
    char problem[CURL_ERROR_SIZE];
};

/* What is being received. */
struct intake {
    char *text;
    size_t length;
    bool too_long;
    /* of a download: */
    struct cli_session *web;
    cli_session_sink sink;
    void *context;
    bool ended_by_sink;
    char export[CLI_SESSION_EXPORT_BYTES];
};

/* ---- members ---- */

const char *cli_session_text(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsString(member) ? member->valuestring : "";
}

int64_t cli_session_number(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

    if (!cJSON_IsNumber(member))
        return 0;
    if (member->valuedouble >= 9.2e18)
        return INT64_MAX;
    return member->valuedouble <= -9.2e18 ? INT64_MIN : (int64_t)member->valuedouble;
}

bool cli_session_truth(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* C1 control characters stand as two bytes, the first of which is 0xc2. */
void cli_session_print(FILE *file, const char *text)
{
    while (*text != '\0') {
        size_t length = fg_value_character(text);
        unsigned char first = (unsigned char)text[0];
        bool control =
            length == 0 || first < 0x20 || first == 0x7f || (first == 0xc2 && (unsigned char)text[1] < 0xa0);

        if (control)
            (void)fputc('?', file);
        else
            (void)fwrite(text, 1, length, file);
        text += length > 0 ? length : 1;
    }
}

/* ---- paths ---- */

enum fg_err cli_session_query_add(char path[CLI_SESSION_PATH_BYTES], const char *name, const char *value,
                                  struct fg_error *error)
{
    size_t used = strlen(path);
    const char *separator = strchr(path, '?') == NULL ? "?" : "&";

    if (used + strlen(name) + 3 * strlen(value) + 3 > CLI_SESSION_PATH_BYTES)
        return fg_fail(error, FG_E_SIZE, "--%s: too long", name);
    used += (size_t)sprintf(path + used, "%s%s=", separator, name);
    for (; *value != '\0'; value++)
        used += (size_t)sprintf(path + used, "%%%02X", (unsigned)(unsigned char)*value);
    return FG_OK;
}

bool cli_session_time(const struct cli_call *call, const char *name, int64_t *ret_wall_ms,
                      enum fg_err *ret_result, struct fg_error *error)
{
    const char *value = cli_value(call, name);

    *ret_result = FG_OK;
    if (value == NULL)
        return false;
    if (cli_time_parse(value, strcmp(name, "--until") == 0, ret_wall_ms, error) != FG_OK || *ret_wall_ms < 0)
        *ret_result = fg_fail(error, FG_E_ARG, "%s %.60s: not a time", name, value);
    return *ret_result == FG_OK;
}

enum fg_err cli_session_filter_add(const struct cli_call *call, char path[CLI_SESSION_PATH_BYTES],
                                   struct fg_error *error)
{
    static const char *const names[] = {"code",   "plate",   "station", "controller", "point", "operator",
                                        "medium", "outcome", "reason",  "identity",   "mark"};
    static const char *const times[][2] = {{"--from", "from_ms"}, {"--until", "until_ms"}};
    enum fg_err result = FG_OK;

    for (size_t i = 0; result == FG_OK && i < sizeof(names) / sizeof(names[0]); i++) {
        char option[20];
        const char *value;

        (void)snprintf(option, sizeof(option), "--%s", names[i]);
        value = cli_value(call, option);
        if (value != NULL)
            result = cli_session_query_add(path, names[i], value, error);
    }
    for (size_t i = 0; result == FG_OK && i < 2; i++) {
        int64_t wall_ms = 0;
        char number[24];

        if (!cli_session_time(call, times[i][0], &wall_ms, &result, error))
            continue;
        (void)snprintf(number, sizeof(number), "%" PRId64, wall_ms);
        result = cli_session_query_add(path, times[i][1], number, error);
    }
    return result;
}

/* ---- one request ---- */

static size_t intake_take(char *bytes, size_t one, size_t count, void *context)
{
    struct intake *intake = context;
    size_t length = one * count;
    char *grown;

    if (intake->length + length > ANSWER_MAX) {
        intake->too_long = true;
        return 0;
    }
    grown = realloc(intake->text, intake->length + length + 1);
    if (grown == NULL)
        return 0;
    intake->text = grown;
    memcpy(intake->text + intake->length, bytes, length);
    intake->length += length;
    intake->text[intake->length] = '\0';
    return length;
}

/* A download's bytes are only for the sink when the bureau gives what was asked for. */
static size_t download_take(char *bytes, size_t one, size_t count, void *context)
{
    struct intake *intake = context;
    long status = 0;

    (void)curl_easy_getinfo(intake->web->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return intake_take(bytes, one, count, context);
    if (intake->sink(intake->context, bytes, one * count))
        return one * count;
    intake->ended_by_sink = true;
    return 0;
}

static size_t header_take(char *bytes, size_t one, size_t count, void *context)
{
    static const char name[] = "X-Fillgate-Export:";
    struct intake *intake = context;
    size_t length = one * count;

    if (length > sizeof(name) && strncasecmp(bytes, name, sizeof(name) - 1) == 0) {
        size_t at = sizeof(name) - 1;

        while (at < length && bytes[at] == ' ')
            at++;
        (void)snprintf(intake->export, sizeof(intake->export), "%.*s", (int)(length - at), bytes + at);
        intake->export[strspn(intake->export, "0123456789abcdef")] = '\0';
    }
    return length;
}

/* Of the certificate that was shown: "Start date", "Expire date"; "" when there is none. */
static const char *certificate_fact(CURL *curl, const char *name)
{
    struct curl_certinfo *info = NULL;
    size_t length = strlen(name);

    if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL ||
        info->num_of_certs < 1)
        return "";
    for (const struct curl_slist *at = info->certinfo[0]; at != NULL; at = at->next) {
        if (strncasecmp(at->data, name, length) == 0 && at->data[length] == ':')
            return at->data + length + 1;
    }
    return "";
}

/* "2026-11-24 00:00:00 GMT"; -1 for anything else. */
static time_t moment_of(const char *text)
{
    struct tm parts = {0};

    return strptime(text, "%Y-%m-%d %H:%M:%S GMT", &parts) != NULL ? timegm(&parts) : -1;
}

/* libcurl says the same of a certificate that is out of date and of one of a stranger's. */
static bool is_out_of_date(const struct cli_session *web, char ret_dates[DATES_BYTES])
{
    const char *from = certificate_fact(web->curl, "Start date");
    const char *until = certificate_fact(web->curl, "Expire date");
    time_t begins = moment_of(from);
    time_t ends = moment_of(until);
    time_t now = time(NULL);

    (void)snprintf(ret_dates, DATES_BYTES, "%.40s .. %.40s", from, until);
    return begins != -1 && ends != -1 && (now < begins || now > ends);
}

static enum fg_err distrust(struct cli_session *web, struct fg_error *error)
{
    char dates[DATES_BYTES] = "";

    if (strstr(web->problem, "does not match") != NULL)
        return fg_fail(error, FG_E_DENIED, "%s: %s (%.120s)", web->base,
                       fg_text(web->language, FG_TEXT_CLI_WEB_CERTIFICATE_NAME), web->problem);
    if (is_out_of_date(web, dates))
        return fg_fail(error, FG_E_DENIED, "%s: %s (%s)", web->base,
                       fg_text(web->language, FG_TEXT_CLI_WEB_CERTIFICATE_DATE), dates);
    return fg_fail(error, FG_E_DENIED, "%s: %s", web->base,
                   fg_text(web->language, FG_TEXT_CLI_WEB_CERTIFICATE_STRANGE));
}

/* What the shown certificate is as DER; 0: there is none. */
static size_t certificate_der(CURL *curl, uint8_t *buffer, size_t capacity)
{
    const char *pem = certificate_fact(curl, "Cert");
    mbedtls_x509_crt certificate;
    size_t length = 0;

    mbedtls_x509_crt_init(&certificate);
    if (mbedtls_x509_crt_parse(&certificate, (const unsigned char *)pem, strlen(pem) + 1) == 0 &&
        certificate.raw.len <= capacity) {
        length = certificate.raw.len;
        memcpy(buffer, certificate.raw.p, length);
    }
    mbedtls_x509_crt_free(&certificate);
    return length;
}

/* Called with the connection made and nothing sent on it: a password goes to a bureau, and not to a station
 * with a certificate of the same authority. */
static int peer_judge(void *context, char *address, char *own_address, int port, int own_port)
{
    struct cli_session *web = context;
    uint8_t der[FG_ENROL_CERTIFICATE_MAX];
    struct fg_error *fault = &web->peer_fault;
    long fresh = 0;
    size_t length;

    (void)address;
    (void)own_address;
    (void)port;
    (void)own_port;
    if (strncmp(web->base, "https", 5) != 0)
        return CURL_PREREQFUNC_OK;
    (void)curl_easy_getinfo(web->curl, CURLINFO_NUM_CONNECTS, &fresh);
    length = certificate_der(web->curl, der, sizeof(der));
    if (length == 0 && fresh == 0 && web->peer_proven)
        return CURL_PREREQFUNC_OK;
    web->peer_proven = length > 0 && fg_certificate_is_bureau(der, length, fault) == FG_OK;
    if (length == 0)
        (void)fg_fail(fault, FG_E_DENIED, "its certificate cannot be read");
    return web->peer_proven ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static enum fg_err trouble(struct cli_session *web, CURLcode code, const struct intake *intake,
                           struct fg_error *error)
{
    const char *detail = web->problem[0] != '\0' ? web->problem : curl_easy_strerror(code);

    if (intake->too_long)
        return fg_fail(error, FG_E_SIZE, "%s: an answer of more than %u bytes", web->base, ANSWER_MAX);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return distrust(web, error);
    if (code == CURLE_ABORTED_BY_CALLBACK && web->peer_fault.code != FG_OK)
        return fg_fail(error, FG_E_DENIED, "%s: %s (%.200s)", web->base,
                       fg_text(web->language, FG_TEXT_CLI_WEB_NOT_THE_BUREAU), web->peer_fault.text);
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
        return fg_fail(error, FG_E_IO, "%s: %s (%.150s)", web->base,
                       fg_text(web->language, FG_TEXT_CLI_WEB_UNREACHABLE), detail);
    return fg_fail(error, code == CURLE_OPERATION_TIMEDOUT ? FG_E_TIMEOUT : FG_E_IO, "%s: %s", web->base,
                   detail);
}

/* The bureau's own words, in the call's language. */
static enum fg_err refusal(struct cli_session *web, long status, const cJSON *answer, struct fg_error *error)
{
    const char *name = cli_session_text(answer, "error");
    const char *text = cli_session_text(answer, web->language == FG_LANGUAGE_CHINESE ? "text_zh" : "text_en");
    enum fg_err result = status == 401 || status == 403   ? FG_E_DENIED
                         : status == 404                  ? FG_E_NOT_FOUND
                         : status == 400 || status == 415 ? FG_E_RANGE
                         : status == 409                  ? FG_E_STATE
                         : status == 429 || status == 503 ? FG_E_BUSY
                                                          : FG_E_IO;
    char line[LINE_BYTES];
    size_t used = 0;

    if (name[0] == '\0' || !fg_value_text(name))
        return fg_fail(error, result, "%s: %s (%ld)", web->base,
                       fg_text(web->language, FG_TEXT_CLI_WEB_NO_BUREAU), status);
    (void)snprintf(web->refused, sizeof(web->refused), "%s", name);
    for (; *text != '\0' && used + 5 < sizeof(line); text++)
        line[used++] = (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text;
    line[used] = '\0';
    return fg_fail(error, result, "%s (%s)", line, web->refused);
}

static struct curl_slist *headers_make(const struct cli_session *web, bool body)
{
    struct curl_slist *list = NULL;
    char line[URL_BYTES + 20];

    (void)snprintf(line, sizeof(line), "Origin: %s", web->base);
    list = curl_slist_append(list, line);
    list = curl_slist_append(list, body ? "Content-Type: application/json" : "Content-Type:");
    list = curl_slist_append(list, "Expect:");
    if (web->token[0] != '\0') {
        (void)snprintf(line, sizeof(line), "X-Fillgate-Token: %s", web->token);
        list = curl_slist_append(list, line);
    }
    return list;
}

static CURLcode perform(struct cli_session *web, const char *method, const char *path, const char *body,
                        struct intake *intake, long *ret_status)
{
    char url[URL_BYTES + CLI_SESSION_PATH_BYTES];
    struct curl_slist *headers = headers_make(web, body != NULL);
    CURLcode code;

    (void)snprintf(url, sizeof(url), "%s%s", web->base, path);
    intake->web = web;
    web->problem[0] = '\0';
    web->refused[0] = '\0';
    (void)curl_easy_setopt(web->curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(web->curl, CURLOPT_CUSTOMREQUEST, method);
    (void)curl_easy_setopt(web->curl, CURLOPT_HTTPHEADER, headers);
    if (strcmp(method, "POST") == 0) {
        (void)curl_easy_setopt(web->curl, CURLOPT_POSTFIELDS, body != NULL ? body : "");
        (void)curl_easy_setopt(web->curl, CURLOPT_POSTFIELDSIZE, body != NULL ? (long)strlen(body) : 0L);
    } else {
        (void)curl_easy_setopt(web->curl, CURLOPT_HTTPGET, 1L);
        (void)curl_easy_setopt(web->curl, CURLOPT_CUSTOMREQUEST, method);
    }
    (void)curl_easy_setopt(web->curl, CURLOPT_WRITEFUNCTION,
                           intake->sink != NULL ? download_take : intake_take);
    (void)curl_easy_setopt(web->curl, CURLOPT_WRITEDATA, intake);
    (void)curl_easy_setopt(web->curl, CURLOPT_HEADERFUNCTION, header_take);
    (void)curl_easy_setopt(web->curl, CURLOPT_HEADERDATA, intake);
    (void)curl_easy_setopt(web->curl, CURLOPT_TIMEOUT_MS,
                           intake->sink != NULL ? DOWNLOAD_MAX_MS : ANSWER_MAX_MS);
    (void)curl_easy_setopt(web->curl, CURLOPT_LOW_SPEED_TIME, intake->sink != NULL ? STANDSTILL_MAX_S : 0L);
    code = curl_easy_perform(web->curl);
    (void)curl_easy_getinfo(web->curl, CURLINFO_RESPONSE_CODE, ret_status);
    (void)curl_easy_setopt(web->curl, CURLOPT_POSTFIELDS, "");
    (void)curl_easy_setopt(web->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    return code;
}

enum fg_err cli_session_ask(struct cli_session *web, const char *method, const char *path, const char *body,
                            cJSON **ret_answer, struct fg_error *error)
{
    struct intake intake = {0};
    long status = 0;
    CURLcode code = perform(web, method, path, body, &intake, &status);
    cJSON *answer = NULL;
    enum fg_err result = FG_OK;

    if (code != CURLE_OK) {
        result = trouble(web, code, &intake, error);
        goto done;
    }
    answer = intake.text != NULL ? cJSON_ParseWithLength(intake.text, intake.length) : NULL;
    if (status < 200 || status > 299)
        result = refusal(web, status, answer, error);
    else if (!cJSON_IsObject(answer))
        result = fg_fail(error, FG_E_FORMAT, "%s: the answer is not a JSON object", web->base);
    if (result == FG_OK) {
        *ret_answer = answer;
        answer = NULL;
    }
done:
    cJSON_Delete(answer);
    if (intake.text != NULL)
        mbedtls_platform_zeroize(intake.text, intake.length);
    free(intake.text);
    return result;
}

enum fg_err cli_session_download(struct cli_session *web, const char *path, cli_session_sink sink,
                                 void *context, char ret_export[CLI_SESSION_EXPORT_BYTES],
                                 struct fg_error *error)
{
    struct intake intake = {.sink = sink, .context = context};
    long status = 0;
    CURLcode code = perform(web, "GET", path, NULL, &intake, &status);
    cJSON *answer = NULL;
    enum fg_err result = FG_OK;

    if (intake.ended_by_sink) {
        result = fg_fail(error, FG_E_IO, "what came could not be kept");
    } else if (code != CURLE_OK) {
        result = trouble(web, code, &intake, error);
    } else if (status != 200) {
        answer = intake.text != NULL ? cJSON_ParseWithLength(intake.text, intake.length) : NULL;
        result = refusal(web, status, answer, error);
    } else {
        memcpy(ret_export, intake.export, CLI_SESSION_EXPORT_BYTES);
    }
    cJSON_Delete(answer);
    free(intake.text);
    return result;
}

/* ---- the session ---- */

static bool is_loopback(const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t length = strlen(names[i]);

        if (strncmp(host, names[i], length) == 0 && (host[length] == ':' || host[length] == '\0'))
            return true;
    }
    return false;
}

/* "https://host[:port]", nothing behind it: it must be the origin that the bureau expects, which has no port
 * that is the usual one. */
static enum fg_err base_take(const struct cli_call *call, struct cli_session *web, struct fg_error *error)
{
    const char *url = cli_value(call, "--bureau");
    const char *host = url != NULL ? strstr(url, "://") : NULL;
    size_t length = url != NULL ? strlen(url) : 0;
    bool https = url != NULL && strncmp(url, "https://", 8) == 0;

    if (url == NULL || host == NULL || (!https && strncmp(url, "http://", 7) != 0))
        return fg_fail(error, FG_E_ARG, "give --bureau https://HOST[:PORT]");
    host += 3;
    if (length > 0 && url[length - 1] == '/')
        length--;
    if (length >= sizeof(web->base) || host[0] == '\0' ||
        strcspn(host, "/?#@ ") < length - (size_t)(host - url) || !fg_value_text(url))
        return fg_fail(error, FG_E_ARG, "--bureau: https://HOST[:PORT] and nothing else");
    (void)snprintf(web->base, sizeof(web->base), "%.*s", (int)length, url);
    if (!https && !is_loopback(web->base + 7))
        return fg_fail(error, FG_E_ARG, "--bureau: http:// only on this machine itself; https:// elsewhere");
    return FG_OK;
}

static enum fg_err curl_make(const struct cli_call *call, struct cli_session *web, struct fg_error *error)
{
    const char *ca = cli_value(call, "--ca");

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (web->curl = curl_easy_init()) == NULL)
        return fg_fail(error, FG_E_MEMORY, "libcurl does not start");
    (void)curl_easy_setopt(web->curl, CURLOPT_ERRORBUFFER, web->problem);
    (void)curl_easy_setopt(web->curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(web->curl, CURLOPT_PROTOCOLS_STR,
                           strncmp(web->base, "https", 5) == 0 ? "https" : "http");
    (void)curl_easy_setopt(web->curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(web->curl, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(web->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(web->curl, CURLOPT_SSL_VERIFYPEER, 1L);
    (void)curl_easy_setopt(web->curl, CURLOPT_SSL_VERIFYHOST, 2L);
    (void)curl_easy_setopt(web->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MAX_MS);
    (void)curl_easy_setopt(web->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(web->curl, CURLOPT_CERTINFO,
                           1L); /* to say what is wrong with it, and whose it is */
    (void)curl_easy_setopt(web->curl, CURLOPT_PREREQFUNCTION, peer_judge);
    (void)curl_easy_setopt(web->curl, CURLOPT_PREREQDATA, web);
    (void)curl_easy_setopt(web->curl, CURLOPT_COOKIEFILE, ""); /* in memory */
    if (ca != NULL && access(ca, R_OK) != 0)
        return fg_fail(error, FG_E_NOT_FOUND, "--ca %s: cannot be read: %s", ca, strerror(errno));
    if (ca != NULL && curl_easy_setopt(web->curl, CURLOPT_CAINFO, ca) != CURLE_OK)
        return fg_fail(error, FG_E_MEMORY, "no memory");
    return FG_OK;
}

/* code NULL: without. */
static enum fg_err sign_in(struct cli_session *web, const char *login, const char *password, const char *code,
                           cJSON **ret_session, struct fg_error *error)
{
    cJSON *body = cJSON_CreateObject();
    char *text = NULL;
    enum fg_err result = FG_E_MEMORY;

    if (body != NULL && cJSON_AddStringToObject(body, "user", login) != NULL &&
        cJSON_AddStringToObject(body, "password", password) != NULL &&
        (code == NULL || cJSON_AddStringToObject(body, "totp", code) != NULL))
        text = cJSON_PrintUnformatted(body);
    if (text != NULL)
        result = cli_session_ask(web, "POST", "/api/v1/session", text, ret_session, error);
    else
        (void)fg_fail(error, FG_E_MEMORY, "no memory");
    for (cJSON *member = body != NULL ? body->child : NULL; member != NULL; member = member->next)
        mbedtls_platform_zeroize(member->valuestring, strlen(member->valuestring));
    if (text != NULL)
        mbedtls_platform_zeroize(text, strlen(text));
    cJSON_free(text);
    cJSON_Delete(body);
    return result;
}

/* With the code of the second factor when the bureau asks for it. */
static enum fg_err sign_in_fully(const struct cli_call *call, struct cli_session *web, const char *login,
                                 cJSON **ret_session, struct fg_error *error)
{
    const struct cli_secret asked = {
        .what = "password", .path = cli_value(call, "--password-file"), .prompt = FG_TEXT_CLI_WEB_PASSWORD};
    const struct cli_secret second = {
        .what = "code", .path = cli_value(call, "--code-file"), .prompt = FG_TEXT_CLI_WEB_CODE};
    char password[SECRET_BYTES] = "";
    char code[SECRET_BYTES] = "";
    enum fg_err result = cli_secret_read(call, &asked, password, sizeof(password), error);

    if (result == FG_OK)
        result = sign_in(web, login, password, NULL, ret_session, error);
    if (result == FG_E_DENIED && strcmp(web->refused, "TOTP_NEEDED") == 0) {
        result = cli_secret_read(call, &second, code, sizeof(code), error);
        if (result == FG_OK)
            result = sign_in(web, login, password, code, ret_session, error);
    }
    mbedtls_platform_zeroize(password, sizeof(password));
    mbedtls_platform_zeroize(code, sizeof(code));
    return result;
}

enum fg_err cli_session_open(const struct cli_call *call, struct cli_session **ret_web,
                             struct fg_error *error)
{
    const char *login = cli_value(call, "--login");
    struct cli_session *web = calloc(1, sizeof(*web));
    cJSON *session = NULL;
    enum fg_err result;

    if (web == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory");
    web->language = call->language;
    result = login != NULL ? base_take(call, web, error) : fg_fail(error, FG_E_ARG, "give --login NAME");
    if (result == FG_OK)
        result = curl_make(call, web, error);
    if (result == FG_OK)
        result = sign_in_fully(call, web, login, &session, error);
    if (result == FG_OK) {
        (void)snprintf(web->token, sizeof(web->token), "%s", cli_session_text(session, "token"));
        if (strspn(web->token, "0123456789abcdef") != strlen(web->token) || web->token[0] == '\0')
            result = fg_fail(error, FG_E_FORMAT, "%s: signed in without a token", web->base);
        else if (cli_session_truth(session, "must_change_password"))
            result = fg_fail(error, FG_E_DENIED, "%s", cli_text(call, FG_TEXT_CLI_WEB_CHANGE_FIRST));
    }
    cJSON_Delete(session);
    if (result == FG_OK)
        *ret_web = web;
    else
        cli_session_close(web);
    return result;
}

void cli_session_close(struct cli_session *web)
{
    struct fg_error error;
    cJSON *answer = NULL;

    if (web == NULL)
        return;
    if (web->token[0] != '\0')
        (void)cli_session_ask(web, "DELETE", "/api/v1/session", NULL, &answer, &error);
    cJSON_Delete(answer);
    curl_easy_cleanup(web->curl);
    curl_global_cleanup();
    mbedtls_platform_zeroize(web, sizeof(*web));
    free(web);
}
