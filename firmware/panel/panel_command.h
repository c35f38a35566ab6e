/* A command's body, strictly read into what fillgated is asked.
 *
 * Pure. Bytes come from a browser, or from whoever speaks like one: every member must be known, of its type,
 * within its bounds and there only once. Not: who may send it (page_guard.h, panel_session.h), what comes of
 * it (fillgated). Relies on: cJSON. Any thread, no global state. */
#ifndef FG_FIRMWARE_PANEL_PANEL_COMMAND_H
#define FG_FIRMWARE_PANEL_PANEL_COMMAND_H

#include "proto/point/control.h"

#define FG_PANEL_BODY_MAX 1024
#define FG_PANEL_SEQUENCE_MAX INT64_C(9007199254740991) /* 2^53 - 1: what a browser counts exactly */

struct fg_panel_command {
    uint64_t sequence;
    struct fg_control_request request; /* wipe after use: it may hold a PIN */
};

/* FG_E_SIZE, FG_E_FORMAT: not one JSON object; FG_E_RANGE: a member is unknown, missing, twice there, of the
 * wrong type or out of bounds. The text names the member, never its value. */
enum fg_err fg_panel_command_parse(const uint8_t *body, size_t length, struct fg_panel_command *ret_command,
                                   struct fg_error *error);

/* {"code": "12345678"}. Errors as above. */
enum fg_err fg_panel_pair_parse(const uint8_t *body, size_t length, char ret_code[9], struct fg_error *error);

#endif
