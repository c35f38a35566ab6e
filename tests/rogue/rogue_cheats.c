/* The table of cheats (rogue.h). */
#include "tests/rogue/rogue.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/enrol.h"

typedef void (*cheat_step)(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass);

/* ---- any request ---- */

static void answer_put(struct fg_rogue_pass *pass, uint16_t status, const void *bytes, size_t length)
{
    pass->asked = false;
    pass->status = status;
    memcpy(pass->answer, bytes, length);
    pass->answer_length = length;
}

/* The bureau never hears of it. */
static void hold_back(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    (void)rogue;
    (void)argument;
    answer_put(pass, 503, "not now\n", 8);
}

static void say_garbage(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    (void)rogue;
    (void)argument;
    answer_put(pass, 200, "garbage, and no message at all", 30);
}

static void delay(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    (void)rogue;
    (void)pass;
    (void)poll(NULL, 0, atoi(argument));
}

/* Answers with a file instead: what was seen before (a replay, a roll-back), or something made elsewhere. */
static void put_file(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    FILE *file = fopen(argument, "rb");

    (void)rogue;
    if (file == NULL) {
        (void)fprintf(stderr, "rogue: %s is not there\n", argument);
        exit(1);
    }
    pass->asked = false;
    pass->status = 200;
    pass->answer_length = fread(pass->answer, 1, FG_ROGUE_BODY_MAX, file);
    (void)fclose(file);
}

/* One bit of the answer, at the place that the argument names in thousandths of its length. */
static void flip_bit(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    (void)rogue;
    if (pass->answer_length > 0)
        pass->answer[pass->answer_length * (size_t)atoi(argument) / 1000] ^= 1;
}

static void cut(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    (void)rogue;
    (void)argument;
    pass->answer_length /= 2;
}

/* ---- joining ---- */

static void answer_encode(const struct fg_enrol_answer *answer, struct fg_rogue_pass *pass)
{
    struct fg_error error;

    if (fg_enrol_answer_encode(answer, pass->answer, FG_ROGUE_BODY_MAX, &pass->answer_length, &error) !=
        FG_OK) {
        (void)fprintf(stderr, "rogue: %s\n", error.text);
        exit(1);
    }
}

/* The attack that worked: list and receipt keys of its own in an otherwise genuine answer. */
static void swap_keys(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    struct fg_enrol_answer answer;
    struct fg_error error;

    (void)argument;
    if (fg_enrol_answer_decode(pass->answer, pass->answer_length, &answer, &error) != FG_OK)
        return;
    answer.has_receipt_key = true;
    answer.receipt_key = rogue->cheat_key;
    answer.list_key_count = 1;
    answer.list_keys[0] = rogue->cheat_key;
    answer_encode(&answer, pass);
}

static const struct {
    const char *name;
    cheat_step before;
    cheat_step after;
} cheats[] = {
    {"pass", NULL, NULL},     {"hold", hold_back, NULL},      {"garbage", say_garbage, NULL},
    {"delay", delay, NULL},   {"file", put_file, NULL},       {"flip", NULL, flip_bit},
    {"cut", NULL, cut},       {"swap-keys", NULL, swap_keys},
};

static bool step(struct fg_rogue *rogue, const char *name, const char *argument, bool before,
                 struct fg_rogue_pass *pass)
{
    for (size_t i = 0; i < sizeof(cheats) / sizeof(cheats[0]); i++) {
        cheat_step run = before ? cheats[i].before : cheats[i].after;

        if (strcmp(cheats[i].name, name) != 0)
            continue;
        if (run != NULL)
            run(rogue, argument, pass);
        return true;
    }
    return false;
}

bool fg_rogue_before(struct fg_rogue *rogue, const char *name, const char *argument,
                     struct fg_rogue_pass *pass)
{
    return step(rogue, name, argument, true, pass);
}

bool fg_rogue_after(struct fg_rogue *rogue, const char *name, const char *argument,
                    struct fg_rogue_pass *pass)
{
    return step(rogue, name, argument, false, pass);
}
