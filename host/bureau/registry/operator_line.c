/* Implementation of operator_line.h. */
#include "host/bureau/registry/operator_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/registry/values.h"
#include "lib/crypto/pin.h"
#include "lib/domain/code.h"
#include "proto/list/operators.h"

#define WORD_BYTES 128 /* "pin=" and its value */

static int digit_of(char character)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = character != '\0' ? strchr(digits, character) : NULL;

    return found != NULL ? (int)((found - digits) % 16) : -1;
}

/* Exactly length bytes; *text goes on behind them. */
static bool hex_take(const char **text, uint8_t *ret_bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        int high = digit_of((*text)[0]);
        int low = high >= 0 ? digit_of((*text)[1]) : -1;

        if (low < 0)
            return false;
        ret_bytes[i] = (uint8_t)(high << 4 | low);
        *text += 2;
    }
    return true;
}

static bool pin_take(const char *text, struct fg_operator *person)
{
    char number[8] = "";
    size_t digits = strcspn(text, ":");

    if (digits == 0 || digits >= sizeof(number) || text[digits] != ':')
        return false;
    memcpy(number, text, digits);
    if (!fg_value_number(number, FG_PIN_ROUNDS_MAX, &person->pin_rounds) || person->pin_rounds == 0)
        return false;
    text += digits + 1;
    if (!hex_take(&text, person->pin_salt, FG_PIN_SALT_BYTES) || *text++ != ':')
        return false;
    return hex_take(&text, person->pin_digest, FG_PIN_DIGEST_BYTES) && *text == '\0';
}

/* The next word up to a comma, without the spaces around it. false: none is left, or it is too long. */
static bool word_next(const char **text, char ret_word[WORD_BYTES])
{
    size_t length;

    if (*text == NULL)
        return false;
    *text += strspn(*text, " \t");
    length = strcspn(*text, ",");
    if (length >= WORD_BYTES)
        return false;
    memcpy(ret_word, *text, length);
    *text = (*text)[length] == ',' ? *text + length + 1 : NULL;
    while (length > 0 && (ret_word[length - 1] == ' ' || ret_word[length - 1] == '\t'))
        length--;
    ret_word[length] = '\0';
    return true;
}

const char *fg_operator_line_parse(const char *line, struct fg_operator *ret_operator)
{
    struct fg_operator person = {0};
    char word[WORD_BYTES];

    if (!word_next(&line, word) || !fg_operator_id_is_good(word))
        return "must begin with an id of 1 to 31 letters, digits, '.', '_' or '-'";
    memcpy(person.id, word, strlen(word));
    if (!word_next(&line, word) || !fg_value_day(word, &person.certificate_end_day))
        return "must have the last day of the certificate, YYYY-MM-DD or nothing, after the first comma";
    while (line != NULL) {
        if (!word_next(&line, word))
            return "has a part that is far too long";
        if (strncmp(word, "card=", 5) == 0) {
            if (person.card.length > 0 || fg_uid_parse_lasting(word + 5, &person.card, NULL) != FG_OK)
                return "its card must be one UID, 4, 7 or 10 bytes in hex, not random (08..., as a phone's) "
                       "and not all 00 or FF";
        } else if (strncmp(word, "pin=", 4) == 0) {
            if (person.pin_rounds > 0 || !pin_take(word + 4, &person))
                return "its pin must be one ROUNDS:SALT:DIGEST as fillgate operator pin makes it";
        } else {
            return "may have only card=UID and pin=ROUNDS:SALT:DIGEST after the date";
        }
    }
    *ret_operator = person;
    return NULL;
}

void fg_operator_pin_text(const struct fg_operator *person, char ret_text[FG_OPERATOR_PIN_TEXT])
{
    size_t used = (size_t)snprintf(ret_text, FG_OPERATOR_PIN_TEXT, "%" PRIu32 ":",
                                   person->pin_rounds % (FG_PIN_ROUNDS_MAX + 1));

    for (size_t i = 0; i < FG_PIN_SALT_BYTES; i++, used += 2)
        (void)snprintf(ret_text + used, FG_OPERATOR_PIN_TEXT - used, "%02x", person->pin_salt[i]);
    ret_text[used++] = ':';
    for (size_t i = 0; i < FG_PIN_DIGEST_BYTES; i++, used += 2)
        (void)snprintf(ret_text + used, FG_OPERATOR_PIN_TEXT - used, "%02x", person->pin_digest[i]);
}
