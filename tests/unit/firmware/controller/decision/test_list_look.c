/* What the list in force means to the point: which state it has, and whom it knows. */
#include <stdio.h>
#include <string.h>

#include "firmware/controller/decision/list_look.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/list_fixture.h"

static struct fg_list *list;
static struct fg_list_look look;
static struct fg_error error;

static void list_make(uint64_t version)
{
    struct fg_manifest manifest;

    list = fg_fixture_store(fg_test_path("list.db"));
    CHECK_OK(fg_list_import(list,
                            fg_fixture_list("l.fgl", fg_fixture_registry("r.csv", 3, NULL), version, -1), 0,
                            &manifest, &error),
             &error);
}

/* The state of the list when the journal tells of this one. */
static uint8_t state_after(const char *id, uint64_t version)
{
    struct fg_list_logged logged = {.version = version};

    (void)snprintf(logged.id, sizeof(logged.id), "%s", id);
    fg_list_look(list, &logged, &look);
    return look.state;
}

TEST("LIST-IS-SIGNED: a list older than one that was logged is rolled back; another list's versions say "
     "nothing")
{
    char id[FG_NAME_MAX + 1];

    list_make(5);
    CHECK_INT(state_after("", 0), FG_LIST_IN_FORCE);
    CHECK(look.manifest_known);
    CHECK_INT(look.manifest.version, 5);
    CHECK_INT(look.manifest.issued_ms, FG_FIXTURE_ISSUED_MS);
    memcpy(id, look.manifest.list_id, sizeof(id));
    CHECK_INT(state_after(id, 4), FG_LIST_IN_FORCE);
    CHECK_INT(state_after(id, 5), FG_LIST_IN_FORCE);
    CHECK_INT(state_after(id, 6), FG_LIST_ROLLED_BACK);
    CHECK(look.manifest_known);
    CHECK_INT(state_after("another", 6), FG_LIST_IN_FORCE);
    fg_list_close(list);
}

TEST("FAIL-CLOSED: without a store, a list, or a key that signed it no manifest is known")
{
    struct fg_private_key stranger;

    list = fg_fixture_store(fg_test_path("empty.db"));
    CHECK_INT(state_after("", 0), FG_LIST_MISSING);
    CHECK(!look.manifest_known);
    fg_list_close(list);
    list_make(5);
    CHECK_INT(state_after("", 0), FG_LIST_IN_FORCE);
    CHECK_OK(fg_private_key_new(&stranger, &error), &error);
    CHECK_OK(fg_list_trust(list, &stranger.public_key, 1, &error), &error);
    CHECK_INT(state_after("", 0), FG_LIST_NOT_AUTHENTIC);
    CHECK(!look.manifest_known);
    fg_list_close(list);
    list = NULL;
    look.manifest_known = true;
    CHECK_INT(state_after("", 0), FG_LIST_MISSING);
    CHECK(!look.manifest_known);
}

TEST("FAIL-CLOSED: operators and their cards are known by a list in force only")
{
    static const uint8_t states[] = {FG_LIST_MISSING, FG_LIST_NOT_AUTHENTIC, FG_LIST_ROLLED_BACK};
    const struct fg_uid card = {4, {1, 2, 3, 4}};
    const struct fg_uid other = {4, {1, 2, 3, 5}};
    struct fg_station_rules *rules = &look.manifest.rules;

    memset(&look, 0, sizeof(look));
    look.state = FG_LIST_IN_FORCE;
    look.manifest_known = true;
    rules->operator_count = 1;
    (void)snprintf(rules->operators[0].id, sizeof(rules->operators[0].id), "zhao");
    rules->operators[0].card = card;
    CHECK(fg_list_operator(&look, "ZHAO") == &rules->operators[0]);
    CHECK(fg_list_operator(&look, "qian") == NULL);
    CHECK(fg_list_card(&look, &card) == &rules->operators[0]);
    CHECK(fg_list_card(&look, &other) == NULL);
    for (size_t i = 0; i < sizeof(states); i++) {
        look.state = states[i];
        CHECK(fg_list_operator(&look, "zhao") == NULL);
        CHECK(fg_list_card(&look, &card) == NULL);
    }
}
