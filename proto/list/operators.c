/* Implementation of operators.h. */
#include "proto/list/operators.h"

#include <string.h>

#include "lib/domain/code.h"

#include "lib/crypto/pin.h"
#include "proto/list/row.h"

#define ID_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

bool fg_operator_id_is_good(const char *id)
{
    size_t length = strnlen(id, FG_NAME_MAX + 1);

    return length > 0 && length <= FG_NAME_MAX && strspn(id, ID_CHARACTERS) == length;
}

static char small_letter(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

bool fg_operator_id_is_same(const char *id, const char *other)
{
    for (; *id != '\0' && small_letter(*id) == small_letter(*other); id++)
        other++;
    return *id == '\0' && *other == '\0';
}

const char *fg_person_proof_name(uint8_t proof)
{
    static const char *const names[] = {"NONE", "HAND", "CARD", "PIN"};

    return proof < sizeof(names) / sizeof(names[0]) ? names[proof] : "?";
}

static bool is_empty(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

/* The field that is bad, or NULL. */
static const char *bad_field(const struct fg_operator *person)
{
    const struct fg_uid *card = &person->card;

    if (person->certificate_end_day < 0 || person->certificate_end_day > FG_DAY_MAX)
        return "certificate_end_day is not a day";
    if (card->length != 0 && card->length != 4 && card->length != 7 && card->length != 10)
        return "card is not a UID of 4, 7 or 10 bytes";
    if (person->pin_rounds > FG_PIN_ROUNDS_MAX)
        return "pin_rounds are more than are allowed";
    if (person->pin_rounds == 0 &&
        !(is_empty(person->pin_salt, FG_PIN_SALT_BYTES) && is_empty(person->pin_digest, FG_PIN_DIGEST_BYTES)))
        return "pin_salt and pin_digest stand without pin_rounds";
    return NULL;
}

static bool is_same_card(const struct fg_uid *card, const struct fg_uid *other)
{
    return card->length > 0 && card->length == other->length &&
           memcmp(card->bytes, other->bytes, card->length) == 0;
}

enum fg_err fg_operators_check(const struct fg_operator *operators, size_t count, struct fg_error *error)
{
    if (count > FG_OPERATORS_MAX)
        return fg_fail(error, FG_E_RANGE, "operators: %zu, at most %d are allowed", count, FG_OPERATORS_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *fault;

        if (!fg_operator_id_is_good(operators[i].id))
            return fg_fail(error, FG_E_RANGE,
                           "operator %zu: its id must be 1 to %d letters, digits, '.', '_' or '-'", i + 1,
                           FG_NAME_MAX);
        fault = bad_field(&operators[i]);
        if (fault != NULL)
            return fg_fail(error, FG_E_RANGE, "operator %zu, %s: its %s", i + 1, operators[i].id, fault);
        for (size_t j = 0; j < i; j++) {
            if (fg_operator_id_is_same(operators[i].id, operators[j].id))
                return fg_fail(error, FG_E_RANGE, "operator %s is listed twice", operators[i].id);
            if (is_same_card(&operators[i].card, &operators[j].card))
                return fg_fail(error, FG_E_RANGE, "operators %s and %s have the same card", operators[j].id,
                               operators[i].id);
        }
    }
    return FG_OK;
}

const struct fg_operator *fg_operator_find(const struct fg_station_rules *rules, const char *id)
{
    for (size_t i = 0; i < rules->operator_count && i < FG_OPERATORS_MAX; i++) {
        if (fg_operator_id_is_same(rules->operators[i].id, id))
            return &rules->operators[i];
    }
    return NULL;
}

const struct fg_operator *fg_operator_of_card(const struct fg_station_rules *rules, const struct fg_uid *uid)
{
    if (!fg_uid_is_lasting(uid))
        return NULL; /* a phone's next random UID may be anybody's card */
    for (size_t i = 0; i < rules->operator_count && i < FG_OPERATORS_MAX; i++) {
        if (is_same_card(&rules->operators[i].card, uid))
            return &rules->operators[i];
    }
    return NULL;
}
