/* The certificate authority and signing requests, judged by openssl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/pki/ca.h"
#include "lib/crypto/certificate_file.h"
#include "tests/lib/check.h"

#define NOW_MS INT64_C(1795392000000) /* 2026-11-23 */
#define DAY_MS INT64_C(86400000)

static int shell(const char *format, const char *directory)
{
    char command[1024];

    (void)snprintf(command, sizeof(command), format, directory, directory, directory);
    return system(command);
}

static void ca_make(struct fg_ca **ret_ca)
{
    struct fg_error error;

    CHECK_OK(fg_ca_create(fg_test_path("ca"), "Huzhou test bureau", NOW_MS, FG_CA_DAYS, &error), &error);
    CHECK_OK(fg_ca_open(fg_test_path("ca"), ret_ca, &error), &error);
}

static void issue_to_file(struct fg_ca *ca, const struct fg_certificate_order *order, const char *path)
{
    struct fg_certificate certificate;
    struct fg_certificate_part part = {certificate.bytes, 0};
    struct fg_error error;

    CHECK_OK(fg_ca_issue(ca, order, &certificate, &error), &error);
    part.length = certificate.length;
    CHECK_OK(fg_certificates_write(path, &part, 1, &error), &error);
}

TEST("openssl verifies a controller's certificate, and only as a client")
{
    struct fg_private_key key;
    struct fg_private_key device;
    struct fg_certificate_order order = {.role = "controller",
                                         .id = "HZ-001-1",
                                         .key = &key.public_key,
                                         .device_key = &device.public_key,
                                         .from_ms = NOW_MS,
                                         .to_ms = NOW_MS + 365 * DAY_MS};
    struct fg_ca *ca;
    struct fg_error error;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_private_key_new(&device, &error), &error);
    ca_make(&ca);
    issue_to_file(ca, &order, fg_test_path("c.pem"));
    CHECK_INT(shell("cd %s && openssl verify -attime 1795400000 -purpose sslclient -CAfile ca/ca.pem c.pem "
                    ">/dev/null",
                    fg_test_directory()),
              0);
    CHECK(shell("cd %s && openssl verify -attime 1795400000 -purpose sslserver -CAfile ca/ca.pem c.pem "
                ">/dev/null 2>&1",
                fg_test_directory()) != 0);
    CHECK_INT(
        shell(
            "cd %s && openssl x509 -in c.pem -noout -subject | grep -q 'O = fillgate, OU = controller, CN = "
            "HZ-001-1'",
            fg_test_directory()),
        0);
    CHECK_INT(shell("cd %s && openssl x509 -in c.pem -noout -text | grep -q "
                    "'URI:fillgate:device:04[0-9a-f]\\{128\\}'",
                    fg_test_directory()),
              0);
    CHECK_INT(
        shell(
            "cd %s && openssl x509 -in c.pem -noout -text | grep -A1 'Basic Constraints' | grep -q CA:FALSE",
            fg_test_directory()),
        0);
    fg_ca_close(ca);
}

TEST("openssl verifies a station's certificate as a server with its names and addresses")
{
    struct fg_private_key key;
    struct fg_certificate_order order = {.role = "station",
                                         .id = "HZ-001",
                                         .key = &key.public_key,
                                         .name_count = 3,
                                         .names = {"station.example", "127.0.0.1", "::1"},
                                         .from_ms = NOW_MS,
                                         .to_ms = NOW_MS + 365 * DAY_MS};
    struct fg_ca *ca;
    struct fg_error error;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    ca_make(&ca);
    issue_to_file(ca, &order, fg_test_path("s.pem"));
    CHECK_INT(
        shell("cd %s && for n in '-verify_hostname station.example' '-verify_ip 127.0.0.1' '-verify_ip ::1'; "
              "do "
              "openssl verify -attime 1795400000 -purpose sslserver $n -CAfile ca/ca.pem s.pem >/dev/null || "
              "exit 1; done",
              fg_test_directory()),
        0);
    CHECK(shell("cd %s && openssl verify -attime 1795400000 -verify_hostname other.example -CAfile ca/ca.pem "
                "s.pem "
                ">/dev/null 2>&1",
                fg_test_directory()) != 0);
    fg_ca_close(ca);
}

TEST("two certificates of one authority have serial numbers of their own")
{
    struct fg_private_key key;
    struct fg_certificate_order order = {
        .role = "station", .id = "A", .key = &key.public_key, .from_ms = NOW_MS, .to_ms = NOW_MS + DAY_MS};
    struct fg_certificate one;
    struct fg_certificate two;
    struct fg_ca *ca;
    struct fg_error error;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    ca_make(&ca);
    CHECK_OK(fg_ca_issue(ca, &order, &one, &error), &error);
    CHECK_OK(fg_ca_issue(ca, &order, &two, &error), &error);
    CHECK(memcmp(one.serial, two.serial, FG_SERIAL_BYTES) != 0);
    fg_ca_close(ca);
}

TEST("an authority is never overwritten, and its key is for its owner alone")
{
    struct fg_ca *ca;
    struct fg_error error;
    struct stat status;

    ca_make(&ca);
    fg_ca_close(ca);
    CHECK_INT(fg_ca_create(fg_test_path("ca"), "again", NOW_MS, FG_CA_DAYS, &error), FG_E_EXISTS);
    CHECK_INT(stat(fg_test_path("ca/ca.key"), &status), 0);
    CHECK_INT(status.st_mode & 0777, 0600);
    CHECK_INT(chmod(fg_test_path("ca/ca.key"), 0640), 0);
    CHECK_INT(fg_ca_open(fg_test_path("ca"), &ca, &error), FG_E_DENIED);
    CHECK_HAS(error.text, "chmod 600");
}

TEST("an authority with the key of another does not open")
{
    struct fg_ca *ca;
    struct fg_error error;

    ca_make(&ca);
    fg_ca_close(ca);
    CHECK_OK(fg_ca_create(fg_test_path("other"), "other", NOW_MS, FG_CA_DAYS, &error), &error);
    CHECK_INT(shell("cp %s/other/ca.key %s/ca/ca.key", fg_test_directory()), 0);
    CHECK_INT(fg_ca_open(fg_test_path("ca"), &ca, &error), FG_E_AUTH);
}

TEST("BAD-INPUT-IS-SAFE: roles, ids, names and dates that cannot stand in a certificate are named")
{
    struct fg_private_key key;
    struct fg_certificate certificate;
    struct fg_certificate_order good = {
        .role = "station", .id = "A", .key = &key.public_key, .from_ms = NOW_MS, .to_ms = NOW_MS + DAY_MS};
    struct fg_certificate_order order = good;
    struct fg_ca *ca;
    struct fg_error error;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    ca_make(&ca);
    order.role = "king";
    CHECK_INT(fg_ca_issue(ca, &order, &certificate, &error), FG_E_RANGE);
    order = good;
    order.id = "A,CN=bureau";
    CHECK_INT(fg_ca_issue(ca, &order, &certificate, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "A,CN=bureau");
    order = good;
    order.name_count = 1;
    order.names[0] = "bad name";
    CHECK_INT(fg_ca_issue(ca, &order, &certificate, &error), FG_E_RANGE);
    order = good;
    order.to_ms = order.from_ms;
    CHECK_INT(fg_ca_issue(ca, &order, &certificate, &error), FG_E_RANGE);
    fg_ca_close(ca);
}

TEST("a signing request carries its key, and openssl agrees with its signature")
{
    struct fg_private_key key;
    struct fg_public_key found;
    uint8_t bytes[FG_ENROL_REQUEST_MAX];
    size_t length = 0;
    struct fg_error error;
    FILE *file = fopen(fg_test_path("r.der"), "w");

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_csr_make(&key, "controller", bytes, &length, &error), &error);
    CHECK(file != NULL);
    CHECK_INT(fwrite(bytes, 1, length, file), length);
    (void)fclose(file);
    CHECK_INT(shell("openssl req -inform DER -in %s/r.der -noout -verify 2>/dev/null", fg_test_directory()),
              0);
    CHECK_OK(fg_csr_key(bytes, length, &found, &error), &error);
    CHECK_BYTES(found.point, key.public_key.point, FG_POINT_BYTES);
}

TEST("BAD-INPUT-IS-SAFE: a signing request with any byte changed is refused or names another key")
{
    struct fg_private_key key;
    struct fg_public_key found;
    uint8_t bytes[FG_ENROL_REQUEST_MAX];
    size_t length = 0;
    struct fg_error error;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_csr_make(&key, "controller", bytes, &length, &error), &error);
    for (size_t i = 0; i < length; i++) {
        bytes[i] ^= 0x01;
        CHECK(fg_csr_key(bytes, length, &found, &error) != FG_OK);
        bytes[i] ^= 0x01;
    }
    CHECK(fg_csr_key(bytes, length - 1, &found, &error) != FG_OK);
}

TEST("openssl's own signing request is taken")
{
    struct fg_public_key found;
    uint8_t bytes[FG_ENROL_REQUEST_MAX];
    size_t length;
    struct fg_error error;
    FILE *file;

    CHECK_INT(
        shell(
            "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /O=x -keyout %s/k.pem "
            "-outform DER -out %s/r.der 2>/dev/null",
            fg_test_directory()),
        0);
    file = fopen(fg_test_path("r.der"), "r");
    CHECK(file != NULL);
    length = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    CHECK_OK(fg_csr_key(bytes, length, &found, &error), &error);
}
