/* The page's files, built into the program: nothing is read from disk. tools/panel_files.sh makes the table
 * from firmware/link/panel/web. */
#ifndef FG_LINK_PANEL_FILES_H
#define FG_LINK_PANEL_FILES_H

#include <stddef.h>
#include <stdint.h>

struct fg_panel_file {
    const char *path; /* "/panel.js"; "/" is index.html */
    const char *etag; /* with its quotes */
    const uint8_t *bytes;
    size_t length;
};

extern const struct fg_panel_file fg_panel_files[];
extern const size_t fg_panel_file_count;

#endif
