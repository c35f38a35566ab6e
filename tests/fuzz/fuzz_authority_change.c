/* Any bytes as a change of authorities. The first byte tells whether they are the message and are signed here
 * by the authority in force, for without that nothing comes to the certificates. What is good must be good
 * again as the file that it becomes, under its version, and the same change must then be old. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/pki/ca.h"
#include "proto/hop/authority_change.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BEGIN_MS INT64_C(1795392000000)

static struct fg_ca *ca;
static struct fg_authority in_force;
static struct fg_authority next;
static struct fg_authority again;
static struct fg_authority_change change;
static uint8_t bytes[FG_AUTHORITY_CHANGE_BYTES_MAX];

/* An authority in a directory that is gone again at once. */
static void authority_make(void)
{
    char directory[] = "/tmp/fillgate-fuzz-XXXXXX";
    char path[64];
    char key_path[64];
    struct fg_error error;

    if (mkdtemp(directory) == NULL)
        abort();
    (void)snprintf(path, sizeof(path), "%s/ca", directory);
    if (fg_ca_create(path, "fuzz", BEGIN_MS, 3000, &error) != FG_OK || fg_ca_open(path, &ca, &error) != FG_OK)
        abort();
    (void)snprintf(key_path, sizeof(key_path), "%s/ca/ca.key", directory);
    (void)unlink(key_path);
    (void)snprintf(key_path, sizeof(key_path), "%s/ca/ca.pem", directory);
    if (fg_authority_read(key_path, &in_force, &error) != FG_OK)
        abort();
    (void)unlink(key_path);
    (void)rmdir(path);
    (void)rmdir(directory);
}

/* The message in its envelope: field 1, as the codec writes it; then the signature of the authority in force.
 */
static size_t sign_message(const uint8_t *data, size_t size)
{
    uint8_t envelope[FG_AUTHORITY_CHANGE_BYTES_MAX];
    struct fg_signature signature;
    struct fg_key_id key_id;
    size_t length = 0;

    if (size < 128 || size > 8000)
        return 0;
    envelope[0] = 0x0a;
    envelope[1] = (uint8_t)(size & 0x7f) | 0x80;
    envelope[2] = (uint8_t)(size >> 7);
    memcpy(envelope + 3, data, size);
    if (fg_ca_sign(ca, FG_PURPOSE_AUTHORITIES, data, size, &key_id, &signature, NULL) != FG_OK)
        abort();
    return fg_authority_change_add(envelope, size + 3, &key_id, &signature, bytes, &length, NULL) == FG_OK
               ? length
               : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t signatures = 0;
    size_t length = size;
    struct fg_error error;

    if (ca == NULL)
        authority_make();
    if (size == 0)
        return 0;
    if ((data[0] & 1) != 0) {
        length = sign_message(data + 1, size - 1);
        data = bytes;
    }
    (void)fg_authority_change_decode(data, length, &change, &signatures, &error);
    if (fg_authority_change_judge(&in_force, data, length, &next, &error) != FG_OK)
        return 0;
    if (fg_authority_parse(next.pem, strlen(next.pem), &again, &error) != FG_OK ||
        again.version != next.version || next.version == 0 || next.version != change.version)
        abort();
    if (fg_authority_change_judge(&next, data, length, &again, &error) != FG_E_OLD)
        abort();
    return 0;
}
