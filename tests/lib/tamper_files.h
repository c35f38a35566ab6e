/* What somebody who may write a device's files does to them, file by file, and what finds it.
 *
 * tests/sim/tamper_files.txt names every file that a bureau, a station or a point leaves. A test makes three
 * directories of one device under the test's directory: "sound", "older" (the same device earlier) and
 * "foreign" (another device's). Then each file that is to be tried meets each deed in a copy of "sound",
 * named "work". A file that the table does not name fails the test, and so does one without a claim.
 * With TAMPER_MATRIX=FILE the cells are written there as rows of Markdown.
 *
 * Every function ends the test on failure. Relies on: check.h, POSIX files; the test runs in the root of the
 * tree. */
#ifndef FG_TESTS_LIB_TAMPER_FILES_H
#define FG_TESTS_LIB_TAMPER_FILES_H

#include <stdbool.h>
#include <stddef.h>

enum fg_file_deed { FG_FLIPPED, FG_FILE_CUT, FG_EMPTIED, FG_REMOVED, FG_OLDER, FG_FOREIGN, FG_FILE_DEEDS };

/* file: as the table names it, with its wild cards. says: for each deed a part of what is said then; NULL:
 * nothing is found, and why says why that does no harm. A deed that leaves the file as it is (an older copy
 * of what never changes) is no deed. */
struct fg_file_claim {
    const char *file;
    const char *says[FG_FILE_DEEDS];
    const char *why;
    const char
        *mark; /* flipped, or cut before, is this text at its first place; NULL: the byte in the middle */
    const char *with; /* ends of the names of what is put back or removed with it, between blanks */
    bool is_settled;  /* a database whose log is folded into it first */
};

/* Why it does no harm when nothing is said of what several devices have. */
#define FG_TAMPER_INDEX "an index of the log beside it, made again at each start"
#define FG_TAMPER_LIST_LOG                                                                                   \
    "the log is empty once an import is done; one that is cut short leaves the list before: an older copy "  \
    "of list.db"
#define FG_TAMPER_LIST_PIECES "whoever wants it gets the list piece by piece"
#define FG_TAMPER_SETTINGS "the administrator's"

struct fg_file_owner {
    const char *name; /* as in the table */
    const struct fg_file_claim *claims;
    size_t claim_count;
    /* Does what finds it, on the directory: text gets what was said, a line each; of a sound directory too.
     * *ret_by: the command or the moment that said it. file: as the claim names it. */
    void (*find)(const char *directory, const char *file, char *text, size_t capacity, const char **ret_by);
    /* After each deed: that one which nothing finds does no harm, and what else must be so. NULL: find has
     * shown all there is. */
    void (*after)(const char *directory, const char *file, enum fg_file_deed deed, bool is_found);
};

void fg_tamper_files(const struct fg_file_owner *owner);

/* The path of a file of a directory of the test's: in one of a few static buffers. */
const char *fg_tamper_path(const char *directory, const char *name);

/* A copy of the whole tree under another name of the test's directory; what was there is replaced. */
void fg_tamper_copy(const char *from, const char *to);

/* Removes the tree of this name. */
void fg_tamper_remove(const char *directory);

/* Adds a line to text, as far as there is room. */
void fg_tamper_say(char *text, size_t capacity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
