/* The page's files, made from firmware/link/panel/web. */
#ifndef FG_LINK_PANEL_FILES_H
#define FG_LINK_PANEL_FILES_H

#include "proto/page_file.h"

extern const struct fg_page_file fg_panel_files[];
extern const size_t fg_panel_files_count;

#endif
