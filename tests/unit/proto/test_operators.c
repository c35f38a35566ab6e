/* Operators: one has one name however it is spelt, is found by name and card, and no list may have two of
 * one. */
#include <string.h>

#include "proto/operators.h"
#include "tests/lib/check.h"

static struct fg_error error;

static struct fg_station_rules two(void)
{
    struct fg_station_rules rules = {.operator_count = 2};

    strcpy(rules.operators[0].id, "op-wang");
    rules.operators[0].card = (struct fg_uid){4, {1, 2, 3, 4}};
    strcpy(rules.operators[1].id, "Li.2_a");
    rules.operators[1].card = (struct fg_uid){7, {1, 2, 3, 4, 5, 6, 7}};
    return rules;
}

TEST("one operator has one name: the case of its letters does not count, everything else does")
{
    static const struct {
        const char *left;
        const char *right;
        bool same;
    } pairs[] = {
        {"op-wang", "OP-WANG", true},
        {"op-wang", "Op-WanG", true},
        {"az09._-", "AZ09._-", true},
        {"op-wang", "op-wan", false},
        {"op-wan", "op-wang", false},
        {"op-wang", "op_wang", false},
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"@", "`", false},
        {"[", "{", false},
        {"z", "Z", true},
        {"a", "A", true},
        {"\xc3\xa9", "\xc3\x89", false},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        CHECK_INT(fg_operator_id_is_same(pairs[i].left, pairs[i].right), pairs[i].same);
}

TEST("an operator is found by name in any case, and by the whole card")
{
    struct fg_station_rules rules = two();

    CHECK(fg_operator_find(&rules, "OP-wang") == &rules.operators[0]);
    CHECK(fg_operator_find(&rules, "li.2_A") == &rules.operators[1]);
    CHECK(fg_operator_find(&rules, "op-wang2") == NULL);
    CHECK(fg_operator_find(&rules, "") == NULL);
    CHECK(fg_operator_of_card(&rules, &rules.operators[1].card) == &rules.operators[1]);
    CHECK(fg_operator_of_card(&rules, &(struct fg_uid){4, {1, 2, 3, 5}}) == NULL);
    CHECK(fg_operator_of_card(&rules, &(struct fg_uid){4, {1, 2, 3, 4}}) == &rules.operators[0]);
    rules.operator_count = 1;
    CHECK(fg_operator_of_card(&rules, &(struct fg_uid){7, {1, 2, 3, 4, 5, 6, 7}}) == NULL);
}

TEST("no UID is nobody's card, also not of an operator without one")
{
    struct fg_station_rules rules = two();

    memset(&rules.operators[0].card, 0, sizeof(rules.operators[0].card));
    CHECK(fg_operator_of_card(&rules, &(struct fg_uid){0}) == NULL);
}

TEST("no list may have one operator twice, in whatever spelling, nor one card")
{
    struct fg_station_rules rules = two();

    CHECK_OK(fg_operators_check(rules.operators, 2, &error), &error);
    strcpy(rules.operators[1].id, "OP-WANG");
    CHECK_INT(fg_operators_check(rules.operators, 2, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "OP-WANG stands twice");
    rules = two();
    rules.operators[1].card = rules.operators[0].card;
    CHECK_INT(fg_operators_check(rules.operators, 2, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "same card");
}

TEST("every way to prove a person has its name")
{
    CHECK_TEXT(fg_person_proof_name(FG_PERSON_PROOF_NONE), "NONE");
    CHECK_TEXT(fg_person_proof_name(FG_PERSON_PROOF_HAND), "HAND");
    CHECK_TEXT(fg_person_proof_name(FG_PERSON_PROOF_CARD), "CARD");
    CHECK_TEXT(fg_person_proof_name(FG_PERSON_PROOF_PIN), "PIN");
    CHECK_TEXT(fg_person_proof_name(FG_PERSON_PROOF_PIN + 1), "?");
}

TEST("CLONES-SHOW: a random or empty UID is nobody's card, also where a list says so")
{
    static const struct fg_uid cards[] = {
        {4, {0x08, 1, 2, 3}}, {4, {0}}, {7, {0}}, {4, {0xFF, 0xFF, 0xFF, 0xFF}}};
    static struct fg_station_rules rules;

    memset(&rules, 0, sizeof(rules));
    rules.operator_count = 1;
    (void)strcpy(rules.operators[0].id, "op-wang");
    for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
        rules.operators[0].card = cards[i];
        CHECK(fg_operator_of_card(&rules, &cards[i]) == NULL);
    }
    rules.operators[0].card = (struct fg_uid){4, {0x04, 1, 2, 3}};
    CHECK(fg_operator_of_card(&rules, &rules.operators[0].card) == &rules.operators[0]);
}
