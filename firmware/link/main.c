/* fillgate-link: the controller's process that talks to the network and serves the operator's panel. Reads
 * its settings, runs one loop over the link, ends on SIGTERM.
 *
 * Usage: fillgate-link [--config] FILE. Not: what is done (link.c). Runs as a user of its own: it needs its
 * work directory, its TLS key, and the right to write to fillgated's socket, and nothing else. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware/clock/clock.h"
#include "firmware/link/link.h"
#include "firmware/link/link_panel.h"
#include "lib/base/version.h"
#include "lib/system/secrecy.h"

#define VERSION "fillgate-link " FG_VERSION
/* A request under way is given so long; then the process just ends, which nothing here minds. */
#define GRACE_S 2

enum exit_code { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_CONFIG = 2 };

static volatile sig_atomic_t stop_asked;

static void stop_ask(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
    (void)alarm(GRACE_S);
}

static void stop_now(int signal_number)
{
    (void)signal_number;
    _exit(EXIT_FINE);
}

static void say(void *context, const char *line)
{
    struct fg_clock clock;
    struct fg_clock_now now;
    char time_text[FG_CLOCK_TIME_TEXT];

    (void)context;
    fg_clock_start(&clock, NULL);
    fg_clock_read(&clock, &now);
    fg_clock_time_text(now.wall_ms, fg_clock_utc_offset_s(now.wall_ms), time_text);
    (void)dprintf(STDERR_FILENO, "%s %s\n", time_text, line);
}

static void signals_take(void)
{
    struct sigaction ask = {.sa_handler = stop_ask};
    struct sigaction now = {.sa_handler = stop_now};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigaction(SIGALRM, &now, NULL);
    (void)sigaction(SIGTERM, &ask, NULL);
    (void)sigaction(SIGINT, &ask, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

static int usage(FILE *to, enum exit_code code)
{
    (void)fprintf(to, "usage: fillgate-link [--config | --check] FILE\n"
                      "       sends a controller's entries to its station or bureau, brings receipts and "
                      "lists, and serves\n"
                      "       the operator's panel\n"
                      "  --check    only read the settings\n"
                      "  --version  print the version\n"
                      "exit: 0 stopped as asked, 1 could not start, 2 the settings are wrong\n");
    return (int)code;
}

/* Signals go to this thread, whatever threads the panel has: they must end its waits. */
static void signals_hold(bool hold)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGALRM);
    (void)pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static void tend_panel(struct fg_link_panel *panel)
{
    signals_hold(true);
    fg_link_panel_tend(panel);
    signals_hold(false);
}

/* link is NULL without a next hop. */
static void run(const struct fg_link_config *config, struct fg_link *link)
{
    struct fg_link_panel panel;

    fg_link_panel_start(&panel, config, say, NULL);
    if (link != NULL)
        fg_link_watch(link, &panel.status);
    say(NULL, VERSION " started");
    while (!stop_asked) {
        bool more;

        tend_panel(&panel);
        more = link != NULL && fg_link_turn(link);
        if (!more && !stop_asked)
            (void)poll(NULL, 0, (int)config->poll_ms);
    }
    fg_link_panel_end(&panel);
}

static enum fg_err settings_read(const char *path, struct fg_link_config *ret_config, struct fg_error *error)
{
    enum fg_err code = fg_link_config_read(path, ret_config, error);

    if (code == FG_OK)
        code = fg_link_panel_check(ret_config, error);
    return code;
}

int main(int argc, char **argv)
{
    static struct fg_link_config config;
    struct fg_link *link = NULL;
    struct fg_error error = {0};
    bool check_only = argc == 3 && strcmp(argv[1], "--check") == 0;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, EXIT_FINE);
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("%s\n", VERSION) < 0;
    if (!check_only && !(argc == 3 && strcmp(argv[1], "--config") == 0) && !(argc == 2 && argv[1][0] != '-'))
        return usage(stderr, EXIT_CONFIG);
    if (fg_secrecy_start(&error) != FG_OK) {
        say(NULL, error.text);
        return EXIT_FAILED;
    }
    if (settings_read(argv[argc - 1], &config, &error) != FG_OK) {
        say(NULL, error.text);
        return EXIT_CONFIG;
    }
    if (check_only)
        return printf("%s: good\n", argv[argc - 1]) < 0;
    (void)umask(027); /* fillgated, of the same group, reads the lists */
    signals_take();
    if (config.url[0] != '\0' && fg_link_new(&config, say, NULL, &link, &error) != FG_OK) {
        say(NULL, error.text);
        return EXIT_FAILED;
    }
    run(&config, link);
    fg_link_free(link);
    say(NULL, "stopped");
    return EXIT_FINE;
}
