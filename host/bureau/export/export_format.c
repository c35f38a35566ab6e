/* Implementation of the lines of exported files (export_format.h). Written for speed: an export is millions
 * of these. */
#include "host/bureau/export/export_format.h"

#include <string.h>

#include "host/bureau/journal/journal_columns.h"
#include "host/bureau/registry/values.h"
#include "lib/domain/catalogue.h"
#include "lib/domain/names.h"
#include "proto/list/operators.h"

#define WALL_MS_MAX INT64_C(253402300799999) /* the end of the year 9999 */
#define DAY_MS INT64_C(86400000)
#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define CSV_NAMES                                                                                            \
    "controller,sequence,kind,time,wall_ms,clock_quality,arrived_ms,station,code,plate,operator,medium,"     \
    "identity,reason,stop,event,quantity_g,authorised_sequence,operator_proof,"                              \
    "second_person,second_proof,checks_failed,repeats,repeat_first_wall_ms,repeat_last_wall_ms,"             \
    "clock_floor_ms,clock_floor_before_ms,marks,hash\r\n"

static const char *const names[] = {"csv", "jsonl"};

const char *fg_export_format_name(enum fg_export_format format)
{
    return (unsigned)format < FG_EXPORT_FORMAT_COUNT ? names[format] : "?";
}

int fg_export_format_by_name(const char *name)
{
    for (int i = 0; i < FG_EXPORT_FORMAT_COUNT; i++) {
        if (strcmp(name, names[i]) == 0)
            return i;
    }
    return -1;
}

/* ---- pieces; each returns where the next one begins ---- */

static char *plain_put(char *to, const char *text)
{
    while (*text != '\0')
        *to++ = *text++;
    return to;
}

static char *number_put(char *to, int64_t number)
{
    char digits[20];
    size_t count = 0;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    if (number < 0)
        *to++ = '-';
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

static char *hex_put(char *to, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < length; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    return to;
}

static char *fixed_put(char *to, int64_t number, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        to[i] = (char)('0' + number % 10);
        number /= 10;
    }
    return to + digits;
}

/* Days since 1970-01-01 as a date of the Gregorian calendar: years that begin in March end with the odd
 * month, and 400 of them always have as many days. */
static char *day_put(char *to, int64_t day)
{
    int64_t since = day + 719468; /* from 0000-03-01 */
    int64_t era = since / 146097;
    int64_t of_era = since % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;

    to = fixed_put(to, era * 400 + year + (month >= 10), 4);
    *to++ = '-';
    to = fixed_put(to, month < 10 ? month + 3 : month - 9, 2);
    *to++ = '-';
    return fixed_put(to, of_year - (153 * month + 2) / 5 + 1, 2);
}

/* "2026-11-23T06:02:28.125Z"; nothing for what no calendar has. */
static char *time_put(char *to, int64_t wall_ms)
{
    int64_t of_day = wall_ms % DAY_MS;

    if (wall_ms < 0 || wall_ms > WALL_MS_MAX)
        return to;
    to = day_put(to, wall_ms / DAY_MS);
    *to++ = 'T';
    to = fixed_put(to, of_day / 3600000, 2);
    *to++ = ':';
    to = fixed_put(to, of_day / 60000 % 60, 2);
    *to++ = ':';
    to = fixed_put(to, of_day / 1000 % 60, 2);
    *to++ = '.';
    to = fixed_put(to, of_day % 1000, 3);
    *to++ = 'Z';
    return to;
}

/* ---- texts ---- */

static bool is_plain(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* Could a spreadsheet take it for a formula? */
static bool is_risky(const char *text)
{
    text += strspn(text, " ");
    if (is_plain((unsigned char)*text) || *text == '\0')
        return false;
    return strchr("=+-@'", *text) != NULL || ((unsigned char)*text < 0x20) || *text == 0x7f ||
           strncmp(text, "\xef\xbc\x9d", 3) == 0 || strncmp(text, "\xef\xbc\x8b", 3) == 0 ||
           strncmp(text, "\xef\xbc\x8d", 3) == 0 || strncmp(text, "\xef\xbc\xa0", 3) == 0;
}

static bool needs_quotes(const char *text)
{
    size_t length = strcspn(text, ",\"\r\n");

    return text[length] != '\0' || text[0] == ' ' || (length > 0 && text[length - 1] == ' ');
}

/* Copies a character, or '?' for a byte that is none; *text moves on. */
static char *character_put(char *to, const char **text)
{
    size_t length = fg_value_character(*text);

    if (length == 0) {
        *to++ = '?';
        (*text)++;
    }
    for (; length > 0; length--)
        *to++ = *(*text)++;
    return to;
}

static char *cell_put(char *to, const char *text)
{
    bool quotes = needs_quotes(text);

    if (quotes)
        *to++ = '"';
    if (is_risky(text))
        *to++ = '\'';
    while (*text != '\0') {
        if (*text == '"')
            *to++ = '"';
        if (is_plain((unsigned char)*text))
            *to++ = *text++;
        else
            to = character_put(to, &text);
    }
    if (quotes)
        *to++ = '"';
    return to;
}

size_t fg_export_cell(const char *text, char *to)
{
    return (size_t)(cell_put(to, text) - to);
}

/* A character that JSON does not allow to stand for itself. */
static char *escape_put(char *to, unsigned char byte)
{
    static const char letters[] = "\b\f\n\r\t\"\\";
    static const char escapes[] = "bfnrt\"\\";
    const char *found = strchr(letters, byte);

    *to++ = '\\';
    if (found != NULL && byte != '\0') {
        *to++ = escapes[found - letters];
        return to;
    }
    to = plain_put(to, "u00");
    return hex_put(to, &byte, 1);
}

static char *string_put(char *to, const char *text)
{
    *to++ = '"';
    while (*text != '\0') {
        if (is_plain((unsigned char)*text))
            *to++ = *text++;
        else if ((unsigned char)*text < 0x20 || *text == '"' || *text == '\\')
            to = escape_put(to, (unsigned char)*text++);
        else
            to = character_put(to, &text);
    }
    *to++ = '"';
    return to;
}

/* ---- records ---- */

static const char *reason_of(const struct fg_history_row *row)
{
    return row->reason != 0 ? fg_reason_name((enum fg_reason)row->reason) : "";
}

static const char *stop_of(const struct fg_history_row *row)
{
    return row->stop != 0 ? fg_stop_name((enum fg_stop)row->stop) : "";
}

static const char *event_of(const struct fg_history_row *row)
{
    return row->event != 0 ? fg_event_name((enum fg_event_kind)row->event) : "";
}

static char *comma_put(char *to)
{
    *to++ = ',';
    return to;
}

static char *details_csv_put(char *to, const struct fg_history_row *row)
{
    const int64_t numbers[] = {row->checks_failed,       row->repeats,        row->repeat_first_wall_ms,
                               row->repeat_last_wall_ms, row->clock_floor_ms, row->clock_floor_before_ms};

    to = comma_put(plain_put(to, fg_person_proof_name(row->operator_proof)));
    to = comma_put(cell_put(to, row->second_person));
    to = comma_put(plain_put(to, fg_person_proof_name(row->second_proof)));
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        to = comma_put(number_put(to, numbers[i]));
    return to;
}

static char *csv_put(char *to, const struct fg_history_row *row)
{
    const char *const first_texts[] = {row->station, row->code, row->plate, row->operator_id};
    const char *const words[] = {fg_medium_name(row->medium), fg_identity_name(row->identity), reason_of(row),
                                 stop_of(row), event_of(row)};
    bool marked = false;

    to = comma_put(cell_put(to, row->controller));
    to = comma_put(number_put(to, (int64_t)row->sequence));
    to = comma_put(plain_put(to, fg_entry_kind_name((enum fg_entry_kind)row->kind)));
    to = comma_put(time_put(to, row->wall_ms));
    to = comma_put(number_put(to, row->wall_ms));
    *to++ = row->clock_quality;
    to = comma_put(to);
    to = comma_put(number_put(to, row->arrived_ms));
    for (size_t i = 0; i < sizeof(first_texts) / sizeof(first_texts[0]); i++)
        to = comma_put(cell_put(to, first_texts[i]));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        to = comma_put(plain_put(to, words[i]));
    to = comma_put(number_put(to, row->quantity_g));
    to = comma_put(number_put(to, (int64_t)row->authorised_sequence));
    to = details_csv_put(to, row);
    for (size_t i = 1; fg_journal_mark_names[i] != NULL; i++) {
        if ((row->marks & FG_MARK_OF(i)) == 0)
            continue;
        if (marked)
            *to++ = ' ';
        to = plain_put(to, fg_journal_mark_names[i]);
        marked = true;
    }
    to = hex_put(comma_put(to), row->hash.bytes, FG_DIGEST_BYTES);
    return plain_put(to, "\r\n");
}

static char *text_member_put(char *to, const char *name, const char *text)
{
    return string_put(plain_put(to, name), text);
}

static char *number_member_put(char *to, const char *name, int64_t number)
{
    return number_put(plain_put(to, name), number);
}

static char *marks_put(char *to, uint32_t bits)
{
    bool marked = false;

    to = plain_put(to, ",\"marks\":[");
    for (size_t i = 1; fg_journal_mark_names[i] != NULL; i++) {
        if ((bits & FG_MARK_OF(i)) == 0)
            continue;
        to = string_put(plain_put(to, marked ? "," : ""), fg_journal_mark_names[i]);
        marked = true;
    }
    *to++ = ']';
    return to;
}

static char *details_json_put(char *to, const struct fg_history_row *row)
{
    to = text_member_put(to, ",\"operator_proof\":", fg_person_proof_name(row->operator_proof));
    to = text_member_put(to, ",\"second_person\":", row->second_person);
    to = text_member_put(to, ",\"second_proof\":", fg_person_proof_name(row->second_proof));
    to = number_member_put(to, ",\"checks_failed\":", row->checks_failed);
    to = number_member_put(to, ",\"repeats\":", row->repeats);
    to = number_member_put(to, ",\"repeat_first_wall_ms\":", row->repeat_first_wall_ms);
    to = number_member_put(to, ",\"repeat_last_wall_ms\":", row->repeat_last_wall_ms);
    to = number_member_put(to, ",\"clock_floor_ms\":", row->clock_floor_ms);
    return number_member_put(to, ",\"clock_floor_before_ms\":", row->clock_floor_before_ms);
}

static char *json_put(char *to, const struct fg_history_row *row)
{
    const char quality[] = {row->clock_quality, '\0'};

    to = text_member_put(to, "{\"controller\":", row->controller);
    to = number_member_put(to, ",\"sequence\":", (int64_t)row->sequence);
    to = text_member_put(to, ",\"kind\":", fg_entry_kind_name((enum fg_entry_kind)row->kind));
    to = number_member_put(to, ",\"wall_ms\":", row->wall_ms);
    to = text_member_put(to, ",\"clock_quality\":", quality);
    to = number_member_put(to, ",\"arrived_ms\":", row->arrived_ms);
    to = text_member_put(to, ",\"station\":", row->station);
    to = text_member_put(to, ",\"code\":", row->code);
    to = text_member_put(to, ",\"plate\":", row->plate);
    to = text_member_put(to, ",\"operator\":", row->operator_id);
    to = text_member_put(to, ",\"medium\":", fg_medium_name(row->medium));
    to = text_member_put(to, ",\"identity\":", fg_identity_name(row->identity));
    to = text_member_put(to, ",\"reason\":", reason_of(row));
    to = text_member_put(to, ",\"stop\":", stop_of(row));
    to = text_member_put(to, ",\"event\":", event_of(row));
    to = number_member_put(to, ",\"quantity_g\":", row->quantity_g);
    to = number_member_put(to, ",\"authorised_sequence\":", (int64_t)row->authorised_sequence);
    to = details_json_put(to, row);
    to = marks_put(to, row->marks);
    to = hex_put(plain_put(to, ",\"hash\":\""), row->hash.bytes, FG_DIGEST_BYTES);
    return plain_put(to, "\"}\n");
}

size_t fg_export_head(enum fg_export_format format, char to[FG_EXPORT_RECORD_BYTES])
{
    if (format != FG_EXPORT_CSV)
        return 0;
    return (size_t)(plain_put(to, BYTE_ORDER_MARK CSV_NAMES) - to);
}

size_t fg_export_record(enum fg_export_format format, const struct fg_history_row *row,
                        char to[FG_EXPORT_RECORD_BYTES])
{
    return (size_t)((format == FG_EXPORT_CSV ? csv_put(to, row) : json_put(to, row)) - to);
}
