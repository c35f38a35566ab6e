/* The folder of one list: which versions and deltas are in it, and their paths. Private to lib/list/serve.
 *
 * Names that do not parse are passed over. Not: what is in the files. Relies on: POSIX. Any thread. */
#ifndef FG_LIB_LIST_SERVE_LIST_FOLDER_H
#define FG_LIB_LIST_SERVE_LIST_FOLDER_H

#include "lib/list/serve/list_routes.h"

#define FG_FOLDER_VERSIONS_MAX 256
#define FG_FOLDER_NEW "new-" /* begins the names of files that are not finished */

/* FG_E_ARG when the path is too long or list_id is not valid. */
enum fg_err fg_folder_path(const char *directory, const char *list_id, char ret_path[FG_LISTING_PATH_MAX],
                           struct fg_error *error);
enum fg_err fg_folder_list_file(const char *folder, uint64_t version, char ret_path[FG_LISTING_PATH_MAX],
                                struct fg_error *error);
enum fg_err fg_folder_delta(const char *folder, uint64_t from, uint64_t to,
                            char ret_path[FG_LISTING_PATH_MAX], struct fg_error *error);
/* folder/name. */
enum fg_err fg_folder_join(const char *folder, const char *name, char ret_path[FG_LISTING_PATH_MAX],
                           struct fg_error *error);

/* Versions of the whole files, highest first; at most FG_FOLDER_VERSIONS_MAX. A folder that is not there is
 * an empty one. FG_E_IO. */
struct fg_folder_versions {
    size_t count;
    uint64_t versions[FG_FOLDER_VERSIONS_MAX];
};
enum fg_err fg_folder_versions(const char *folder, struct fg_folder_versions *ret_versions,
                               struct fg_error *error);

/* Removes whole files below lowest, deltas to versions below lowest_target, and what was not finished. */
enum fg_err fg_folder_clean(const char *folder, uint64_t lowest, uint64_t lowest_target,
                            struct fg_error *error);

/* The number that the whole text is, decimal, 1 to 2^63-1. */
bool fg_folder_number(const char *text, size_t length, uint64_t *ret_number);

#endif
