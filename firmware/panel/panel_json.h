/* What the panel's pages are told, as JSON: API.md has every member.
 *
 * Pure: plain structs in, text out. Strings are valid UTF-8 whatever they were, and without line breaks, so
 * that each answer is one line. Not: what is shown when (panel_display.h), when it is sent (panel_events.c).
 * Relies on: cJSON. Any thread, no global state. Texts are from malloc, the caller frees them; NULL when
 * memory runs out. */
#ifndef FG_FIRMWARE_PANEL_PANEL_JSON_H
#define FG_FIRMWARE_PANEL_PANEL_JSON_H

#include <cjson/cJSON.h>

#include "firmware/panel/panel_display.h"
#include "proto/point/control.h"

/* How the link itself is doing. */
struct fg_panel_link {
    bool connected;     /* the last exchange with the next hop went well */
    int64_t contact_ms; /* wall time when it last answered, 0 = never since start */
    char text[160];     /* the last failure, empty while connected */
    int64_t
        certificate_end_ms; /* of the link's or the panel's certificate, which ends first; 0 = not known */
};

char *fg_panel_state_json(const struct fg_control_state *state, enum fg_panel_display display,
                          const struct fg_panel_link *link);

/* Takes out what changes by itself with time (ages, what is left), so that two states can be compared. */
void fg_panel_state_still(struct fg_control_state *state);

char *fg_panel_board_json(const struct fg_control_board *board);

/* Every text of the catalogue, both languages. */
char *fg_panel_texts_json(void);

/* {"text": text} */
char *fg_panel_text_json(const char *text);

/* Builders that remember a failure, so that only the end is tested. */
struct fg_panel_json {
    cJSON *root;
    bool failed;
};
void fg_panel_json_start(struct fg_panel_json *json);
void fg_panel_json_text(struct fg_panel_json *json, cJSON *object, const char *name, const char *text);
void fg_panel_json_number(struct fg_panel_json *json, cJSON *object, const char *name, int64_t number);
void fg_panel_json_bool(struct fg_panel_json *json, cJSON *object, const char *name, bool value);
void fg_panel_json_null(struct fg_panel_json *json, cJSON *object, const char *name);
/* NULL after a failure; all builders take a NULL object. */
cJSON *fg_panel_json_object(struct fg_panel_json *json, cJSON *object, const char *name);
cJSON *fg_panel_json_array(struct fg_panel_json *json, cJSON *object, const char *name);
cJSON *fg_panel_json_element(struct fg_panel_json *json, cJSON *array);
void fg_panel_json_text_element(struct fg_panel_json *json, cJSON *array, const char *text);
/* Prints and frees the whole. */
char *fg_panel_json_end(struct fg_panel_json *json);

/* Copies text as valid UTF-8 without control characters: each byte that is not becomes '?'. At most
 * capacity - 1 bytes, never cut inside a character. */
void fg_panel_clean_text(const char *text, char *ret_text, size_t capacity);

#endif
