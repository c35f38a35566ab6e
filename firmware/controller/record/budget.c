/* Causes are found by a 64-bit hash of what makes them the same; a kind looks through its few places. */
#include "firmware/controller/record/budget.h"

#include <assert.h>
#include <string.h>

#include "lib/domain/catalogue.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)

#define WINDOW_FIRST_MS (10 * SECOND_MS)
#define WINDOW_GROWTH 4
#define WINDOW_MAX_MS HOUR_MS
#define WINDOW_VARIOUS_MS (10 * MINUTE_MS)
/* A cause that did not come for so long (and for one window) is a new one when it does. */
#define QUIET_MS (15 * MINUTE_MS)
#define POSTPONE_MS MINUTE_MS
#define PRESSED_FACTOR 8
#define VARIOUS 0

/* What a store holds when full, and how long one entry takes to come back. Refusals are most of an honest
 * day; a day of the worst is capacity + 24 h / refill entries, and the summaries of "various". */
static const struct {
    uint32_t capacity;
    int64_t refill_ms;
    uint8_t at_once; /* of one cause, before repeats are counted */
} rates[FG_BUDGET_KINDS] = {
    [FG_BUDGET_REFUSED] = {100, 3 * MINUTE_MS, 3},    [FG_BUDGET_REFUSED_GRAVE] = {40, 6 * MINUTE_MS, 3},
    [FG_BUDGET_ACCEPTED] = {100, 3 * MINUTE_MS, 100}, [FG_BUDGET_DEVICE] = {40, 6 * MINUTE_MS, 3},
    [FG_BUDGET_READER] = {20, 12 * MINUTE_MS, 3},     [FG_BUDGET_LIST] = {20, 12 * MINUTE_MS, 3},
    [FG_BUDGET_OPERATOR] = {60, 6 * MINUTE_MS, 3},    [FG_BUDGET_STOP] = {40, 6 * MINUTE_MS, 3},
    [FG_BUDGET_CLOCK] = {20, 12 * MINUTE_MS, 3},      [FG_BUDGET_GRAVE] = {40, 6 * MINUTE_MS, 3},
    [FG_BUDGET_OTHER] = {20, 12 * MINUTE_MS, 3},
};

/* ---- which cause ---- */

static uint64_t hash_add(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(1099511628211); /* FNV-1a */
    return hash;
}

bool fg_uid_is_random(const struct fg_uid *uid)
{
    return uid->length == 4 && uid->bytes[0] == 0x08;
}

static enum fg_budget_kind kind_of_event(uint8_t event)
{
    switch (event) {
    case FG_EVENT_SHUTDOWN:
    case FG_EVENT_JOURNAL_PRUNED:
    case FG_EVENT_LOCK_OUT: /* comes of fills alone, and a restart reads it back */
    case FG_EVENT_LOCK_OUT_CLEARED:
        return FG_BUDGET_NONE;
    case FG_EVENT_DEVICE_FAULT:
    case FG_EVENT_DEVICE_BACK:
        return FG_BUDGET_DEVICE;
    case FG_EVENT_READER_FAULT:
    case FG_EVENT_READER_BACK:
        return FG_BUDGET_READER;
    case FG_EVENT_LIST_REFUSED:
    case FG_EVENT_BUREAU_TIME_AHEAD:
        return FG_BUDGET_LIST;
    case FG_EVENT_SIGN_IN_BLOCKED:
        return FG_BUDGET_OPERATOR;
    case FG_EVENT_EMERGENCY_STOP:
        return FG_BUDGET_STOP;
    case FG_EVENT_CLOCK_STEP:
        return FG_BUDGET_CLOCK;
    default:
        return fg_event_is_grave((enum fg_event_kind)event) ? FG_BUDGET_GRAVE : FG_BUDGET_OTHER;
    }
}

/* A scan that was accepted and then left: each tells its items, so far as people do it. */
static bool is_of_accepted(const struct fg_entry *entry)
{
    uint8_t first = entry->reasons.count > 0 ? entry->reasons.reasons[0] : FG_REASON_NONE;

    return first == FG_REASON_PRE_CHECK_FAILED || first == FG_REASON_PRE_CHECK_TIMED_OUT ||
           first == FG_REASON_PRE_CHECK_LEFT;
}

enum fg_budget_kind fg_budget_kind_of(const struct fg_entry *entry)
{
    switch (entry->kind) {
    case FG_ENTRY_REFUSED:
        if (is_of_accepted(entry))
            return FG_BUDGET_ACCEPTED;
        return entry->reasons.count > 0 && fg_reason_is_grave((enum fg_reason)entry->reasons.reasons[0])
                   ? FG_BUDGET_REFUSED_GRAVE
                   : FG_BUDGET_REFUSED;
    case FG_ENTRY_OPERATOR:
        return FG_BUDGET_OPERATOR;
    case FG_ENTRY_EVENT:
        return kind_of_event(entry->event);
    default:
        return FG_BUDGET_NONE;
    }
}

static bool is_device_event(const struct fg_entry *entry)
{
    return entry->kind == FG_ENTRY_EVENT &&
           (entry->event == FG_EVENT_DEVICE_FAULT || entry->event == FG_EVENT_DEVICE_BACK);
}

/* How many of a cause are written at once. */
static uint8_t at_once_max(enum fg_budget_kind kind, const struct fg_entry *entry)
{
    if (is_device_event(entry) &&
        strncmp(entry->text, FG_BUDGET_SHARED_BUS ":", sizeof(FG_BUDGET_SHARED_BUS)) == 0)
        return 0;
    return rates[kind].at_once;
}

/* Everything that strangers can choose freely but that makes no other cause stays out of it: a random UID,
 * the text of a refused list. */
static uint64_t key_of(const struct fg_entry *entry)
{
    uint64_t hash = hash_add(UINT64_C(14695981039346656037), &entry->kind, 1);
    bool random = fg_uid_is_random(&entry->uid);

    hash = hash_add(hash, &entry->event, 1);
    if (entry->kind == FG_ENTRY_REFUSED) {
        hash = hash_add(hash, entry->reasons.reasons, entry->reasons.count > 0 ? 1 : 0);
        hash = hash_add(hash, &random, sizeof(random));
        if (!random) {
            hash = hash_add(hash, entry->uid.bytes, entry->uid.length);
            hash = hash_add(hash, entry->row.code.text, strnlen(entry->row.code.text, FG_CODE_MAX));
        }
    } else if (entry->kind == FG_ENTRY_OPERATOR) {
        hash = hash_add(hash, &entry->operator_in, sizeof(entry->operator_in));
        hash = hash_add(hash, entry->operator_id, strnlen(entry->operator_id, FG_NAME_MAX));
    } else if (is_device_event(entry)) {
        hash = hash_add(hash, entry->text, strcspn(entry->text, ":")); /* the device's name, or the bus */
    }
    return hash;
}

static struct fg_budget_cause *cause_find(struct fg_budget_store *store, uint64_t key)
{
    for (size_t i = VARIOUS + 1; i < FG_BUDGET_CAUSES; i++) {
        if (store->causes[i].used && store->causes[i].key == key)
            return &store->causes[i];
    }
    return NULL;
}

/* A free place, or that of the cause which is quiet for longest; "various" when all are counting. */
static struct fg_budget_cause *cause_make(struct fg_budget_store *store, uint64_t key)
{
    struct fg_budget_cause *place = NULL;

    for (size_t i = VARIOUS + 1; i < FG_BUDGET_CAUSES; i++) {
        struct fg_budget_cause *cause = &store->causes[i];

        if (!cause->used) {
            place = cause;
            break;
        }
        if (cause->count == 0 && (place == NULL || cause->last_mono_ms < place->last_mono_ms))
            place = cause;
    }
    if (place == NULL)
        return &store->causes[VARIOUS];
    memset(place, 0, sizeof(*place));
    place->used = true;
    place->key = key;
    place->window_ms = WINDOW_FIRST_MS;
    return place;
}

/* ---- counting ---- */

void fg_budget_start(struct fg_budget *budget, int64_t mono_ms)
{
    memset(budget, 0, sizeof(*budget));
    for (size_t kind = FG_BUDGET_NONE + 1; kind < FG_BUDGET_KINDS; kind++) {
        budget->stores[kind].entries = rates[kind].capacity;
        budget->stores[kind].refilled_mono_ms = mono_ms;
        budget->stores[kind].causes[VARIOUS].used = true;
        budget->stores[kind].causes[VARIOUS].window_ms = WINDOW_VARIOUS_MS;
    }
}

void fg_budget_press(struct fg_budget *budget, bool pressed)
{
    budget->pressed = pressed;
}

static void store_refill(const struct fg_budget *budget, struct fg_budget_store *store,
                         enum fg_budget_kind kind, int64_t mono_ms)
{
    int64_t refill_ms = rates[kind].refill_ms * (budget->pressed ? PRESSED_FACTOR : 1);
    int64_t come = (mono_ms - store->refilled_mono_ms) / refill_ms;

    if (come <= 0)
        return;
    store->refilled_mono_ms += come * refill_ms;
    if (come >= (int64_t)(rates[kind].capacity - store->entries))
        store->entries = rates[kind].capacity;
    else
        store->entries += (uint32_t)come;
}

static void count_add(struct fg_budget_cause *cause, const struct fg_entry *entry, uint32_t occurrences,
                      int64_t first_wall_ms, int64_t mono_ms)
{
    if (cause->count == 0) {
        cause->first_wall_ms = first_wall_ms;
        cause->due_mono_ms = mono_ms + cause->window_ms;
    }
    cause->count = occurrences > UINT32_MAX - cause->count ? UINT32_MAX : cause->count + occurrences;
    cause->last_mono_ms = mono_ms;
    cause->last = *entry;
}

/* The cause of an entry, with its quiet times forgotten. */
static struct fg_budget_cause *cause_of(struct fg_budget_store *store, const struct fg_entry *entry,
                                        int64_t mono_ms)
{
    uint64_t key = key_of(entry);
    struct fg_budget_cause *cause = cause_find(store, key);

    if (cause == NULL)
        return cause_make(store, key);
    if (cause->count == 0 && mono_ms - cause->last_mono_ms >= QUIET_MS &&
        mono_ms - cause->last_mono_ms >= cause->window_ms) {
        cause->at_once = 0;
        cause->window_ms = WINDOW_FIRST_MS;
    }
    return cause;
}

/* A restart reads the alarms back that were raised since the newest AUTHORISED: the first of each is written.
 */
static void grave_anew(struct fg_budget *budget)
{
    for (size_t i = VARIOUS + 1; i < FG_BUDGET_CAUSES; i++)
        budget->stores[FG_BUDGET_GRAVE].causes[i].first_since_fill = true;
}

enum fg_budget_verdict fg_budget_offer(struct fg_budget *budget, const struct fg_entry *entry,
                                       int64_t mono_ms)
{
    enum fg_budget_kind kind = fg_budget_kind_of(entry);
    struct fg_budget_store *store = &budget->stores[kind];
    struct fg_budget_cause *cause;

    if (entry->kind == FG_ENTRY_AUTHORISED)
        grave_anew(budget);
    if (kind == FG_BUDGET_NONE)
        return FG_BUDGET_WRITE;
    store_refill(budget, store, kind, mono_ms);
    cause = cause_of(store, entry, mono_ms);
    if (cause->first_since_fill) { /* never various */
        cause->first_since_fill = false;
        cause->last_mono_ms = mono_ms;
        return FG_BUDGET_WRITE;
    }
    if (cause != &store->causes[VARIOUS] && cause->at_once < at_once_max(kind, entry) && cause->count == 0 &&
        store->entries > 0) {
        cause->at_once++;
        cause->last_mono_ms = mono_ms;
        store->entries--;
        return FG_BUDGET_WRITE;
    }
    count_add(cause, entry, 1, entry->wall_ms, mono_ms);
    return FG_BUDGET_COUNTED;
}

bool fg_budget_count(struct fg_budget *budget, const struct fg_entry *entry, int64_t mono_ms)
{
    enum fg_budget_kind kind = fg_budget_kind_of(entry);

    if (kind == FG_BUDGET_NONE)
        return false;
    count_add(cause_of(&budget->stores[kind], entry, mono_ms), entry, 1, entry->wall_ms, mono_ms);
    return true;
}

/* ---- entries for counts ---- */

/* Says that the entry stands for more than its own cause, without cutting a character in two. */
static void various_name(struct fg_entry *entry)
{
    static const char prefix[] = "various, the last: ";
    char text[FG_TEXT_MAX + 1];
    size_t length = strnlen(entry->text, FG_TEXT_MAX - (sizeof(prefix) - 1));

    while (length > 0 && ((uint8_t)entry->text[length] & 0xc0) == 0x80)
        length--;
    memcpy(text, prefix, sizeof(prefix) - 1);
    memcpy(text + sizeof(prefix) - 1, entry->text, length);
    memset(text + sizeof(prefix) - 1 + length, 0, sizeof(text) - (sizeof(prefix) - 1) - length);
    if (length == 0)
        memcpy(text, "various", sizeof("various"));
    memcpy(entry->text, text, sizeof(text));
}

static void entry_make(const struct fg_budget_cause *cause, bool various, struct fg_entry *ret_entry)
{
    *ret_entry = cause->last;
    if (various)
        various_name(ret_entry);
    ret_entry->repeat_count = cause->count;
    ret_entry->repeat_first_wall_ms = cause->first_wall_ms;
    ret_entry->repeat_last_wall_ms = cause->last.wall_ms;
}

/* A cause whose turn has come while the store is empty joins "various". */
static void cause_fold(struct fg_budget_store *store, struct fg_budget_cause *cause, int64_t mono_ms)
{
    struct fg_budget_cause *various = &store->causes[VARIOUS];

    count_add(various, &cause->last, cause->count, cause->first_wall_ms, mono_ms);
    cause->count = 0;
}

static bool store_due(const struct fg_budget *budget, struct fg_budget_store *store, enum fg_budget_kind kind,
                      int64_t mono_ms, unsigned *ret_place)
{
    store_refill(budget, store, kind, mono_ms);
    for (unsigned i = FG_BUDGET_CAUSES; i-- > 0;) {
        struct fg_budget_cause *cause = &store->causes[i];

        if (cause->count == 0 || cause->due_mono_ms > mono_ms)
            continue;
        if (i != VARIOUS && store->entries == 0) {
            cause_fold(store, cause, mono_ms);
            continue;
        }
        *ret_place = (unsigned)kind * FG_BUDGET_CAUSES + i;
        return true;
    }
    return false;
}

bool fg_budget_due(struct fg_budget *budget, int64_t mono_ms, struct fg_entry *ret_entry, unsigned *ret_place)
{
    for (unsigned kind = FG_BUDGET_NONE + 1; kind < FG_BUDGET_KINDS; kind++) {
        struct fg_budget_store *store = &budget->stores[kind];

        if (!store_due(budget, store, (enum fg_budget_kind)kind, mono_ms, ret_place))
            continue;
        entry_make(&store->causes[*ret_place % FG_BUDGET_CAUSES], *ret_place % FG_BUDGET_CAUSES == VARIOUS,
                   ret_entry);
        return true;
    }
    return false;
}

void fg_budget_written(struct fg_budget *budget, unsigned place)
{
    struct fg_budget_store *store = &budget->stores[place / FG_BUDGET_CAUSES];
    struct fg_budget_cause *cause = &store->causes[place % FG_BUDGET_CAUSES];

    assert(place / FG_BUDGET_CAUSES < FG_BUDGET_KINDS);
    cause->count = 0;
    cause->window_ms =
        cause->window_ms > WINDOW_MAX_MS / WINDOW_GROWTH ? WINDOW_MAX_MS : cause->window_ms * WINDOW_GROWTH;
    if (place % FG_BUDGET_CAUSES != VARIOUS && store->entries > 0)
        store->entries--;
}

void fg_budget_postpone(struct fg_budget *budget, unsigned place, int64_t mono_ms)
{
    assert(place / FG_BUDGET_CAUSES < FG_BUDGET_KINDS);
    budget->stores[place / FG_BUDGET_CAUSES].causes[place % FG_BUDGET_CAUSES].due_mono_ms =
        mono_ms + POSTPONE_MS;
}

void fg_budget_flush(struct fg_budget *budget, int64_t mono_ms)
{
    for (unsigned kind = FG_BUDGET_NONE + 1; kind < FG_BUDGET_KINDS; kind++) {
        for (unsigned i = 0; i < FG_BUDGET_CAUSES; i++)
            budget->stores[kind].causes[i].due_mono_ms = mono_ms;
    }
}
