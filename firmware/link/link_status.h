/* How the link is doing with the next hop, for whoever shows it: told by the link's jobs, read by the panel.
 *
 * Not: the plan of what is due (hop_plan.h). Any thread. */
#ifndef FG_FIRMWARE_LINK_LINK_STATUS_H
#define FG_FIRMWARE_LINK_LINK_STATUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define FG_LINK_STATUS_TEXT_MAX 159

struct fg_link_condition {
    bool connected;                         /* the last exchange with the next hop went well */
    int64_t contact_ms;                     /* wall time of the last one that did, 0 = none since start */
    char text[FG_LINK_STATUS_TEXT_MAX + 1]; /* the last failure, empty while connected */
    int64_t certificate_end_ms;             /* of the link's certificate; 0 = not known */
    int64_t panel_certificate_end_ms;       /* of the panel's; 0 = it has none, or not known */
};

struct fg_link_status {
    pthread_mutex_t mutex;
    struct fg_link_condition condition;
};

void fg_link_status_start(struct fg_link_status *status);
void fg_link_status_end(struct fg_link_status *status);
/* status NULL: nobody wants to know. */
void fg_link_status_good(struct fg_link_status *status, int64_t now_ms);
void fg_link_status_bad(struct fg_link_status *status, const char *text);
void fg_link_status_certificate(struct fg_link_status *status, int64_t end_ms);
void fg_link_status_panel_certificate(struct fg_link_status *status, int64_t end_ms);
void fg_link_status_read(struct fg_link_status *status, struct fg_link_condition *ret_condition);

#endif
