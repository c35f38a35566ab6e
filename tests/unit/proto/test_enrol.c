/* The enrolment's messages: there and back, and what is refused. */
#include <string.h>

#include "proto/enrol.h"
#include "tests/lib/check.h"

static void request_fill(struct fg_enrol_request *request)
{
    struct fg_private_key key;
    struct fg_error error;

    memset(request, 0, sizeof(*request));
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    memcpy(request->code, "7K2M9-QXW4T-B3N8R-H5VDC", 24);
    memcpy(request->role, "controller", 11);
    memset(request->request, 0x30, 300);
    request->request_length = 300;
    request->has_device_key = true;
    request->device_key = key.public_key;
    memset(request->device_signature.bytes, 7, FG_SIGNATURE_BYTES);
    request->name_count = 2;
    memcpy(request->names[0], "station.example", 16);
    memcpy(request->names[1], "10.0.0.2", 9);
}

TEST("an enrolment request is read as it was written")
{
    struct fg_enrol_request request;
    struct fg_enrol_request again;
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;

    request_fill(&request);
    CHECK_OK(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_enrol_request_decode(bytes, length, &again, &error), &error);
    CHECK_TEXT(again.code, request.code);
    CHECK_TEXT(again.role, "controller");
    CHECK_INT(again.request_length, 300);
    CHECK_BYTES(again.request, request.request, 300);
    CHECK(again.has_device_key);
    CHECK_BYTES(&again.device_key, &request.device_key, sizeof(again.device_key));
    CHECK_INT(again.name_count, 2);
    CHECK_TEXT(again.names[1], "10.0.0.2");
}

TEST("BAD-INPUT-IS-SAFE: an enrolment request without a signing request, with half a key or a strange name "
     "is refused")
{
    struct fg_enrol_request request;
    struct fg_enrol_request again;
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;

    request_fill(&request);
    memcpy(request.names[0], "a b", 4);
    CHECK_OK(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_INT(fg_enrol_request_decode(bytes, length, &again, &error), FG_E_RANGE);
    request_fill(&request);
    request.device_key.point[5] ^= 1;
    CHECK_OK(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_INT(fg_enrol_request_decode(bytes, length, &again, &error), FG_E_FORMAT);
    CHECK_INT(fg_enrol_request_decode((const uint8_t *)"\x0a\x01x", 3, &again, &error), FG_E_FORMAT);
    CHECK_INT(fg_enrol_request_decode((const uint8_t *)"nonsense", 8, &again, &error), FG_E_FORMAT);
    request.request_length = 0;
    CHECK_INT(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
}

TEST("an enrolment answer is read as it was written")
{
    struct fg_enrol_answer answer;
    struct fg_enrol_answer again;
    struct fg_private_key key;
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;

    memset(&answer, 0, sizeof(answer));
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    memcpy(answer.id, "HZ-001-1", 9);
    memcpy(answer.station, "HZ-001", 7);
    memcpy(answer.list_id, "HZ-001", 7);
    memset(answer.certificate, 1, 700);
    answer.certificate_length = 700;
    memset(answer.ca, 2, 500);
    answer.ca_length = 500;
    answer.has_receipt_key = true;
    answer.receipt_key = key.public_key;
    answer.list_key_count = 1;
    answer.list_keys[0] = key.public_key;
    CHECK_OK(fg_enrol_answer_encode(&answer, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_enrol_answer_decode(bytes, length, &again, &error), &error);
    CHECK_BYTES(&again, &answer, sizeof(again));
}
