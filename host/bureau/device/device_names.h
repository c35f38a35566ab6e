/* The names by which a station is called as a server: given by a clerk with its one-time code, kept with the
 * device, repeated by every renewal. Never those of the bureau itself.
 *
 * In the database they are one text with commas between. Not: what stands in a certificate (host/pki). Relies
 * on: lib/crypto/certificate.h. Pure functions, any thread. */
#ifndef FG_HOST_BUREAU_DEVICE_DEVICE_NAMES_H
#define FG_HOST_BUREAU_DEVICE_DEVICE_NAMES_H

#include "lib/crypto/certificate.h"
#include "proto/key/enrol.h"

#define FG_DEVICE_NAMES_TEXT_MAX (FG_ENROL_NAMES_MAX * (FG_ENROL_NAME_MAX + 1))

struct fg_device_names {
    size_t count;
    char names[FG_ENROL_NAMES_MAX][FG_ENROL_NAME_MAX + 1];
};

/* "" is no names. FG_E_RANGE: more than FG_ENROL_NAMES_MAX, one too long, or one that is no host name or
 * address; blanks around a name do not count. */
enum fg_err fg_device_names_parse(const char *text, struct fg_device_names *ret_names,
                                  struct fg_error *error);
void fg_device_names_text(const struct fg_device_names *names, char ret_text[FG_DEVICE_NAMES_TEXT_MAX + 1]);

/* Do the names fit the role: a station has one at least, nobody else has any? FG_E_RANGE. */
enum fg_err fg_device_names_fit(const struct fg_device_names *names, const char *role,
                                struct fg_error *error);

/* What the bureau's own servers are called. */
struct fg_own_names {
    size_t count;
    char names[3 * FG_CERTIFICATE_NAMES_MAX][FG_CERTIFICATE_NAME_MAX + 1];
};
/* Adds the names of a certificate file; path "" adds nothing. FG_E_FORMAT, FG_E_SIZE. */
enum fg_err fg_own_names_add_file(struct fg_own_names *own, const char *path, struct fg_error *error);
/* Adds names with commas between. FG_E_SIZE. */
enum fg_err fg_own_names_add(struct fg_own_names *own, const char *names, struct fg_error *error);
/* FG_E_DENIED names the one that is the bureau's. */
enum fg_err fg_device_names_check(const struct fg_device_names *names, const struct fg_own_names *own,
                                  struct fg_error *error);

#endif
