/* Implementation of the looks at a statement's text (sql_text.h). */
#include "host/sql/sql_text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

size_t fg_sql_collation_at(const char *text)
{
    static const char phrase[] = " COLLATE \"C\"";

    return strncmp(text, phrase, sizeof(phrase) - 1) == 0 ? sizeof(phrase) - 1 : 0;
}

unsigned fg_sql_parameters_of(const char *text)
{
    unsigned largest = 0;
    bool quoted = false;

    for (; *text != '\0'; text++) {
        if (*text == '\'')
            quoted = !quoted;
        if (!quoted && *text == '$' && text[1] >= '0' && text[1] <= '9') {
            unsigned number = (unsigned)strtoul(text + 1, NULL, 10);

            largest = number > largest ? number : largest;
        }
    }
    return largest;
}
