/* Implementation of tamper_files.h. */
#include "tests/lib/tamper_files.h"

#include <dirent.h>
#include <fnmatch.h>
#include <ftw.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/check.h"
#include "tests/lib/sqlite_file.h"

#define TABLE "tests/sim/tamper_files.txt"
#define PATH_BYTES 512
#define TEXT_BYTES 16384
#define LINES_MAX 200

/* ---- the table ---- */

struct line {
    char owner[16];
    char pattern[64];
    char kind[16];
    char why[160];
};

static size_t table_read(const char *owner, struct line lines[LINES_MAX])
{
    FILE *file = fopen(TABLE, "re");
    char text[320];
    size_t count = 0;

    CHECK(file != NULL);
    while (fgets(text, sizeof(text), file) != NULL) {
        struct line *line = &lines[count];

        if (text[0] == '#' || text[0] == '\n')
            continue;
        CHECK(count < LINES_MAX);
        memset(line, 0, sizeof(*line));
        CHECK(sscanf(text, "%15s %63s %15s %159[^\n]", line->owner, line->pattern, line->kind, line->why) >=
              3);
        count += strcmp(line->owner, owner) == 0;
    }
    (void)fclose(file);
    CHECK(count > 0);
    return count;
}

/* As a shell does it: a wild card goes over no slash. */
static const struct line *line_of(const struct line *lines, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (fnmatch(lines[i].pattern, name, FNM_PATHNAME) == 0)
            return &lines[i];
    }
    return NULL;
}

/* ---- files ---- */

const char *fg_tamper_path(const char *directory, const char *name)
{
    static char paths[8][PATH_BYTES];
    static unsigned next;
    char *path = paths[next++ % 8];

    CHECK(snprintf(path, PATH_BYTES, "%s/%s/%s", fg_test_directory(), directory, name) < PATH_BYTES);
    return path;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static void tree_remove(const char *path)
{
    struct stat status;

    if (lstat(path, &status) == 0)
        CHECK_INT(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static uint8_t *file_read(const char *path, size_t *ret_length)
{
    FILE *file = fopen(path, "rbe");
    struct stat status;
    uint8_t *bytes;

    CHECK(file != NULL);
    CHECK_INT(fstat(fileno(file), &status), 0);
    bytes = malloc((size_t)status.st_size + 1);
    CHECK(bytes != NULL);
    CHECK_INT(fread(bytes, 1, (size_t)status.st_size, file), status.st_size);
    (void)fclose(file);
    *ret_length = (size_t)status.st_size;
    return bytes;
}

static void file_write(const char *path, const uint8_t *bytes, size_t length)
{
    FILE *file = fopen(path, "wbe");

    CHECK(file != NULL);
    CHECK_INT(fwrite(bytes, 1, length, file), length);
    CHECK_INT(fclose(file), 0);
}

static void file_copy(const char *from, const char *to, mode_t mode)
{
    size_t length = 0;
    uint8_t *bytes = file_read(from, &length);

    file_write(to, bytes, length);
    free(bytes);
    CHECK_INT(chmod(to, mode), 0);
}

static void link_copy(const char *from, const char *to)
{
    char target[PATH_BYTES];
    ssize_t length = readlink(from, target, sizeof(target) - 1);

    CHECK(length > 0);
    target[length] = '\0';
    CHECK_INT(symlink(target, to), 0);
}

static void tree_copy(const char *from, const char *to)
{
    DIR *stream = opendir(from);
    const struct dirent *entry;

    CHECK(stream != NULL);
    CHECK_INT(mkdir(to, 0700), 0);
    while ((entry = readdir(stream)) != NULL) {
        char source[PATH_BYTES];
        char target[PATH_BYTES];
        struct stat status;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        CHECK(snprintf(source, sizeof(source), "%s/%s", from, entry->d_name) < PATH_BYTES);
        CHECK(snprintf(target, sizeof(target), "%s/%s", to, entry->d_name) < PATH_BYTES);
        CHECK_INT(lstat(source, &status), 0);
        if (S_ISDIR(status.st_mode))
            tree_copy(source, target);
        else if (S_ISLNK(status.st_mode))
            link_copy(source, target);
        else if (S_ISREG(status.st_mode))
            file_copy(source, target, status.st_mode & 0777);
    }
    CHECK_INT(closedir(stream), 0);
}

void fg_tamper_copy(const char *from, const char *to)
{
    char source[PATH_BYTES];
    char target[PATH_BYTES];

    (void)snprintf(source, sizeof(source), "%s/%s", fg_test_directory(), from);
    (void)snprintf(target, sizeof(target), "%s/%s", fg_test_directory(), to);
    tree_remove(target);
    tree_copy(source, target);
}

void fg_tamper_remove(const char *directory)
{
    tree_remove(fg_tamper_path(directory, ""));
}

void fg_tamper_say(char *text, size_t capacity, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    if (used + 2 < capacity) {
        (void)vsnprintf(text + used, capacity - used - 1, format, arguments);
        (void)strcat(text, "\n");
    }
    va_end(arguments);
}

/* The last file of the directory that the pattern fits: of numbered ones the newest. false: there is none. */
static bool resolve(const char *directory, const char *pattern, char ret_name[PATH_BYTES])
{
    const char *whole = fg_tamper_path(directory, pattern);
    size_t skip = strlen(whole) - strlen(pattern);
    glob_t found;
    bool is_there = glob(whole, 0, NULL, &found) == 0;

    if (is_there)
        (void)snprintf(ret_name, PATH_BYTES, "%s", found.gl_pathv[found.gl_pathc - 1] + skip);
    globfree(&found);
    return is_there;
}

/* ---- deeds ---- */

static const char *const deed_names[FG_FILE_DEEDS] = {
    "a byte flipped", "cut", "emptied", "removed", "older copy", "another device's copy"};

/* Where a byte is flipped, or the rest cut off. */
static size_t place_of(const uint8_t *bytes, size_t length, const char *mark)
{
    const uint8_t *place = mark != NULL ? memmem(bytes, length, mark, strlen(mark)) : bytes + length / 2;

    CHECK(place != NULL);
    return (size_t)(place - bytes);
}

static bool damage(const char *path, const char *mark, enum fg_file_deed deed)
{
    size_t length = 0;
    uint8_t *bytes = file_read(path, &length);
    size_t at = length == 0 || deed == FG_EMPTIED ? 0 : place_of(bytes, length, mark);
    bool is_some = length > 0;

    if (is_some && deed == FG_FLIPPED)
        bytes[at] ^= 1;
    if (is_some)
        file_write(path, bytes, deed == FG_FLIPPED ? length : at);
    free(bytes);
    return is_some;
}

static bool is_same(const char *left, const char *right)
{
    size_t left_length = 0;
    size_t right_length = 0;
    uint8_t *left_bytes = file_read(left, &left_length);
    uint8_t *right_bytes = file_read(right, &right_length);
    bool same = left_length == right_length && memcmp(left_bytes, right_bytes, left_length) == 0;

    free(left_bytes);
    free(right_bytes);
    return same;
}

/* Puts the other's file in the place of this one; one that the other lacks goes. other NULL: it goes. Whether
 * anything changed. */
static bool replace(const char *path, const char *other)
{
    struct stat ours;
    struct stat theirs;
    bool is_here = stat(path, &ours) == 0;

    if (other == NULL || stat(other, &theirs) != 0)
        return is_here && unlink(path) == 0;
    if (is_here && is_same(path, other))
        return false;
    file_copy(other, path, is_here ? ours.st_mode & 0777 : 0600);
    return true;
}

/* The files that go with it follow. directory NULL: they go. */
static bool replace_all(const struct fg_file_claim *claim, const char *name, const char *directory)
{
    char other[PATH_BYTES] = "";
    char ends[64];
    char *rest = ends;
    const char *end;
    bool changed;

    if (directory != NULL && !resolve(directory, claim->file, other))
        return false;
    changed =
        replace(fg_tamper_path("work", name), directory != NULL ? fg_tamper_path(directory, other) : NULL);
    CHECK(snprintf(ends, sizeof(ends), "%s", claim->with != NULL ? claim->with : "") < (int)sizeof(ends));
    while ((end = strsep(&rest, " ")) != NULL) {
        char ours[PATH_BYTES];
        char theirs[PATH_BYTES];

        CHECK(snprintf(ours, sizeof(ours), "%s%s", name, end) < PATH_BYTES);
        CHECK(snprintf(theirs, sizeof(theirs), "%s%s", other, end) < PATH_BYTES);
        if (end[0] != '\0')
            changed = replace(fg_tamper_path("work", ours),
                              directory != NULL ? fg_tamper_path(directory, theirs) : NULL) ||
                      changed;
    }
    return changed;
}

/* false: it leaves everything as it was. */
static bool deed_do(const struct fg_file_claim *claim, const char *name, enum fg_file_deed deed)
{
    switch (deed) {
    case FG_FLIPPED:
    case FG_FILE_CUT:
    case FG_EMPTIED:
        return damage(fg_tamper_path("work", name), claim->mark, deed);
    case FG_REMOVED:
        return replace_all(claim, name, NULL);
    case FG_OLDER:
        return replace_all(claim, name, "older");
    default:
        return replace_all(claim, name, "foreign");
    }
}

/* ---- the matrix ---- */

struct trial {
    const struct fg_file_owner *owner;
    FILE *matrix;
    unsigned wrong;
    char sound[TEXT_BYTES]; /* what is said of it as it is */
    char text[TEXT_BYTES];
    const char *by;
};

static void cell(struct trial *trial, const char *file, const char *deed, const char *by, const char *text)
{
    char place[PATH_BYTES];
    size_t length = (size_t)snprintf(place, sizeof(place), "%s/work/", fg_test_directory());

    if (trial->matrix == NULL)
        return;
    (void)fprintf(trial->matrix, "| %s | %s | %s | %s | ", trial->owner->name, file, deed, by);
    while (*text != '\0' && *text != '\n') {
        if (strncmp(text, place, length) == 0)
            text += length;
        else
            (void)fputc(*text++, trial->matrix);
    }
    (void)fprintf(trial->matrix, " |\n");
}

static void wrong(struct trial *trial, const char *file, const char *deed, const char *what)
{
    trial->wrong++;
    printf("    %s, %s, %s: %s\n", trial->owner->name, file, deed, what);
}

/* What was said now and not of the sound one: the line with the part, or the first. NULL: nothing. */
static const char *news(const struct trial *trial, const char *part)
{
    static char line[TEXT_BYTES];
    const char *first = NULL;

    for (const char *at = trial->text; *at != '\0'; at += strcspn(at, "\n") + 1) {
        (void)snprintf(line, sizeof(line), "%.*s\n", (int)strcspn(at, "\n"), at);
        if (strstr(trial->sound, line) != NULL)
            continue;
        if (first == NULL)
            first = at;
        if (part != NULL && strstr(line, part) != NULL)
            return line;
    }
    if (first == NULL)
        return NULL;
    (void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(first, "\n"), first);
    return line;
}

static void find(struct trial *trial, const char *file, char text[TEXT_BYTES])
{
    char place[PATH_BYTES];

    (void)snprintf(place, sizeof(place), "%s/work", fg_test_directory());
    text[0] = '\0';
    trial->owner->find(place, file, text, TEXT_BYTES, &trial->by);
}

/* A database that was closed well has no log beside it. */
static void work_make(const struct fg_file_claim *claim, const char *name)
{
    fg_tamper_copy("sound", "work");
    if (claim->is_settled)
        (void)fg_test_sqlite_edit(fg_tamper_path("work", name), "PRAGMA wal_checkpoint(TRUNCATE)");
}

static void deed_try(struct trial *trial, const struct fg_file_claim *claim, const char *name,
                     enum fg_file_deed deed)
{
    const char *says = claim->says[deed];
    const char *said;

    work_make(claim, name);
    if (!deed_do(claim, name, deed)) {
        if (says != NULL)
            wrong(trial, claim->file, deed_names[deed],
                  "the deed changes nothing, but the claim has words for it");
        cell(trial, claim->file, deed_names[deed], "-", "the same bytes, or there is none");
        return;
    }
    find(trial, claim->file, trial->text);
    said = news(trial, says);
    if (trial->owner->after != NULL)
        trial->owner->after("work", claim->file, deed, said != NULL);
    if (said == NULL) {
        if (says != NULL)
            wrong(trial, claim->file, deed_names[deed], "is NOT found");
        else if (claim->why == NULL)
            wrong(trial, claim->file, deed_names[deed], "is not found, and the claim has no reason");
        cell(trial, claim->file, deed_names[deed], "-", claim->why != NULL ? claim->why : "");
        return;
    }
    if (says == NULL)
        wrong(trial, claim->file, deed_names[deed], "is found, but the claim says otherwise:");
    else if (strstr(said, says) == NULL)
        wrong(trial, claim->file, deed_names[deed], "is found with other words:");
    if (says == NULL || strstr(said, says) == NULL)
        printf("        %s\n", said);
    cell(trial, claim->file, deed_names[deed], trial->by, said);
}

static void claim_try(struct trial *trial, const struct fg_file_claim *claim)
{
    char name[PATH_BYTES];

    if (!resolve("sound", claim->file, name)) {
        wrong(trial, claim->file, "there is none", "the test makes no such file");
        return;
    }
    work_make(claim, name);
    find(trial, claim->file, trial->sound);
    for (int deed = 0; deed < FG_FILE_DEEDS; deed++)
        deed_try(trial, claim, name, (enum fg_file_deed)deed);
}

static const struct fg_file_claim *claim_of(const struct fg_file_owner *owner, const char *file)
{
    for (size_t i = 0; i < owner->claim_count; i++) {
        if (strcmp(owner->claims[i].file, file) == 0)
            return &owner->claims[i];
    }
    return NULL;
}

/* ---- what is there ---- */

static void tree_list(struct trial *trial, const struct line *lines, size_t count, const char *under)
{
    DIR *stream = opendir(fg_tamper_path("sound", under));
    const struct dirent *entry;

    CHECK(stream != NULL);
    while ((entry = readdir(stream)) != NULL) {
        char name[PATH_BYTES];
        struct stat status;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        CHECK(snprintf(name, sizeof(name), "%s%s%s", under, under[0] != '\0' ? "/" : "", entry->d_name) <
              PATH_BYTES);
        CHECK_INT(lstat(fg_tamper_path("sound", name), &status), 0);
        if (S_ISDIR(status.st_mode))
            tree_list(trial, lines, count, name);
        else if (line_of(lines, count, name) == NULL)
            wrong(trial, name, "it is there", "a file that " TABLE " does not name");
    }
    CHECK_INT(closedir(stream), 0);
}

void fg_tamper_files(const struct fg_file_owner *owner)
{
    static struct trial trial;
    static struct line lines[LINES_MAX];
    size_t count = table_read(owner->name, lines);
    const char *path = getenv("TAMPER_MATRIX");

    memset(&trial, 0, sizeof(trial));
    trial.owner = owner;
    if (path != NULL)
        trial.matrix = fopen(path, "ae");
    tree_list(&trial, lines, count, "");
    for (size_t i = 0; i < count; i++) {
        bool is_tried = strcmp(lines[i].kind, "tried") == 0;

        if (is_tried && claim_of(owner, lines[i].pattern) == NULL)
            wrong(&trial, lines[i].pattern, "it is new",
                  "say in its claim what shows when it is tampered with");
        if (!is_tried)
            cell(&trial, lines[i].pattern, lines[i].kind, "-", lines[i].why);
    }
    for (size_t i = 0; i < owner->claim_count; i++) {
        const struct line *line = NULL;

        for (size_t at = 0; at < count; at++) {
            if (strcmp(lines[at].pattern, owner->claims[i].file) == 0)
                line = &lines[at];
        }
        if (line == NULL || strcmp(line->kind, "tried") != 0)
            wrong(&trial, owner->claims[i].file, "it is claimed", TABLE " does not say that it is tried");
        claim_try(&trial, &owner->claims[i]);
    }
    if (trial.matrix != NULL)
        (void)fclose(trial.matrix);
    CHECK_INT(trial.wrong, 0);
}
