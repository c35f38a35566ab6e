/* The enrolment's messages: there and back, and what is refused. */
#include <stdio.h>
#include <string.h>

#include "proto/enrol.h"
#include "proto/enrol_code.h"
#include "tests/lib/check.h"

static void request_fill(struct fg_enrol_request *request)
{
    struct fg_private_key key;
    struct fg_error error;

    memset(request, 0, sizeof(*request));
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    memcpy(request->role, "controller", 11);
    memset(request->request, 0x30, 300);
    request->request_length = 300;
    request->has_device_key = true;
    request->device_key = key.public_key;
    memset(request->device_signature.bytes, 7, FG_SIGNATURE_BYTES);
    request->has_nonce = true;
    memset(request->nonce, 9, FG_ENROL_NONCE_BYTES);
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
    CHECK_TEXT(again.role, "controller");
    CHECK_INT(again.request_length, 300);
    CHECK_BYTES(again.request, request.request, 300);
    CHECK(again.has_device_key);
    CHECK_BYTES(&again.device_key, &request.device_key, sizeof(again.device_key));
    CHECK(again.has_nonce);
    CHECK_BYTES(again.nonce, request.nonce, FG_ENROL_NONCE_BYTES);
}

TEST("BAD-INPUT-IS-SAFE: an enrolment request without a signing request, with half a key or half a nonce is "
     "refused")
{
    struct fg_enrol_request request;
    struct fg_enrol_request again;
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;

    request_fill(&request);
    CHECK_OK(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &length, &error), &error);
    bytes[length - FG_ENROL_NONCE_BYTES - 1]--; /* the length in front of the nonce, which comes last */
    CHECK_INT(fg_enrol_request_decode(bytes, length - 1, &again, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "nonce");
    request_fill(&request);
    request.device_key.point[5] ^= 1;
    CHECK_OK(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_INT(fg_enrol_request_decode(bytes, length, &again, &error), FG_E_FORMAT);
    CHECK_INT(fg_enrol_request_decode((const uint8_t *)"\x12\x01x", 3, &again, &error), FG_E_FORMAT);
    CHECK_INT(fg_enrol_request_decode((const uint8_t *)"nonsense", 8, &again, &error), FG_E_FORMAT);
    request.request_length = 0;
    CHECK_INT(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
}

TEST("a request with its one-time code in clear, as programs sent it before, is refused and says why")
{
    static const uint8_t code[] = "\x0a\x17"
                                  "7K2M9-QXW4T-B3N8R-H5VDC";
    struct fg_enrol_request request;
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;

    request_fill(&request);
    memcpy(bytes, code, sizeof(code) - 1);
    CHECK_OK(fg_enrol_request_encode(&request, bytes + sizeof(code) - 1, sizeof(bytes) - sizeof(code),
                                     &length, &error),
             &error);
    CHECK_INT(fg_enrol_request_decode(bytes, length + sizeof(code) - 1, &request, &error), FG_E_DENIED);
    CHECK_HAS(error.text, "in clear");
}

TEST("the key of a one-time code is the same however it is typed, and what is no code has none")
{
    struct fg_private_key made;
    struct fg_private_key typed;
    char code[FG_ONE_TIME_CODE_TEXT];
    char text[2 * FG_ONE_TIME_CODE_TEXT] = " ";
    struct fg_error error;

    CHECK_OK(fg_enrol_code_new(code, &made, &error), &error);
    for (size_t i = 0, n = 1; code[i] != '\0'; i++) {
        char letter = code[i];

        if (letter >= 'A' && letter <= 'Z')
            letter = (char)(letter + 'a' - 'A');
        text[n++] = (char)(letter == '-' ? ' ' : letter == '0' ? 'o' : letter == '1' ? 'L' : letter);
    }
    CHECK_OK(fg_enrol_code_key(text, &typed, &error), &error);
    CHECK_BYTES(typed.scalar, made.scalar, sizeof(made.scalar));
    CHECK_INT(fg_enrol_code_key("7K2M9-QXW4T-B3N8R-H5VD", &typed, &error), FG_E_FORMAT);
    CHECK_INT(fg_enrol_code_key("7K2M9-QXW4T-B3N8R-H5VDCC", &typed, &error), FG_E_FORMAT);
    CHECK_INT(fg_enrol_code_key("7K2M9-QXW4T-B3N8R-H5VDU", &typed, &error), FG_E_FORMAT);
    CHECK_INT(fg_enrol_code_key("", &typed, &error), FG_E_FORMAT);
}

TEST("the key of a known code is the one that PROTOCOL.md describes")
{
    struct fg_private_key key;
    char hex[2 * FG_KEY_ID_BYTES + 1];
    struct fg_error error;

    CHECK_OK(fg_enrol_code_key("7K2M9-QXW4T-B3N8R-H5VDC", &key, &error), &error);
    for (size_t i = 0; i < FG_KEY_ID_BYTES; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", key.public_key.id.bytes[i]);
    CHECK_TEXT(hex, "e98853e1242ad649");
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
    answer.tag_key_count = 1;
    answer.tag_keys[0] = key.public_key;
    answer.has_request_digest = true;
    memset(answer.request_digest.bytes, 3, FG_DIGEST_BYTES);
    CHECK_OK(fg_enrol_answer_encode(&answer, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_enrol_answer_decode(bytes, length, &again, &error), &error);
    CHECK_BYTES(&again, &answer, sizeof(again));
}
