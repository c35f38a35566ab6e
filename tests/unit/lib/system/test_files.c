/* Files that others may have put in place: keys, certificates, what is read in, and the place of what is
 * written. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/input_file.h"
#include "lib/crypto/certificate_file.h"
#include "lib/crypto/sign.h"
#include "lib/crypto/x509_time.h"
#include "lib/system/port_lock.h"
#include "lib/system/writable.h"
#include "tests/lib/check.h"

#define KEY_FILE_MAX 16384

static struct fg_error error;

/* A file of so many bytes: text, then blanks. */
static const char *put_file(const char *name, const char *text, size_t count, mode_t mode)
{
    const char *path = fg_test_path(name);
    FILE *file = fopen(path, "w");
    size_t length = strlen(text);

    CHECK(file != NULL);
    CHECK_INT(fwrite(text, 1, length, file), length);
    for (size_t i = length; i < count; i++)
        CHECK(fputc('\n', file) == '\n');
    CHECK_INT(fclose(file), 0);
    CHECK_INT(chmod(path, mode), 0);
    return path;
}

static void read_text(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");

    CHECK(file != NULL);
    text[fread(text, 1, size - 1, file)] = '\0';
    CHECK_INT(fclose(file), 0);
}

TEST("a key comes back from its file as it went, and only its owner can read the private one")
{
    struct fg_private_key key;
    struct fg_private_key again;
    struct fg_public_key public_again;
    struct stat status;
    const char *private_path = fg_test_path("key.pem");
    const char *public_path = fg_test_path("pub.pem");

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    (void)umask(0);
    CHECK_OK(fg_private_key_write(private_path, &key, &error), &error);
    CHECK_OK(fg_public_key_write(public_path, &key.public_key, &error), &error);
    (void)umask(022);
    CHECK_OK(fg_private_key_read(private_path, &again, &error), &error);
    CHECK_BYTES(again.scalar, key.scalar, sizeof(key.scalar));
    CHECK_BYTES(&again.public_key, &key.public_key, sizeof(key.public_key));
    CHECK_OK(fg_public_key_read(public_path, &public_again, &error), &error);
    CHECK_BYTES(&public_again, &key.public_key, sizeof(key.public_key));
    CHECK_INT(stat(private_path, &status), 0);
    CHECK_INT(status.st_mode & 0777, 0600);
    CHECK_INT(stat(public_path, &status), 0);
    CHECK_INT(status.st_mode & 0777, 0644);
    CHECK_INT(fg_private_key_write(private_path, &key, &error), FG_E_EXISTS);
    CHECK_HAS(error.text, "exists and is not overwritten");
    CHECK_INT(fg_public_key_write(fg_test_path("no/pub.pem"), &key.public_key, &error), FG_E_IO);
    CHECK_HAS(error.text, "cannot create");
    memset(&key.public_key, 0xFF, sizeof(key.public_key));
    CHECK_INT(fg_private_key_write(fg_test_path("odd.pem"), &key, &error), FG_E_ARG);
    CHECK_INT(fg_public_key_write(fg_test_path("odd.pem"), &key.public_key, &error), FG_E_ARG);
}

TEST("a private key that anybody else can touch is not read")
{
    static const mode_t modes[] = {0640, 0620, 0610, 0604, 0602, 0601, 0400, 0700};
    struct fg_private_key key;
    struct fg_private_key again;
    const char *path = fg_test_path("key.pem");

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_private_key_write(path, &key, &error), &error);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        bool is_private = (modes[i] & 077) == 0;
        char text[32];

        CHECK_INT(chmod(path, modes[i]), 0);
        CHECK_INT(fg_private_key_read(path, &again, &error), is_private ? FG_OK : FG_E_DENIED);
        if (is_private)
            continue;
        (void)snprintf(text, sizeof(text), "(mode %03o); chmod 600", (unsigned)modes[i]);
        CHECK_HAS(error.text, text);
        CHECK_INT(fg_public_key_read(path, &again.public_key, &error), FG_E_FORMAT);
    }
}

TEST("BAD-INPUT-IS-SAFE: what is no key file is refused, and the message says what it is")
{
    /* P-384, and P-256 under a password: openssl's own. */
    static const char other_curve[] = "-----BEGIN PUBLIC KEY-----\n"
                                      "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAExlGqFY7ly01YqBRiMTkwL+jOchatJyjL\n"
                                      "-----END PUBLIC KEY-----\n";
    static const char encrypted[] = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
                                    "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n"
                                    "-----END EC PRIVATE KEY-----\n";
    struct fg_private_key key;
    struct fg_private_key again;
    char text[1024];
    const char *path;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_private_key_write(fg_test_path("key.pem"), &key, &error), &error);
    read_text(fg_test_path("key.pem"), text, sizeof(text));
    CHECK_OK(fg_private_key_read(put_file("full.pem", text, KEY_FILE_MAX, 0600), &again, &error), &error);
    CHECK_INT(fg_private_key_read(put_file("long.pem", text, KEY_FILE_MAX + 1, 0600), &again, &error),
              FG_E_SIZE);
    CHECK_HAS(error.text, "longer than 16384 bytes");
    CHECK_INT(fg_private_key_parse(text, KEY_FILE_MAX + 1, &again, &error), FG_E_SIZE);
    CHECK_INT(fg_private_key_parse(text, 0, &again, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "not a PEM file");
    CHECK_OK(fg_private_key_parse(text, strlen(text), &again, &error), &error);
    CHECK_INT(fg_public_key_parse(text, strlen(text), &again.public_key, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "not a PEM public key of the curve P-256");
    path = put_file("other.pem", other_curve, 0, 0600);
    CHECK_INT(fg_public_key_read(path, &again.public_key, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "other.pem: public key: not a PEM public key");
    CHECK_INT(fg_private_key_read(path, &again, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "other.pem: private key: not a PEM private key");
    CHECK_INT(fg_private_key_read(put_file("locked.pem", encrypted, 0, 0600), &again, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "encrypted; give it without a password");
    CHECK_INT(fg_private_key_read(fg_test_path("none.pem"), &again, &error), FG_E_NOT_FOUND);
    CHECK_INT(fg_private_key_read(fg_test_directory(), &again, &error), FG_E_IO);
    CHECK_HAS(error.text, "not a regular file");
    CHECK_INT(fg_private_key_read(fg_test_path("key.pem/below"), &again, &error), FG_E_IO);
    CHECK_HAS(error.text, "cannot open");
}

TEST("a key or certificate that the disk has no room for leaves nothing of itself")
{
    static const uint8_t bytes[3000] = {1};
    struct fg_certificate_part parts[2] = {{bytes, 900}, {bytes, 900}};
    struct fg_private_key key;
    struct rlimit before;
    struct rlimit none = {0};
    enum fg_err key_code;
    enum fg_err certificate_code;
    char text[4096];
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_certificates_write(fg_test_path("c.pem"), parts, 1, &error), &error);
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &before), 0);
    none.rlim_max = before.rlim_max;
    none.rlim_cur = 100;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &none), 0);
    key_code = fg_private_key_write(fg_test_path("key.pem"), &key, &error);
    certificate_code = fg_certificates_write(fg_test_path("c.pem"), parts, 2, &error);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &before), 0);
    CHECK(signal(SIGXFSZ, handler) == SIG_IGN);
    CHECK_INT(key_code, FG_E_IO);
    CHECK_INT(certificate_code, FG_E_IO);
    CHECK_HAS(error.text, "cannot write");
    CHECK_INT(access(fg_test_path("key.pem"), F_OK), -1);
    CHECK_INT(access(fg_test_path("c.pem.new"), F_OK), -1);
    read_text(fg_test_path("c.pem"), text, sizeof(text));
    CHECK_HAS(text, "-----END CERTIFICATE-----\n");
    parts[1].length = sizeof(bytes); /* PEM takes a third more than there is room for */
    parts[0].length = sizeof(bytes);
    CHECK_OK(fg_certificates_write(fg_test_path("c.pem"), parts, 0, &error), &error);
    CHECK_INT(fg_certificates_write(fg_test_path("c.pem"), parts, 2, &error), FG_E_SIZE);
    CHECK_HAS(error.text, "a certificate is too long");
    CHECK_INT(access(fg_test_path("c.pem.new"), F_OK), -1);
}

TEST("certificates are written one after another, in place of the old file and at once")
{
    static const uint8_t bytes[3] = {0, 1, 2};
    static const struct fg_certificate_part parts[2] = {{bytes, 3}, {bytes + 1, 2}};
    char path[FG_FILE_PATH_BYTES];
    char text[512];
    int64_t end_ms = 5;

    CHECK_OK(fg_certificates_write(fg_test_path("c.pem"), parts, 2, &error), &error);
    read_text(fg_test_path("c.pem"), text, sizeof(text));
    CHECK_TEXT(text, "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n"
                     "-----BEGIN CERTIFICATE-----\nAQI=\n-----END CERTIFICATE-----\n");
    CHECK_INT(fg_certificate_times(fg_test_path("c.pem"), NULL, &end_ms, &error), FG_E_FORMAT);
    CHECK_INT(fg_certificate_times(fg_test_path("none.pem"), NULL, &end_ms, &error), FG_E_FORMAT);
    CHECK_INT(end_ms, 5);
    memset(path, 'a', sizeof(path));
    path[FG_FILE_PATH_BYTES - 5] = '\0';
    CHECK_INT(fg_certificates_write(path, parts, 1, &error), FG_E_IO); /* one name may not be so long */
    path[FG_FILE_PATH_BYTES - 5] = 'a';
    path[FG_FILE_PATH_BYTES - 4] = '\0';
    CHECK_INT(fg_certificates_write(path, parts, 1, &error), FG_E_SIZE);
    CHECK_INT(fg_certificates_write(fg_test_path("no/c.pem"), parts, 1, &error), FG_E_IO);
    CHECK_INT(mkdir(fg_test_path("d.pem"), 0700), 0);
    CHECK_INT(fg_certificates_write(fg_test_path("d.pem"), parts, 1, &error), FG_E_IO);
    CHECK_HAS(error.text, "cannot put in place");
    CHECK_INT(access(fg_test_path("d.pem.new"), F_OK), -1);
}

TEST("the end of a certificate is counted in the Gregorian calendar")
{
    static const struct {
        mbedtls_x509_time time;
        int64_t seconds;
    } cases[] = {{{1970, 1, 1, 0, 0, 0}, 0},
                 {{1970, 1, 2, 1, 2, 3}, 86400 + 3723},
                 {{2000, 2, 29, 23, 59, 59}, 951868799},
                 {{2000, 3, 1, 0, 0, 0}, 951868800},
                 {{2024, 2, 29, 0, 0, 0}, 1709164800},
                 {{2024, 12, 31, 0, 0, 0}, 1735603200},
                 {{2025, 1, 1, 0, 0, 0}, 1735689600},
                 {{2038, 1, 19, 3, 14, 8}, INT64_C(2147483648)},
                 {{2100, 2, 28, 0, 0, 0}, INT64_C(4107456000)},
                 {{2100, 3, 1, 0, 0, 0}, INT64_C(4107542400)},
                 {{9999, 12, 31, 23, 59, 59}, INT64_C(253402300799)},
                 {{1969, 12, 31, 23, 59, 59}, -1}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_INT(fg_x509_time_ms(&cases[i].time), cases[i].seconds * 1000);
}

TEST("BAD-INPUT-IS-SAFE: only a regular file is read in, to its end and no further")
{
    struct fg_input_file file = {.stream = NULL};
    char bytes[4] = "";

    CHECK_INT(fg_input_file_open(fg_test_path("none"), "list file", &file, &error), FG_E_IO);
    CHECK_HAS(error.text, "cannot be opened");
    CHECK_INT(fg_input_file_open(fg_test_directory(), "list file", &file, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "not a regular file");
    CHECK_INT(mkfifo(fg_test_path("fifo"), 0600), 0);
    CHECK_INT(fg_input_file_open(fg_test_path("fifo"), "list file", &file, &error), FG_E_FORMAT);
    CHECK(file.stream == NULL);
    CHECK_OK(fg_input_file_open(put_file("good", "abcde", 0, 0600), "list file", &file, &error), &error);
    CHECK_INT(file.size_bytes, 5);
    CHECK_OK(fg_input_file_read(&file, bytes, 0, &error), &error);
    CHECK_OK(fg_input_file_read(&file, bytes, 3, &error), &error);
    CHECK_BYTES(bytes, "abc", 3);
    CHECK_INT(fg_input_file_read(&file, bytes, 3, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "list file: cut off at its end");
    fg_input_file_close(&file);
    CHECK(file.stream == NULL);
    fg_input_file_close(&file);
}

TEST("a place that cannot be written is named: the folder, or the file itself")
{
    char path[4200];

    CHECK_OK(fg_writable_check(fg_test_path("new.db"), &error), &error);
    CHECK_INT(fg_writable_check(fg_test_path("no/new.db"), &error), FG_E_IO);
    CHECK_HAS(error.text, "/no: cannot be written: No such file or directory");
    CHECK_OK(fg_writable_check("/new.db", &error), &error);
    CHECK_OK(fg_writable_check("new.db", &error), &error);
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[4096] = '/';
    path[4097] = '\0';
    CHECK_INT(fg_writable_check(path, &error), FG_E_SIZE);
    path[4096] = 'a';
    path[4095] = '/';
    CHECK_INT(fg_writable_check(path, &error), FG_E_IO);
}

TEST("a port belongs to one: a second one is told, and what is no port is named")
{
    const char *path = put_file("port", "", 0, 0600);
    int fd = -1;
    int second = -1;

    CHECK_OK(fg_port_lock(path, &fd, &error), &error);
    CHECK(fd >= 0);
    CHECK_INT(fg_port_lock(path, &second, &error), FG_E_BUSY);
    CHECK_HAS(error.text, "another process holds this port");
    CHECK_INT(second, -1);
    fg_port_seal(fd); /* no terminal: nothing happens */
    fg_port_seal(-1);
    CHECK_INT(close(fd), 0);
    CHECK_OK(fg_port_lock(path, &fd, &error), &error);
    CHECK_INT(close(fd), 0);
    CHECK_INT(fg_port_lock(fg_test_path("none"), &fd, &error), FG_E_IO);
    CHECK_HAS(error.text, "No such file");
}
