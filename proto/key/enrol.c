/* Implementation of the enrolment's messages (enrol.h). */
#include "proto/key/enrol.h"

#include <assert.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/random.h"
#include "proto/key/enrol.pb.h"

static_assert(FgEnrolRequest_size <= FG_ENROL_BYTES_MAX, "a request fits");
static_assert(FgEnrolAnswer_size <= FG_ENROL_BYTES_MAX, "an answer fits");

static void put_bytes(void *field, pb_size_t *size, const void *bytes, size_t length)
{
    memcpy(field, bytes, length);
    *size = (pb_size_t)length;
}

enum fg_err fg_enrol_request_encode(const struct fg_enrol_request *request, uint8_t *buffer, size_t capacity,
                                    size_t *ret_length, struct fg_error *error)
{
    FgEnrolRequest message = FgEnrolRequest_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);

    if (request->request_length == 0 || request->request_length > FG_ENROL_REQUEST_MAX)
        return fg_fail(error, FG_E_RANGE, "enrolment: no signing request, or one of more than %d bytes",
                       FG_ENROL_REQUEST_MAX);
    memcpy(message.role, request->role, sizeof(message.role));
    put_bytes(message.request.bytes, &message.request.size, request->request, request->request_length);
    if (request->has_device_key) {
        put_bytes(message.device_point.bytes, &message.device_point.size, request->device_key.point,
                  FG_POINT_BYTES);
        put_bytes(message.device_signature.bytes, &message.device_signature.size,
                  request->device_signature.bytes, FG_SIGNATURE_BYTES);
    }
    if (request->has_nonce)
        put_bytes(message.nonce.bytes, &message.nonce.size, request->nonce, FG_ENROL_NONCE_BYTES);
    if (!pb_encode(&stream, FgEnrolRequest_fields, &message))
        return fg_fail(error, FG_E_SIZE, "enrolment request: it does not fit into %zu bytes", capacity);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

static enum fg_err take_device_key(const FgEnrolRequest *message, struct fg_enrol_request *request,
                                   struct fg_error *error)
{
    enum fg_err result;

    if (message->device_point.size == 0 && message->device_signature.size == 0)
        return FG_OK;
    if (message->device_point.size != FG_POINT_BYTES || message->device_signature.size != FG_SIGNATURE_BYTES)
        return fg_fail(error, FG_E_FORMAT, "enrolment request: half a device key");
    result = fg_public_key_from_point(message->device_point.bytes, &request->device_key, error);
    if (result != FG_OK)
        return fg_fail_in(error, result, "enrolment request: device ");
    memcpy(request->device_signature.bytes, message->device_signature.bytes, FG_SIGNATURE_BYTES);
    request->has_device_key = true;
    return FG_OK;
}

enum fg_err fg_enrol_request_decode(const uint8_t *bytes, size_t length, struct fg_enrol_request *ret_request,
                                    struct fg_error *error)
{
    FgEnrolRequest message = FgEnrolRequest_init_zero;
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);
    struct fg_enrol_request request;
    enum fg_err result;

    memset(&request, 0, sizeof(request));
    if (length > FG_ENROL_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "enrolment request: %zu bytes, at most %d are allowed", length,
                       FG_ENROL_BYTES_MAX);
    if (!pb_decode(&stream, FgEnrolRequest_fields, &message))
        return fg_fail(error, FG_E_FORMAT, "enrolment request: no such message (%s)", PB_GET_ERROR(&stream));
    if (message.request.size == 0)
        return fg_fail(error, FG_E_FORMAT, "enrolment request: without a signing request");
    if (message.code[0] != '\0')
        return fg_fail(error, FG_E_DENIED,
                       "this device's program sent its one-time code in clear, so the code may be known to "
                       "others: bring the program up to date and ask the bureau for a new code");
    if (message.nonce.size != 0 && message.nonce.size != FG_ENROL_NONCE_BYTES)
        return fg_fail(error, FG_E_FORMAT, "enrolment request: the nonce is cut");
    memcpy(request.role, message.role, sizeof(request.role));
    memcpy(request.request, message.request.bytes, message.request.size);
    request.request_length = message.request.size;
    result = take_device_key(&message, &request, error);
    if (result != FG_OK)
        return result;
    request.has_nonce = message.nonce.size != 0;
    memcpy(request.nonce, message.nonce.bytes, message.nonce.size);
    *ret_request = request;
    return FG_OK;
}

enum fg_err fg_enrol_answer_encode(const struct fg_enrol_answer *answer, uint8_t *buffer, size_t capacity,
                                   size_t *ret_length, struct fg_error *error)
{
    FgEnrolAnswer message = FgEnrolAnswer_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);

    if (answer->certificate_length > FG_ENROL_CERTIFICATE_MAX ||
        answer->ca_length > FG_ENROL_CERTIFICATE_MAX || answer->list_key_count > FG_ENROL_LIST_KEYS_MAX ||
        answer->tag_key_count > FG_ENROL_LIST_KEYS_MAX)
        return fg_fail(error, FG_E_RANGE, "enrolment answer: a count is beyond its bound");
    memcpy(message.id, answer->id, sizeof(message.id));
    memcpy(message.station, answer->station, sizeof(message.station));
    memcpy(message.list_id, answer->list_id, sizeof(message.list_id));
    memcpy(message.text, answer->text, sizeof(message.text));
    put_bytes(message.certificate.bytes, &message.certificate.size, answer->certificate,
              answer->certificate_length);
    put_bytes(message.ca.bytes, &message.ca.size, answer->ca, answer->ca_length);
    if (answer->has_receipt_key)
        put_bytes(message.receipt_point.bytes, &message.receipt_point.size, answer->receipt_key.point,
                  FG_POINT_BYTES);
    message.list_points_count = (pb_size_t)answer->list_key_count;
    for (size_t i = 0; i < answer->list_key_count; i++)
        put_bytes(message.list_points[i].bytes, &message.list_points[i].size, answer->list_keys[i].point,
                  FG_POINT_BYTES);
    message.tag_points_count = (pb_size_t)answer->tag_key_count;
    for (size_t i = 0; i < answer->tag_key_count; i++)
        put_bytes(message.tag_points[i].bytes, &message.tag_points[i].size, answer->tag_keys[i].point,
                  FG_POINT_BYTES);
    if (answer->has_request_digest)
        put_bytes(message.request_digest.bytes, &message.request_digest.size, answer->request_digest.bytes,
                  FG_DIGEST_BYTES);
    if (!pb_encode(&stream, FgEnrolAnswer_fields, &message))
        return fg_fail(error, FG_E_SIZE, "enrolment answer: it does not fit into %zu bytes", capacity);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

static enum fg_err take_points(const FgEnrolAnswer *message, struct fg_enrol_answer *answer,
                               struct fg_error *error)
{
    enum fg_err result = FG_OK;

    if (message->receipt_point.size != 0) {
        if (message->receipt_point.size != FG_POINT_BYTES)
            return fg_fail(error, FG_E_FORMAT, "enrolment answer: the receipt key is cut");
        result = fg_public_key_from_point(message->receipt_point.bytes, &answer->receipt_key, error);
        answer->has_receipt_key = result == FG_OK;
    }
    for (size_t i = 0; result == FG_OK && i < message->list_points_count; i++) {
        if (message->list_points[i].size != FG_POINT_BYTES)
            return fg_fail(error, FG_E_FORMAT, "enrolment answer: list key %zu is cut", i + 1);
        result = fg_public_key_from_point(message->list_points[i].bytes, &answer->list_keys[i], error);
        answer->list_key_count = i + 1;
    }
    for (size_t i = 0; result == FG_OK && i < message->tag_points_count; i++) {
        if (message->tag_points[i].size != FG_POINT_BYTES)
            return fg_fail(error, FG_E_FORMAT, "enrolment answer: tag key %zu is cut", i + 1);
        result = fg_public_key_from_point(message->tag_points[i].bytes, &answer->tag_keys[i], error);
        answer->tag_key_count = i + 1;
    }
    return result;
}

enum fg_err fg_enrol_answer_decode(const uint8_t *bytes, size_t length, struct fg_enrol_answer *ret_answer,
                                   struct fg_error *error)
{
    FgEnrolAnswer message = FgEnrolAnswer_init_zero;
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);
    struct fg_enrol_answer answer;
    enum fg_err result;

    memset(&answer, 0, sizeof(answer));
    if (length > FG_ENROL_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "enrolment answer: %zu bytes, at most %d are allowed", length,
                       FG_ENROL_BYTES_MAX);
    if (!pb_decode(&stream, FgEnrolAnswer_fields, &message))
        return fg_fail(error, FG_E_FORMAT, "enrolment answer: no such message (%s)", PB_GET_ERROR(&stream));
    memcpy(answer.id, message.id, sizeof(answer.id));
    memcpy(answer.station, message.station, sizeof(answer.station));
    memcpy(answer.list_id, message.list_id, sizeof(answer.list_id));
    memcpy(answer.text, message.text, sizeof(answer.text));
    memcpy(answer.certificate, message.certificate.bytes, message.certificate.size);
    answer.certificate_length = message.certificate.size;
    memcpy(answer.ca, message.ca.bytes, message.ca.size);
    answer.ca_length = message.ca.size;
    if (message.request_digest.size != 0 && message.request_digest.size != FG_DIGEST_BYTES)
        return fg_fail(error, FG_E_FORMAT, "enrolment answer: the request's digest is cut");
    answer.has_request_digest = message.request_digest.size != 0;
    memcpy(answer.request_digest.bytes, message.request_digest.bytes, message.request_digest.size);
    result = take_points(&message, &answer, error);
    if (result == FG_OK)
        *ret_answer = answer;
    return result;
}

enum fg_err fg_enrol_frame_read(const uint8_t *bytes, size_t length, struct fg_enrol_frame *ret_frame,
                                struct fg_error *error)
{
    if (length <= FG_ENROL_FRAME_BYTES)
        return fg_fail(error, FG_E_FORMAT, "enrolment: %zu bytes are no signed message", length);
    memcpy(ret_frame->key_id.bytes, bytes, FG_KEY_ID_BYTES);
    memcpy(ret_frame->signature.bytes, bytes + FG_KEY_ID_BYTES, FG_SIGNATURE_BYTES);
    ret_frame->message = bytes + FG_ENROL_FRAME_BYTES;
    ret_frame->message_length = length - FG_ENROL_FRAME_BYTES;
    return FG_OK;
}

void fg_enrol_frame_put(uint8_t *bytes, const struct fg_key_id *key_id, const struct fg_signature *signature)
{
    memcpy(bytes, key_id->bytes, FG_KEY_ID_BYTES);
    memcpy(bytes + FG_KEY_ID_BYTES, signature->bytes, FG_SIGNATURE_BYTES);
}

enum fg_err fg_enrol_request_make(const char *role, bool renewal, const struct fg_private_key *tls_key,
                                  const struct fg_private_key *device_key,
                                  struct fg_enrol_request *ret_request, struct fg_error *error)
{
    struct fg_enrol_request request;
    enum fg_err result;

    memset(&request, 0, sizeof(request));
    if ((size_t)snprintf(request.role, sizeof(request.role), "%s", role) >= sizeof(request.role))
        return fg_fail(error, FG_E_RANGE, "enrolment: the role is too long");
    request.has_nonce = !renewal;
    if (request.has_nonce && fg_random_fill(request.nonce, sizeof(request.nonce), error) != FG_OK)
        return fg_fail_in(error, FG_E_IO, "enrolment: ");
    result = fg_csr_make(tls_key, role, request.request, &request.request_length, error);
    if (result == FG_OK && device_key != NULL) {
        request.has_device_key = true;
        request.device_key = device_key->public_key;
        result = fg_sign(device_key, FG_PURPOSE_ENROL, request.request, request.request_length,
                         &request.device_signature, error);
    }
    if (result == FG_OK)
        *ret_request = request;
    return result;
}
