/* The job that tells the next hop how this controller is doing, and learns how far their clocks are apart.
 *
 * Not: setting a clock. Relies on: proto/journal/sync.h, https_client.h. */
#ifndef FG_FIRMWARE_LINK_LINK_REPORT_H
#define FG_FIRMWARE_LINK_LINK_REPORT_H

#include "firmware/link/link_context.h"

/* The job's own memory, zeroed at start: the difference that was told last. */
struct fg_link_offset {
    bool known;
    int64_t told_ms;
};

/* Does all of the job, tells the log, and reports to the plan. */
void fg_link_report(struct fg_link_context *link, struct fg_link_offset *offset);

#endif
