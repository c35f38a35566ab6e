/* fillgate-registry: writes a realistic registry of cylinders as the CSV that `fillgate list build` reads,
 * for the demo, the tests and the benchmarks. The same seed and day give the same bytes.
 *
 * The city: the taxis of Huzhou (plates beginning with the two characters for Zhejiang E), 1.41 CNG cylinders
 * a taxi on average (a fielded project: 749 cylinders on 532 vehicles), 20 MPa, 60 to 80 L, and some LPG
 * cylinders with a tare. Not: real registration data. Relies on: the C library. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/version.h"

#define DAY_S 86400
#define DATE_BYTES 16
#define PLATE_BYTES 24

struct options {
    uint64_t seed;
    uint32_t taxis;
    uint32_t lpg;
    int32_t today;
};

/* Cylinders in an unusual state, in parts of 10,000; the rest is in service. */
struct share {
    const char *state;
    uint32_t parts;
};

static uint64_t random_state;

/* splitmix64 (S. Vigna): small, and the same on every machine. */
static uint64_t random_next(void)
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint32_t random_below(uint32_t bound)
{
    return (uint32_t)(random_next() % bound);
}

static void date_format(int32_t day, char text[DATE_BYTES])
{
    time_t seconds = (time_t)day * DAY_S;
    struct tm broken;

    (void)gmtime_r(&seconds, &broken);
    (void)strftime(text, DATE_BYTES, "%Y-%m-%d", &broken);
}

static const char *state_pick(void)
{
    static const struct share shares[] = {{"scrapped", 80}, {"suspended", 70}, {"lost", 30}};
    uint32_t draw = random_below(10000);

    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        if (draw < shares[i].parts)
            return shares[i].state;
        draw -= shares[i].parts;
    }
    return "in_service";
}

static void uid_print(void)
{
    printf("04%012" PRIx64, random_next() & UINT64_C(0xffffffffffff));
}

/* One CNG cylinder of a taxi: up to 15 years and a quarter old, life 15 years, inspected every 2; 1 in 40
 * overdue. */
static void cng_print(const struct options *options, uint32_t number, const char *plate)
{
    uint32_t age_days = 60 + random_below(15 * 365 - 60 + 90);
    int32_t made = options->today - (int32_t)age_days;
    int32_t due = options->today + 1 + (int32_t)random_below(2 * 365);
    int32_t end = made + 15 * 365 + 4;
    char due_text[DATE_BYTES];
    char end_text[DATE_BYTES];

    if (random_below(40) == 0)
        due = options->today - 1 - (int32_t)random_below(300);
    date_format(due < end ? due : end, due_text);
    date_format(end, end_text);
    printf("HZ-CNG-%06" PRIu32 ",", number);
    uid_print();
    printf(",%s,cng,%d,20000,%" PRIu32 ",%" PRIu32 ",0,%s,%s,HZGAS,%s\n", state_pick(), age_days < 90 ? 1 : 0,
           600 + 50 * random_below(5), 52000 + random_below(16000), due_text, end_text, plate);
}

/* One LPG cylinder of the 15 kg class: life 8 years, inspected every 4. */
static void lpg_print(const struct options *options, uint32_t number)
{
    int32_t made = options->today - 30 - (int32_t)random_below(8 * 365 + 60);
    int32_t end = made + 8 * 365 + 2;
    int32_t due = made + 4 * 365 + 1;
    char due_text[DATE_BYTES];
    char end_text[DATE_BYTES];

    if (due < options->today && random_below(10) != 0)
        due = end;
    date_format(due, due_text);
    date_format(end, end_text);
    printf("HZ-LPG-%06" PRIu32 ",", number);
    uid_print();
    printf(",%s,lpg,0,2100,355,%" PRIu32 ",14500,%s,%s,%s,\n", state_pick(), 16200 + random_below(600),
           due_text, end_text, random_below(8) == 0 ? "DQGAS" : "HZGAS");
}

static void plate_format(uint32_t number, char plate[PLATE_BYTES])
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ";

    uint32_t series = number / 10000;
    uint32_t letter_count = sizeof(letters) - 1;

    /* Beyond one letter's worth (more taxis than any city has, for benchmarks) a second letter is put in. */
    if (series < letter_count)
        (void)snprintf(plate, PLATE_BYTES, "浙E%c%04" PRIu32, letters[series], number % 10000);
    else
        (void)snprintf(plate, PLATE_BYTES, "浙E%c%c%04" PRIu32, letters[series / letter_count % letter_count],
                       letters[series % letter_count], number % 10000);
}

static void registry_print(const struct options *options)
{
    uint32_t cylinder = 0;

    printf("code,uid,state,medium,first_fill_pending,nominal_kpa,capacity_dl,tare_g,maximum_fill_g,"
           "inspection_due,end_of_life,owner,plate\n");
    for (uint32_t taxi = 0; taxi < options->taxis; taxi++) {
        uint32_t draw = random_below(100);
        uint32_t cylinders = draw < 62 ? 1 : draw < 97 ? 2 : 3;
        char plate[PLATE_BYTES];

        plate_format(taxi + 1000, plate);
        for (uint32_t i = 0; i < cylinders; i++)
            cng_print(options, ++cylinder, plate);
    }
    for (uint32_t i = 0; i < options->lpg; i++)
        lpg_print(options, i + 1);
}

static int32_t day_read(const char *text)
{
    struct tm broken = {0};
    const char *end = strptime(text, "%Y-%m-%d", &broken);

    if (end == NULL || *end != '\0')
        return -1;
    return (int32_t)(timegm(&broken) / DAY_S);
}

static bool number_read(const char *text, uint64_t maximum, uint64_t *ret_number)
{
    char *end = NULL;
    unsigned long long number = strtoull(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > maximum)
        return false;
    *ret_number = number;
    return true;
}

static bool option_apply(struct options *options, const char *name, const char *value)
{
    uint64_t number = 0;

    if (strcmp(name, "--today") == 0) {
        options->today = day_read(value);
        return options->today > 0;
    }
    if (!number_read(value, strcmp(name, "--seed") == 0 ? UINT64_MAX : 20000000, &number))
        return false;
    if (strcmp(name, "--seed") == 0)
        options->seed = number;
    else if (strcmp(name, "--taxis") == 0)
        options->taxis = (uint32_t)number;
    else if (strcmp(name, "--lpg") == 0)
        options->lpg = (uint32_t)number;
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1, .taxis = 1532, .lpg = 60, .today = 0};

    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("fillgate-registry %s\n", FG_VERSION) < 0;
    options.today = (int32_t)(time(NULL) / DAY_S);
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 >= argc || !option_apply(&options, argv[i], argv[i + 1])) {
            fprintf(stderr,
                    "usage: fillgate-registry [--seed N] [--taxis N] [--lpg N] [--today YYYY-MM-DD]\n"
                    "Writes a registry of cylinders as CSV, for fillgate list build; 1532 taxis and 60 LPG\n"
                    "cylinders by default. The same seed and day give the same bytes.\n");
            return 2;
        }
    }
    random_state = options.seed;
    registry_print(&options);
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : 3;
}
