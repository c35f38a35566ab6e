/* Look-ups in the catalogue of texts (catalogue.h): tables made from the .def files, searched linearly. */
#include "lib/domain/catalogue.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    int number;
    bool grave;
    const char *name;
    const char *texts[FG_LANGUAGE_COUNT];
};

static const struct entry reasons[] = {
#define FG_REASON(number, name, grave, english, chinese) {number, grave, #name, {english, chinese}},
#include "lib/domain/reasons.def"
#undef FG_REASON
};

static const struct entry stops[] = {
#define FG_STOP(number, name, english, chinese) {number, false, #name, {english, chinese}},
#include "lib/domain/stops.def"
#undef FG_STOP
};

static const struct entry events[] = {
#define FG_EVENT(number, name, grave, english, chinese) {number, grave, #name, {english, chinese}},
#include "lib/domain/events.def"
#undef FG_EVENT
};

static const struct entry advice[] = {
#define FG_ADVICE(name, english, chinese) {FG_REASON_##name, false, #name, {english, chinese}},
#include "lib/domain/advice.def"
#undef FG_ADVICE
};

static const struct entry panel[] = {
#define FG_PANEL(name, english, chinese) {0, false, #name, {english, chinese}},
#include "lib/domain/panel.def"
#undef FG_PANEL
};

static const char *const texts[FG_TEXT_ID_COUNT][FG_LANGUAGE_COUNT] = {
#define FG_TEXT(name, english, chinese) {english, chinese},
#include "lib/domain/texts.def"
#undef FG_TEXT
};

static const char *const kind_names[] = {NULL,      "BOOT",       "LIST",  "OPERATOR",
                                         "REFUSED", "AUTHORISED", "ENDED", "EVENT"};

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *name;
    const struct entry *entries;
    size_t count;
} tables[FG_TABLE_COUNT] = {
    [FG_TABLE_PANEL] = {"panel", panel, LENGTH_OF(panel)},
    [FG_TABLE_REASON] = {"reason", reasons, LENGTH_OF(reasons)},
    [FG_TABLE_ADVICE] = {"advice", advice, LENGTH_OF(advice)},
    [FG_TABLE_STOP] = {"stop", stops, LENGTH_OF(stops)},
    [FG_TABLE_EVENT] = {"event", events, LENGTH_OF(events)},
};

static const struct entry *entry_find(const struct entry *table, size_t count, int number)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].number == number)
            return &table[i];
    }
    return NULL;
}

static const char *entry_text(const struct entry *entry, enum fg_language language)
{
    if (entry == NULL || (unsigned)language >= FG_LANGUAGE_COUNT)
        return "?";
    return entry->texts[language];
}

static const char *entry_name(const struct entry *entry)
{
    return entry == NULL ? "?" : entry->name;
}

enum fg_language fg_language_of(const char *value)
{
    if (value != NULL && strncmp(value, "zh", 2) == 0)
        return FG_LANGUAGE_CHINESE;
    return FG_LANGUAGE_ENGLISH;
}

enum fg_language fg_language_from_environment(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < LENGTH_OF(variables); i++) {
        const char *value = getenv(variables[i]);

        if (value != NULL && value[0] != '\0')
            return fg_language_of(value);
    }
    return FG_LANGUAGE_ENGLISH;
}

const char *fg_text(enum fg_language language, enum fg_text_id id)
{
    if ((unsigned)id >= FG_TEXT_ID_COUNT || (unsigned)language >= FG_LANGUAGE_COUNT)
        return "?";
    return texts[id][language];
}

const char *fg_reason_text(enum fg_language language, enum fg_reason reason)
{
    return entry_text(entry_find(reasons, LENGTH_OF(reasons), (int)reason), language);
}

const char *fg_advice_text(enum fg_language language, enum fg_reason reason)
{
    return entry_text(entry_find(advice, LENGTH_OF(advice), (int)reason), language);
}

const char *fg_table_name(enum fg_text_table table)
{
    return (unsigned)table < FG_TABLE_COUNT ? tables[table].name : "?";
}

bool fg_table_text(enum fg_text_table table, size_t index, enum fg_language language, const char **ret_name,
                   const char **ret_text)
{
    if ((unsigned)table >= FG_TABLE_COUNT || (unsigned)language >= FG_LANGUAGE_COUNT ||
        index >= tables[table].count)
        return false;
    *ret_name = tables[table].entries[index].name;
    *ret_text = tables[table].entries[index].texts[language];
    return true;
}

const char *fg_stop_text(enum fg_language language, enum fg_stop stop)
{
    return entry_text(entry_find(stops, LENGTH_OF(stops), (int)stop), language);
}

const char *fg_event_text(enum fg_language language, enum fg_event_kind event)
{
    return entry_text(entry_find(events, LENGTH_OF(events), (int)event), language);
}

const char *fg_entry_kind_text(enum fg_language language, enum fg_entry_kind kind)
{
    if (kind < FG_ENTRY_BOOT || kind > FG_ENTRY_EVENT)
        return "?";
    return fg_text(language, (enum fg_text_id)(FG_TEXT_KIND_BOOT + (int)kind - (int)FG_ENTRY_BOOT));
}

const char *fg_reason_name(enum fg_reason reason)
{
    return entry_name(entry_find(reasons, LENGTH_OF(reasons), (int)reason));
}

const char *fg_stop_name(enum fg_stop stop)
{
    return entry_name(entry_find(stops, LENGTH_OF(stops), (int)stop));
}

const char *fg_event_name(enum fg_event_kind event)
{
    return entry_name(entry_find(events, LENGTH_OF(events), (int)event));
}

const char *fg_entry_kind_name(enum fg_entry_kind kind)
{
    if (kind < FG_ENTRY_BOOT || kind > FG_ENTRY_EVENT)
        return "?";
    return kind_names[kind];
}

enum fg_reason fg_reason_by_name(const char *name)
{
    for (size_t i = 0; i < LENGTH_OF(reasons); i++) {
        if (strcmp(reasons[i].name, name) == 0)
            return (enum fg_reason)reasons[i].number;
    }
    return FG_REASON_NONE;
}

enum fg_entry_kind fg_entry_kind_by_name(const char *name)
{
    for (size_t i = FG_ENTRY_BOOT; i < LENGTH_OF(kind_names); i++) {
        if (strcmp(kind_names[i], name) == 0)
            return (enum fg_entry_kind)i;
    }
    return (enum fg_entry_kind)0;
}

bool fg_reason_is_grave(enum fg_reason reason)
{
    const struct entry *entry = entry_find(reasons, LENGTH_OF(reasons), (int)reason);

    return entry != NULL && entry->grave;
}

bool fg_event_is_grave(enum fg_event_kind event)
{
    const struct entry *entry = entry_find(events, LENGTH_OF(events), (int)event);

    return entry != NULL && entry->grave;
}
