/* Hosts, origins and cookies (page_guard.h). */
#include "lib/net/page/page_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HTTP_PORT 80
#define HTTPS_PORT 443

/* ---- addresses ---- */

static bool parse_port(const char *text, uint16_t *ret_port)
{
    unsigned long number = 0;
    size_t digits = strspn(text, "0123456789");

    if (digits < 1 || digits > 5 || text[digits] != '\0')
        return false;
    number = strtoul(text, NULL, 10);
    if (number > UINT16_MAX)
        return false;
    *ret_port = (uint16_t)number;
    return true;
}

enum fg_err fg_page_listen_parse(const char *text, char ret_address[FG_PAGE_NAME_BYTES], uint16_t *ret_port,
                                 struct fg_error *error)
{
    const char *colon = strrchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : 0;
    uint8_t binary[sizeof(struct in6_addr)];
    char address[FG_PAGE_NAME_BYTES];
    bool brackets = length >= 2 && text[0] == '[' && text[length - 1] == ']';

    if (length < 1 || length >= sizeof(address) || !parse_port(colon + 1, ret_port))
        return fg_fail(error, FG_E_FORMAT, "\"%.100s\" is not ADDRESS:PORT, as 127.0.0.1:8480", text);
    (void)snprintf(address, sizeof(address), "%.*s", (int)(brackets ? length - 2 : length),
                   brackets ? text + 1 : text);
    if (inet_pton(brackets ? AF_INET6 : AF_INET, address, binary) != 1)
        return fg_fail(error, FG_E_FORMAT,
                       "\"%.100s\": the address must be numeric, an IPv6 address in brackets", text);
    memcpy(ret_address, address, sizeof(address));
    return FG_OK;
}

bool fg_page_is_loopback(const char *address)
{
    struct in6_addr six;
    struct in_addr four;

    if (inet_pton(AF_INET, address, &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* ---- names ---- */

static bool is_any(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

static enum fg_err add_name(struct fg_page_names *names, const char *text, size_t length,
                            struct fg_error *error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:";
    bool six = memchr(text, ':', length) != NULL;
    char name[FG_PAGE_NAME_BYTES];

    if (length < 1 || length + 3 > sizeof(name) || strspn(text, allowed) < length)
        return fg_fail(error, FG_E_FORMAT, "names: \"%.*s\" is not a host's name or address",
                       (int)(length > 100 ? 100 : length), text);
    if (names->count >= FG_PAGE_NAMES_MAX)
        return fg_fail(error, FG_E_FULL, "names: at most %d", FG_PAGE_NAMES_MAX - 2);
    (void)snprintf(name, sizeof(name), six ? "[%.*s]" : "%.*s", (int)length, text);
    for (char *at = name; *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at + ('a' - 'A'));
    }
    memcpy(names->names[names->count++], name, sizeof(name));
    return FG_OK;
}

enum fg_err fg_page_names_make(const char *list, const char *address, uint16_t port, bool https,
                               struct fg_page_names *ret_names, struct fg_error *error)
{
    struct fg_page_names names = {.port = port, .https = https};
    enum fg_err code = add_name(&names, "localhost", strlen("localhost"), error);

    if (code == FG_OK && !is_any(address))
        code = add_name(&names, address, strlen(address), error);
    while (code == FG_OK && *list != '\0') {
        size_t length;

        list += strspn(list, " \t");
        length = strcspn(list, ", \t");
        code = add_name(&names, list, length, error);
        list += length;
        list += strspn(list, " \t");
        if (code == FG_OK && *list != '\0' && *list++ != ',')
            code = fg_fail(error, FG_E_FORMAT, "names: must be separated by commas");
    }
    if (code == FG_OK)
        *ret_names = names;
    return code;
}

/* "NAME" or "NAME:PORT"; without a port it is the scheme's. */
static bool authority_fits(const struct fg_page_names *names, const char *text)
{
    /* The colon of a port stands behind an IPv6 address's bracket. */
    const char *bracket = strrchr(text, ']');
    const char *colon = strchr(bracket != NULL ? bracket : text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);
    uint16_t port = names->https ? HTTPS_PORT : HTTP_PORT;

    if ((colon != NULL && !parse_port(colon + 1, &port)) || port != names->port)
        return false;
    for (size_t i = 0; i < names->count; i++) {
        if (strlen(names->names[i]) == length && strncasecmp(names->names[i], text, length) == 0)
            return true;
    }
    return false;
}

bool fg_page_host_fits(const struct fg_page_names *names, const char *host)
{
    return host != NULL && authority_fits(names, host);
}

bool fg_page_origin_fits(const struct fg_page_names *names, const char *origin)
{
    const char *scheme = names->https ? "https://" : "http://";

    return origin != NULL && strncmp(origin, scheme, strlen(scheme)) == 0 &&
           authority_fits(names, origin + strlen(scheme));
}

bool fg_page_site_fits(const char *sec_fetch_site)
{
    return sec_fetch_site == NULL || strcmp(sec_fetch_site, "same-origin") == 0 ||
           strcmp(sec_fetch_site, "none") == 0;
}

bool fg_page_type_fits(const char *content_type)
{
    static const char json[] = "application/json";
    size_t length = sizeof(json) - 1;

    return content_type != NULL && strncasecmp(content_type, json, length) == 0 &&
           (content_type[length] == '\0' || content_type[length] == ';' || content_type[length] == ' ');
}

/* ---- cookies ---- */

bool fg_page_cookie_find(const char *header, const char *name, size_t digits, char *ret_value)
{
    size_t name_length = strlen(name);

    while (header != NULL && *header != '\0') {
        const char *value;

        header += strspn(header, " ;");
        value = header + name_length + 1;
        if (strncmp(header, name, name_length) == 0 && header[name_length] == '=' &&
            strspn(value, "0123456789abcdef") == digits && (value[digits] == '\0' || value[digits] == ';')) {
            memcpy(ret_value, value, digits);
            ret_value[digits] = '\0';
            return true;
        }
        header += strcspn(header, ";");
    }
    return false;
}
