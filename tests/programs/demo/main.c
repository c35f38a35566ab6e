/* fillgate-demo: plays a script of cases against a running fillgated and fillgate-sim, tells each in words,
 * and compares what was logged with what was expected.
 *
 * A script has one step a line; ${NAME} is taken from the environment:
 * - case ENGLISH | CHINESE: begins a case
 * - sim COMMAND: a command of fillgate-sim; after "connect" it waits for a pressure that was read since
 * - remove: takes the tag away and waits until the controller has missed it
 * - sign-in OPERATOR YYYY-MM-DD, sign-out, start, stop, recheck, clear: the operator, over the control socket
 * - check BITS [failed]: confirms items of the pre- or post-check
 * - manual CODE: manual entry
 * - import FILE: a list file, through fillgated; "import! FILE" expects it to be refused
 * - run COMMAND: a shell command that must succeed
 * - phase NAME: waits until the fill machine is in this phase
 * - reading SIGNAL VALUE|bad: waits until it is read so
 * - devices up: waits until all answer, all readings are good, and no device counts as faulty
 * - expect KIND [NAME]: waits for the next entry: REFUSED reason, ENDED stop reason, EVENT, AUTHORISED, ...
 * - wait MS
 * - synchronised STEP, unsynchronised STEP: only where the kernel says that its clock is so
 *
 * Exit code: 0 every case as expected, 1 not, 2 usage, 3 the point cannot be reached. Not: a test harness for
 * code. Relies on: proto/point/control.h, the journal's reading side, the fillgate-sim program. */
#include "firmware/core/fill.h"
#include "firmware/journal/journal.h"
#include "firmware/plant/profile.h"
#include "lib/base/monotime.h"
#include "lib/domain/catalogue.h"
#include "proto/point/control.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_BYTES 1024
#define ENTRIES_MAX 32
#define STEP_MAX_MS 90000
#define POLL_MS 20
#define CALL_MAX_MS 30000
#define READING_MAX_MS 2000
#define LINK_UP 2 /* of a device, proto/point/control.h */

struct demo {
    const char *build;
    const char *directory;
    char socket_path[256];
    char journal_path[256];
    enum fg_language language;
    unsigned cases;
    unsigned failed;
    bool case_open;
    bool case_failed;
    uint64_t last_sequence; /* newest entry that the demo has seen */
    struct fg_entry entries[ENTRIES_MAX];
    unsigned entry_count; /* read and not yet expected */
};

static const char *say(const struct demo *demo, enum fg_text_id id)
{
    return fg_text(demo->language, id);
}

__attribute__((format(printf, 2, 3))) static bool step_failed(struct demo *demo, const char *format, ...)
{
    va_list arguments;

    demo->case_failed = true;
    printf("    !! ");
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    return false;
}

/* ---- what was logged ---------------------------------------------------------------------------- */

static enum fg_err entry_take(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                              size_t byte_count, struct fg_error *error)
{
    struct demo *demo = context;

    (void)bytes;
    (void)byte_count;
    if (entry->sequence <= demo->last_sequence)
        return FG_OK;
    if (demo->entry_count >= ENTRIES_MAX)
        return fg_fail(error, FG_E_FULL, "the rest is read at the next turn");
    demo->entries[demo->entry_count++] = *entry;
    demo->last_sequence = entry->sequence;
    return FG_OK;
}

static void entries_read(struct demo *demo)
{
    struct fg_journal_filter filter = {.from_sequence = demo->last_sequence + 1};
    struct fg_error error;

    /* A journal that does not exist yet, or is busy, is read at the next turn. */
    (void)fg_journal_each(demo->journal_path, &filter, entry_take, demo, &error);
}

static void entries_drop(struct demo *demo, unsigned count)
{
    memmove(demo->entries, demo->entries + count, (demo->entry_count - count) * sizeof(demo->entries[0]));
    demo->entry_count -= count;
}

static const char *identity_text(const struct demo *demo, uint8_t identity)
{
    static const enum fg_text_id ids[] = {FG_TEXT_IDENTITY_NONE,       FG_TEXT_IDENTITY_MANUAL,
                                          FG_TEXT_IDENTITY_QR,         FG_TEXT_IDENTITY_BARE_UID,
                                          FG_TEXT_IDENTITY_SIGNED_TAG, FG_TEXT_IDENTITY_AUTHENTICATED_TAG};

    return say(demo, identity < sizeof(ids) / sizeof(ids[0]) ? ids[identity] : FG_TEXT_IDENTITY_NONE);
}

static void scan_print(const struct demo *demo, const struct fg_entry *entry)
{
    char uid[FG_UID_MAX * 2 + 1] = "";

    for (unsigned i = 0; i < entry->uid.length && i < FG_UID_MAX; i++)
        (void)snprintf(uid + 2 * i, 3, "%02x", entry->uid.bytes[i]);
    printf("    %s: %s  %s  (%s %s)\n", say(demo, FG_TEXT_DEMO_READ),
           entry->row.code.text[0] != '\0' ? entry->row.code.text : "-", entry->row.plate,
           identity_text(demo, entry->identity), uid);
}

static void refusal_print(const struct demo *demo, const struct fg_entry *entry)
{
    scan_print(demo, entry);
    printf("    %s:", fg_entry_kind_text(demo->language, FG_ENTRY_REFUSED));
    for (unsigned i = 0; i < entry->reasons.count && i < FG_REASONS_MAX; i++)
        printf("%s %s", i == 0 ? "" : ";",
               fg_reason_text(demo->language, (enum fg_reason)entry->reasons.reasons[i]));
    if (entry->failing_code.text[0] != '\0')
        printf(" (%s)", entry->failing_code.text);
    printf("\n");
}

static void end_print(const struct demo *demo, const struct fg_entry *entry)
{
    printf("    %s: %s, %" PRId64 ".%03" PRId64 " kg, %" PRId64 ".%" PRId64 " s",
           fg_entry_kind_text(demo->language, FG_ENTRY_ENDED),
           fg_stop_text(demo->language, (enum fg_stop)entry->stop), entry->quantity_g / 1000,
           entry->quantity_g % 1000, entry->duration_ms / 1000, entry->duration_ms % 1000 / 100);
    if (entry->end_pressure_kpa > 0)
        printf(", %" PRId64 ".%01" PRId64 " MPa, %" PRId64 ".%" PRId64 " degC",
               entry->end_pressure_kpa / 1000, entry->end_pressure_kpa % 1000 / 100,
               entry->end_temperature_dc / 10,
               (entry->end_temperature_dc < 0 ? -entry->end_temperature_dc : entry->end_temperature_dc) % 10);
    printf("\n");
}

static void entry_print(const struct demo *demo, const struct fg_entry *entry)
{
    if (entry->kind == FG_ENTRY_REFUSED) {
        refusal_print(demo, entry);
    } else if (entry->kind == FG_ENTRY_AUTHORISED) {
        scan_print(demo, entry);
        printf("    %s\n", say(demo, FG_TEXT_DEMO_MAY_FILL));
    } else if (entry->kind == FG_ENTRY_ENDED) {
        end_print(demo, entry);
    } else if (entry->kind == FG_ENTRY_EVENT) {
        printf("    %s: %s %s\n", fg_entry_kind_text(demo->language, FG_ENTRY_EVENT),
               fg_event_text(demo->language, (enum fg_event_kind)entry->event), entry->text);
    } else {
        printf("    %s %s\n", fg_entry_kind_text(demo->language, (enum fg_entry_kind)entry->kind),
               entry->text);
    }
    printf("    %s: #%" PRIu64 " %s\n", say(demo, FG_TEXT_DEMO_LOGGED), entry->sequence,
           fg_entry_kind_name((enum fg_entry_kind)entry->kind));
}

/* The name that an expectation compares: the first reason, the stop reason, or the event. */
static const char *entry_detail(const struct fg_entry *entry)
{
    if (entry->kind == FG_ENTRY_REFUSED)
        return fg_reason_name((enum fg_reason)entry->reasons.reasons[0]);
    if (entry->kind == FG_ENTRY_ENDED)
        return fg_stop_name((enum fg_stop)entry->stop);
    if (entry->kind == FG_ENTRY_EVENT)
        return fg_event_name((enum fg_event_kind)entry->event);
    return "";
}

static bool entry_matches(const struct fg_entry *entry, const char *kind, const char *detail)
{
    return strcmp(fg_entry_kind_name((enum fg_entry_kind)entry->kind), kind) == 0 &&
           (detail[0] == '\0' || strcmp(entry_detail(entry), detail) == 0);
}

/* A decision, an end or an event that nobody expected is a failure; boots, lists and sign-ins are passed
 * over. */
static bool entry_is_quiet(const struct fg_entry *entry)
{
    return entry->kind == FG_ENTRY_BOOT || entry->kind == FG_ENTRY_LIST || entry->kind == FG_ENTRY_OPERATOR ||
           entry->kind == FG_ENTRY_EVENT;
}

static bool step_expect(struct demo *demo, const char *kind, const char *detail)
{
    int64_t deadline = fg_mono_ms() + STEP_MAX_MS;

    for (;;) {
        entries_read(demo);
        while (demo->entry_count > 0) {
            struct fg_entry entry = demo->entries[0];

            entries_drop(demo, 1);
            if (entry_matches(&entry, kind, detail)) {
                entry_print(demo, &entry);
                return true;
            }
            if (!entry_is_quiet(&entry)) {
                entry_print(demo, &entry);
                return step_failed(demo, "expected %s %s, logged %s %s", kind, detail,
                                   fg_entry_kind_name((enum fg_entry_kind)entry.kind), entry_detail(&entry));
            }
        }
        if (fg_mono_ms() > deadline)
            return step_failed(demo, "expected %s %s, nothing was logged in %d s", kind, detail,
                               STEP_MAX_MS / 1000);
        fg_sleep_ms(POLL_MS);
    }
}

/* ---- what is done ------------------------------------------------------------------------------- */

static bool control_call(struct demo *demo, const struct fg_control_request *request,
                         struct fg_control_answer *ret_answer)
{
    struct fg_error error;

    if (fg_control_call(demo->socket_path, request, ret_answer, CALL_MAX_MS, &error) != FG_OK)
        return step_failed(demo, "%s: %s", fg_control_kind_name(request->kind), error.text);
    return true;
}

static bool control_do(struct demo *demo, const struct fg_control_request *request)
{
    struct fg_control_answer answer;

    if (!control_call(demo, request, &answer))
        return false;
    if (answer.result != FG_OK)
        return step_failed(demo, "%s: %s", fg_control_kind_name(request->kind), answer.text);
    return true;
}

/* Does the state answer what a step waits for? */
typedef bool state_test(const struct fg_control_state *state, const char *what, const char *value);

static bool reading_is(const struct fg_control_state *state, const char *what, const char *value)
{
    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        const struct fg_control_reading *reading = &state->readings[i];
        bool good = reading->state == FG_READING_GOOD;

        if (strcmp(fg_signal_name((enum fg_signal)i), what) == 0)
            return strcmp(value, "bad") == 0 ? !good : good && reading->value == strtol(value, NULL, 10);
    }
    return false;
}

static bool devices_are(const struct fg_control_state *state, const char *what, const char *value)
{
    (void)what;
    (void)value;
    if (state->device_fault)
        return false;
    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        if (state->readings[i].configured && state->readings[i].state != FG_READING_GOOD)
            return false;
    }
    for (unsigned i = 0; i < state->device_count && i < FG_CONTROL_DEVICES_MAX; i++) {
        if (state->devices[i].link != LINK_UP)
            return false;
    }
    return true;
}

static bool step_state(struct demo *demo, state_test *test, const char *what, const char *value)
{
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    struct fg_control_answer answer;
    int64_t deadline = fg_mono_ms() + STEP_MAX_MS;

    do {
        if (!control_call(demo, &request, &answer))
            return false;
        if (answer.has_state && test(&answer.state, what, value))
            return true;
        fg_sleep_ms(POLL_MS);
    } while (fg_mono_ms() < deadline);
    return step_failed(demo, "%s did not become %s", what, value);
}

static bool step_phase(struct demo *demo, const char *name)
{
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    struct fg_control_answer answer;
    int64_t deadline = fg_mono_ms() + STEP_MAX_MS;

    do {
        if (!control_call(demo, &request, &answer))
            return false;
        if (answer.has_state && strcmp(answer.state.phase_name, name) == 0)
            return true;
        fg_sleep_ms(POLL_MS);
    } while (fg_mono_ms() < deadline);
    return step_failed(demo, "phase %s did not come, it is %s", name, answer.state.phase_name);
}

static bool shell_run(struct demo *demo, const char *command)
{
    int status = system(command);

    if (status != 0)
        return step_failed(demo, "%s: ended with status %d", command, status);
    return true;
}

static bool step_sim(struct demo *demo, const char *command)
{
    char line[LINE_MAX_BYTES + 512];

    (void)snprintf(line, sizeof(line), "%s/fillgate-sim --dir '%s' send '%s' >/dev/null", demo->build,
                   demo->directory, command);
    return shell_run(demo, line);
}

/* A person is slower than a reading of the plant; a script could open the valve on the last cylinder's
 * pressure. A plant that cannot be read is not waited for: that is another case's subject. */
static bool pressure_await(struct demo *demo)
{
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    struct fg_control_answer answer;
    int64_t since = fg_mono_ms();

    do {
        const struct fg_control_reading *pressure = &answer.state.readings[FG_SIGNAL_PRESSURE_KPA];
        int64_t elapsed_ms = fg_mono_ms() - since;

        if (!control_call(demo, &request, &answer))
            return false;
        if (pressure->state == FG_READING_GOOD && pressure->age_ms < elapsed_ms)
            return true;
        fg_sleep_ms(POLL_MS);
    } while (fg_mono_ms() - since < READING_MAX_MS);
    return true;
}

/* A tag that comes back before it was missed has never been away; a person is slower than a script. */
static bool step_remove(struct demo *demo)
{
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    struct fg_control_answer answer;
    int64_t deadline = fg_mono_ms() + STEP_MAX_MS;

    if (!step_sim(demo, "remove"))
        return false;
    do {
        if (!control_call(demo, &request, &answer))
            return false;
        if (!answer.state.tag_present)
            return true;
        fg_sleep_ms(POLL_MS);
    } while (fg_mono_ms() < deadline);
    return step_failed(demo, "the controller goes on seeing a tag that was taken away");
}

static bool step_decided(struct demo *demo, const char *reason)
{
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    struct fg_control_answer answer;
    int64_t deadline = fg_mono_ms() + STEP_MAX_MS;
    enum fg_reason first = FG_REASON_NONE;

    do {
        if (!control_call(demo, &request, &answer))
            return false;
        first =
            answer.state.reasons.count > 0 ? (enum fg_reason)answer.state.reasons.reasons[0] : FG_REASON_NONE;
        if (first == fg_reason_by_name(reason)) {
            printf("    %s\n", fg_reason_text(demo->language, first));
            return true;
        }
        fg_sleep_ms(POLL_MS);
    } while (fg_mono_ms() < deadline);
    return step_failed(demo, "decided %s, expected %s", fg_reason_name(first), reason);
}

static bool day_read(const char *text, int32_t *ret_day)
{
    struct tm broken = {0};
    const char *end = strptime(text, "%Y-%m-%d", &broken);

    if (end == NULL || *end != '\0')
        return false;
    *ret_day = (int32_t)(timegm(&broken) / 86400);
    return true;
}

/* Copies a word of the script into a request's field. */
static bool word_copy(struct demo *demo, char *field, size_t capacity, const char *word)
{
    size_t length = strlen(word);

    if (length >= capacity)
        return step_failed(demo, "\"%s\" is longer than %zu bytes", word, capacity - 1);
    memcpy(field, word, length + 1);
    return true;
}

static bool step_sign_in(struct demo *demo, const char *operator_id, const char *date)
{
    struct fg_control_request request = {.kind = FG_CONTROL_SIGN_IN};

    if (!day_read(date, &request.certificate_end_day))
        return step_failed(demo, "sign-in: %s is not a date", date);
    return word_copy(demo, request.operator_id, sizeof(request.operator_id), operator_id) &&
           control_do(demo, &request);
}

static bool step_check(struct demo *demo, const char *bits, const char *failed)
{
    struct fg_control_request request = {.kind = FG_CONTROL_CHECK,
                                         .check_failed = strcmp(failed, "failed") == 0};

    request.checks = (uint32_t)strtoul(bits, NULL, 0);
    return control_do(demo, &request);
}

static bool step_manual(struct demo *demo, const char *code)
{
    struct fg_control_request request = {.kind = FG_CONTROL_MANUAL};
    struct fg_control_answer answer;

    return word_copy(demo, request.code.text, sizeof(request.code.text), code) &&
           control_call(demo, &request, &answer); /* whether it was refused stands in the journal */
}

static bool step_import(struct demo *demo, const char *path, bool refusal_expected)
{
    struct fg_control_request request = {.kind = FG_CONTROL_IMPORT_LIST};
    struct fg_control_answer answer;

    if (!word_copy(demo, request.path, sizeof(request.path), path) || !control_call(demo, &request, &answer))
        return false;
    printf("    %s: %s\n", say(demo, FG_TEXT_DEMO_LIST), answer.text);
    if ((answer.result != FG_OK) != refusal_expected)
        return step_failed(demo, "import of %s: %s", path, answer.text);
    return true;
}

static bool step_journal(struct demo *demo, const char *name)
{
    int length = snprintf(demo->journal_path, sizeof(demo->journal_path), "%s/%s", demo->directory, name);

    if (length < 0 || (size_t)length >= sizeof(demo->journal_path))
        return step_failed(demo, "journal: the path is too long");
    demo->last_sequence = 0;
    entries_drop(demo, demo->entry_count);
    return true;
}

/* ---- the script --------------------------------------------------------------------------------- */

static void case_end(struct demo *demo)
{
    if (!demo->case_open)
        return;
    demo->case_open = false;
    if (demo->case_failed)
        demo->failed++;
    printf("    %s\n\n",
           say(demo, demo->case_failed ? FG_TEXT_DEMO_NOT_AS_EXPECTED : FG_TEXT_DEMO_AS_EXPECTED));
    (void)fflush(stdout);
}

static void case_begin(struct demo *demo, char *title)
{
    char *bar = strstr(title, " | ");

    case_end(demo);
    /* What an earlier case left behind belongs to that case, not to this one. */
    entries_read(demo);
    entries_drop(demo, demo->entry_count);
    if (bar != NULL)
        *bar = '\0';
    demo->cases++;
    demo->case_open = true;
    demo->case_failed = false;
    printf("%2u. %s\n", demo->cases, demo->language == FG_LANGUAGE_CHINESE && bar != NULL ? bar + 3 : title);
    (void)fflush(stdout);
}

/* Steps that are one control request without fields. */
static uint8_t request_kind_of(const char *verb)
{
    static const struct {
        const char *verb;
        uint8_t kind;
    } verbs[] = {{"sign-out", FG_CONTROL_SIGN_OUT},
                 {"start", FG_CONTROL_START},
                 {"stop", FG_CONTROL_STOP},
                 {"recheck", FG_CONTROL_RECHECK},
                 {"clear", FG_CONTROL_CLEAR_LOCK_OUT}};

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verb, verbs[i].verb) == 0)
            return verbs[i].kind;
    }
    return 0;
}

static bool step_play(struct demo *demo, const char *verb, char *rest);

/* A step for machines whose kernel says that its clock is synchronised, or for the others. */
static bool step_by_clock(struct demo *demo, bool wanted, char *rest)
{
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    static struct fg_control_answer answer; /* large */
    char *space = strchr(rest, ' ');

    if (!control_call(demo, &request, &answer))
        return false;
    if ((answer.state.clock_quality == FG_CLOCK_SYNCHRONISED) != wanted)
        return true;
    if (space == NULL)
        return step_play(demo, rest, rest + strlen(rest));
    *space = '\0';
    return step_play(demo, rest, space + 1);
}

static bool step_play(struct demo *demo, const char *verb, char *rest)
{
    char first[LINE_MAX_BYTES] = "";
    char second[LINE_MAX_BYTES] = "";
    struct fg_control_request plain = {.kind = request_kind_of(verb)};

    (void)sscanf(rest, "%1023s %1023s", first, second);
    if (plain.kind != 0)
        return control_do(demo, &plain);
    if (strcmp(verb, "remove") == 0)
        return step_remove(demo);
    if (strcmp(verb, "sim") == 0)
        return step_sim(demo, rest) && (strcmp(first, "connect") != 0 || pressure_await(demo));
    if (strcmp(verb, "expect") == 0)
        return step_expect(demo, first, second);
    if (strcmp(verb, "journal") == 0)
        return step_journal(demo, first);
    if (strcmp(verb, "phase") == 0)
        return step_phase(demo, first);
    if (strcmp(verb, "reading") == 0)
        return step_state(demo, reading_is, first, second);
    if (strcmp(verb, "devices") == 0)
        return step_state(demo, devices_are, verb, first);
    if (strcmp(verb, "decided") == 0)
        return step_decided(demo, first);
    if (strcmp(verb, "sign-in") == 0)
        return step_sign_in(demo, first, second);
    if (strcmp(verb, "check") == 0)
        return step_check(demo, first, second);
    if (strcmp(verb, "manual") == 0)
        return step_manual(demo, first);
    if (strcmp(verb, "import") == 0 || strcmp(verb, "import!") == 0)
        return step_import(demo, first, verb[6] == '!');
    if (strcmp(verb, "run") == 0)
        return shell_run(demo, rest);
    if (strcmp(verb, "wait") == 0) {
        fg_sleep_ms(strtol(first, NULL, 10));
        return true;
    }
    if (strcmp(verb, "synchronised") == 0 || strcmp(verb, "unsynchronised") == 0)
        return step_by_clock(demo, verb[0] == 's', rest);
    return step_failed(demo, "unknown step \"%s\"", verb);
}

/* Copies line into expanded with every ${NAME} replaced. false: a name is unset or the line too long. */
static bool line_expand(const char *line, char *expanded, size_t capacity)
{
    size_t used = 0;

    while (*line != '\0') {
        char name[64];
        int consumed = 0;

        if (sscanf(line, "${%63[A-Z0-9_]}%n", name, &consumed) == 1 && consumed > 0) {
            const char *value = getenv(name);
            int wrote = value == NULL ? -1 : snprintf(expanded + used, capacity - used, "%s", value);

            if (wrote < 0 || (size_t)wrote >= capacity - used) {
                fprintf(stderr, "fillgate-demo: ${%s} is not set or too long\n", name);
                return false;
            }
            used += (size_t)wrote;
            line += consumed;
        } else {
            if (used + 2 > capacity)
                return false;
            expanded[used++] = *line++;
        }
    }
    expanded[used] = '\0';
    return true;
}

static int script_play(struct demo *demo, FILE *script, const char *path)
{
    char raw[LINE_MAX_BYTES];
    char line[LINE_MAX_BYTES];
    unsigned number = 0;

    while (fgets(raw, sizeof(raw), script) != NULL) {
        char verb[32];
        int rest = 0;

        number++;
        raw[strcspn(raw, "\n")] = '\0';
        if (raw[strspn(raw, " \t")] == '#')
            continue;
        if (!line_expand(raw, line, sizeof(line)))
            return 2;
        if (sscanf(line, "%31s %n", verb, &rest) != 1)
            continue;
        if (strcmp(verb, "case") == 0)
            case_begin(demo, line + rest);
        else if ((!demo->case_failed || !demo->case_open) && !step_play(demo, verb, line + rest))
            printf("    %s:%u: %s\n", path, number, line);
        (void)fflush(stdout);
    }
    case_end(demo);
    return 0;
}

int main(int argc, char **argv)
{
    struct demo demo = {.language = fg_language_from_environment()};
    FILE *script;
    int code;

    if (argc != 4) {
        fprintf(stderr, "usage: fillgate-demo BUILD-DIRECTORY POINT-DIRECTORY SCRIPT\n");
        return 2;
    }
    demo.build = argv[1];
    demo.directory = argv[2];
    (void)snprintf(demo.socket_path, sizeof(demo.socket_path), "%s/control.sock", argv[2]);
    (void)snprintf(demo.journal_path, sizeof(demo.journal_path), "%s/journal.db", argv[2]);
    script = fopen(argv[3], "re");
    if (script == NULL) {
        fprintf(stderr, "fillgate-demo: %s: %s\n", argv[3], strerror(errno));
        return 2;
    }
    code = script_play(&demo, script, argv[3]);
    (void)fclose(script);
    printf("%u passed, %u failed\n", demo.cases - demo.failed, demo.failed);
    return code != 0 ? code : demo.failed == 0 && demo.cases > 0 ? 0 : 1;
}
