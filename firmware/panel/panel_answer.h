/* How every answer to a page is written: JSON, a refusal as JSON, a header.
 *
 * Not: what is answered (panel_routes.c, panel_access.c). Relies on: https_server.h. Any thread. */
#ifndef FG_FIRMWARE_PANEL_PANEL_ANSWER_H
#define FG_FIRMWARE_PANEL_PANEL_ANSWER_H

#include "firmware/panel/panel_json.h"
#include "lib/net/server/https_server.h"

/* name and value are literals or stay until the handler returns. One more than there may be is left out. */
void fg_panel_add_header(struct fg_answer *answer, const char *name, const char *value);

/* Takes over text, from malloc; NULL (memory ran out) leaves the answer as it is. */
void fg_panel_answer_json(struct fg_answer *answer, uint16_t status, char *text);

/* Adds what a program said in English as "text", and as "text_zh" the same in Chinese; "" where no phrase
 * fits it (lib/domain/phrase.h). */
void fg_panel_add_said(struct fg_panel_json *json, const char *text);

/* {"error": error, "text": text}; both literals or texts of the caller's. */
void fg_panel_refuse(struct fg_answer *answer, uint16_t status, const char *error, const char *text);

#endif
