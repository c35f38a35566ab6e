/* Every text that the pages show, by group and name, in both languages: GET /api/v1/texts. The catalogue
 * alone has them. */
#include "host/bureau/api/handlers.h"

#include "host/bureau/alarm/alarms.h"

struct text {
    const char *name;
    const char *texts[FG_LANGUAGE_COUNT];
};

#define REASON(number, name, grave, english, chinese) {#name, {english, chinese}},
#define STOP(number, name, english, chinese) {#name, {english, chinese}},
#define ERROR(name, status, english, chinese) {#name, {english, chinese}},
#define TEXT(name, english, chinese) {#name, {english, chinese}},

static const struct text reasons[] = {
#define FG_REASON REASON
#include "lib/domain/reasons.def"
#undef FG_REASON
};
static const struct text stops[] = {
#define FG_STOP STOP
#include "lib/domain/stops.def"
#undef FG_STOP
};
static const struct text events[] = {
#define FG_EVENT REASON
#include "lib/domain/events.def"
#undef FG_EVENT
};
static const struct text alarms[] = {
#define FG_ALARM REASON
#include "host/bureau/alarm/alarms.def"
#undef FG_ALARM
};
static const struct text errors[] = {
#define FG_WEB_ERROR ERROR
#include "host/bureau/web/web_errors.def"
#undef FG_WEB_ERROR
};
static const struct text pages[] = {
#define FG_WEB_TEXT TEXT
#include "host/bureau/api/page_texts.def"
#undef FG_WEB_TEXT
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
static const struct {
    const char *name;
    const struct text *texts;
    size_t count;
} groups[] = {
    {"reason", reasons, COUNT(reasons)}, {"stop", stops, COUNT(stops)},    {"event", events, COUNT(events)},
    {"alarm", alarms, COUNT(alarms)},    {"error", errors, COUNT(errors)}, {"web", pages, COUNT(pages)},
};

static void kinds_write(struct fg_web_json *json, cJSON *set, enum fg_language language)
{
    cJSON *object = fg_web_json_object(json, set, "kind");

    for (int kind = FG_ENTRY_BOOT; kind <= FG_ENTRY_EVENT; kind++)
        fg_web_json_text(json, object, fg_entry_kind_name((enum fg_entry_kind)kind),
                         fg_entry_kind_text(language, (enum fg_entry_kind)kind));
}

static void set_write(struct fg_web_json *json, const char *name, enum fg_language language)
{
    cJSON *set = fg_web_json_object(json, json->root, name);

    kinds_write(json, set, language);
    for (size_t i = 0; i < COUNT(groups); i++) {
        cJSON *object = fg_web_json_object(json, set, groups[i].name);

        for (size_t j = 0; j < groups[i].count; j++)
            fg_web_json_text(json, object, groups[i].texts[j].name, groups[i].texts[j].texts[language]);
    }
}

enum fg_err fg_web_texts_show(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_web_json json;

    (void)error;
    fg_web_json_start(&json);
    set_write(&json, "en", FG_LANGUAGE_ENGLISH);
    set_write(&json, "zh", FG_LANGUAGE_CHINESE);
    return fg_web_answer_json(call, 200, &json);
}
