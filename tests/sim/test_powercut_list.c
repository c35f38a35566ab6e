/* Power is cut at every write and sync of a list import, the first one, a later one and a delta, and the
 * store is opened again on what the disk kept: the old list or the new one must be in force, whole and
 * proven, and the import must work when tried again.
 *
 * A failure prints SEED:STEP:MODE; POWERCUT=SEED:STEP:MODE in the environment replays that cut alone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/list/list.h"
#include "lib/list/serve/delta_build.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/list_fixture.h"
#include "tests/lib/powercut_vfs.h"

#define STORE "/disk/list.db"
#define ROWS 60
#define NOW_MS (FG_FIXTURE_ISSUED_MS + 1000)
#define RANDOM_VARIANTS 12
#define STEPS_MAX 2000
#define CUTS_MIN 500

static struct fg_error error;
static char first_path[192];
static char second_path[192];
static char delta_path[192];
static char cut_name[64];
static uint64_t cuts;

static void lists_make(void)
{
    const char *csv = fg_fixture_registry("one.csv", ROWS, NULL);

    (void)snprintf(first_path, sizeof(first_path), "%s", fg_fixture_list("one.fgl", csv, 1, 3));
    csv = fg_fixture_registry("two.csv", ROWS + 7, NULL);
    (void)snprintf(second_path, sizeof(second_path), "%s", fg_fixture_list("two.fgl", csv, 2, 3));
}

static void delta_make(void)
{
    struct fg_delta_build_result built;

    (void)snprintf(delta_path, sizeof(delta_path), "%s", fg_test_path("one-two.fgd"));
    CHECK_OK(fg_delta_build(first_path, second_path, delta_path, &built, &error), &error);
    CHECK_INT(built.counts.inserted_rows, 7);
}

static enum fg_err store_open(struct fg_list **ret_list)
{
    return fg_list_open(STORE, FG_POWERCUT_VFS, &fg_fixture_key()->public_key, 1, ret_list, &error);
}

/* Opens and imports; *ret_acknowledged tells whether the import said that it was done. */
static void import_run(const char *path, bool *ret_acknowledged)
{
    struct fg_list *list = NULL;
    struct fg_manifest manifest;

    *ret_acknowledged = false;
    if (store_open(&list) != FG_OK)
        return;
    *ret_acknowledged = fg_list_import(list, path, NOW_MS, &manifest, &error) == FG_OK;
    fg_list_close(list);
}

/* A row that only the second list has tells which list really answers. */
static void content_check(struct fg_list *list, uint64_t version)
{
    struct fg_code old = fg_fixture_code("T-00001");
    struct fg_code added = fg_fixture_code("T-00063");
    struct fg_row row;

    if (fg_list_verify(list, &error) != FG_OK)
        fg_test_fail(__FILE__, __LINE__, "cut %s: %s", cut_name, error.text);
    if (fg_list_find(list, &old, &row, &error) != FG_OK)
        fg_test_fail(__FILE__, __LINE__, "cut %s: a row of both lists: %s", cut_name, error.text);
    if (fg_list_find(list, &added, &row, &error) != (version == 2 ? FG_OK : FG_E_NOT_FOUND))
        fg_test_fail(__FILE__, __LINE__, "cut %s: version %" PRIu64 " answers like the other", cut_name,
                     version);
}

static void restart_check(const char *path, uint64_t old_version, uint64_t new_version, bool acknowledged)
{
    struct fg_list *list = NULL;
    struct fg_manifest manifest = {.version = 0};
    enum fg_err code = store_open(&list);

    if (code != FG_OK)
        fg_test_fail(__FILE__, __LINE__, "cut %s: does not open: %s", cut_name, error.text);
    code = fg_list_manifest(list, &manifest, &error);
    if (code != FG_OK && (code != FG_E_NOT_FOUND || old_version != 0))
        fg_test_fail(__FILE__, __LINE__, "cut %s: %s", cut_name, error.text);
    if (manifest.version != old_version && manifest.version != new_version)
        fg_test_fail(__FILE__, __LINE__, "cut %s: version %" PRIu64, cut_name, manifest.version);
    if (acknowledged && manifest.version != new_version)
        fg_test_fail(__FILE__, __LINE__, "cut %s: the import was acknowledged and is gone", cut_name);
    if (manifest.version != 0)
        content_check(list, manifest.version);
    code = fg_list_import(list, path, NOW_MS, &manifest, &error);
    if (code != FG_OK && code != FG_E_OLD)
        fg_test_fail(__FILE__, __LINE__, "cut %s: cannot be imported again: %s", cut_name, error.text);
    content_check(list, new_version);
    fg_list_close(list);
}

static bool wanted(const char *name)
{
    const char *only = getenv("POWERCUT");

    return only == NULL || strcmp(only, name) == 0;
}

static void settle_and_check(enum fg_powercut_mode mode, uint64_t seed, uint64_t step, const char *path,
                             uint64_t old_version, bool acknowledged)
{
    (void)snprintf(cut_name, sizeof(cut_name), "%" PRIu64 ":%" PRIu64 ":%d", seed, step, (int)mode);
    if (!wanted(cut_name))
        return;
    fg_powercut_restore_cut();
    fg_powercut_restart(mode, seed * 1000003 + step);
    restart_check(path, old_version, old_version + 1, acknowledged);
    cuts++;
}

/* Every step of importing path on the saved disk, each with every way in which the disk may settle. */
static void cut_everywhere(const char *path, uint64_t old_version, uint64_t first_seed)
{
    uint64_t step = 1;

    for (; step < STEPS_MAX; step++) {
        bool acknowledged = false;

        fg_powercut_restore();
        fg_powercut_arm(step);
        import_run(path, &acknowledged);
        if (!fg_powercut_is_dead())
            break;
        fg_powercut_save_cut();
        settle_and_check(FG_POWERCUT_LOSE, first_seed, step, path, old_version, acknowledged);
        settle_and_check(FG_POWERCUT_KEEP, first_seed, step, path, old_version, acknowledged);
        for (uint64_t seed = first_seed; seed < first_seed + RANDOM_VARIANTS; seed++)
            settle_and_check(FG_POWERCUT_RANDOM, seed, step, path, old_version, acknowledged);
    }
    CHECK(step > 5 && step < STEPS_MAX);
}

TEST("LIST-IS-SIGNED: power cut at every step of the first import leaves no list or a whole one")
{
    lists_make();
    fg_powercut_format();
    fg_powercut_save();
    cut_everywhere(first_path, 0, 1000);
}

TEST("LIST-IS-SIGNED: power cut at every step of a later import leaves the old list or the new one")
{
    bool acknowledged = false;

    lists_make();
    fg_powercut_format();
    import_run(first_path, &acknowledged);
    CHECK(acknowledged);
    fg_powercut_save();
    cut_everywhere(second_path, 1, 2000);
}

TEST("LIST-IS-SIGNED: power cut at every step of a delta import leaves the old list or the new one")
{
    bool acknowledged = false;

    lists_make();
    delta_make();
    fg_powercut_format();
    import_run(first_path, &acknowledged);
    CHECK(acknowledged);
    fg_powercut_save();
    cut_everywhere(delta_path, 1, 3000);
}

TEST("enough cuts of imports were made")
{
    printf("    %" PRIu64 " power cuts\n", cuts);
    CHECK(cuts >= CUTS_MIN || getenv("POWERCUT") != NULL);
}
