/* The kinds of records and their fields (record.h). The tables are in schema_registry.h. */
#include <string.h>

#include "host/bureau/registry/record.h"

static const char *const states[] = {"", "in_service", "suspended", "scrapped", "lost", NULL};
static const char *const media[] = {"", "cng", "lpg", NULL};
static const char *const list_media[] = {"all", "cng", "lpg", NULL};
static const char *const flags[] = {"0", "1", NULL};

static const struct fg_field cylinder_fields[] = {
    {"code", FG_FIELD_CODE, 0, 0, NULL, NULL},
    {"uid", FG_FIELD_UID, 0, 0, NULL, ""},
    {"state", FG_FIELD_WORD, 0, 0, states, NULL},
    {"medium", FG_FIELD_WORD, 0, 0, media, NULL},
    {"first_fill_pending", FG_FIELD_WORD, 0, 0, flags, "0"},
    {"nominal_kpa", FG_FIELD_NUMBER, 0, 100000, NULL, "0"},
    {"capacity_dl", FG_FIELD_NUMBER, 0, 1000000, NULL, "0"},
    {"tare_g", FG_FIELD_NUMBER, 0, 10000000, NULL, "0"},
    {"maximum_fill_g", FG_FIELD_NUMBER, 0, 10000000, NULL, "0"},
    {"inspection_due", FG_FIELD_DAY, 0, 0, NULL, ""},
    {"end_of_life", FG_FIELD_DAY, 0, 0, NULL, ""},
    {"owner", FG_FIELD_TEXT, 0, FG_NAME_MAX, NULL, ""},
    {"plate", FG_FIELD_TEXT, 0, FG_PLATE_MAX, NULL, ""},
    {"area", FG_FIELD_TEXT, 0, FG_NAME_MAX, NULL, ""},
    {"made", FG_FIELD_DAY, 0, 0, NULL, ""},
};

/* latitude_udeg, longitude_udeg: millionths of a degree, north and east positive; both 0 = not given. */
static const struct fg_field station_fields[] = {
    {"station", FG_FIELD_NAME, 0, 0, NULL, NULL},
    {"name", FG_FIELD_TEXT, 0, 95, NULL, ""},
    {"owner", FG_FIELD_TEXT, 0, FG_NAME_MAX, NULL, ""},
    {"area", FG_FIELD_TEXT, 0, FG_NAME_MAX, NULL, ""},
    {"latitude_udeg", FG_FIELD_NUMBER, -90000000, 90000000, NULL, "0"},
    {"longitude_udeg", FG_FIELD_NUMBER, -180000000, 180000000, NULL, "0"},
    {"list_medium", FG_FIELD_WORD, 0, 0, list_media, "all"},
    {"list_days", FG_FIELD_NUMBER, 1, 3650, NULL, "30"},
    {"rules", FG_FIELD_RULES, 0, 8192, NULL, ""},
};

static const struct fg_field point_fields[] = {
    {"point", FG_FIELD_NAME, 0, 0, NULL, NULL},      {"station", FG_FIELD_NAME, 0, 0, NULL, NULL},
    {"controller", FG_FIELD_NAME, 0, 0, NULL, NULL}, {"medium", FG_FIELD_WORD, 0, 0, media, NULL},
    {"note", FG_FIELD_TEXT, 0, 200, NULL, ""},
};

static const struct fg_field operator_fields[] = {
    {"operator", FG_FIELD_NAME, 0, 0, NULL, NULL}, {"name", FG_FIELD_TEXT, 0, 95, NULL, ""},
    {"card_uid", FG_FIELD_UID, 0, 0, NULL, ""},    {"certificate_end", FG_FIELD_DAY, 0, 0, NULL, NULL},
    {"station", FG_FIELD_NAME, 0, 0, NULL, NULL},
};

#define COUNT(fields) (sizeof(fields) / sizeof((fields)[0]))
static const struct fg_record_kind kinds[] = {
    {"cylinder", COUNT(cylinder_fields), cylinder_fields, false},
    {"station", COUNT(station_fields), station_fields, false},
    {"point", COUNT(point_fields), point_fields, false},
    {"operator", COUNT(operator_fields), operator_fields, true},
};
_Static_assert(COUNT(cylinder_fields) <= FG_RECORD_FIELDS_MAX, "a record holds every field of a cylinder");

const struct fg_record_kind *fg_record_kind(const char *name)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}

int fg_record_field(const struct fg_record_kind *kind, const char *name)
{
    for (size_t i = 0; i < kind->field_count; i++) {
        if (strcmp(kind->fields[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}
