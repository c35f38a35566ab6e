/* Implementation of station_rules.h: one table of keys says where each value goes and what it may be. */
#include "host/bureau/registry/station_rules.h"

#include <ini.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/registry/operator_line.h"
#include "host/bureau/registry/values.h"
#include "lib/base/file.h"
#include "proto/list/operators.h"

#define FILE_BYTES_MAX 65536
#define LINE_BYTES_MAX 199 /* inih's buffer holds 200; the longest operator needs 192 */

enum kind {
    KIND_NAME,
    KIND_BOOL,
    KIND_DAY,
    KIND_NUMBER,
    KIND_IDENTITY,
    KIND_MEDIA,
    KIND_NAMES,
    KIND_OPERATOR
};

struct key {
    const char *name;
    enum kind kind;
    size_t offset;
    size_t count_offset; /* KIND_NAMES */
    uint32_t most;       /* KIND_NUMBER: highest value; KIND_NAMES: highest count */
};

#define AT(member) offsetof(struct fg_station_rules, member)
static const struct key keys[] = {
    {"station", KIND_NAME, AT(station), 0, 0},
    {"owner", KIND_NAME, AT(owner), 0, 0},
    {"own_cylinders_only", KIND_BOOL, AT(own_cylinders_only), 0, 0},
    {"media", KIND_MEDIA, AT(media), 0, 0},
    {"licence_end_day", KIND_DAY, AT(licence_end_day), 0, 0},
    {"list_warn_age_h", KIND_NUMBER, AT(list_warn_age_h), 0, 100000},
    {"list_block_age_h", KIND_NUMBER, AT(list_block_age_h), 0, 100000},
    {"fill_interval_min_s", KIND_NUMBER, AT(fill_interval_min_s), 0, 31536000},
    {"fills_per_day_max", KIND_NUMBER, AT(fills_per_day_max), 0, 10000},
    {"zero_fills_lock_out", KIND_NUMBER, AT(zero_fills_lock_out), 0, 10000},
    {"identity_min", KIND_IDENTITY, AT(identity_min), 0, 0},
    {"manual_entry", KIND_BOOL, AT(manual_entry), 0, 0},
    {"manual_per_day_max", KIND_NUMBER, AT(manual_per_day_max), 0, 10000},
    {"pre_checks", KIND_NAMES, AT(pre_checks), AT(pre_check_count), FG_CHECK_ITEMS_MAX},
    {"post_checks", KIND_NAMES, AT(post_checks), AT(post_check_count), FG_CHECK_ITEMS_MAX},
    {"blocked_points", KIND_NAMES, AT(blocked_points), AT(blocked_count), FG_POINTS_BLOCKED_MAX},
    {"operator", KIND_OPERATOR, 0, 0, 0},
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static const char *const identity_words[] = {
    "none", "manual", "qr", "bare_uid", "signed_tag", "authenticated_tag", NULL};
static const char *const media_words[] = {"none", "cng", "lpg", NULL};
static const char *const bool_words[] = {"no", "yes", NULL};

/* One reading. The first fault is kept, later lines are passed over. */
struct parse {
    const char *name;
    const char *text;
    size_t left;
    int line;
    bool failed;
    uint32_t given; /* bit n: keys[n] */
    int last;       /* key of the line before: list keys may go on over several lines */
    struct fg_station_rules rules;
    struct fg_error *error;
};

static int refuse(struct parse *parse, const char *key, const char *what)
{
    if (!parse->failed)
        (void)fg_fail(parse->error, FG_E_FORMAT, "%s:%d: %s: %s", parse->name, parse->line, key, what);
    parse->failed = true;
    return 0;
}

static bool copy_name(char *to, const char *from)
{
    if (from[0] == '\0' || strlen(from) > FG_NAME_MAX || !fg_value_text(from))
        return false;
    memset(to, 0, FG_NAME_MAX + 1);
    memcpy(to, from, strlen(from));
    return true;
}

static bool add_medium(struct fg_station_rules *rules, const char *word)
{
    int medium = fg_value_word(word, media_words);

    if (medium <= 0 || rules->media_count >= FG_MEDIA_MAX)
        return false;
    rules->media[rules->media_count++] = (uint8_t)medium;
    return true;
}

static bool add_name(struct fg_station_rules *rules, const struct key *key, const char *name)
{
    uint8_t *count = (uint8_t *)rules + key->count_offset;
    char(*names)[FG_NAME_MAX + 1] = (void *)((uint8_t *)rules + key->offset);

    if (*count >= key->most || !copy_name(names[*count], name))
        return false;
    (*count)++;
    return true;
}

/* Takes a comma-separated value apart. */
static bool take_each(struct fg_station_rules *rules, const struct key *key, const char *value)
{
    char word[LINE_BYTES_MAX + 1];

    while (*value != '\0') {
        size_t length;
        size_t end;

        value += strspn(value, " \t");
        length = strcspn(value, ",");
        end = length;
        if (length >= sizeof(word))
            return false;
        while (end > 0 && (value[end - 1] == ' ' || value[end - 1] == '\t'))
            end--;
        memcpy(word, value, end);
        word[end] = '\0';
        if (!(key->kind == KIND_MEDIA ? add_medium(rules, word) : add_name(rules, key, word)))
            return false;
        value += length + (value[length] == ',');
    }
    return true;
}

static const char *take_value(struct fg_station_rules *rules, const struct key *key, const char *value)
{
    uint8_t *at = (uint8_t *)rules + key->offset;
    int word;

    switch (key->kind) {
    case KIND_NAME:
        return copy_name((char *)at, value) ? NULL : "must be 1 to 31 bytes of text";
    case KIND_DAY:
        return fg_value_day(value, (int32_t *)(void *)at) ? NULL : "must be a date YYYY-MM-DD";
    case KIND_NUMBER:
        if (value[0] == '\0' || !fg_value_number(value, key->most, (uint32_t *)(void *)at))
            return "must be a whole number";
        return NULL;
    case KIND_BOOL:
        word = fg_value_word(value, bool_words);
        *(bool *)at = word == 1;
        return word >= 0 ? NULL : "must be yes or no";
    case KIND_IDENTITY:
        word = fg_value_word(value, identity_words);
        *at = (uint8_t)(word < 0 ? 0 : word);
        return word >= 0 ? NULL : "must be none, manual, qr, bare_uid, signed_tag or authenticated_tag";
    case KIND_MEDIA:
        return take_each(rules, key, value) ? NULL : "must be cng, lpg or both";
    default:
        return take_each(rules, key, value) ? NULL : "must be at most 16 names of 1 to 31 bytes";
    }
}

static int take_operator(struct parse *parse, const char *name, const char *value)
{
    struct fg_station_rules *rules = &parse->rules;
    struct fg_error why;
    const char *fault;

    if (rules->operator_count >= FG_OPERATORS_MAX)
        return refuse(parse, name, "more than 32 of them");
    fault = fg_operator_line_parse(value, &rules->operators[rules->operator_count]);
    if (fault != NULL)
        return refuse(parse, name, fault);
    rules->operator_count++;
    if (fg_operators_check(rules->operators, rules->operator_count, &why) != FG_OK)
        return refuse(parse, name, why.text);
    return 1;
}

static int refuse_number(struct parse *parse, const struct key *key, const char *fault)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "%s from 0 to %" PRIu32, fault, key->most);
    return refuse(parse, key->name, text);
}

static int take_line(void *user, const char *section, const char *name, const char *value)
{
    struct parse *parse = user;
    const char *fault;

    if (parse->failed)
        return 0;
    if (strcmp(section, "rules") != 0)
        return refuse(parse, section, "unknown section; the only one is [rules]");
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].name, name) != 0)
            continue;
        if (keys[i].kind == KIND_OPERATOR) {
            parse->last = (int)i;
            return take_operator(parse, name, value);
        }
        if ((parse->given >> i & 1) != 0 && !(keys[i].kind == KIND_NAMES && parse->last == (int)i))
            return refuse(parse, name, "given twice");
        parse->given |= (uint32_t)1 << i;
        parse->last = (int)i;
        fault = take_value(&parse->rules, &keys[i], value);
        if (fault != NULL && keys[i].kind == KIND_NUMBER)
            return refuse_number(parse, &keys[i], fault);
        return fault == NULL ? 1 : refuse(parse, name, fault);
    }
    return refuse(parse, name, "unknown key");
}

/* inih's reader, as fgets: gives one line, and refuses one that inih would silently split. */
static char *give_line(char *buffer, int size, void *user)
{
    struct parse *parse = user;
    const char *end;
    size_t length;

    if (parse->left == 0 || parse->failed)
        return NULL;
    end = memchr(parse->text, '\n', parse->left);
    length = end == NULL ? parse->left : (size_t)(end - parse->text) + 1;
    parse->line++;
    if (length > LINE_BYTES_MAX || length >= (size_t)size) {
        (void)refuse(parse, "line", "too long; lists of names may go on in an indented next line");
        return NULL;
    }
    if (memchr(parse->text, '\0', length) != NULL) {
        (void)refuse(parse, "line", "holds a NUL byte");
        return NULL;
    }
    memcpy(buffer, parse->text, length);
    buffer[length] = '\0';
    parse->text += length;
    parse->left -= length;
    return buffer;
}

enum fg_err fg_rules_parse(const char *name, const char *text, size_t length,
                           struct fg_station_rules *ret_rules, struct fg_error *error)
{
    struct parse parse = {.name = name, .text = text, .left = length, .last = -1, .error = error};
    int bad_line;

    if (length > FILE_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "%s: more than %d bytes", name, FILE_BYTES_MAX);
    bad_line = ini_parse_stream(give_line, &parse, take_line, &parse);
    if (parse.failed)
        return FG_E_FORMAT;
    if (bad_line != 0)
        return fg_fail(error, FG_E_FORMAT, "%s:%d: neither [section], key = value nor # remark", name,
                       bad_line);
    if (parse.rules.station[0] == '\0' || parse.rules.media_count == 0)
        return fg_fail(error, FG_E_FORMAT, "%s: station and media must be given in [rules]", name);
    *ret_rules = parse.rules;
    return FG_OK;
}

enum fg_err fg_rules_read(const char *path, struct fg_station_rules *ret_rules, struct fg_error *error)
{
    char *text = NULL;
    size_t length = 0;
    enum fg_err result = fg_file_read_text(path, FG_FILE_STREAM, FILE_BYTES_MAX, &text, &length, error);

    if (result == FG_OK)
        result = fg_rules_parse(path, text, length, ret_rules, error);
    free(text);
    return result;
}
