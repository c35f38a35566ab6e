/* The commands of sim_tags.h. Tag memories follow the NFC Forum's Type 2 layout: UID with check bytes, lock
 * bytes, capability container, user memory from page 4. Relies on: sim_tags.h, proto/point/tag.h. */
#include "boards/sim/sim_tags.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/domain/code.h"
#include "proto/point/tag.h"

#define PAGE_BYTES 4
#define USER_AT (4 * PAGE_BYTES)
#define CASCADE 0x88

static const struct {
    const char *name;
    uint8_t size_code; /* third byte of the capability container: user bytes / 8 */
    uint16_t pages;
} types[] = {{"ultralight", 0x06, 16}, {"ultralight_c", 0x12, 44}, {"ultralight_ev1", 0x10, 41},
             {"ntag213", 0x12, 45},    {"ntag215", 0x3E, 135},     {"ntag216", 0x6D, 231}};

#define TYPES (sizeof(types) / sizeof(types[0]))
#define PHONE "phone"
#define RANDOM_UID_FIRST 0x08 /* ISO 14443-3: the other three bytes are drawn at each activation */

static struct fg_sim_tag *find_tag(struct fg_sim *sim, const char *name)
{
    for (unsigned i = 0; i < sim->tag_count; i++) {
        if (strcmp(sim->tags[i].name, name) == 0)
            return &sim->tags[i];
    }
    return NULL;
}

static void format(struct fg_sim_tag *tag, size_t type)
{
    const uint8_t *u = tag->uid.bytes;

    memset(tag->memory, 0, sizeof(tag->memory));
    tag->length = (size_t)types[type].pages * PAGE_BYTES;
    (void)snprintf(tag->type, sizeof(tag->type), "%s", types[type].name);
    memcpy(tag->memory, u, 3);
    tag->memory[3] = (uint8_t)(CASCADE ^ u[0] ^ u[1] ^ u[2]);
    memcpy(tag->memory + 4, u + 3, 4);
    tag->memory[8] = (uint8_t)(u[3] ^ u[4] ^ u[5] ^ u[6]);
    tag->memory[9] = 0x48;
    tag->memory[12] = 0xE1;
    tag->memory[13] = 0x10;
    tag->memory[14] = types[type].size_code;
    tag->memory[USER_AT] = 0x03; /* an empty NDEF message */
    tag->memory[USER_AT + 2] = 0xFE;
}

static enum fg_err make(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    const char *type = fg_script_value(line, "type");
    const char *uid = fg_script_value(line, "uid");
    struct fg_sim_tag *tag = find_tag(sim, line->words[1]);
    struct fg_sim_tag made = {.name = ""};
    size_t count = 0;
    size_t which = 0;
    enum fg_err code;

    if (strlen(line->words[1]) > FG_NAME_MAX)
        return fg_fail(error, FG_E_FORMAT, "tag: the name is too long");
    while (which < TYPES && strcmp(types[which].name, type) != 0)
        which++;
    if (which == TYPES && strcmp(type, PHONE) != 0)
        return fg_fail(
            error, FG_E_NOT_FOUND,
            "tag type '%.20s': ultralight, ultralight_c, ultralight_ev1, ntag213, ntag215, ntag216 or phone",
            type);
    if (which < TYPES) {
        if (uid == NULL)
            return fg_fail(error, FG_E_FORMAT, "tag: uid=HEX is missing");
        code = fg_script_hex(uid, "uid", made.uid.bytes, 7, &count, error);
        if (code != FG_OK)
            return code;
        if (count != 7)
            return fg_fail(error, FG_E_SIZE, "uid: %zu bytes; these tags have 7", count);
        made.uid.length = 7;
    }
    if (tag == NULL && sim->tag_count == FG_SIM_NAMES_MAX)
        return fg_fail(error, FG_E_FULL, "there are %d tags already", FG_SIM_NAMES_MAX);
    if (tag == NULL)
        tag = &sim->tags[sim->tag_count++];
    (void)snprintf(made.name, sizeof(made.name), "%.31s", line->words[1]);
    if (which < TYPES)
        format(&made, which);
    else
        (void)snprintf(made.type, sizeof(made.type), "%s", PHONE);
    *tag = made;
    return FG_OK;
}

static enum fg_err sign(struct fg_sim_tag *tag, const struct fg_script_line *line, struct fg_error *error)
{
    const char *text = fg_script_value(line, "code");
    const char *path = fg_script_value(line, "key");
    struct fg_private_key key;
    struct fg_code cylinder;
    struct fg_tag_record record;
    size_t length = 0;
    enum fg_err code;

    if (text == NULL || path == NULL)
        return fg_fail(error, FG_E_FORMAT, "tag sign: code=CODE and key=FILE are needed");
    code = fg_code_parse(text, &cylinder, error);
    if (code != FG_OK)
        return code;
    code = fg_private_key_read(path, &key, error);
    if (code != FG_OK)
        return code;
    code = fg_tag_sign(&key, &tag->uid, &cylinder, &record, error);
    if (code == FG_OK)
        code = fg_tag_build(&record, tag->memory + USER_AT, tag->length - USER_AT, &length, error);
    fg_private_key_wipe(&key);
    return code;
}

static enum fg_err load(struct fg_sim_tag *tag, const char *path, struct fg_error *error)
{
    uint8_t bytes[FG_TAG_MEMORY_MAX];
    size_t count = 0;
    enum fg_err code = fg_file_read(path, FG_FILE_BEGINNING, bytes, sizeof(bytes), &count, error);

    if (code != FG_OK)
        return code;
    if (count > tag->length)
        return fg_fail(error, FG_E_SIZE, "%.200s: %zu bytes; this tag has %zu", path, count, tag->length);
    memcpy(tag->memory, bytes, count);
    return FG_OK;
}

/* The user memory of another tag, as a cloner copies it; the UID stays. */
static enum fg_err copy(struct fg_sim *sim, struct fg_sim_tag *tag, const char *name, struct fg_error *error)
{
    const struct fg_sim_tag *from = find_tag(sim, name);
    size_t count;

    if (from == NULL)
        return fg_fail(error, FG_E_NOT_FOUND, "no tag '%.40s' to copy", name);
    count = from->length < tag->length ? from->length : tag->length;
    memmove(tag->memory + USER_AT, from->memory + USER_AT, count - USER_AT);
    return FG_OK;
}

enum fg_err fg_sim_do_tag(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    struct fg_sim_tag *tag = find_tag(sim, line->words[1]);
    const char *data = fg_script_value(line, "data");
    size_t count = 0;

    if (fg_script_value(line, "type") != NULL)
        return make(sim, line, error);
    if (tag == NULL)
        return fg_fail(error, FG_E_NOT_FOUND, "no tag '%.40s'; make it with type= and uid=", line->words[1]);
    if (strcmp(line->words[2], "sign") == 0)
        return sign(tag, line, error);
    if (strcmp(line->words[2], "load") == 0 && line->count == 4)
        return load(tag, line->words[3], error);
    if (strcmp(line->words[2], "copy") == 0 && line->count == 4)
        return copy(sim, tag, line->words[3], error);
    if (strcmp(tag->type, PHONE) == 0)
        return fg_fail(error, FG_E_STATE, "tag: a phone holds nothing");
    if (data == NULL)
        return fg_fail(error, FG_E_FORMAT, "tag: one of type=, sign, data=, load FILE, copy NAME");
    return fg_script_hex(data, "data", tag->memory + USER_AT, tag->length - USER_AT, &count, error);
}

/* Each tap of a phone shows another UID; the n-th one always the same. */
static void phone_tap(struct fg_sim *sim, struct fg_sim_tag *tag)
{
    uint32_t drawn = (sim->phone_taps + 1) * UINT32_C(2654435761);

    if (strcmp(tag->type, PHONE) != 0)
        return;
    sim->phone_taps++;
    fg_pn532_place(&sim->chip, NULL, NULL); /* a phone that is tapped again is another tag */
    tag->uid.length = 4;
    tag->uid.bytes[0] = RANDOM_UID_FIRST;
    for (int i = 1; i < 4; i++)
        tag->uid.bytes[i] = (uint8_t)(drawn >> 8 * i);
}

enum fg_err fg_sim_do_present(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    unsigned found[2] = {0, 0};

    for (unsigned i = 1; i < line->count; i++) {
        struct fg_sim_tag *tag = find_tag(sim, line->words[i]);

        if (tag == NULL)
            return fg_fail(error, FG_E_NOT_FOUND, "no tag '%.40s'", line->words[i]);
        phone_tap(sim, tag);
        found[i - 1] = (unsigned)(tag - sim->tags);
    }
    memcpy(sim->present, found, sizeof(found));
    sim->present_count = line->count - 1;
    fg_pn532_place(&sim->chip, &sim->tags[found[0]], line->count > 2 ? &sim->tags[found[1]] : NULL);
    fg_record_write(&sim->record, sim->now_ns, "tags", "\"present\":%u,\"first\":\"%s\"", sim->present_count,
                    sim->tags[found[0]].name);
    return FG_OK;
}

enum fg_err fg_sim_do_remove(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    (void)line;
    (void)error;
    sim->present_count = 0;
    fg_pn532_place(&sim->chip, NULL, NULL);
    fg_record_write(&sim->record, sim->now_ns, "tags", "\"present\":0");
    return FG_OK;
}

enum fg_err fg_sim_do_swap(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    return fg_sim_do_present(sim, line, error);
}

enum fg_err fg_sim_reader_fault(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    enum fg_pn532_fault fault = fg_pn532_fault_by_name(line->words[2]);
    const char *how = line->count > 3 ? line->words[3] : "1";
    int64_t replies = UINT32_MAX;
    enum fg_err code;

    if (fault == FG_PN532_FAULT_COUNT)
        return fg_fail(error, FG_E_NOT_FOUND, "no reader fault '%.40s'", line->words[2]);
    if (strcmp(how, "off") == 0) {
        replies = 0;
    } else if (strcmp(how, "on") != 0) {
        code = fg_script_number(how, "fault reader: on, off or a number of replies", 0, UINT32_MAX, &replies,
                                error);
        if (code != FG_OK)
            return code;
    }
    fg_pn532_arm(&sim->chip, fault, (uint32_t)replies);
    fg_record_write(&sim->record, sim->now_ns, "fault", "\"reader\":\"%s\",\"replies\":%" PRId64,
                    fg_pn532_fault_name(fault), replies);
    return FG_OK;
}
