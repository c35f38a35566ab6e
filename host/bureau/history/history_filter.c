/* Filters of the history as texts (history.h): parts by name, keys of pages. Pure functions. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/history/history.h"
#include "host/bureau/registry/values.h"
#include "lib/domain/catalogue.h"

#define WALL_MS_MAX INT64_C(253402300799999) /* the end of the year 9999 */
#define DIGITS_MAX 15

static const char digits[] = "0123456789";
static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char lower[] = "abcdefghijklmnopqrstuvwxyz";

enum part_type { PART_TEXT, PART_CODE, PART_NAME, PART_WORD, PART_KIND, PART_REASON, PART_TIME, PART_ORDER };

static const char *const media[] = {"", "CNG", "LPG", NULL};
static const char *const identities[] = {"",  "MANUAL", "QR", "BARE_UID", "SIGNED_TAG", "AUTHENTICATED_TAG",
                                         NULL};

/* Each part: where it stands in the filter, and what it may say. */
struct part {
    const char *name;
    enum part_type type;
    size_t offset;
    size_t size;
    const char *const *words; /* PART_WORD: by number, the first stands for none */
};
#define MEMBER(member)                                                                                       \
    offsetof(struct fg_history_filter, member), sizeof(((struct fg_history_filter *)0)->member)

static const struct part parts[] = {
    {"code", PART_CODE, MEMBER(code), NULL},
    {"plate", PART_TEXT, MEMBER(plate), NULL},
    {"station", PART_NAME, MEMBER(station), NULL},
    {"controller", PART_NAME, MEMBER(controller), NULL},
    {"point", PART_NAME, MEMBER(point), NULL},
    {"operator", PART_NAME, MEMBER(operator_id), NULL},
    {"medium", PART_WORD, MEMBER(medium), media},
    {"outcome", PART_KIND, MEMBER(kind), NULL},
    {"reason", PART_REASON, MEMBER(reason), NULL},
    {"identity", PART_WORD, MEMBER(identity), identities},
    {"mark", PART_WORD, MEMBER(mark), fg_journal_mark_names},
    {"from_ms", PART_TIME, MEMBER(from_ms), NULL},
    {"until_ms", PART_TIME, MEMBER(until_ms), NULL},
    {"order", PART_ORDER, MEMBER(oldest_first), NULL},
};
#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

void fg_history_filter_start(struct fg_history_filter *ret_filter)
{
    memset(ret_filter, 0, sizeof(*ret_filter));
    ret_filter->from_ms = INT64_MIN;
    ret_filter->until_ms = INT64_MAX;
}

const char *fg_history_filter_name(size_t index)
{
    return index < PART_COUNT ? parts[index].name : NULL;
}

/* ---- setting one part ---- */

static bool text_fits(const struct part *part, const char *value)
{
    size_t length = strlen(value);

    if (length < 1 || length >= part->size)
        return false;
    if (part->type == PART_TEXT)
        return fg_value_text(value);
    for (; *value != '\0'; value++) {
        if (strchr(digits, *value) == NULL && strchr(upper, *value) == NULL &&
            strchr(part->type == PART_NAME ? "._-" : "-", *value) == NULL &&
            !(part->type == PART_NAME && strchr(lower, *value) != NULL))
            return false;
    }
    return true;
}

static enum fg_err text_set(const struct part *part, const char *value, void *member, struct fg_error *error)
{
    if (!text_fits(part, value))
        return fg_fail(error, FG_E_RANGE, "%s must have 1 to %zu characters%s", part->name, part->size - 1,
                       part->type == PART_CODE   ? " of 0-9 A-Z -"
                       : part->type == PART_NAME ? " of A-Z a-z 0-9 . _ -"
                                                 : "");
    memset(member, 0, part->size);
    memcpy(member, value, strlen(value));
    return FG_OK;
}

static enum fg_err word_set(const struct part *part, const char *value, uint8_t *member,
                            struct fg_error *error)
{
    int place = value[0] == '\0'            ? 0
                : part->type == PART_KIND   ? (int)fg_entry_kind_by_name(value)
                : part->type == PART_REASON ? (int)fg_reason_by_name(value)
                : (part->type == PART_WORD) ? fg_value_word(value, part->words)
                                            : 0;

    if (place <= 0)
        return fg_fail(error, FG_E_RANGE, "%s has no such value", part->name);
    *member = (uint8_t)place;
    return FG_OK;
}

static bool number_read(const char *text, size_t length, int64_t *ret_number)
{
    int64_t number = 0;

    if (length < 1 || length > DIGITS_MAX || strspn(text, digits) < length)
        return false;
    for (size_t i = 0; i < length; i++)
        number = number * 10 + (text[i] - '0');
    *ret_number = number;
    return true;
}

static enum fg_err time_set(const struct part *part, const char *value, int64_t *member,
                            struct fg_error *error)
{
    int64_t number = 0;

    if (!number_read(value, strlen(value), &number) || number > WALL_MS_MAX)
        return fg_fail(error, FG_E_RANGE, "%s must be a number from 0 to %" PRId64, part->name, WALL_MS_MAX);
    *member = number;
    return FG_OK;
}

enum fg_err fg_history_filter_set(struct fg_history_filter *filter, const char *name, const char *value,
                                  struct fg_error *error)
{
    static const char *const orders[] = {"newest", "oldest", NULL};
    const struct part *part = parts;
    char *member;
    int order;

    while (part < parts + PART_COUNT && strcmp(part->name, name) != 0)
        part++;
    if (part == parts + PART_COUNT)
        return fg_fail(error, FG_E_NOT_FOUND, "\"%.40s\" is not a filter", fg_value_text(name) ? name : "?");
    member = (char *)filter + part->offset;
    switch (part->type) {
    case PART_TEXT:
    case PART_CODE:
    case PART_NAME:
        return text_set(part, value, member, error);
    case PART_TIME:
        return time_set(part, value, (int64_t *)(void *)member, error);
    case PART_ORDER:
        order = fg_value_word(value, orders);
        if (order < 0)
            return fg_fail(error, FG_E_RANGE, "%s must be one of newest, oldest", part->name);
        filter->oldest_first = order == 1;
        return FG_OK;
    case PART_WORD:
    case PART_KIND:
    case PART_REASON:
    default:
        return word_set(part, value, (uint8_t *)member, error);
    }
}

/* ---- the filter as text ---- */

size_t fg_history_encode(const char *value, char *to)
{
    char *start = to;

    for (; *value != '\0'; value++) {
        if (strchr(digits, *value) != NULL || strchr(upper, *value) != NULL ||
            strchr(lower, *value) != NULL || strchr("._-", *value) != NULL)
            *to++ = *value;
        else
            to += sprintf(to, "%%%02X", (unsigned)(unsigned char)*value);
    }
    return (size_t)(to - start);
}

static const char *value_of(const struct part *part, const void *member, char number[24])
{
    uint8_t small = *(const uint8_t *)member;
    int64_t time_ms = 0;

    switch (part->type) {
    case PART_TEXT:
    case PART_CODE:
    case PART_NAME:
        return member;
    case PART_TIME:
        memcpy(&time_ms, member, sizeof(time_ms));
        if (time_ms == INT64_MIN || time_ms == INT64_MAX)
            return "";
        (void)snprintf(number, 24, "%" PRId64, time_ms);
        return number;
    case PART_KIND:
        return small != 0 ? fg_entry_kind_name((enum fg_entry_kind)small) : "";
    case PART_REASON:
        return small != 0 ? fg_reason_name((enum fg_reason)small) : "";
    case PART_WORD:
        return part->words[small];
    case PART_ORDER:
    default:
        return "";
    }
}

void fg_history_filter_text(const struct fg_history_filter *filter, char ret_text[FG_HISTORY_FILTER_BYTES])
{
    /* Six texts of at most 32 bytes, each three times as long, and names: far below the buffer's size. */
    char *to = ret_text;

    for (size_t i = 0; i < PART_COUNT; i++) {
        char number[24];
        const char *value = value_of(&parts[i], (const char *)filter + parts[i].offset, number);

        if (value[0] == '\0')
            continue;
        to += sprintf(to, "%s%s=", to > ret_text ? " " : "", parts[i].name);
        to += fg_history_encode(value, to);
    }
    *to = '\0';
}

/* ---- keys ---- */

void fg_history_key_write(const struct fg_history_key *key, char ret_text[FG_HISTORY_KEY_BYTES])
{
    (void)snprintf(ret_text, FG_HISTORY_KEY_BYTES, "%" PRId64 "~%s~%" PRIu64, key->wall_ms, key->controller,
                   key->sequence);
}

/* Decimal digits up to the end, at most what 64 bits with a sign hold. */
static bool wide_read(const char *text, size_t length, int64_t *ret_number)
{
    char copy[24];
    char *end = NULL;
    long long number;

    if (length < 1 || length >= sizeof(copy) ||
        strspn(text + (text[0] == '-'), digits) + (text[0] == '-') < length ||
        (text[0] == '-' && length == 1))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    number = strtoll(copy, &end, 10);
    /* What did not fit was cut to the limits, which stand for themselves. */
    *ret_number = number;
    return *end == '\0';
}

enum fg_err fg_history_key_read(const char *text, struct fg_history_key *ret_key, struct fg_error *error)
{
    const char *controller = strchr(text, '~');
    const char *sequence = controller != NULL ? strchr(controller + 1, '~') : NULL;
    struct fg_history_key key = {0};
    int64_t number = 0;
    bool fine = sequence != NULL && (size_t)(sequence - controller - 1) <= FG_NAME_MAX &&
                wide_read(text, (size_t)(controller - text), &key.wall_ms) &&
                wide_read(sequence + 1, strlen(sequence + 1), &number) && number >= 0;

    if (!fine)
        return fg_fail(error, FG_E_RANGE, "after: not a key of these pages");
    memcpy(key.controller, controller + 1, (size_t)(sequence - controller - 1));
    key.sequence = (uint64_t)number;
    *ret_key = key;
    return FG_OK;
}
