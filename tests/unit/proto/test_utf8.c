/* BAD-INPUT-IS-SAFE: no character of a text hides what comes after it, in the journal and on the control
 * socket. */
#include <stdio.h>
#include <string.h>

#include "proto/journal/entry.h"
#include "proto/point/control.h"
#include "tests/lib/check.h"

static struct fg_error error;

static enum fg_err take_in_entry(const char *text)
{
    struct fg_entry entry = {.controller = "ctl-1",
                             .sequence = 1,
                             .boot = 1,
                             .kind = FG_ENTRY_EVENT,
                             .event = 1,
                             .clock_quality = FG_CLOCK_SYNCHRONISED};
    uint8_t bytes[FG_ENTRY_BYTES_MAX];
    size_t length = 0;

    (void)snprintf(entry.text, sizeof(entry.text), "%s", text);
    return fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error);
}

static enum fg_err take_in_request(const char *text)
{
    static uint8_t packet[FG_CONTROL_PACKET_MAX];
    struct fg_control_request request = {.kind = FG_CONTROL_MANUAL};
    struct fg_control_request got;
    size_t length = 0;

    (void)snprintf(request.path, sizeof(request.path), "%s", text);
    CHECK_OK(fg_control_encode_request(&request, packet, sizeof(packet), &length, &error), &error);
    return fg_control_decode_request(packet, length, &got, &error);
}

TEST("BAD-INPUT-IS-SAFE: what comes right after a character of any length is looked at, and what comes next "
     "too")
{
    static const char *const characters[] = {"a", "\xc3\xa9", "\xe7\xb2\xa4", "\xf0\x9f\x9a\x97"};
    static const char *const bad[] = {"\xff", "\x80", "\xc3", "\xf5"};

    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
        char text[32];

        CHECK_OK(take_in_entry(characters[i]), &error);
        CHECK_OK(take_in_request(characters[i]), &error);
        for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
            (void)snprintf(text, sizeof(text), "%s%s", characters[i], bad[j]);
            CHECK_INT(take_in_entry(text), FG_E_RANGE);
            CHECK_INT(take_in_request(text), FG_E_RANGE);
            (void)snprintf(text, sizeof(text), "%sz%s", characters[i], bad[j]);
            CHECK_INT(take_in_entry(text), FG_E_RANGE);
            CHECK_INT(take_in_request(text), FG_E_RANGE);
        }
        (void)snprintf(text, sizeof(text), "%s%s%s", characters[i], characters[i], characters[i]);
        CHECK_OK(take_in_entry(text), &error);
        CHECK_OK(take_in_request(text), &error);
    }
}
