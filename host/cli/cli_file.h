/* The files that a command line names: reading one, and whose it becomes. Not: writing (lib/base/file.h),
 * keys (lib/crypto/sign.h) or certificates (lib/crypto/certificate_file.h). Relies on: lib/base/file.h. */
#ifndef FG_HOST_CLI_CLI_FILE_H
#define FG_HOST_CLI_CLI_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

/* A file, or a pipe to its end. FG_E_NOT_FOUND, FG_E_IO, FG_E_SIZE when there are more than capacity bytes.
 */
enum fg_err cli_file_read(const char *path, uint8_t *bytes, size_t capacity, size_t *ret_length,
                          struct fg_error *error);

/* Before a file at path is written that belongs with others of its directory: becomes their owner
 * (lib/system/become_owner.h), whose errors these are; FG_E_SIZE. */
enum fg_err cli_file_owner_become(const char *path, struct fg_error *error);

#endif
