/* The bureau's keys at a point, below the socket: what the configuration and the kept rings give. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "firmware/controller/controller_keys.h"
#include "lib/base/file.h"
#include "tests/lib/check.h"

static unsigned complaints;
static char last_complaint[512];

static void complain(void *context, const char *what, const struct fg_error *error)
{
    (void)context;
    complaints++;
    (void)snprintf(last_complaint, sizeof(last_complaint), "%s: %s", what, error->text);
}

static struct fg_private_key old_key;
static struct fg_private_key new_key;
static struct fg_private_key receipt_key;

static void config_make(struct fg_config *config)
{
    struct fg_error error;

    memset(config, 0, sizeof(*config));
    complaints = 0;
    CHECK_OK(fg_private_key_new(&old_key, &error), &error);
    CHECK_OK(fg_private_key_new(&new_key, &error), &error);
    CHECK_OK(fg_private_key_new(&receipt_key, &error), &error);
    CHECK_OK(fg_public_key_write(fg_test_path("old.pub"), &old_key.public_key, &error), &error);
    (void)snprintf(config->list_key_paths[0], sizeof(config->list_key_paths[0]), "%s",
                   fg_test_path("old.pub"));
    config->list_key_count = 1;
    (void)snprintf(config->keyring_path, sizeof(config->keyring_path), "%s", fg_test_path("keyring.bin"));
    (void)snprintf(config->receipt_key_path, sizeof(config->receipt_key_path), "%s",
                   fg_test_path("receipt.pub"));
    (void)unlink(config->keyring_path);
    (void)unlink(config->receipt_key_path);
}

static void ring_write(const char *path)
{
    const struct fg_private_key *signers[] = {&old_key, &new_key, &receipt_key};
    struct fg_keyring ring = {.version = 1, .issued_ms = 1795392000000, .key_count = 2};
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    struct fg_error error;
    size_t length;
    FILE *file = fopen(path, "wb");

    CHECK(file != NULL);
    ring.keys[0] = (struct fg_keyring_key){FG_KEYRING_LIST, new_key.public_key};
    ring.keys[1] = (struct fg_keyring_key){FG_KEYRING_RECEIPT, receipt_key.public_key};
    CHECK_OK(fg_keyring_encode(&ring, bytes, sizeof(bytes), &length, &error), &error);
    for (int i = 0; i < 3; i++)
        CHECK_OK(fg_keyring_sign(bytes, length, signers[i], bytes, sizeof(bytes), &length, &error), &error);
    CHECK_INT(fwrite(bytes, 1, length, file), length);
    CHECK_INT(fclose(file), 0);
}

TEST("a ring replaces the configured keys, for receipts too, and a start finds it again")
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    struct fg_config config;
    struct fg_keys kept;
    struct fg_error error;

    config_make(&config);
    fg_keys_start(&config, complain, NULL, &kept);
    CHECK_INT(complaints, 0);
    CHECK_INT(kept.ring.version, 0);
    CHECK_INT(fg_keys_receipt(&kept, keys, &error), FG_E_NOT_FOUND);
    ring_write(fg_test_path("ring"));
    CHECK_INT(fg_keys_take(&kept, "ring", &error), FG_E_ARG);
    CHECK_OK(fg_keys_take(&kept, fg_test_path("ring"), &error), &error);
    fg_keys_start(&config, complain, NULL, &kept);
    CHECK_INT(complaints, 0);
    CHECK_INT(kept.ring.version, 1);
    CHECK_INT(fg_keyring_keys(&kept.ring, FG_KEYRING_LIST, keys, FG_KEYRING_KEYS_MAX), 1);
    CHECK_BYTES(keys[0].point, new_key.public_key.point, FG_POINT_BYTES);
    CHECK_INT(fg_keyring_keys(&kept.ring, FG_KEYRING_TAG, keys, FG_KEYRING_KEYS_MAX), 0);
    CHECK_OK(fg_keys_receipt(&kept, keys, &error), &error);
    CHECK_BYTES(keys[0].point, receipt_key.public_key.point, FG_POINT_BYTES);
}

TEST("FAIL-CLOSED: without a readable list key nothing is in force, and no ring can be taken")
{
    struct fg_config config;
    struct fg_keys kept;
    struct fg_error error;

    config_make(&config);
    CHECK_INT(unlink(config.list_key_paths[0]), 0);
    fg_keys_start(&config, complain, NULL, &kept);
    CHECK_INT(complaints, 2);
    CHECK_INT(kept.ring.key_count, 0);
    ring_write(fg_test_path("ring"));
    CHECK_INT(fg_keys_take(&kept, fg_test_path("ring"), &error), FG_E_ARG);
    CHECK_INT(kept.ring.key_count, 0);
}

TEST("BAD-INPUT-IS-SAFE: a ring that is no file, missing or too long is refused and changes nothing")
{
    static const uint8_t long_ring[FG_KEYRING_BYTES_MAX + 1];
    struct fg_config config;
    struct fg_keys kept;
    struct fg_error error;

    config_make(&config);
    fg_keys_start(&config, complain, NULL, &kept);
    CHECK_INT(fg_keys_take(&kept, fg_test_directory(), &error), FG_E_IO);
    CHECK_INT(fg_keys_take(&kept, fg_test_path("nowhere"), &error), FG_E_IO);
    CHECK_INT(fg_keys_take(&kept, "/dev/zero", &error), FG_E_IO);
    CHECK_OK(fg_file_write(fg_test_path("long"), 0600, long_ring, sizeof(long_ring), &error), &error);
    CHECK_INT(fg_keys_take(&kept, fg_test_path("long"), &error), FG_E_SIZE);
    CHECK_INT(kept.ring.version, 0);
}

TEST("a list key that cannot be read is left out and told, the others count")
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    struct fg_config config;
    struct fg_keys kept;
    struct fg_error error;

    config_make(&config);
    CHECK_OK(fg_public_key_write(fg_test_path("new.pub"), &new_key.public_key, &error), &error);
    (void)snprintf(config.list_key_paths[1], sizeof(config.list_key_paths[1]), "%s",
                   fg_test_path("none.pub"));
    (void)snprintf(config.list_key_paths[2], sizeof(config.list_key_paths[2]), "%s", fg_test_path("new.pub"));
    config.list_key_count = 3;
    fg_keys_start(&config, complain, NULL, &kept);
    CHECK_INT(complaints, 1);
    CHECK_HAS(last_complaint, "list key: ");
    CHECK_INT(kept.list_key_count, 2);
    CHECK_INT(fg_keyring_keys(&kept.ring, FG_KEYRING_LIST, keys, FG_KEYRING_KEYS_MAX), 2);
    CHECK_BYTES(keys[0].point, old_key.public_key.point, FG_POINT_BYTES);
    CHECK_BYTES(keys[1].point, new_key.public_key.point, FG_POINT_BYTES);
}

TEST("TAMPER-SHOWS: kept rings that do not verify are told, and only the configured keys count")
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    struct fg_config config;
    struct fg_keys kept;
    FILE *file;

    config_make(&config);
    file = fopen(config.keyring_path, "wb");
    CHECK(file != NULL && fputs("nonsense", file) >= 0 && fclose(file) == 0);
    fg_keys_start(&config, complain, NULL, &kept);
    CHECK_INT(complaints, 1);
    CHECK_HAS(last_complaint, "kept key rings; only the configured keys count: ");
    CHECK_INT(fg_keyring_keys(&kept.ring, FG_KEYRING_LIST, keys, FG_KEYRING_KEYS_MAX), 1);
    CHECK_BYTES(keys[0].point, old_key.public_key.point, FG_POINT_BYTES);
}

TEST("without a ring the receipt key is that of its file, and what is not a key is refused")
{
    struct fg_public_key key;
    struct fg_config config;
    struct fg_keys kept;
    struct fg_error error;

    config_make(&config);
    CHECK_OK(fg_public_key_write(config.receipt_key_path, &receipt_key.public_key, &error), &error);
    fg_keys_start(&config, complain, NULL, &kept);
    CHECK_OK(fg_keys_receipt(&kept, &key, &error), &error);
    CHECK_BYTES(key.point, receipt_key.public_key.point, FG_POINT_BYTES);
    CHECK_INT(truncate(config.receipt_key_path, 5), 0);
    CHECK(fg_keys_receipt(&kept, &key, &error) != FG_OK);
}
