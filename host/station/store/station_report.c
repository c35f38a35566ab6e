/* Implementation of the station's report (station_report.h). */
#include "host/station/store/station_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#define PATH_BYTES 512

uint64_t fg_station_disk_free(const char *path)
{
    char folder[PATH_BYTES];
    struct statvfs space;
    char *slash;

    (void)snprintf(folder, sizeof(folder), "%s", path);
    slash = strrchr(folder, '/');
    if (slash == NULL)
        (void)snprintf(folder, sizeof(folder), ".");
    else if (slash != folder)
        *slash = '\0';
    if (statvfs(folder, &space) != 0)
        return 0;
    return (uint64_t)space.f_bavail * space.f_frsize;
}

bool fg_station_clock_is_synchronised(void)
{
    struct timex state = {0}; /* modes 0: only asks */
    int kind = adjtimex(&state);

    return kind >= 0 && kind != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

static void add_below(struct fg_sync_reports *reports, const struct fg_station_controller *controller)
{
    struct fg_sync_report *self = &reports->self;
    struct fg_sync_report *below = &reports->below[reports->below_count++];

    *below = controller->report;
    memcpy(below->device, controller->id, sizeof(below->device));
    if (below->clock_quality == 0)
        below->clock_quality = FG_CLOCK_UNKNOWN;
    below->heard_ms = controller->contact_ms;
    self->unsent += fg_station_unsent(controller);
    if (fg_station_unsent(controller) > 0 && controller->oldest_unsent_ms > 0 &&
        (self->oldest_unsent_ms == 0 || controller->oldest_unsent_ms < self->oldest_unsent_ms))
        self->oldest_unsent_ms = controller->oldest_unsent_ms;
}

enum fg_err fg_station_report(struct fg_station_store *store, const char *station, const char *store_path,
                              const char *version, int64_t now_ms, struct fg_sync_reports *ret_reports,
                              struct fg_error *error)
{
    struct fg_station_controller *controllers = calloc(FG_STATION_CONTROLLERS_MAX, sizeof(*controllers));
    struct fg_station_upstream upstream;
    struct fg_sync_reports *reports = calloc(1, sizeof(*reports));
    size_t count = 0;
    enum fg_err result = FG_OK;

    if (controllers == NULL || reports == NULL)
        result = fg_fail(error, FG_E_MEMORY, "no memory for a report");
    if (result == FG_OK)
        result = fg_station_store_controllers(store, controllers, FG_STATION_CONTROLLERS_MAX, &count, error);
    if (result == FG_OK)
        result = fg_station_store_upstream(store, &upstream, error);
    if (result == FG_OK) {
        (void)snprintf(reports->self.device, sizeof(reports->self.device), "%s", station);
        (void)snprintf(reports->self.version, sizeof(reports->self.version), "%s", version);
        memcpy(reports->self.list_id, upstream.list_id, sizeof(reports->self.list_id));
        reports->self.list_version = upstream.list_version;
        reports->self.list_issued_ms = upstream.list_issued_ms;
        reports->self.wall_ms = now_ms;
        reports->self.clock_quality =
            fg_station_clock_is_synchronised() ? FG_CLOCK_SYNCHRONISED : FG_CLOCK_INFORMATIVE;
        reports->self.disk_free_bytes = fg_station_disk_free(store_path);
        for (size_t i = 0; i < count; i++)
            add_below(reports, &controllers[i]);
        *ret_reports = *reports;
    }
    free(reports);
    free(controllers);
    return result;
}
