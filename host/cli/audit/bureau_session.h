/* A session with the bureau's API over HTTPS, as its pages have one: the same user, password and second
 * factor, the same rights, the same trail.
 *
 * Passwords and codes come from a terminal, a private file or standard input, never from arguments. Every
 * wait ends: connecting, answers, and a download that stands still. Nothing is sent before it is certain that
 * a bureau is at the other end: a certificate of fillgate's authority must say that role. Not: what is asked
 * (host/cli/audit). Relies on: libcurl, cJSON. One thread. */
#ifndef FG_HOST_CLI_AUDIT_BUREAU_SESSION_H
#define FG_HOST_CLI_AUDIT_BUREAU_SESSION_H

#include "host/cli/cli.h"

#define CLI_SESSION_PATH_BYTES 2048

struct cli_session;

/* The options that every command with a session has. */
#define CLI_SESSION_OPTIONS                                                                                  \
    {"--bureau", "URL", FG_TEXT_CLI_WEB_OPTION_BUREAU, false},                                               \
        {"--ca", "FILE", FG_TEXT_CLI_WEB_OPTION_CA, false},                                                  \
        {"--login", "NAME", FG_TEXT_CLI_WEB_OPTION_LOGIN, false},                                            \
        {"--password-file", "FILE", FG_TEXT_CLI_WEB_OPTION_PASSWORD, false},                                 \
    {                                                                                                        \
        "--code-file", "FILE", FG_TEXT_CLI_WEB_OPTION_CODE, false                                            \
    }
/* The filter of the history, by the names that it has in the API; times as people write them. */
#define CLI_FILTER_OPTIONS                                                                                   \
    {"--code", "CODE", FG_TEXT_CLI_OPTION_CODE, false},                                                      \
        {"--plate", "PLATE", FG_TEXT_CLI_OPTION_PLATE, false},                                               \
        {"--station", "STATION", FG_TEXT_CLI_FILTER_STATION, false},                                         \
        {"--controller", "ID", FG_TEXT_CLI_OPTION_CONTROLLER, false},                                        \
        {"--point", "POINT", FG_TEXT_CLI_FILTER_POINT, false},                                               \
        {"--operator", "ID", FG_TEXT_CLI_FILTER_OPERATOR, false},                                            \
        {"--medium", "CNG|LPG", FG_TEXT_CLI_FILTER_MEDIUM, false},                                           \
        {"--outcome", "KIND", FG_TEXT_CLI_OPTION_KIND, false},                                               \
        {"--reason", "REASON", FG_TEXT_CLI_OPTION_REASON, false},                                            \
        {"--identity", "STRENGTH", FG_TEXT_CLI_FILTER_IDENTITY, false},                                      \
        {"--mark", "MARK", FG_TEXT_CLI_FILTER_MARK, false},                                                  \
        {"--from", "TIME", FG_TEXT_CLI_OPTION_FROM, false},                                                  \
    {                                                                                                        \
        "--until", "TIME", FG_TEXT_CLI_OPTION_TO, false                                                      \
    }

/* Signs in. FG_E_ARG: an option is missing or wrong; FG_E_DENIED: refused, or the
 * certificate is not to be trusted; FG_E_IO, FG_E_TIMEOUT ... */
enum fg_err cli_session_open(const struct cli_call *call, struct cli_session **ret_web,
                             struct fg_error *error);
/* Signs out. May be NULL. */
void cli_session_close(struct cli_session *web);

/* Adds "name=value", percent-encoded, behind '?' or '&'. FG_E_SIZE. */
enum fg_err cli_session_query_add(char path[CLI_SESSION_PATH_BYTES], const char *name, const char *value,
                                  struct fg_error *error);
/* Adds what CLI_FILTER_OPTIONS were given. FG_E_ARG. */
enum fg_err cli_session_filter_add(const struct cli_call *call, char path[CLI_SESSION_PATH_BYTES],
                                   struct fg_error *error);
/* --from or --until as milliseconds; false: not given, or *ret_result is not FG_OK. */
bool cli_session_time(const struct cli_call *call, const char *name, int64_t *ret_wall_ms,
                      enum fg_err *ret_result, struct fg_error *error);

/* Asks; path from "/api/v1/" on. body (JSON text, may be NULL) is sent as it stands. *ret_answer is the
 * caller's. FG_E_DENIED: refused; FG_E_NOT_FOUND, FG_E_RANGE, FG_E_BUSY as the bureau says. */
enum fg_err cli_session_ask(struct cli_session *web, const char *method, const char *path, const char *body,
                            cJSON **ret_answer, struct fg_error *error);

/* Takes a body of any length, piece by piece; a sink that returns false ends it. ret_export gets the header
 * X-Fillgate-Export. */
typedef bool (*cli_session_sink)(void *context, const void *bytes, size_t length);
#define CLI_SESSION_EXPORT_BYTES 40
enum fg_err cli_session_download(struct cli_session *web, const char *path, cli_session_sink sink,
                                 void *context, char ret_export[CLI_SESSION_EXPORT_BYTES],
                                 struct fg_error *error);

/* Members of an answer: "" and 0 when there is no such text or number. */
const char *cli_session_text(const cJSON *object, const char *name);
int64_t cli_session_number(const cJSON *object, const char *name);
bool cli_session_truth(const cJSON *object, const char *name);

/* Text from elsewhere for a terminal: control characters as '?'. */
void cli_session_print(FILE *file, const char *text);

#endif
