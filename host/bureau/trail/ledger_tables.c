/* The list of the ledger's tables, and what a row's digest is (ledger_tables.h). */
#include "host/bureau/trail/ledger_tables.h"

#include <stdio.h>
#include <string.h>

#include "lib/crypto/sign.h"

#define PURPOSE "fillgate row v1"
#define T FG_LEDGER_TEXT
#define I FG_LEDGER_INT
#define B FG_LEDGER_BYTES

/* Left out: web_user.signed_in_ms and totp_step, which each sign-in moves, and totp_pending, which opens
 * nothing until its owner confirms it. */
const struct fg_ledger_table fg_ledger_tables[] = {
    {"web_user",
     1,
     {{"login", T},
      {"name", T},
      {"role", T},
      {"hash", T},
      {"must_change", I},
      {"suspended", I},
      {"totp_secret", B},
      {"created_ms", I},
      {"version", I}}},
    {"web_user_change", 2, {{"login", T}, {"number", I}, {"at_ms", I}, {"what", T}, {"who", T}, {"why", T}}},
    {"enrol_code",
     1,
     {{"code_id", B},
      {"code_point", B},
      {"device", T},
      {"role", T},
      {"station", T},
      {"list_id", T},
      {"names", T},
      {"who", T},
      {"created_ms", I},
      {"expires_ms", I},
      {"used_ms", I}}},
    {"device",
     1,
     {{"device", T},
      {"role", T},
      {"station", T},
      {"list_id", T},
      {"tls_point", B},
      {"device_point", B},
      {"suspended", I},
      {"enrolled_ms", I},
      {"certificate_end_ms", I},
      {"names", T}}},
    {"certificate", 2, {{"device", T}, {"serial", B}, {"issued_ms", I}, {"end_ms", I}, {"bytes", B}}},
    {"device_change", 2, {{"device", T}, {"number", I}, {"at_ms", I}, {"what", T}, {"who", T}, {"why", T}}},
    {"suspension",
     2,
     {{"controller", T},
      {"number", I},
      {"since_ms", I},
      {"from_sequence", I},
      {"until_ms", I},
      {"until_sequence", I}}},
    {"cylinder",
     1,
     {{"code", T},
      {"uid", B},
      {"state", I},
      {"medium", I},
      {"first_fill_pending", I},
      {"nominal_kpa", I},
      {"capacity_dl", I},
      {"tare_g", I},
      {"maximum_fill_g", I},
      {"inspection_due", I},
      {"end_of_life", I},
      {"owner", T},
      {"plate", T},
      {"area", T},
      {"made", I}}},
    {"station",
     1,
     {{"station", T},
      {"name", T},
      {"owner", T},
      {"area", T},
      {"latitude_udeg", I},
      {"longitude_udeg", I},
      {"list_medium", I},
      {"list_days", I},
      {"rules", T}}},
    {"point", 1, {{"point", T}, {"station", T}, {"controller", T}, {"medium", I}, {"note", T}}},
    {"operator",
     1,
     {{"operator", T},
      {"name", T},
      {"card_uid", B},
      {"certificate_end", I},
      {"station", T},
      {"pin_rounds", I},
      {"pin_salt", B},
      {"pin_digest", B}}},
    {"change",
     3,
     {{"kind", T},
      {"subject", T},
      {"number", I},
      {"at_ms", I},
      {"field", T},
      {"old_value", T},
      {"new_value", T},
      {"who", T},
      {"why", T}}},
    {"list_version",
     2,
     {{"list_id", T},
      {"version", I},
      {"root", B},
      {"rules", B},
      {"row_count", I},
      {"issued_ms", I},
      {"expires_ms", I},
      {"published_ms", I},
      {"who", T}}},
    {"alarm",
     3,
     {{"kind", I},
      {"subject", T},
      {"number", I},
      {"since_ms", I},
      {"last_ms", I},
      {"count", I},
      {"controller", T},
      {"station", T},
      {"code", T},
      {"sequence", I},
      {"detail", T},
      {"closed_ms", I},
      {"closed_by", T},
      {"closed_why", T},
      {"case_number", I},
      {"case_noted", I}}},
    {"hazard_case", 1, {{"number", I},        {"state", I},        {"version", I},        {"alarm_kind", I},
                        {"alarm_subject", T}, {"alarm_number", I}, {"alarm_ended_ms", I}, {"opened_ms", I},
                        {"opened_by", T},     {"station", T},      {"controller", T},     {"code", T},
                        {"words", T},         {"assigned", T},     {"orders", I},         {"order_text", T},
                        {"recipient", T},     {"due_day", I},      {"ordered_ms", I},     {"ordered_by", T},
                        {"answer", T},        {"answered_by", T},  {"answered_ms", I},    {"closed_ms", I},
                        {"closed_by", T},     {"closed_why", T}}},
    {"hazard_step",
     2,
     {{"number", I},
      {"place", I},
      {"at_ms", I},
      {"step", I},
      {"who", T},
      {"why", T},
      {"party", T},
      {"words", T},
      {"due_day", I}}},
    {"web_export",
     1,
     {{"id", T},
      {"login", T},
      {"ended_ms", I},
      {"done", I},
      {"records", I},
      {"bytes", I},
      {"sha256", B},
      {"signed", T},
      {"signature", B},
      {"key_id", B}}},
    {"sample",
     1,
     {{"number", I},
      {"at_ms", I},
      {"login", T},
      {"role", T},
      {"of_kind", I},
      {"wanted", I},
      {"seed", T},
      {"seed_given", I},
      {"station", T},
      {"medium", I},
      {"outcome", I},
      {"from_ms", I},
      {"until_ms", I},
      {"population", I},
      {"digest", B},
      {"signed", T},
      {"signature", B},
      {"key_id", B}}},
    {"sample_key", 2, {{"number", I}, {"place", I}, {"key", T}}},
    {"journal_evidence",
     2,
     {{"controller", T},
      {"number", I},
      {"digest", B},
      {"kind", I},
      {"arrived_ms", I},
      {"peer", T},
      {"sequence", I},
      {"signed", I},
      {"batch", B}}},
    {"trail_conflict",
     2,
     {{"number", I},
      {"hash", B},
      {"signed_ms", I},
      {"key_id", B},
      {"signature", B},
      {"station", T},
      {"heard_ms", I}}},
};
const size_t fg_ledger_table_count = sizeof(fg_ledger_tables) / sizeof(fg_ledger_tables[0]);

const struct fg_ledger_table *fg_ledger_table_find(const char *name)
{
    for (size_t i = 0; i < fg_ledger_table_count; i++) {
        if (strcmp(fg_ledger_tables[i].name, name) == 0)
            return &fg_ledger_tables[i];
    }
    return NULL;
}

void fg_ledger_columns_text(const struct fg_ledger_table *table, char ret_text[FG_LEDGER_TEXT_MAX])
{
    size_t used = 0;

    ret_text[0] = '\0';
    for (size_t i = 0; table->columns[i].name != NULL; i++)
        used += (size_t)snprintf(ret_text + used, FG_LEDGER_TEXT_MAX - used, "%s%s.%s", i > 0 ? ", " : "",
                                 table->name, table->columns[i].name);
}

void fg_ledger_key_text(struct fg_sql *sql, const struct fg_ledger_table *table, size_t place,
                        char ret_text[128])
{
    bool sqlite = strcmp(fg_sql_kind(sql), "sqlite") == 0;
    const char *name = place < table->key_count ? table->columns[place].name : NULL;

    if (name == NULL)
        (void)snprintf(ret_text, 128, "''");
    else if (table->columns[place].type == FG_LEDGER_TEXT)
        (void)snprintf(ret_text, 128, "%s.%s", table->name, name);
    else if (table->columns[place].type == FG_LEDGER_INT)
        (void)snprintf(ret_text, 128, "CAST(%s.%s AS TEXT)", table->name, name);
    else
        (void)snprintf(ret_text, 128, sqlite ? "lower(hex(%s.%s))" : "encode(%s.%s, 'hex')", table->name,
                       name);
}

unsigned fg_ledger_select_text(struct fg_sql *sql, const struct fg_ledger_table *table,
                               char ret_keys[FG_LEDGER_KEYS_MAX][128], char ret_text[FG_LEDGER_SELECT_MAX])
{
    char columns[FG_LEDGER_TEXT_MAX];
    unsigned count = 0;

    fg_ledger_columns_text(table, columns);
    while (table->columns[count].name != NULL)
        count++;
    for (size_t i = 0; i < FG_LEDGER_KEYS_MAX; i++)
        fg_ledger_key_text(sql, table, i, ret_keys[i]);
    (void)snprintf(ret_text, FG_LEDGER_SELECT_MAX, "SELECT %s, %s, %s, %s", columns, ret_keys[0], ret_keys[1],
                   ret_keys[2]);
    return count;
}

static void number_put(uint8_t bytes[8], uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
}

static void piece_add(struct fg_sha256_stream *stream, const void *bytes, size_t length)
{
    uint8_t number[8];

    number_put(number, length);
    fg_sha256_add(stream, number, sizeof(number));
    fg_sha256_add(stream, bytes, length);
}

/* Column by column: its name and its value, each with its length before it. */
static void column_add(struct fg_sha256_stream *stream, const struct fg_ledger_column *column,
                       const struct fg_sql_statement *row, unsigned place)
{
    uint8_t number[8];
    const uint8_t *bytes;
    const char *text;
    size_t length = 0;

    switch (column->type) {
    case FG_LEDGER_INT:
        number_put(number, (uint64_t)fg_sql_int(row, place));
        bytes = number;
        length = fg_sql_int(row, place) != 0 ? sizeof(number) : 0;
        break;
    case FG_LEDGER_TEXT:
        text = fg_sql_text(row, place);
        length = strlen(text);
        bytes = (const uint8_t *)text;
        break;
    default:
        bytes = fg_sql_bytes(row, place, &length);
        break;
    }
    if (length == 0)
        return;
    piece_add(stream, column->name, strlen(column->name));
    piece_add(stream, bytes, length);
}

void fg_ledger_digest(const struct fg_ledger_table *table, const struct fg_sql_statement *row,
                      struct fg_digest *ret_digest)
{
    struct fg_sha256_stream stream;

    fg_sha256_start(&stream);
    fg_sha256_add(&stream, PURPOSE, sizeof(PURPOSE));
    piece_add(&stream, table->name, strlen(table->name));
    for (unsigned i = 0; table->columns[i].name != NULL; i++)
        column_add(&stream, &table->columns[i], row, i);
    fg_sha256_finish(&stream, ret_digest);
}
