/* The alarms that only time raises (alarms.h: sweep): silence, old lists, wrong clocks, overdue entries, full
 * disks, gaps that stay.
 *
 * Devices are gone through page by page; an alarm that heals is closed by the sweep that finds its cause
 * gone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/clock/own_clock.h"
#include "lib/crypto/certificate_watch.h"

#define PAGE_DEVICES 64
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)
#define SECOND_MS INT64_C(1000)
#define WHO "fillgate-bureau"
#define BUREAU "(bureau)" /* as the subject of an alarm: no device's name has brackets */

/* When a sweep is, and by how much a right clock differs from the bureau's then: 0 unless the devices prove
 * that the bureau's is the wrong one. */
struct moment {
    int64_t now_ms;
    int64_t right_offset_ms;
};

/* A device as enrolled, with its newest report. */
struct device {
    char id[FG_NAME_MAX + 1];
    char station[FG_NAME_MAX + 1];
    bool is_station;
    bool suspended;
    bool reported;
    bool via_station;
    int64_t contact_ms;         /* enrolled when it never reported */
    int64_t station_contact_ms; /* of the station that passes its reports on */
    int64_t clock_offset_ms;
    uint8_t clock_quality;
    uint64_t list_version;
    int64_t list_issued_ms;
    uint64_t unsent;
    int64_t oldest_unsent_ms;
    int64_t disk_free_bytes;
    uint64_t acknowledged; /* the device says that it has a receipt up to this entry */
    uint64_t held;
    int64_t certificate_end_ms;
};

struct page {
    struct device devices[PAGE_DEVICES];
    size_t count;
};

/* Kinds that the sweep opens and closes per device. */
static const enum fg_alarm_kind device_kinds[] = {
    FG_ALARM_STATION_SILENT,  FG_ALARM_CONTROLLER_SILENT, FG_ALARM_LIST_OLD,     FG_ALARM_CLOCK_OFFSET,
    FG_ALARM_ENTRIES_OVERDUE, FG_ALARM_DISK_LOW,          FG_ALARM_ENTRIES_LOST, FG_ALARM_CERTIFICATE_ENDS,
};
#define DEVICE_KIND_COUNT (sizeof(device_kinds) / sizeof(device_kinds[0]))
_Static_assert(DEVICE_KIND_COUNT <= 8, "one bit of struct open_alarms each");

static void device_read(const struct fg_sql_statement *row, struct device *ret_device)
{
    memset(ret_device, 0, sizeof(*ret_device));
    (void)snprintf(ret_device->id, sizeof(ret_device->id), "%s", fg_sql_text(row, 0));
    ret_device->is_station = strcmp(fg_sql_text(row, 1), "station") == 0;
    (void)snprintf(ret_device->station, sizeof(ret_device->station), "%s", fg_sql_text(row, 2));
    ret_device->suspended = fg_sql_int(row, 3) != 0;
    ret_device->reported = !fg_sql_is_null(row, 5);
    ret_device->contact_ms = fg_sql_int(row, ret_device->reported ? 5 : 4);
    ret_device->via_station = fg_sql_text(row, 6)[0] != '\0';
    ret_device->clock_offset_ms = fg_sql_int(row, 7);
    ret_device->clock_quality = (uint8_t)fg_sql_int(row, 8);
    ret_device->list_version = (uint64_t)fg_sql_int(row, 9);
    ret_device->list_issued_ms = fg_sql_int(row, 10);
    ret_device->unsent = (uint64_t)fg_sql_int(row, 11);
    ret_device->oldest_unsent_ms = fg_sql_int(row, 12);
    ret_device->disk_free_bytes = fg_sql_int(row, 13);
    ret_device->station_contact_ms = fg_sql_int(row, 14);
    ret_device->acknowledged = (uint64_t)(fg_sql_int(row, 15) > 0 ? fg_sql_int(row, 15) : 0);
    ret_device->held = (uint64_t)fg_sql_int(row, 16);
    ret_device->certificate_end_ms = fg_sql_int(row, 17);
}

static enum fg_err page_read(struct fg_sql *sql, const char *behind, struct page *ret_page,
                             struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT d.device, d.role, d.station, d.suspended, d.enrolled_ms, r.contact_ms, r.via, "
        "r.clock_offset_ms, r.clock_quality, r.list_version, r.list_issued_ms, r.unsent, r.oldest_unsent_ms, "
        "r.disk_free_bytes, s.contact_ms, r.last_sequence - r.unsent, COALESCE(h.next_sequence, 1) - 1, "
        "d.certificate_end_ms FROM "
        "device d LEFT JOIN device_report r ON r.device = d.device LEFT JOIN device_report s ON s.device = "
        "r.via LEFT JOIN journal_head h ON h.controller = d.device WHERE d.device > $1 ORDER BY d.device "
        "LIMIT $2",
        &statement, error);

    ret_page->count = 0;
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, behind);
    fg_sql_bind_int(statement, 2, PAGE_DEVICES);
    while (ret_page->count < PAGE_DEVICES && (result = fg_sql_next(statement, error)) == FG_OK)
        device_read(statement, &ret_page->devices[ret_page->count++]);
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- what is wrong with one device ---- */

static bool silent(const struct device *device, uint32_t limit_min, int64_t now_ms, struct fg_alarm *alarm)
{
    int64_t since_ms = now_ms - device->contact_ms;

    /* A silent station hides its controllers; it has an alarm of its own. */
    if (device->via_station)
        since_ms = device->station_contact_ms - device->contact_ms;
    (void)snprintf(alarm->detail, sizeof(alarm->detail),
                   device->reported ? "no contact for %" PRId64 " min"
                                    : "no contact since it joined %" PRId64 " min ago",
                   since_ms / MINUTE_MS);
    return limit_min > 0 && since_ms > (int64_t)limit_min * MINUTE_MS;
}

/* As it stood when the device was last heard: what came since is not known. */
static bool list_old(const struct device *device, uint32_t limit_h, struct fg_alarm *alarm)
{
    int64_t age_ms = device->contact_ms - device->list_issued_ms;

    if (!device->reported || limit_h == 0)
        return false;
    if (device->list_issued_ms == 0)
        (void)snprintf(alarm->detail, sizeof(alarm->detail), "it has no list");
    else
        (void)snprintf(alarm->detail, sizeof(alarm->detail),
                       "version %" PRIu64 " was issued %" PRId64 " h before the last contact",
                       device->list_version, age_ms / HOUR_MS);
    return device->list_issued_ms == 0 || age_ms > (int64_t)limit_h * HOUR_MS;
}

/* right_ms: what the offset of a right clock is. */
static bool clock_wrong(const struct device *device, uint32_t limit_s, int64_t right_ms,
                        struct fg_alarm *alarm)
{
    int64_t offset_ms = device->clock_offset_ms - right_ms;
    int64_t size_ms = offset_ms < 0 ? -offset_ms : offset_ms;

    if (!device->reported || limit_s == 0)
        return false;
    (void)snprintf(alarm->detail, sizeof(alarm->detail), "%" PRId64 " s %s", size_ms / SECOND_MS,
                   offset_ms < 0 ? "slow" : "fast");
    return size_ms > (int64_t)limit_s * SECOND_MS;
}

static bool entries_overdue(const struct device *device, uint32_t limit_h, struct fg_alarm *alarm)
{
    int64_t age_ms = device->contact_ms + device->clock_offset_ms - device->oldest_unsent_ms;

    if (!device->reported || limit_h == 0 || device->unsent == 0 || device->oldest_unsent_ms == 0)
        return false;
    (void)snprintf(alarm->detail, sizeof(alarm->detail), "%" PRIu64 " entries, the oldest %" PRId64 " h old",
                   device->unsent, age_ms / HOUR_MS);
    return age_ms > (int64_t)limit_h * HOUR_MS;
}

static bool disk_low(const struct device *device, uint64_t limit_bytes, struct fg_alarm *alarm)
{
    if (!device->reported || limit_bytes == 0)
        return false;
    (void)snprintf(alarm->detail, sizeof(alarm->detail), "%" PRId64 " MB free",
                   device->disk_free_bytes / 1000000);
    return (uint64_t)device->disk_free_bytes < limit_bytes;
}

/* Not what it has not sent yet: what the bureau once acknowledged and does not have any more. */
static bool entries_lost(const struct device *device, struct fg_alarm *alarm)
{
    if (device->is_station || !device->reported || device->acknowledged <= device->held)
        return false;
    alarm->sequence = device->held + 1;
    (void)snprintf(alarm->detail, sizeof(alarm->detail),
                   "it has a receipt for entry %" PRIu64 ", the bureau holds %" PRIu64 ": verify the store",
                   device->acknowledged, device->held);
    return true;
}

/* A device that never joined by this program's rules has no end on record. */
static bool certificate_ends(const struct device *device, uint32_t limit_days, int64_t now_ms,
                             struct fg_alarm *alarm)
{
    int64_t days = fg_certificate_days_left(device->certificate_end_ms, now_ms);

    if (limit_days == 0 || device->certificate_end_ms == 0)
        return false;
    if (days < 0)
        (void)snprintf(alarm->detail, sizeof(alarm->detail),
                       "it has expired: give the device a new one-time code to join again");
    else
        (void)snprintf(alarm->detail, sizeof(alarm->detail),
                       "expires in %" PRId64 " days and was not renewed", days);
    return days < (int64_t)limit_days;
}

/* Writes the reason into the alarm's detail. */
static bool is_wrong(const struct fg_alarm_settings *settings, const struct device *device,
                     enum fg_alarm_kind kind, const struct moment *moment, struct fg_alarm *alarm)
{
    int64_t now_ms = moment->now_ms;

    if (device->suspended && kind != FG_ALARM_ENTRIES_LOST)
        return false;
    switch (kind) {
    case FG_ALARM_STATION_SILENT:
        return device->is_station && silent(device, settings->station_silent_min, now_ms, alarm);
    case FG_ALARM_CONTROLLER_SILENT:
        return !device->is_station && silent(device, settings->controller_silent_min, now_ms, alarm);
    case FG_ALARM_LIST_OLD:
        return list_old(device, settings->list_age_max_h, alarm);
    case FG_ALARM_CLOCK_OFFSET:
        return clock_wrong(device, settings->clock_offset_max_s, moment->right_offset_ms, alarm);
    case FG_ALARM_ENTRIES_OVERDUE:
        return entries_overdue(device, settings->unsent_age_max_h, alarm);
    case FG_ALARM_DISK_LOW:
        return disk_low(device, settings->disk_free_min_bytes, alarm);
    case FG_ALARM_ENTRIES_LOST:
        return entries_lost(device, alarm);
    case FG_ALARM_CERTIFICATE_ENDS:
        return certificate_ends(device, settings->certificate_days_min, now_ms, alarm);
    default:
        return false;
    }
}

/* ---- opening and closing ---- */

/* Which device has which alarm open: one bit a kind. */
struct open_alarms {
    uint8_t kinds[PAGE_DEVICES];
};

static void open_mark(const struct page *page, enum fg_alarm_kind kind, const char *subject,
                      struct open_alarms *open)
{
    for (size_t i = 0; i < page->count; i++) {
        if (strcmp(page->devices[i].id, subject) != 0)
            continue;
        for (size_t k = 0; k < DEVICE_KIND_COUNT; k++) {
            if (device_kinds[k] == kind)
                open->kinds[i] |= (uint8_t)(1U << k);
        }
    }
}

static enum fg_err open_read(struct fg_sql *sql, const struct page *page, struct open_alarms *ret_open,
                             struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql,
                                        "SELECT kind, subject FROM alarm WHERE closed_ms = 0 AND subject >= "
                                        "$1 AND subject <= $2 AND kind >= 11",
                                        &statement, error);

    memset(ret_open, 0, sizeof(*ret_open));
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, page->devices[0].id);
    fg_sql_bind_text(statement, 2, page->devices[page->count - 1].id);
    while ((result = fg_sql_next(statement, error)) == FG_OK)
        open_mark(page, (enum fg_alarm_kind)fg_sql_int(statement, 0), fg_sql_text(statement, 1), ret_open);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err device_judge(struct fg_sql *sql, const struct fg_alarm_settings *settings,
                                const struct device *device, uint8_t open, const struct moment *moment,
                                struct fg_error *error)
{
    enum fg_err result = FG_OK;

    for (size_t k = 0; result == FG_OK && k < DEVICE_KIND_COUNT; k++) {
        struct fg_alarm alarm = {.kind = (uint8_t)device_kinds[k]};
        bool wrong = is_wrong(settings, device, device_kinds[k], moment, &alarm);
        bool is_open = (open & (1U << k)) != 0;

        (void)snprintf(alarm.subject, sizeof(alarm.subject), "%s", device->id);
        (void)snprintf(alarm.station, sizeof(alarm.station), "%s", device->station);
        if (!device->is_station)
            (void)snprintf(alarm.controller, sizeof(alarm.controller), "%s", device->id);
        if (wrong && !is_open)
            result = fg_alarm_ensure(sql, &alarm, moment->now_ms, error);
        else if (!wrong && is_open)
            result = fg_alarm_close(sql, device_kinds[k], device->id, WHO, "over", moment->now_ms, error);
        if (result == FG_E_NOT_FOUND) /* a person closed it meanwhile */
            result = FG_OK;
    }
    return result;
}

static enum fg_err page_judge(struct fg_sql *sql, const struct fg_alarm_settings *settings,
                              const struct page *page, const struct moment *moment, struct fg_error *error)
{
    struct open_alarms open;
    enum fg_err result = fg_sql_begin(sql, error);

    if (result != FG_OK)
        return result;
    result = open_read(sql, page, &open, error);
    for (size_t i = 0; result == FG_OK && i < page->count; i++)
        result = device_judge(sql, settings, &page->devices[i], open.kinds[i], moment, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    return result;
}

static enum fg_err devices_sweep(struct fg_sql *sql, const struct fg_alarm_settings *settings,
                                 const struct moment *moment, struct fg_error *error)
{
    char behind[FG_NAME_MAX + 1] = "";
    struct page *page = calloc(1, sizeof(*page));
    enum fg_err result;

    if (page == NULL)
        return fg_fail(error, FG_E_MEMORY, "alarms: no memory");
    while ((result = page_read(sql, behind, page, error)) == FG_OK && page->count > 0) {
        result = page_judge(sql, settings, page, moment, error);
        if (result != FG_OK)
            break;
        memcpy(behind, page->devices[page->count - 1].id, sizeof(behind));
    }
    free(page);
    return result;
}

/* ---- gaps ---- */

#define OVER                                                                                                 \
    "kind = $1 AND closed_ms = 0 AND NOT EXISTS (SELECT 1 FROM journal_head h WHERE h.controller = "         \
    "alarm.subject AND "                                                                                     \
    "h.gap_since_ms > 0)"

static enum fg_err gaps_close(struct fg_sql *sql, int64_t now_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql, "SELECT kind, subject, number FROM alarm WHERE " OVER, &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, FG_ALARM_GAP_STAYS);
    result = fg_alarms_touch(sql, statement, WHO, error);
    if (result == FG_OK)
        result = fg_sql_prepare(
            sql, "UPDATE alarm SET closed_ms = $2, closed_by = $3, closed_why = 'over' WHERE " OVER,
            &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, FG_ALARM_GAP_STAYS);
    fg_sql_bind_int(statement, 2, now_ms);
    fg_sql_bind_text(statement, 3, WHO);
    return fg_sql_run(statement, NULL, error);
}

/* The next gap behind the controller in *alarm that is older than before_ms. */
static enum fg_err gap_find(struct fg_sql *sql, int64_t before_ms, struct fg_alarm *alarm,
                            struct fg_error *error)
{
    struct fg_sql_statement *statement;
    char behind[FG_NAME_MAX + 1];
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT controller, station, next_sequence, gap_sequence FROM journal_head WHERE "
        "controller > $1 AND gap_since_ms > 0 AND gap_since_ms < $2 ORDER BY controller LIMIT 1",
        &statement, error);

    if (result != FG_OK)
        return result;
    memcpy(behind, alarm->controller, sizeof(behind));
    fg_sql_bind_text(statement, 1, behind);
    fg_sql_bind_int(statement, 2, before_ms);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        (void)snprintf(alarm->controller, sizeof(alarm->controller), "%s", fg_sql_text(statement, 0));
        (void)snprintf(alarm->subject, sizeof(alarm->subject), "%s", alarm->controller);
        (void)snprintf(alarm->station, sizeof(alarm->station), "%s", fg_sql_text(statement, 1));
        alarm->sequence = (uint64_t)fg_sql_int(statement, 2);
        (void)snprintf(alarm->detail, sizeof(alarm->detail),
                       "entries %" PRId64 " to %" PRId64 " are missing, later ones were sent",
                       fg_sql_int(statement, 2), fg_sql_int(statement, 3) - 1);
    }
    fg_sql_reset(statement);
    return result;
}

static enum fg_err gaps_sweep(struct fg_sql *sql, const struct fg_alarm_settings *settings, int64_t now_ms,
                              struct fg_error *error)
{
    struct fg_alarm alarm = {.kind = FG_ALARM_GAP_STAYS};
    enum fg_err result = fg_sql_begin(sql, error);

    if (result == FG_OK)
        result = gaps_close(sql, now_ms, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    if (settings->gap_stays_min == 0)
        return result;
    while (result == FG_OK) {
        result = gap_find(sql, now_ms - (int64_t)settings->gap_stays_min * MINUTE_MS, &alarm, error);
        if (result == FG_OK)
            result = fg_alarm_ensure(sql, &alarm, now_ms, error);
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- the bureau's own clock ---- */

/* Who is wrong when clocks differ: the device, unless most of the synchronised ones say otherwise than the
 * bureau. Then the alarm is about the bureau, and devices are held against their middle. */
static enum fg_err own_clock_judge(struct fg_sql *sql, const struct fg_alarm_settings *settings,
                                   struct moment *moment, struct fg_error *error)
{
    struct fg_alarm alarm = {.kind = FG_ALARM_CLOCK_OFFSET, .subject = BUREAU};
    struct fg_clock_opinion opinion = {.devices = 0};
    int64_t limit_ms = (int64_t)settings->clock_offset_max_s * SECOND_MS;
    int64_t against;
    enum fg_err result = FG_OK;

    if (limit_ms > 0)
        result = fg_clock_opinion(sql, moment->now_ms, limit_ms, &opinion, error);
    if (result != FG_OK)
        return result;
    if (!fg_clock_opinion_accuses(&opinion, !settings->own_clock_doubted)) {
        result = fg_alarm_close(sql, FG_ALARM_CLOCK_OFFSET, BUREAU, WHO, "over", moment->now_ms, error);
        return result == FG_E_NOT_FOUND ? FG_OK : result;
    }
    moment->right_offset_ms = opinion.median_ms;
    against = opinion.earlier > opinion.later ? opinion.earlier : opinion.later;
    (void)snprintf(alarm.detail, sizeof(alarm.detail),
                   "the bureau's own clock is %" PRId64 " s %s, compared with %" PRId64 " of %" PRId64
                   " synchronised devices",
                   (opinion.median_ms < 0 ? -opinion.median_ms : opinion.median_ms) / SECOND_MS,
                   opinion.median_ms < 0 ? "fast" : "slow", against, opinion.devices);
    return fg_alarm_ensure(sql, &alarm, moment->now_ms, error);
}

enum fg_err fg_alarms_sweep(struct fg_sql *sql, const struct fg_alarm_settings *settings, int64_t now_ms,
                            struct fg_error *error)
{
    struct moment moment = {.now_ms = now_ms};
    enum fg_err result = gaps_sweep(sql, settings, now_ms, error);

    if (result == FG_OK)
        result = own_clock_judge(sql, settings, &moment, error);
    if (result == FG_OK)
        result = devices_sweep(sql, settings, &moment, error);
    return result;
}
