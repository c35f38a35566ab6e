/* The known answers of proto/vectors/chain.txt: a short journal's entries as bytes, its chain, and its signed
 * heads. */
#include <stdio.h>
#include <string.h>

#include "proto/journal/chain.h"
#include "proto/journal/entry.h"
#include "tests/lib/check.h"

#define CONTROLLER "ctl-1"
#define ENTRIES 3
#define LINE_BYTES (2 * (FG_ENTRY_BYTES_MAX + FG_STATEMENT_BYTES_MAX + FG_DIGEST_BYTES) + 64)

static struct fg_error error;

/* The three entries that the head of chain.txt describes. */
static void entry_make(unsigned sequence, struct fg_entry *ret_entry)
{
    struct fg_entry entry = {.controller = CONTROLLER,
                             .sequence = sequence,
                             .boot = 1,
                             .wall_ms = INT64_C(1790000000000) + sequence,
                             .mono_ms = 1000 * (int64_t)sequence,
                             .clock_quality = FG_CLOCK_SYNCHRONISED};

    if (sequence == 1) {
        entry.kind = FG_ENTRY_BOOT;
        (void)snprintf(entry.text, sizeof(entry.text), "0.1.0");
    } else if (sequence == 2) {
        entry.kind = FG_ENTRY_AUTHORISED;
        (void)snprintf(entry.list_id, sizeof(entry.list_id), "huzhou-1");
        entry.list_version = 7;
        (void)snprintf(entry.operator_id, sizeof(entry.operator_id), "op-wang");
        entry.identity = FG_IDENTITY_SIGNED_TAG;
        entry.uid = (struct fg_uid){7, {4, 0x90, 0, 0, 0, 0, 1}};
        (void)snprintf(entry.row.code.text, sizeof(entry.row.code.text), "HZ-CNG-900001");
        entry.row.medium = FG_MEDIUM_CNG;
        entry.row.nominal_pressure_kpa = 20000;
        (void)snprintf(entry.row.plate, sizeof(entry.row.plate), "浙ED9001");
        entry.pre_checks = 7;
        entry.meter_state = FG_READING_GOOD;
        entry.inventory_g = 1234567;
    } else {
        entry.kind = FG_ENTRY_ENDED;
        entry.meter_state = FG_READING_GOOD;
        entry.inventory_g = 1244567;
        entry.authorised_sequence = 2;
        entry.stop = FG_STOP_TARGET_REACHED;
        entry.start_inventory_g = 1234567;
        entry.quantity_g = 10000;
        entry.duration_ms = 180000;
        entry.end_temperature_dc = -5;
        entry.post_checks = 1;
    }
    *ret_entry = entry;
}

static size_t hex_add(char *text, size_t at, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, LINE_BYTES - at, "%02x", bytes[i]);
    return at;
}

/* One line of the file: sequence, entry, hash(sequence), signed head. */
static void line_make(unsigned sequence, struct fg_digest *hash, const struct fg_private_key *key,
                      char text[LINE_BYTES])
{
    struct fg_entry entry;
    struct fg_head head = {.controller = CONTROLLER, .sequence = sequence};
    struct fg_signature signature;
    uint8_t bytes[FG_ENTRY_BYTES_MAX];
    size_t length = 0;
    size_t at;

    entry_make(sequence, &entry);
    CHECK_OK(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), &error);
    at = (size_t)snprintf(text, LINE_BYTES, "%u ", sequence);
    at = hex_add(text, at, bytes, length);
    fg_chain_next(hash, bytes, length, hash);
    text[at++] = ' ';
    at = hex_add(text, at, hash->bytes, sizeof(hash->bytes));
    head.hash = *hash;
    CHECK_OK(fg_head_sign(&head, key, &signature, &error), &error);
    CHECK_OK(fg_head_encode(&head, &signature, bytes, sizeof(bytes), &length, &error), &error);
    text[at++] = ' ';
    at = hex_add(text, at, bytes, length);
    (void)snprintf(text + at, LINE_BYTES - at, "\n");
}

TEST("entries, chain and signed heads are the known answers of proto/vectors/chain.txt")
{
    static char expected[LINE_BYTES];
    static char line[LINE_BYTES];
    FILE *file = fopen("proto/vectors/chain.txt", "r");
    FILE *pem_file = fopen("proto/vectors/key.pem", "r");
    char pem[2048];
    struct fg_private_key key;
    struct fg_digest hash;
    unsigned count = 0;

    CHECK(file != NULL && pem_file != NULL);
    CHECK_OK(fg_private_key_parse(pem, fread(pem, 1, sizeof(pem), pem_file), &key, &error), &error);
    (void)fclose(pem_file);
    fg_chain_start(CONTROLLER, &hash);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] == '#')
            continue;
        line_make(++count, &hash, &key, expected);
        CHECK_TEXT(line, expected);
    }
    (void)fclose(file);
    CHECK_INT(count, ENTRIES);
}
