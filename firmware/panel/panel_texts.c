/* Every text that a page shows, from the catalogue alone (panel_json.h). */
#include "firmware/panel/panel_json.h"
#include "lib/domain/catalogue.h"

static void add_table(struct fg_panel_json *json, cJSON *parent, enum fg_text_table table,
                      enum fg_language language)
{
    cJSON *object = fg_panel_json_object(json, parent, fg_table_name(table));
    const char *name;
    const char *text;

    for (size_t i = 0; fg_table_text(table, i, language, &name, &text); i++)
        fg_panel_json_text(json, object, name, text);
}

char *fg_panel_texts_json(void)
{
    static const char *const languages[FG_LANGUAGE_COUNT] = {"en", "zh"};
    struct fg_panel_json json;

    fg_panel_json_start(&json);
    for (int language = 0; language < FG_LANGUAGE_COUNT; language++) {
        cJSON *object = fg_panel_json_object(&json, json.root, languages[language]);

        for (int table = 0; table < FG_TABLE_COUNT; table++)
            add_table(&json, object, (enum fg_text_table)table, (enum fg_language)language);
    }
    return fg_panel_json_end(&json);
}
