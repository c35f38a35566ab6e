/* Small files read and written whole. Not: keys (lib/crypto/sign.h) or certificates
 * (lib/crypto/certificate_file.h). Relies on: POSIX files. */
#ifndef FG_HOST_CLI_CLI_FILE_H
#define FG_HOST_CLI_CLI_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

/* FG_E_NOT_FOUND, FG_E_IO, FG_E_SIZE when there are more than capacity bytes. */
enum fg_err cli_file_read(const char *path, uint8_t *bytes, size_t capacity, size_t *ret_length,
                          struct fg_error *error);

/* Writes and syncs. replace: a reader sees the old file or the new one, never half of it; else FG_E_EXISTS
 * when there is one. FG_E_IO, FG_E_SIZE (path). */
enum fg_err cli_file_write(const char *path, bool replace, const uint8_t *bytes, size_t length,
                           struct fg_error *error);

/* Before a file at path is written that belongs with others of its directory: becomes their owner
 * (lib/system/become_owner.h), whose errors these are; FG_E_SIZE. */
enum fg_err cli_file_owner_become(const char *path, struct fg_error *error);

#endif
