/* The link's condition under a lock (link_status.h). */
#include "firmware/link/link_status.h"

#include <stdio.h>
#include <string.h>

void fg_link_status_start(struct fg_link_status *status)
{
    memset(&status->condition, 0, sizeof(status->condition));
    (void)pthread_mutex_init(&status->mutex, NULL);
}

void fg_link_status_end(struct fg_link_status *status)
{
    (void)pthread_mutex_destroy(&status->mutex);
}

void fg_link_status_good(struct fg_link_status *status, int64_t now_ms)
{
    if (status == NULL)
        return;
    (void)pthread_mutex_lock(&status->mutex);
    status->condition.connected = true;
    status->condition.contact_ms = now_ms;
    status->condition.text[0] = '\0';
    (void)pthread_mutex_unlock(&status->mutex);
}

void fg_link_status_bad(struct fg_link_status *status, const char *text)
{
    if (status == NULL)
        return;
    (void)pthread_mutex_lock(&status->mutex);
    status->condition.connected = false;
    (void)snprintf(status->condition.text, sizeof(status->condition.text), "%s", text);
    (void)pthread_mutex_unlock(&status->mutex);
}

void fg_link_status_certificate(struct fg_link_status *status, int64_t end_ms)
{
    if (status == NULL)
        return;
    (void)pthread_mutex_lock(&status->mutex);
    status->condition.certificate_end_ms = end_ms;
    (void)pthread_mutex_unlock(&status->mutex);
}

void fg_link_status_panel_certificate(struct fg_link_status *status, int64_t end_ms)
{
    (void)pthread_mutex_lock(&status->mutex);
    status->condition.panel_certificate_end_ms = end_ms;
    (void)pthread_mutex_unlock(&status->mutex);
}

void fg_link_status_read(struct fg_link_status *status, struct fg_link_condition *ret_condition)
{
    (void)pthread_mutex_lock(&status->mutex);
    *ret_condition = status->condition;
    (void)pthread_mutex_unlock(&status->mutex);
}
