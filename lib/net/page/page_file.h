/* A file of a page, built into the program: nothing is read from disk. tools/page_files.sh makes tables of
 * them from a folder.
 *
 * Not: who may have it (the servers' routes). */
#ifndef FG_LIB_NET_PAGE_PAGE_FILE_H
#define FG_LIB_NET_PAGE_PAGE_FILE_H

#include <stddef.h>
#include <stdint.h>

struct fg_page_file {
    const char *path; /* "/panel.js"; "/" is index.html */
    const char *etag; /* with its quotes */
    const uint8_t *bytes;
    size_t length;
    const uint8_t *gzip; /* the same compressed, where that saves something; else NULL */
    size_t gzip_length;
};

#endif
