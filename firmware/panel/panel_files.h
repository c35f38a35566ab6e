/* The page's files, made from firmware/panel/pages. */
#ifndef FG_FIRMWARE_PANEL_PANEL_FILES_H
#define FG_FIRMWARE_PANEL_PANEL_FILES_H

#include "lib/net/page/page_file.h"

extern const struct fg_page_file fg_panel_files[];
extern const size_t fg_panel_files_count;

#endif
