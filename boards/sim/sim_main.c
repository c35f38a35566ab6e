/* fillgate-sim: the simulated filling point as a program: its poll loop, its consoles (socket, terminal,
 * script) and the client that sends one command. Not: what commands do (commands.c). Relies on: sim.h. One
 * thread. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "boards/sim/sim.h"
#include "lib/base/monotime.h"
#include "lib/base/version.h"

#define CONSOLES_MAX 8
#define POLLS_MAX (CONSOLES_MAX + 3)
#define TICK_MS 20 /* also the longest nap: gas and expectations are looked at so often */
#define NS_PER_MS 1000000LL
#define CLIENT_WAIT_S 3700

/* One source of commands: a client of the socket, the terminal, or the script. */
struct console {
    int in; /* -1 = free */
    int out;
    bool is_script;
    bool ended; /* nothing more will come */
    char text[FG_SCRIPT_LINE_MAX + 2];
    size_t count;
    unsigned line; /* number in the script */
    struct fg_sim_pause pause;
};

struct options {
    const char *directory;
    const char *script;
    const char *record;
    const char *witness;
    const char *send;
    int victim;
};

static struct fg_sim sim;
static struct console consoles[CONSOLES_MAX];
static volatile sig_atomic_t stop_asked;
static int exit_code;

static void ask_stop(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

static void say(const struct console *console, const char *text)
{
    size_t length = strlen(text);

    /* A client that went away, or does not read, loses its answer; nobody waits for it. */
    if (write(console->out, text, length) != (ssize_t)length)
        return;
}

static void release(struct console *console)
{
    if (console->in > STDERR_FILENO)
        (void)close(console->in);
    console->in = -1;
}

static void finish(struct console *console, enum fg_err code, const struct fg_error *error)
{
    char text[512];

    if (code == FG_OK && !console->is_script)
        say(console, "ok\n");
    if (code == FG_OK)
        return;
    if (console->is_script)
        (void)snprintf(text, sizeof(text), "error: line %u: %s\n", console->line, error->text);
    else
        (void)snprintf(text, sizeof(text), "error: %s\n", error->text);
    say(console, text);
    if (console->is_script) {
        exit_code = 1;
        sim.quit = true;
    }
}

static void run_line(struct console *console, const char *text, size_t length)
{
    static char reply[FG_SIM_REPLY_MAX];
    struct fg_error error = {FG_OK, ""};
    enum fg_err code;

    console->line++;
    fg_sim_advance(&sim, fg_mono_ns());
    code = fg_sim_execute(&sim, text, length, reply, &console->pause, &error);
    if (code == FG_OK && reply[0] != '\0')
        say(console, reply);
    if (code != FG_OK || console->pause.until_ns == 0)
        finish(console, code, &error);
}

/* Ends a wait or an expectation that is over. True while it goes on. */
static bool is_pausing(struct console *console)
{
    struct fg_error error = {FG_OK, ""};
    enum fg_err code = FG_OK;

    if (console->pause.until_ns == 0)
        return false;
    if (console->pause.key[0] == '\0' || !fg_sim_is_met(&sim, &console->pause)) {
        if (sim.now_ns < console->pause.until_ns)
            return true;
        if (console->pause.key[0] != '\0')
            code = fg_fail(&error, FG_E_TIMEOUT, "expected %s %s %s in time; 'state' shows what is",
                           console->pause.key, console->pause.relation, console->pause.value);
    }
    console->pause.until_ns = 0;
    finish(console, code, &error);
    return false;
}

/* Runs the complete lines that a console has, up to the first one that must be waited for. */
static void run_lines(struct console *console)
{
    while (console->in >= 0 && !sim.quit && !is_pausing(console)) {
        char *end = memchr(console->text, '\n', console->count);
        size_t length;

        if (end == NULL && console->ended && console->count > 0)
            end = console->text + console->count;
        if (end == NULL)
            break;
        length = (size_t)(end - console->text);
        run_line(console, console->text, length);
        length += length < console->count ? 1 : 0;
        console->count -= length;
        memmove(console->text, console->text + length, console->count);
    }
    if (console->in >= 0 && console->ended && console->count == 0 && console->pause.until_ns == 0)
        release(console);
}

static void read_console(struct console *console)
{
    size_t room = sizeof(console->text) - console->count;
    ssize_t count = room == 0 ? 0 : read(console->in, console->text + console->count, room);

    if (room == 0) {
        say(console, "error: the line is too long\n");
        release(console);
        return;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0)
        console->ended = true;
    else
        console->count += (size_t)count;
}

static struct console *add_console(int in, int out, bool is_script)
{
    for (unsigned i = 0; i < CONSOLES_MAX; i++) {
        if (consoles[i].in >= 0)
            continue;
        memset(&consoles[i], 0, sizeof(consoles[i]));
        consoles[i].in = in;
        consoles[i].out = out;
        consoles[i].is_script = is_script;
        return &consoles[i];
    }
    return NULL;
}

static enum fg_err socket_address(const char *directory, struct sockaddr_un *ret_address,
                                  struct fg_error *error)
{
    memset(ret_address, 0, sizeof(*ret_address));
    ret_address->sun_family = AF_UNIX;
    if ((size_t)snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s/sim.sock", directory) >=
        sizeof(ret_address->sun_path))
        return fg_fail(error, FG_E_SIZE, "%s: too long for a socket's name", directory);
    return FG_OK;
}

static enum fg_err listen_at(const char *directory, int *ret_socket, struct fg_error *error)
{
    struct sockaddr_un address;
    enum fg_err code = socket_address(directory, &address, error);
    int listener;

    if (code != FG_OK)
        return code;
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)unlink(address.sun_path);
    if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listener, CONSOLES_MAX) != 0) {
        code = fg_fail(error, FG_E_IO, "%s: %s", address.sun_path, strerror(errno));
        if (listener >= 0)
            (void)close(listener);
        return code;
    }
    *ret_socket = listener;
    return FG_OK;
}

static void accept_client(int listener)
{
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (client >= 0 && add_console(client, client, false) == NULL)
        (void)close(client);
}

/* Until something happens by itself, to the nanosecond: a byte at 115200 baud takes 87 us. */
static struct timespec nap(void)
{
    int64_t next_ns = fg_sim_next_ns(&sim);
    int64_t left_ns = next_ns - fg_mono_ns();

    if (next_ns == 0 || left_ns > TICK_MS * NS_PER_MS)
        left_ns = TICK_MS * NS_PER_MS;
    return (struct timespec){.tv_nsec = left_ns <= 0 ? 0 : (long)left_ns};
}

/* One round: waits for something, serves the bus first, then the consoles. */
static void turn(int listener)
{
    struct pollfd polls[POLLS_MAX];
    struct timespec wait = nap();

    polls[0] = (struct pollfd){.fd = sim.plant_port.master, .events = POLLIN};
    polls[1] = (struct pollfd){.fd = sim.nfc_port.master, .events = POLLIN};
    polls[2] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (unsigned i = 0; i < CONSOLES_MAX; i++)
        polls[3 + i] =
            (struct pollfd){.fd = consoles[i].ended || consoles[i].pause.until_ns != 0 ? -1 : consoles[i].in,
                            .events = POLLIN};
    if (ppoll(polls, POLLS_MAX, &wait, NULL) < 0 && errno != EINTR)
        sim.quit = true;
    fg_sim_advance(&sim, fg_mono_ns());
    if ((polls[0].revents & POLLIN) != 0)
        fg_sim_serve_plant(&sim);
    if ((polls[1].revents & POLLIN) != 0)
        fg_sim_serve_reader(&sim);
    if ((polls[2].revents & POLLIN) != 0)
        accept_client(listener);
    for (unsigned i = 0; i < CONSOLES_MAX; i++) {
        if (consoles[i].in >= 0 && polls[3 + i].fd >= 0 && polls[3 + i].revents != 0)
            read_console(&consoles[i]);
        run_lines(&consoles[i]);
    }
}

static enum fg_err prepare(const struct options *options, int *ret_listener, struct fg_error *error)
{
    enum fg_err code = fg_sim_init(&sim, options->directory, fg_mono_ns(), error);
    int script = -1;

    if (code == FG_OK)
        code = listen_at(options->directory, ret_listener, error);
    if (code == FG_OK && options->record != NULL)
        code = fg_record_open(&sim.record, options->record, error);
    if (code != FG_OK)
        return code;
    sim.victim = options->victim;
    if (options->witness != NULL)
        (void)snprintf(sim.witness_path, sizeof(sim.witness_path), "%s", options->witness);
    if (options->script != NULL) {
        script = open(options->script, O_RDONLY | O_CLOEXEC);
        if (script < 0)
            return fg_fail(error, FG_E_IO, "%s: %s", options->script, strerror(errno));
        (void)add_console(script, STDERR_FILENO, true);
    }
    if (isatty(STDIN_FILENO) != 0)
        (void)add_console(STDIN_FILENO, STDOUT_FILENO, false);
    return FG_OK;
}

static int simulate(const struct options *options)
{
    struct fg_error error = {FG_OK, ""};
    struct sockaddr_un address;
    int listener = -1;

    for (unsigned i = 0; i < CONSOLES_MAX; i++)
        consoles[i].in = -1;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)prctl(PR_SET_TIMERSLACK, 1UL); /* naps of less than a byte's time; best effort */
    (void)signal(SIGINT, ask_stop);
    (void)signal(SIGTERM, ask_stop);
    if (prepare(options, &listener, &error) != FG_OK) {
        (void)fprintf(stderr, "fillgate-sim: %s\n", error.text);
        exit_code = 1;
    } else {
        (void)printf("simulated point in %s: nfc, plant, sim.sock\n", options->directory);
        (void)fflush(stdout);
        while (!sim.quit && stop_asked == 0)
            turn(listener);
    }
    for (unsigned i = 0; i < CONSOLES_MAX; i++)
        release(&consoles[i]);
    if (listener >= 0 && socket_address(options->directory, &address, NULL) == FG_OK) {
        (void)close(listener);
        (void)unlink(address.sun_path);
    }
    fg_sim_close(&sim);
    return exit_code;
}

/* Prints the answer up to its "ok" or "error" line; 0 when it was ok. */
static int print_answer(int server)
{
    static char text[2 * FG_SIM_REPLY_MAX];
    size_t count = 0;
    struct pollfd wait = {.fd = server, .events = POLLIN};

    while (count + 1 < sizeof(text) && poll(&wait, 1, CLIENT_WAIT_S * 1000) > 0) {
        ssize_t got = read(server, text + count, sizeof(text) - count - 1);
        const char *last = text;

        if (got <= 0)
            break;
        count += (size_t)got;
        text[count] = '\0';
        if (text[count - 1] != '\n')
            continue;
        for (const char *at = text; at + 1 < text + count; at++)
            last = *at == '\n' ? at + 1 : last;
        if (strcmp(last, "ok\n") == 0 || strncmp(last, "error: ", 7) == 0) {
            (void)fputs(text, stdout);
            return last[0] == 'o' ? 0 : 1;
        }
    }
    (void)fprintf(stderr, "%sfillgate-sim: the simulator went away without an answer\n", text);
    return 1;
}

static int send_command(const char *directory, const char *command)
{
    struct sockaddr_un address;
    struct fg_error error = {FG_OK, ""};
    size_t length = strlen(command);
    int result = 1;
    int server;

    if (socket_address(directory, &address, &error) != FG_OK) {
        (void)fprintf(stderr, "fillgate-sim: %s\n", error.text);
        return 1;
    }
    server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server < 0 || connect(server, (const struct sockaddr *)&address, sizeof(address)) != 0)
        (void)fprintf(stderr, "fillgate-sim: %s: %s; is the simulator running?\n", address.sun_path,
                      strerror(errno));
    else if (write(server, command, length) == (ssize_t)length && write(server, "\n", 1) == 1)
        result = print_answer(server);
    if (server >= 0)
        (void)close(server);
    return result;
}

static int complain(const char *what)
{
    (void)fprintf(stderr,
                  "fillgate-sim: %s\nuse: fillgate-sim --dir DIR [--script FILE] [--record FILE] [--witness "
                  "JOURNAL.db]\n"
                  "                    [--victim-pid PID]\n     fillgate-sim --dir DIR send \"COMMAND\"\n",
                  what);
    return 2;
}

int main(int argc, char **argv)
{
    struct options options = {0};

    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("fillgate-sim %s\n", FG_VERSION) < 0;
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (value == NULL)
            return complain("an option without its value");
        if (strcmp(argv[i], "--dir") == 0)
            options.directory = value;
        else if (strcmp(argv[i], "--script") == 0)
            options.script = value;
        else if (strcmp(argv[i], "--record") == 0)
            options.record = value;
        else if (strcmp(argv[i], "--witness") == 0)
            options.witness = value;
        else if (strcmp(argv[i], "--victim-pid") == 0)
            options.victim = atoi(value);
        else if (strcmp(argv[i], "send") == 0)
            options.send = value;
        else
            return complain("an unknown option");
    }
    if (options.directory == NULL)
        return complain("--dir is missing");
    if (options.send != NULL)
        return send_command(options.directory, options.send);
    return simulate(&options);
}
