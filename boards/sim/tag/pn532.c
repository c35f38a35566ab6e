/* Frames and commands of the PN532 (pn532.h). */
#include "boards/sim/tag/pn532.h"

#include <string.h>

#define TO_CHIP 0xD4
#define FROM_CHIP 0xD5
#define STATUS_TIME_OUT 0x01
#define STATUS_NAD_BIT 0x80
#define TRICKLE_MS 30
#define STATUS_NO_TARGET 0x27 /* the command fits no target that is selected */
#define CARD_TYPE_106A 0x00
#define CASCADE_TAG 0x88
#define TARGET_NONE (-1)
#define TARGET_DEAF (-2) /* listed, but its tag has left or went back to idle */

enum command {
    COMMAND_DIAGNOSE = 0x00,
    COMMAND_GET_FIRMWARE_VERSION = 0x02,
    COMMAND_READ_REGISTER = 0x06,
    COMMAND_WRITE_REGISTER = 0x08,
    COMMAND_SET_PARAMETERS = 0x12,
    COMMAND_SAM_CONFIGURATION = 0x14,
    COMMAND_POWER_DOWN = 0x16,
    COMMAND_RF_CONFIGURATION = 0x32,
    COMMAND_IN_DATA_EXCHANGE = 0x40,
    COMMAND_IN_COMMUNICATE_THRU = 0x42,
    COMMAND_IN_DESELECT = 0x44,
    COMMAND_IN_LIST_PASSIVE_TARGET = 0x4A,
    COMMAND_IN_RELEASE = 0x52,
    COMMAND_IN_SELECT = 0x54,
};

/* An answer under construction: data behind FROM_CHIP and the command's code. */
struct answer {
    uint8_t bytes[FG_SIM_TAG_ANSWER_MAX + 8];
    size_t count;
    bool is_error; /* an error frame instead (UM0701-02, 6.2.1.5) */
    bool has_status;
};

static const char *const fault_names[FG_PN532_FAULT_COUNT] = {
    "nad", "bad-lcs", "bad-dcs", "no-reply", "no-ack", "garbage", "trickle", "silent", "scramble",
};

void fg_pn532_init(struct fg_pn532 *chip)
{
    memset(chip, 0, sizeof(*chip));
    memset(chip->targets, TARGET_NONE, sizeof(chip->targets));
    chip->active = -1;
}

/* The tag with this place in the field answers no more; the chip does not know that and will try. */
static void target_drop(struct fg_pn532 *chip, int index)
{
    for (int i = 0; i < FG_PN532_TAGS_MAX; i++) {
        if (chip->targets[i] == index)
            chip->targets[i] = TARGET_DEAF;
    }
    if (chip->active == index)
        chip->active = -1;
}

void fg_pn532_place(struct fg_pn532 *chip, struct fg_sim_tag *first, struct fg_sim_tag *second)
{
    struct fg_sim_tag *placed[FG_PN532_TAGS_MAX] = {first, second};

    for (int i = 0; i < FG_PN532_TAGS_MAX; i++) {
        if (chip->tags[i] != placed[i]) {
            chip->halted[i] = false;
            target_drop(chip, i);
        }
        chip->tags[i] = placed[i];
    }
}

void fg_pn532_arm(struct fg_pn532 *chip, enum fg_pn532_fault fault, uint32_t count)
{
    if ((unsigned)fault < FG_PN532_FAULT_COUNT)
        chip->faults[fault] = count;
}

const char *fg_pn532_fault_name(enum fg_pn532_fault fault)
{
    return (unsigned)fault < FG_PN532_FAULT_COUNT ? fault_names[fault] : "?";
}

enum fg_pn532_fault fg_pn532_fault_by_name(const char *name)
{
    int fault = 0;

    while (fault < FG_PN532_FAULT_COUNT && strcmp(fault_names[fault], name) != 0)
        fault++;
    return (enum fg_pn532_fault)fault;
}

/* ---- sending ------------------------------------------------------------------------------------- */

static void send_bytes(struct fg_pn532 *chip, const uint8_t *bytes, size_t count)
{
    if (count > sizeof(chip->out) - chip->out_count)
        return; /* the host does not take what it asked for; a real UART would lose it too */
    memcpy(chip->out + chip->out_count, bytes, count);
    chip->out_count += count;
}

/* Uses up one round of an armed fault. */
static bool fault_strikes(struct fg_pn532 *chip, enum fg_pn532_fault fault)
{
    if (chip->faults[fault] == 0)
        return false;
    if (chip->faults[fault] != UINT32_MAX)
        chip->faults[fault]--;
    return true;
}

static void send_frame(struct fg_pn532 *chip, const uint8_t *data, size_t count)
{
    uint8_t frame[FG_PN532_FRAME_MAX + 16];
    size_t used = 0;
    uint8_t sum = 0;
    bool extended = count > 255;

    memcpy(frame, (const uint8_t[]){0x00, 0x00, 0xFF}, 3);
    used = 3;
    if (extended) {
        frame[used++] = 0xFF;
        frame[used++] = 0xFF;
        frame[used++] = (uint8_t)(count >> 8);
    }
    frame[used++] = (uint8_t)count;
    frame[used] = (uint8_t)(0U - (unsigned)(uint8_t)count - (extended ? (unsigned)(count >> 8) : 0U));
    if (fault_strikes(chip, FG_PN532_FAULT_BAD_LCS))
        frame[used] ^= 0x55;
    used++;
    for (size_t i = 0; i < count; i++)
        sum = (uint8_t)(sum + data[i]);
    memcpy(frame + used, data, count);
    used += count;
    frame[used] = (uint8_t)(0U - sum);
    if (fault_strikes(chip, FG_PN532_FAULT_BAD_DCS))
        frame[used] ^= 0x55;
    used++;
    frame[used++] = 0x00;
    send_bytes(chip, frame, used);
}

static void send_ack(struct fg_pn532 *chip)
{
    static const uint8_t ack[] = {0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00};

    if (!fault_strikes(chip, FG_PN532_FAULT_NO_ACK))
        send_bytes(chip, ack, sizeof(ack));
}

static void send_garbage(struct fg_pn532 *chip)
{
    uint8_t noise[24];

    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)(chip->replies * 31 + i * 97 + 13);
    send_bytes(chip, noise, sizeof(noise));
}

static void scramble(const struct fg_pn532 *chip, struct answer *answer)
{
    uint64_t state = chip->replies * 0x9E3779B97F4A7C15U + 1;

    answer->count = 0;
    do {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        answer->bytes[answer->count++] = (uint8_t)state;
    } while ((state >> 8) % 29 != 0 && answer->count < sizeof(answer->bytes));
}

static void send_answer(struct fg_pn532 *chip, uint8_t command, struct answer *answer)
{
    static const uint8_t error_frame[] = {0x00, 0x00, 0xFF, 0x01, 0xFF, 0x7F, 0x81, 0x00};
    uint8_t data[sizeof(answer->bytes) + 2];

    if (fault_strikes(chip, FG_PN532_FAULT_NO_REPLY) || chip->faults[FG_PN532_FAULT_TRICKLE] > 0)
        return;
    if (fault_strikes(chip, FG_PN532_FAULT_GARBAGE)) {
        send_garbage(chip);
        return;
    }
    if (answer->is_error) {
        send_bytes(chip, error_frame, sizeof(error_frame));
        return;
    }
    if (answer->has_status && fault_strikes(chip, FG_PN532_FAULT_NAD))
        answer->bytes[0] |= STATUS_NAD_BIT;
    if (fault_strikes(chip, FG_PN532_FAULT_SCRAMBLE))
        scramble(chip, answer);
    data[0] = FROM_CHIP;
    data[1] = (uint8_t)(command + 1);
    memcpy(data + 2, answer->bytes, answer->count);
    send_frame(chip, data, answer->count + 2);
}

/* ---- commands ------------------------------------------------------------------------------------- */

static void answer_put(struct answer *answer, const void *bytes, size_t count)
{
    if (count > sizeof(answer->bytes) - answer->count)
        return;
    memcpy(answer->bytes + answer->count, bytes, count);
    answer->count += count;
}

static void answer_status(struct answer *answer, uint8_t status)
{
    answer->has_status = true;
    answer_put(answer, &status, 1);
}

static void field_reset(struct fg_pn532 *chip)
{
    memset(chip->halted, 0, sizeof(chip->halted));
    memset(chip->targets, TARGET_NONE, sizeof(chip->targets));
    chip->active = -1;
}

/* InDataExchange speaks to a target by its number, 1 or 2, and wakes it when it sleeps. */
static bool target_choose(struct fg_pn532 *chip, uint8_t number)
{
    if (number < 1 || number > FG_PN532_TAGS_MAX || chip->targets[number - 1] == TARGET_NONE)
        return false;
    chip->active = chip->targets[number - 1] == TARGET_DEAF ? -1 : chip->targets[number - 1];
    return true;
}

/* The UID as it goes over the air and as a host asks for it: a cascade tag before each part but the last. */
static size_t uid_cascade(const struct fg_uid *uid, uint8_t ret_bytes[FG_UID_MAX + 2])
{
    size_t count = 0;
    size_t left = uid->length;
    const uint8_t *from = uid->bytes;

    while (left > 4) {
        ret_bytes[count++] = CASCADE_TAG;
        memcpy(ret_bytes + count, from, 3);
        count += 3;
        from += 3;
        left -= 3;
    }
    memcpy(ret_bytes + count, from, left);
    return count + left;
}

static bool uid_is_wanted(const struct fg_uid *uid, const uint8_t *data, size_t count)
{
    uint8_t cascaded[FG_UID_MAX + 2];
    size_t length = uid_cascade(uid, cascaded);

    return count == 0 || (count == length && memcmp(data, cascaded, length) == 0);
}

/* InListPassiveTarget: maximum, card type, optionally the UID to look for (7.3.5). */
static void list_targets(struct fg_pn532 *chip, const uint8_t *data, size_t count, struct answer *answer)
{
    uint8_t found = 0;
    uint8_t maximum = count > 0 ? data[0] : 0;

    answer_put(answer, &found, 1);
    if (count < 2 || data[1] != CARD_TYPE_106A)
        return;
    for (int i = 0; i < FG_PN532_TAGS_MAX && found < maximum; i++) {
        const struct fg_sim_tag *tag = chip->tags[i];
        uint8_t head[5] = {0, 0x00, 0x44, 0x00, 0};

        if (tag == NULL || chip->halted[i] || tag->uid.length > FG_UID_MAX)
            continue;
        if (!uid_is_wanted(&tag->uid, data + 2, count - 2))
            continue;
        /* A phone plays an ISO 14443-4 card. */
        if (strcmp(tag->type, "phone") == 0)
            memcpy(head + 1, (const uint8_t[]){0x00, 0x04, 0x20}, 3);
        chip->targets[found++] = i;
        head[0] = found;
        head[4] = tag->uid.length;
        answer_put(answer, head, sizeof(head));
        answer_put(answer, tag->uid.bytes, tag->uid.length);
        /* To look for the next one the chip puts this one to sleep; it answers no search until it loses
         * power. */
        chip->halted[i] = maximum > 1;
        chip->active = maximum > 1 ? -1 : i;
    }
    for (int i = found; i < FG_PN532_TAGS_MAX; i++)
        chip->targets[i] = TARGET_NONE;
    answer->bytes[0] = found;
}

static void exchange(struct fg_pn532 *chip, const uint8_t *data, size_t count, struct answer *answer)
{
    uint8_t bytes[FG_SIM_TAG_ANSWER_MAX];
    size_t byte_count = 0;
    struct fg_sim_tag *tag = chip->active < 0 ? NULL : chip->tags[chip->active];
    enum fg_sim_tag_reply reply = FG_SIM_TAG_NAK;

    if (tag != NULL)
        reply = fg_sim_tag_exchange(tag, data, count, bytes, &byte_count);
    if (reply == FG_SIM_TAG_NAK) {
        /* A tag that says NAK goes back to idle; the chip sees no proper answer. */
        if (chip->active >= 0)
            target_drop(chip, chip->active);
        answer_status(answer, STATUS_TIME_OUT);
        return;
    }
    answer_status(answer, 0x00);
    if (reply == FG_SIM_TAG_DATA)
        answer_put(answer, bytes, byte_count);
}

/* InDeselect and InRelease of target number 1 or 2, or of all (0). */
static void deselect(struct fg_pn532 *chip, uint8_t number, struct answer *answer)
{
    for (int i = 0; i < FG_PN532_TAGS_MAX; i++) {
        if (number != 0 && number != i + 1)
            continue;
        if (chip->targets[i] >= 0)
            chip->halted[chip->targets[i]] = true;
        chip->targets[i] = TARGET_NONE;
    }
    chip->active = -1;
    answer_status(answer, 0x00);
}

static void configure_rf(struct fg_pn532 *chip, const uint8_t *data, size_t count)
{
    /* Item 1 is the field; its last bit switches it on. */
    if (count == 2 && data[0] == 0x01 && (data[1] & 0x01) == 0)
        field_reset(chip);
}

static void command_do(struct fg_pn532 *chip, uint8_t command, const uint8_t *data, size_t count,
                       struct answer *answer)
{
    static const uint8_t zeros[64];

    switch (command) {
    case COMMAND_DIAGNOSE:
        answer_put(answer, data, count);
        break;
    case COMMAND_GET_FIRMWARE_VERSION:
        answer_put(answer, (const uint8_t[]){0x32, 0x01, 0x06, 0x07}, 4);
        break;
    case COMMAND_READ_REGISTER:
        answer_put(answer, zeros, count / 2 < sizeof(zeros) ? count / 2 : sizeof(zeros));
        break;
    case COMMAND_WRITE_REGISTER:
    case COMMAND_SET_PARAMETERS:
    case COMMAND_SAM_CONFIGURATION:
        break;
    case COMMAND_POWER_DOWN:
        field_reset(chip);
        answer_status(answer, 0x00);
        break;
    case COMMAND_RF_CONFIGURATION:
        configure_rf(chip, data, count);
        break;
    case COMMAND_IN_DATA_EXCHANGE:
        if (count == 0 || !target_choose(chip, data[0]))
            answer_status(answer, STATUS_NO_TARGET);
        else
            exchange(chip, data + 1, count - 1, answer);
        break;
    case COMMAND_IN_COMMUNICATE_THRU:
        exchange(chip, data, count, answer);
        break;
    case COMMAND_IN_DESELECT:
    case COMMAND_IN_RELEASE:
        deselect(chip, count > 0 ? data[0] : 0, answer);
        break;
    case COMMAND_IN_SELECT:
        answer_status(answer, 0x00);
        break;
    case COMMAND_IN_LIST_PASSIVE_TARGET:
        list_targets(chip, data, count, answer);
        break;
    default:
        answer->is_error = true;
        break;
    }
}

/* ---- receiving ------------------------------------------------------------------------------------ */

static void frame_take(struct fg_pn532 *chip, const uint8_t *data, size_t count)
{
    struct answer answer = {.count = 0};

    if (fault_strikes(chip, FG_PN532_FAULT_SILENT))
        return;
    chip->replies++;
    send_ack(chip);
    if (count < 2 || data[0] != TO_CHIP)
        answer.is_error = true;
    else
        command_do(chip, data[1], data + 2, count - 2, &answer);
    send_answer(chip, count < 2 ? 0 : data[1], &answer);
}

static uint8_t sum_of(const uint8_t *bytes, size_t count)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum;
}

/* Looks at the bytes behind a start code. Returns how many of them a frame uses, 0 when more are needed; a
 * frame with a false checksum is passed over by one byte. */
static size_t frame_parse(struct fg_pn532 *chip, const uint8_t *bytes, size_t count)
{
    size_t header = 2;
    size_t length;

    if (count < 2)
        return 0;
    if ((bytes[0] == 0x00 && bytes[1] == 0xFF) || (bytes[0] == 0xFF && bytes[1] == 0x00))
        return 2; /* ACK (ends a command under way) or NACK */
    length = bytes[0];
    if (bytes[0] == 0xFF && bytes[1] == 0xFF) {
        if (count < 5)
            return 0;
        header = 5;
        length = (size_t)bytes[2] << 8 | bytes[3];
        if (sum_of(bytes + 2, 3) != 0)
            return 1;
    } else if (sum_of(bytes, 2) != 0) {
        return 1;
    }
    if (length == 0 || header + length + 1 > sizeof(chip->in) - 2)
        return 1;
    if (count < header + length + 1)
        return 0;
    if (sum_of(bytes + header, length + 1) != 0)
        return 1;
    frame_take(chip, bytes + header, length);
    return header + length + 1;
}

static void in_drop(struct fg_pn532 *chip, size_t count)
{
    memmove(chip->in, chip->in + count, chip->in_count - count);
    chip->in_count -= count;
}

/* Works off what has come in: everything before a start code 00 FF is wake-up or noise. */
static void in_parse(struct fg_pn532 *chip)
{
    while (chip->in_count >= 2) {
        size_t used;

        if (chip->in[0] != 0x00 || chip->in[1] != 0xFF) {
            in_drop(chip, 1);
            continue;
        }
        used = frame_parse(chip, chip->in + 2, chip->in_count - 2);
        if (used == 0)
            return;
        in_drop(chip, 2 + used);
    }
}

void fg_pn532_feed(struct fg_pn532 *chip, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (chip->in_count == sizeof(chip->in))
            in_drop(chip, 1);
        chip->in[chip->in_count++] = bytes[i];
        in_parse(chip);
    }
}

void fg_pn532_tick(struct fg_pn532 *chip, int64_t now_ms)
{
    static const uint8_t drop = 0x00;

    if (chip->faults[FG_PN532_FAULT_TRICKLE] == 0 || now_ms < chip->trickle_next_ms)
        return;
    chip->trickle_next_ms = now_ms + TRICKLE_MS;
    send_bytes(chip, &drop, 1);
}
