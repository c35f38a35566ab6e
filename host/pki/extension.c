/* Implementation of extensions (extension.h). */
#include "host/pki/extension.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <mbedtls/asn1write.h>
#include <mbedtls/oid.h>

#define TAG_DNS 2
#define TAG_URI 6
#define TAG_IP 7
#define SEQUENCE (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)
#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

/* The writers go from the end to the start; a negative result is kept, so that only the end is tested. */
struct writer {
    uint8_t *start;
    uint8_t *at;
    int failure;
};

static void writer_start(struct writer *writer, uint8_t *buffer)
{
    *writer = (struct writer){.start = buffer, .at = buffer + FG_EXTENSION_BYTES_MAX};
}

static void keep(struct writer *writer, int written)
{
    if (written < 0 && writer->failure == 0)
        writer->failure = written;
}

static void close_element(struct writer *writer, const uint8_t *end, unsigned char tag)
{
    if (writer->failure == 0)
        keep(writer, mbedtls_asn1_write_len(&writer->at, writer->start, (size_t)(end - writer->at)));
    if (writer->failure == 0)
        keep(writer, mbedtls_asn1_write_tag(&writer->at, writer->start, tag));
}

static void put_raw(struct writer *writer, const void *bytes, size_t length, unsigned char tag)
{
    const uint8_t *end = writer->at;

    if (writer->failure == 0)
        keep(writer, mbedtls_asn1_write_raw_buffer(&writer->at, writer->start, bytes, length));
    close_element(writer, end, tag);
}

static enum fg_err finish(struct writer *writer, const uint8_t *buffer, const uint8_t **ret_start,
                          size_t *ret_length, struct fg_error *error)
{
    if (writer->failure != 0)
        return fg_fail(error, FG_E_SIZE, "certificate: its names need more than %d bytes",
                       FG_EXTENSION_BYTES_MAX);
    *ret_start = writer->at;
    *ret_length = (size_t)(buffer + FG_EXTENSION_BYTES_MAX - writer->at);
    return FG_OK;
}

enum fg_err fg_extension_key_usage(bool server, uint8_t buffer[FG_EXTENSION_BYTES_MAX],
                                   const uint8_t **ret_start, size_t *ret_length, struct fg_error *error)
{
    struct writer writer;

    writer_start(&writer, buffer);
    put_raw(&writer, MBEDTLS_OID_CLIENT_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH), MBEDTLS_ASN1_OID);
    if (server)
        put_raw(&writer, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH),
                MBEDTLS_ASN1_OID);
    close_element(&writer, buffer + FG_EXTENSION_BYTES_MAX, SEQUENCE);
    return finish(&writer, buffer, ret_start, ret_length, error);
}

static enum fg_err put_name(struct writer *writer, const char *name, struct fg_error *error)
{
    struct in_addr four;
    struct in6_addr six;
    size_t length = strlen(name);

    if (inet_pton(AF_INET, name, &four) == 1) {
        put_raw(writer, &four, sizeof(four), MBEDTLS_ASN1_CONTEXT_SPECIFIC | TAG_IP);
    } else if (inet_pton(AF_INET6, name, &six) == 1) {
        put_raw(writer, &six, sizeof(six), MBEDTLS_ASN1_CONTEXT_SPECIFIC | TAG_IP);
    } else if (length > 0 && length <= 253 && strspn(name, HOST_CHARACTERS) == length) {
        put_raw(writer, name, length, MBEDTLS_ASN1_CONTEXT_SPECIFIC | TAG_DNS);
    } else {
        return fg_fail(error, FG_E_RANGE, "certificate: \"%s\" is neither a host name nor an address", name);
    }
    return FG_OK;
}

static void put_device(struct writer *writer, const struct fg_public_key *key)
{
    char uri[sizeof(FG_DEVICE_URI) + (size_t)2 * FG_POINT_BYTES];
    size_t length = strlen(FG_DEVICE_URI);

    memcpy(uri, FG_DEVICE_URI, length + 1);
    for (size_t i = 0; i < FG_POINT_BYTES; i++) {
        (void)snprintf(uri + length, sizeof(uri) - length, "%02x", key->point[i]);
        length += 2;
    }
    put_raw(writer, uri, length, MBEDTLS_ASN1_CONTEXT_SPECIFIC | TAG_URI);
}

enum fg_err fg_extension_names(const struct fg_certificate_order *order,
                               uint8_t buffer[FG_EXTENSION_BYTES_MAX], const uint8_t **ret_start,
                               size_t *ret_length, struct fg_error *error)
{
    struct writer writer;
    enum fg_err result = FG_OK;

    if (order->name_count == 0 && order->device_key == NULL) {
        *ret_length = 0;
        return FG_OK;
    }
    writer_start(&writer, buffer);
    for (size_t i = order->name_count; result == FG_OK && i > 0; i--)
        result = put_name(&writer, order->names[i - 1], error);
    if (result != FG_OK)
        return result;
    if (order->device_key != NULL)
        put_device(&writer, order->device_key);
    close_element(&writer, buffer + FG_EXTENSION_BYTES_MAX, SEQUENCE);
    return finish(&writer, buffer, ret_start, ret_length, error);
}
