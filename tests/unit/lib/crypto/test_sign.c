/* Keys, key files and signatures: known answers, and everything false refused. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/crypto/sign.h"
#include "lib/domain/code.h"
#include "tests/lib/check.h"

static size_t from_hex(const char *hex, uint8_t *ret_bytes, size_t capacity)
{
    size_t length = 0;
    unsigned byte;

    while (length < capacity && sscanf(hex + 2 * length, "%2x", &byte) == 1)
        ret_bytes[length++] = (uint8_t)byte;
    return length;
}

static size_t slurp(const char *path, char *ret_text, size_t capacity)
{
    FILE *file = fopen(path, "r");
    size_t length;

    CHECK(file != NULL);
    length = fread(ret_text, 1, capacity, file);
    (void)fclose(file);
    return length;
}

static void write_text(const char *path, const char *text, mode_t mode)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

    CHECK(descriptor >= 0);
    CHECK_INT(write(descriptor, text, strlen(text)), strlen(text));
    (void)close(descriptor);
}

static void vector_key(struct fg_private_key *ret_key)
{
    char pem[2048];
    struct fg_error error;

    CHECK_OK(fg_private_key_parse(pem, slurp("proto/vectors/key.pem", pem, sizeof(pem)), ret_key, &error),
             &error);
}

TEST("SHA-256 gives the known answer, in one piece and in many")
{
    struct fg_digest digest;
    struct fg_digest streamed;
    struct fg_sha256_stream stream;
    uint8_t expected[32];

    (void)from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", expected, 32);
    fg_sha256("abc", 3, &digest);
    CHECK_BYTES(digest.bytes, expected, 32);
    fg_sha256_start(&stream);
    fg_sha256_add(&stream, "a", 1);
    fg_sha256_add(&stream, NULL, 0);
    fg_sha256_add(&stream, "bc", 2);
    fg_sha256_finish(&stream, &streamed);
    CHECK_BYTES(streamed.bytes, expected, 32);
}

TEST("signatures are the known answers of proto/vectors/sign.txt, and verify")
{
    FILE *file = fopen("proto/vectors/sign.txt", "r");
    char line[4096];
    char purpose_hex[128];
    char message_hex[2100];
    char signature_hex[200];
    struct fg_private_key key;
    struct fg_error error;
    int count = 0;

    CHECK(file != NULL);
    vector_key(&key);
    while (fgets(line, sizeof(line), file) != NULL) {
        char purpose[64] = {0};
        uint8_t message[1024];
        struct fg_signature expected;
        struct fg_signature made;
        size_t length;

        if (line[0] == '#')
            continue;
        CHECK_INT(sscanf(line, "%127s %2099s %199s", purpose_hex, message_hex, signature_hex), 3);
        (void)from_hex(purpose_hex, (uint8_t *)purpose, sizeof(purpose) - 1);
        length = from_hex(message_hex, message, sizeof(message));
        CHECK_INT(from_hex(signature_hex, expected.bytes, 64), 64);
        CHECK_OK(fg_sign(&key, purpose, message, length, &made, &error), &error);
        CHECK_BYTES(made.bytes, expected.bytes, 64);
        CHECK_OK(fg_sign_verify(&key.public_key, purpose, message, length, &made, &error), &error);
        count++;
    }
    (void)fclose(file);
    CHECK_INT(count, 5);
}

TEST("a signature for one purpose, message or key does not hold for another")
{
    struct fg_private_key key;
    struct fg_private_key other;
    struct fg_signature signature;
    struct fg_error error;

    vector_key(&key);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    CHECK_OK(fg_sign(&key, FG_PURPOSE_HEAD, "abc", 3, &signature, &error), &error);
    CHECK_INT(fg_sign_verify(&key.public_key, FG_PURPOSE_RECEIPT, "abc", 3, &signature, &error), FG_E_AUTH);
    CHECK_INT(fg_sign_verify(&key.public_key, FG_PURPOSE_HEAD, "abd", 3, &signature, &error), FG_E_AUTH);
    CHECK_INT(fg_sign_verify(&other.public_key, FG_PURPOSE_HEAD, "abc", 3, &signature, &error), FG_E_AUTH);
    for (size_t i = 0; i < sizeof(signature.bytes); i++) {
        signature.bytes[i] ^= 1;
        CHECK_INT(fg_sign_verify(&key.public_key, FG_PURPOSE_HEAD, "abc", 3, &signature, NULL), FG_E_AUTH);
        signature.bytes[i] ^= 1;
    }
}

TEST("r or s of zero or above the group order, or a point off the curve, is a false signature")
{
    struct fg_private_key key;
    struct fg_public_key off;
    struct fg_signature signature;
    struct fg_error error;

    vector_key(&key);
    memset(signature.bytes, 0, 64);
    CHECK_INT(fg_sign_verify(&key.public_key, FG_PURPOSE_HEAD, "abc", 3, &signature, &error), FG_E_AUTH);
    memset(signature.bytes, 0xFF, 64);
    CHECK_INT(fg_sign_verify(&key.public_key, FG_PURPOSE_HEAD, "abc", 3, &signature, &error), FG_E_AUTH);
    CHECK_OK(fg_sign(&key, FG_PURPOSE_HEAD, "abc", 3, &signature, &error), &error);
    off = key.public_key;
    off.point[64] ^= 1;
    CHECK_INT(fg_sign_verify(&off, FG_PURPOSE_HEAD, "abc", 3, &signature, &error), FG_E_AUTH);
    CHECK_INT(fg_public_key_from_point(off.point, &off, &error), FG_E_FORMAT);
}

TEST("a key number of zero or the group order is refused, and cannot sign")
{
    uint8_t scalar[32] = {0};
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    struct fg_signature signature;
    struct fg_error error;

    CHECK_INT(fg_private_key_from_scalar(scalar, &key, &error), FG_E_FORMAT);
    memset(scalar, 0xFF, sizeof(scalar));
    CHECK_INT(fg_private_key_from_scalar(scalar, &key, &error), FG_E_FORMAT);
    CHECK_INT(fg_sign(&key, FG_PURPOSE_HEAD, "abc", 3, &signature, &error), FG_E_ARG);
}

TEST("a new key survives its files, and its private file is mode 0600")
{
    struct fg_private_key key;
    struct fg_private_key read_back;
    struct fg_public_key public_key;
    struct stat status;
    struct fg_error error;
    const char *path = fg_test_path("key.pem");
    const char *public_path = fg_test_path("key.pem.pub");

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_private_key_write(path, &key, &error), &error);
    CHECK_OK(fg_public_key_write(public_path, &key.public_key, &error), &error);
    CHECK_INT(stat(path, &status), 0);
    CHECK_INT(status.st_mode & 0777, 0600);
    CHECK_OK(fg_private_key_read(path, &read_back, &error), &error);
    CHECK_BYTES(&read_back, &key, sizeof(key));
    CHECK_OK(fg_public_key_read(public_path, &public_key, &error), &error);
    CHECK_BYTES(&public_key, &key.public_key, sizeof(public_key));
    CHECK_INT(fg_private_key_write(path, &key, &error), FG_E_EXISTS);
    fg_private_key_wipe(&key);
    CHECK_INT(key.scalar[0] | key.scalar[31], 0);
}

TEST("a private key that others can read is refused by name")
{
    struct fg_private_key key;
    struct fg_error error;
    const char *path = fg_test_path("key.pem");

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_private_key_write(path, &key, &error), &error);
    CHECK_INT(chmod(path, 0640), 0);
    CHECK_INT(fg_private_key_read(path, &key, &error), FG_E_DENIED);
    CHECK_HAS(error.text, path);
}

TEST("key files that are missing, pipes, too long, or no P-256 PEM are refused with the reason")
{
    static char long_text[FG_KEY_FILE_MAX + 2];
    struct fg_private_key key;
    struct fg_public_key public_key;
    struct fg_error error;
    char text[4096];
    size_t length;

    CHECK_INT(fg_public_key_read(fg_test_path("none"), &public_key, &error), FG_E_NOT_FOUND);
    CHECK_INT(mkfifo(fg_test_path("pipe"), 0600), 0);
    CHECK_INT(fg_private_key_read(fg_test_path("pipe"), &key, &error), FG_E_IO);
    memset(long_text, 'x', sizeof(long_text) - 1);
    write_text(fg_test_path("long"), long_text, 0600);
    CHECK_INT(fg_private_key_read(fg_test_path("long"), &key, &error), FG_E_SIZE);
    CHECK_INT(fg_public_key_parse(long_text, sizeof(long_text), &public_key, &error), FG_E_SIZE);
    write_text(fg_test_path("text"), "no key\n", 0600);
    CHECK_INT(fg_private_key_read(fg_test_path("text"), &key, &error), FG_E_FORMAT);
    CHECK_INT(fg_public_key_read(fg_test_path("text"), &public_key, &error), FG_E_FORMAT);
    length = slurp("tests/fuzz/seeds/key/p384.pem", text, sizeof(text));
    CHECK_INT(fg_private_key_parse(text, length, &key, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "P-256");
    length = slurp("tests/fuzz/seeds/key/encrypted.pem", text, sizeof(text));
    CHECK_INT(fg_private_key_parse(text, length, &key, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "encrypted");
    CHECK_OK(fg_public_key_read("proto/vectors/key_pub.pem", &public_key, &error), &error);
    CHECK_INT(fg_public_key_write("/nonexistent/key", &public_key, &error), FG_E_IO);
}

TEST("a private key in PKCS#8, as openssl writes today, is read")
{
    struct fg_private_key key;
    struct fg_private_key pkcs8;
    struct fg_error error;
    char text[4096];
    size_t length = slurp("tests/fuzz/seeds/key/pkcs8.pem", text, sizeof(text));

    vector_key(&key);
    CHECK_OK(fg_private_key_parse(text, length, &pkcs8, &error), &error);
    CHECK_BYTES(&pkcs8, &key, sizeof(key));
}

TEST("codes: only 1 to 32 of 0-9 A-Z -")
{
    struct fg_code code;
    struct fg_error error;

    CHECK_OK(fg_code_parse("AZ-09", &code, &error), &error);
    CHECK_TEXT(code.text, "AZ-09");
    CHECK_OK(fg_code_parse("12345678901234567890123456789012", &code, &error), &error);
    CHECK_INT(fg_code_parse("123456789012345678901234567890123", &code, &error), FG_E_FORMAT);
    CHECK_INT(fg_code_parse("", &code, &error), FG_E_FORMAT);
    CHECK_INT(fg_code_parse("a", &code, &error), FG_E_FORMAT);
    CHECK_INT(fg_code_parse("A B", &code, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "character 2");
}

TEST("UIDs: hex of 4, 7 or 10 bytes there and back")
{
    struct fg_uid uid;
    struct fg_error error;
    char text[FG_UID_TEXT_MAX + 1];

    CHECK_OK(fg_uid_parse("04:a1:b2:c3:d4:e5:f6", &uid, &error), &error);
    fg_uid_format(&uid, text);
    CHECK_TEXT(text, "04A1B2C3D4E5F6");
    CHECK_OK(fg_uid_parse("DEADBEEF", &uid, &error), &error);
    CHECK_OK(fg_uid_parse("00112233445566778899", &uid, &error), &error);
    CHECK_INT(fg_uid_parse("0011223344556677889900", &uid, &error), FG_E_FORMAT);
    CHECK_INT(fg_uid_parse("0011", &uid, &error), FG_E_FORMAT);
    CHECK_INT(fg_uid_parse("0011223", &uid, &error), FG_E_FORMAT);
    CHECK_INT(fg_uid_parse("", &uid, &error), FG_E_FORMAT);
    CHECK_INT(fg_uid_parse("xx112233", &uid, &error), FG_E_FORMAT);
    CHECK_INT(fg_uid_parse("00112233:", &uid, &error), FG_E_FORMAT);
}

TEST("bytes are equal when each of them is, and no byte behind them counts")
{
    uint8_t left[40];
    uint8_t right[40];

    for (size_t length = 0; length <= 32; length++) {
        memset(left, 0xa5, sizeof(left));
        memset(right, 0xa5, sizeof(right));
        right[length] ^= 1;
        CHECK(fg_bytes_equal(left, right, length));
        for (size_t at = 0; at < length; at++) {
            right[at] ^= 0x80;
            CHECK(!fg_bytes_equal(left, right, length));
            right[at] ^= 0x80;
        }
    }
}
