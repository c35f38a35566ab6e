/* Operators: one has one name however it is spelt, is found by name and card, and no list may have two of
 * one. */
#include <string.h>

#include "lib/crypto/pin.h"
#include "proto/list/operators.h"
#include "proto/list/row.h"
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
    CHECK_HAS(error.text, "OP-WANG is listed twice");
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

TEST("an operator's id, day, card and PIN are held to their bounds, each by name")
{
    struct fg_station_rules rules = two();
    struct fg_operator *person = &rules.operators[1];
    static const uint8_t lengths[] = {0, 4, 7, 10};

    for (uint8_t length = 0; length <= FG_UID_MAX; length++) {
        bool good = memchr(lengths, length, sizeof(lengths)) != NULL;

        rules = two();
        person->card.length = length;
        person->card.bytes[0] = 9;
        CHECK_INT(fg_operators_check(rules.operators, 2, &error), good ? FG_OK : FG_E_RANGE);
        if (!good)
            CHECK_HAS(error.text, "operator 2, Li.2_a: its card is not a UID");
    }
    rules = two();
    person->certificate_end_day = FG_DAY_MAX;
    CHECK_OK(fg_operators_check(rules.operators, 2, &error), &error);
    person->certificate_end_day = FG_DAY_MAX + 1;
    CHECK_INT(fg_operators_check(rules.operators, 2, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "certificate_end_day");
    person->certificate_end_day = -1;
    CHECK_INT(fg_operators_check(rules.operators, 2, &error), FG_E_RANGE);
    rules = two();
    person->pin_salt[FG_PIN_SALT_BYTES - 1] = 1;
    CHECK_INT(fg_operators_check(rules.operators, 2, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "without pin_rounds");
    person->pin_rounds = 1;
    CHECK_OK(fg_operators_check(rules.operators, 2, &error), &error);
    rules = two();
    person->pin_digest[FG_PIN_DIGEST_BYTES - 1] = 1;
    CHECK_INT(fg_operators_check(rules.operators, 2, &error), FG_E_RANGE);
    person->pin_rounds = FG_PIN_ROUNDS_MAX;
    CHECK_OK(fg_operators_check(rules.operators, 2, &error), &error);
    person->pin_rounds = FG_PIN_ROUNDS_MAX + 1;
    CHECK_INT(fg_operators_check(rules.operators, 2, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "pin_rounds are more");
}

TEST("an id has 1 to 31 of its characters, and there are up to 32 operators")
{
    static struct fg_operator many[FG_OPERATORS_MAX + 1];
    static struct fg_station_rules rules;
    char id[FG_NAME_MAX + 2];

    memset(id, 'a', sizeof(id));
    id[FG_NAME_MAX + 1] = '\0';
    CHECK(!fg_operator_id_is_good(id));
    id[FG_NAME_MAX] = '\0';
    CHECK(fg_operator_id_is_good(id));
    CHECK(!fg_operator_id_is_good(""));
    CHECK(fg_operator_id_is_good("Z"));
    CHECK(!fg_operator_id_is_good("a b"));
    for (size_t i = 0; i <= FG_OPERATORS_MAX; i++) {
        many[i].id[0] = (char)('a' + i % 26);
        many[i].id[1] = i < 26 ? '\0' : '2';
    }
    CHECK_OK(fg_operators_check(many, FG_OPERATORS_MAX, &error), &error);
    CHECK_INT(fg_operators_check(many, FG_OPERATORS_MAX + 1, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "33, at most 32");
    many[3].id[0] = '/';
    CHECK_INT(fg_operators_check(many, FG_OPERATORS_MAX, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "operator 4: its id");
    memcpy(rules.operators, many, sizeof(rules.operators));
    rules.operator_count = FG_OPERATORS_MAX;
    rules.operators[FG_OPERATORS_MAX - 1].card = (struct fg_uid){4, {1, 2, 3, 4}};
    CHECK(fg_operator_find(&rules, "f2") == &rules.operators[FG_OPERATORS_MAX - 1]);
    CHECK(fg_operator_of_card(&rules, &(struct fg_uid){4, {1, 2, 3, 4}}) ==
          &rules.operators[FG_OPERATORS_MAX - 1]);
    CHECK(fg_operator_of_card(&rules, &(struct fg_uid){7, {1, 2, 3, 4}}) == NULL);
}
