/* Every text that a page shows, from the catalogue alone (panel_json.h). The one place beside types.h and
 * catalogue.c that reads the catalogue's files: a page needs all of them at once. */
#include <stdlib.h>

#include "firmware/link/panel/panel_json.h"

struct text {
    const char *name;
    const char *english;
    const char *chinese;
};

static const struct text reasons[] = {
#define FG_REASON(number, name, grave, english, chinese) {#name, english, chinese},
#include "proto/catalogue/reasons.def"
#undef FG_REASON
};

static const struct text stops[] = {
#define FG_STOP(number, name, english, chinese) {#name, english, chinese},
#include "proto/catalogue/stops.def"
#undef FG_STOP
};

static const struct text events[] = {
#define FG_EVENT(number, name, grave, english, chinese) {#name, english, chinese},
#include "proto/catalogue/events.def"
#undef FG_EVENT
};

/* What to do about a reason, by its name. */
static const struct text advice[] = {
#if __has_include("proto/catalogue/advice.def")
#define FG_ADVICE(name, english, chinese) {#name, english, chinese},
#include "proto/catalogue/advice.def"
#undef FG_ADVICE
#endif
    {NULL, NULL, NULL}};

static const struct text panel[] = {
#if __has_include("proto/catalogue/panel.def")
#define FG_PANEL(name, english, chinese) {#name, english, chinese},
#include "proto/catalogue/panel.def"
#undef FG_PANEL
#endif
    {NULL, NULL, NULL}};

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

static void add_texts(struct fg_panel_json *json, cJSON *language, bool chinese, const char *name,
                      const struct text *texts, size_t count)
{
    cJSON *object = fg_panel_json_object(json, language, name);

    for (size_t i = 0; i < count && texts[i].name != NULL; i++)
        fg_panel_json_text(json, object, texts[i].name, chinese ? texts[i].chinese : texts[i].english);
}

char *fg_panel_texts_json(void)
{
    struct fg_panel_json json;

    fg_panel_json_start(&json);
    for (int chinese = 0; chinese < 2; chinese++) {
        cJSON *language = fg_panel_json_object(&json, json.root, chinese ? "zh" : "en");

        add_texts(&json, language, chinese, "panel", panel, LENGTH_OF(panel));
        add_texts(&json, language, chinese, "reason", reasons, LENGTH_OF(reasons));
        add_texts(&json, language, chinese, "advice", advice, LENGTH_OF(advice));
        add_texts(&json, language, chinese, "stop", stops, LENGTH_OF(stops));
        add_texts(&json, language, chinese, "event", events, LENGTH_OF(events));
    }
    return fg_panel_json_end(&json);
}
