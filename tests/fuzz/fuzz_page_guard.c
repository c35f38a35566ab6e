/* Headers that say who asks: Host, Origin, cookies, and the settings that they are compared with. */
#include <stdlib.h>
#include <string.h>

#include "lib/net/page/page_guard.h"
#include "lib/net/page/pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_page_names names;
    struct fg_page_names own;
    struct fg_pair_code code;
    char address[FG_PAGE_NAME_BYTES];
    char value[33];
    uint16_t port = 0;
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (fg_page_names_make("panel.example,fe80::1", "127.0.0.1", 8480, false, &names, NULL) != FG_OK)
        abort();
    if (fg_page_origin_fits(&names, text) && !fg_page_host_fits(&names, text + strlen("http://")))
        abort();
    (void)fg_page_site_fits(text);
    (void)fg_page_type_fits(text);
    if (fg_page_cookie_find(text, "panel", 32, value) && strspn(value, "0123456789abcdef") != 32)
        abort();
    if (fg_page_listen_parse(text, address, &port, NULL) == FG_OK &&
        fg_page_names_make("", address, port, true, &own, NULL) != FG_OK)
        abort();
    (void)fg_page_names_make(text, "::1", 1, true, &own, NULL);
    if (fg_pair_code_parse(text, size, &code, NULL) == FG_OK && code.tries_left > FG_PAIR_TRIES)
        abort();
    free(text);
    return 0;
}
