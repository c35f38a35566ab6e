/* Root becomes the owner of a directory before it works there: which owner, and that whoever owns the
 * directory gets nothing of root's by swapping files meanwhile. Needs root; without it there is nothing to
 * give up. */
#include "lib/system/become_owner.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/net/page/pair.h"
#include "tests/lib/check.h"

#define OTHER 65534
#define ROUNDS 6000
#define NOW INT64_C(1790000000000)

static bool is_root(void)
{
    if (geteuid() == 0)
        return true;
    printf("    not run as root: nothing to give up\n");
    return false;
}

static void put_directory(const char *name, uid_t owner, mode_t mode)
{
    CHECK_INT(mkdir(fg_test_path(name), 0700), 0);
    CHECK_INT(chmod(fg_test_path(name), mode), 0);
    CHECK_INT(lchown(fg_test_path(name), owner, owner), 0);
}

static void put_link(const char *name, const char *target, uid_t owner)
{
    CHECK_INT(symlink(target, fg_test_path(name)), 0);
    CHECK_INT(lchown(fg_test_path(name), owner, owner), 0);
}

/* The user that a child becomes; -1 - error's code when it fails. */
static int became(const char *directory)
{
    int status = 0;
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        struct fg_error error;
        enum fg_err code = fg_owner_become(directory, &error);

        if (code != FG_OK)
            _exit(100 - code);
        if (geteuid() == 0)
            _exit(0);
        _exit(geteuid() == getuid() && getegid() == geteuid() && setuid(0) != 0 && geteuid() == OTHER ? 1
                                                                                                      : 2);
    }
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define STAYS_ROOT 0
#define BECAME_OTHER 1
#define FAILED(code) (100 - (code))

TEST("root becomes the owner of the first part of a path that is not root's, also of a link")
{
    if (!is_root())
        return;
    put_directory("roots", 0, 0755);
    put_directory("roots/inner", 0, 0755);
    put_directory("others", OTHER, 0755);
    put_directory("others/roots", 0, 0755);
    put_link("to-others", "others", 0);
    put_link("to-inner", fg_test_path("roots/inner"), 0);
    put_link("others-link", "roots", OTHER);
    put_link("others/vault", fg_test_path("roots"), 0);
    put_directory("open", 0, 0777);
    put_directory("open/inner", 0, 0755);
    put_link("loop", "loop", 0);
    CHECK_INT(became(fg_test_path("roots/inner")), STAYS_ROOT);
    CHECK_INT(became(fg_test_path("to-inner")), STAYS_ROOT);
    CHECK_INT(became(fg_test_path("others")), BECAME_OTHER);
    CHECK_INT(became(fg_test_path("others/")), BECAME_OTHER);
    CHECK_INT(became(fg_test_path("others/roots")), BECAME_OTHER);
    CHECK_INT(became(fg_test_path("others/vault")), BECAME_OTHER);
    CHECK_INT(became(fg_test_path("others/nothing/yet")), BECAME_OTHER);
    CHECK_INT(became(fg_test_path("to-others")), BECAME_OTHER);
    CHECK_INT(became(fg_test_path("others-link")), BECAME_OTHER);
    CHECK_INT(became(fg_test_path("roots/../others")), BECAME_OTHER);
    CHECK_INT(became(fg_test_path("open/inner")), FAILED(FG_E_DENIED));
    CHECK_INT(became(fg_test_path("nothing")), FAILED(FG_E_NOT_FOUND));
    CHECK_INT(became(fg_test_path("loop")), FAILED(FG_E_SIZE));
    CHECK_INT(chdir(fg_test_directory()), 0);
    CHECK_INT(became("others/roots"), BECAME_OTHER);
    CHECK_INT(became("./roots"), STAYS_ROOT);
    CHECK_INT(chdir("/"), 0);
}

/* Swaps what root may be about to touch for links to what only root may touch, again and again. */
static void swap_for_ever(const char *panel, const char *secret, const char *vault)
{
    char inside[256];

    (void)snprintf(inside, sizeof(inside), "%s/new", panel);
    if (setgid(OTHER) != 0 || setuid(OTHER) != 0)
        _exit(1);
    for (unsigned n = 0;; n++) {
        const char *target = n % 2 == 0 ? secret : vault;

        (void)rmdir(panel);
        (void)symlink(target, panel);
        (void)unlink(panel);
        (void)unlink(inside);
        (void)symlink(target, inside);
        (void)unlink(inside);
        (void)rmdir(panel);
    }
}

static int pair_as_root(const char *work, const char *panel)
{
    char code[FG_PAIR_CODE_DIGITS + 1];
    char secret[FG_PAIR_SECRET_DIGITS + 1];
    char id[FG_PAIR_ID_DIGITS + 1];
    struct fg_error error;

    if (fg_owner_become(work, &error) != FG_OK)
        return 2;
    for (int n = 0; n < ROUNDS; n++)
        (void)fg_pair_device_add(panel, NOW, "x", secret, id, &error);
    (void)fg_pair_code_new(panel, NOW, code, &error);
    return 0;
}

TEST("BAD-INPUT-IS-SAFE: whoever owns the link's directory gets nothing of root's by racing `panel pair`")
{
    char work[192];
    char panel[192];
    char secret[192];
    char vault[192];
    struct stat status;
    int file;
    int exited = 0;
    pid_t racer;
    pid_t pairer;

    if (!is_root())
        return;
    CHECK_INT(chmod(fg_test_directory(), 0711), 0);
    put_directory("work", OTHER, 0755);
    put_directory("vault", 0, 0700);
    (void)snprintf(work, sizeof(work), "%s", fg_test_path("work"));
    (void)snprintf(panel, sizeof(panel), "%s", fg_test_path("work/panel"));
    (void)snprintf(secret, sizeof(secret), "%s", fg_test_path("secret.key"));
    (void)snprintf(vault, sizeof(vault), "%s", fg_test_path("vault"));
    file = open(secret, O_WRONLY | O_CREAT | O_EXCL, 0600);
    CHECK(file >= 0);
    CHECK_INT(write(file, "secret", 6), 6);
    CHECK_INT(close(file), 0);
    racer = fork();
    if (racer == 0)
        swap_for_ever(panel, secret, vault);
    pairer = fork();
    if (pairer == 0)
        _exit(pair_as_root(work, panel));
    CHECK(racer > 0 && pairer > 0);
    CHECK_INT(waitpid(pairer, &exited, 0), pairer);
    (void)kill(racer, SIGKILL);
    CHECK_INT(waitpid(racer, NULL, 0), racer);
    CHECK_INT(WEXITSTATUS(exited), 0);
    CHECK_INT(stat(secret, &status), 0);
    CHECK_INT(status.st_uid, 0);
    CHECK_INT(status.st_size, 6);
    CHECK_INT(stat(vault, &status), 0);
    CHECK_INT(status.st_uid, 0);
    CHECK_INT(rmdir(vault), 0); /* nothing was put into it */
}
