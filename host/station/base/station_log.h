/* The station's log: one line per event on stderr with local time and zone.
 *
 * Lines that strangers can cause are limited: beyond FG_STATION_LOG_BURST in ten seconds they are counted and
 * the count is told later. Not: what is worth a line. Relies on: nothing. Any thread. */
#ifndef FG_HOST_STATION_BASE_STATION_LOG_H
#define FG_HOST_STATION_BASE_STATION_LOG_H

#define FG_STATION_LOG_BURST 50

/* A line for something that we did or that happened to us. */
void fg_station_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line that a peer caused. */
void fg_station_log_peer(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
