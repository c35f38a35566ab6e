/* The enrolment's messages: there and back, and what is refused. */
#include <stdio.h>
#include <string.h>

#include "proto/key/enrol.h"
#include "proto/key/enrol_code.h"
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

TEST("the largest enrolment request and answer come through whole, into what just holds them")
{
    static struct fg_enrol_request request;
    static struct fg_enrol_request request_again;
    static struct fg_enrol_answer answer;
    static struct fg_enrol_answer answer_again;
    static uint8_t bytes[FG_ENROL_BYTES_MAX + 1];
    struct fg_private_key key;
    size_t length = 0;
    size_t whole = 0;
    struct fg_error error;

    request_fill(&request);
    memset(request.role, 'r', FG_NAME_MAX);
    memset(request.request, 0x31, FG_ENROL_REQUEST_MAX);
    request.request_length = FG_ENROL_REQUEST_MAX;
    CHECK_OK(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &whole, &error), &error);
    CHECK_OK(fg_enrol_request_decode(bytes, whole, &request_again, &error), &error);
    CHECK_BYTES(&request_again, &request, sizeof(request));
    CHECK_OK(fg_enrol_request_encode(&request, bytes, whole, &length, &error), &error);
    CHECK_INT(fg_enrol_request_encode(&request, bytes, whole - 1, &length, &error), FG_E_SIZE);
    request.request_length++;
    CHECK_INT(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    CHECK_INT(fg_enrol_request_decode(bytes, sizeof(bytes), &request_again, &error), FG_E_SIZE);
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    memset(answer.id, 'i', FG_NAME_MAX);
    memset(answer.station, 's', FG_NAME_MAX);
    memset(answer.list_id, 'l', FG_NAME_MAX);
    memset(answer.text, 't', sizeof(answer.text) - 1);
    memset(answer.certificate, 1, sizeof(answer.certificate));
    memset(answer.ca, 2, sizeof(answer.ca));
    answer.certificate_length = answer.ca_length = FG_ENROL_CERTIFICATE_MAX;
    answer.list_key_count = answer.tag_key_count = FG_ENROL_LIST_KEYS_MAX;
    for (size_t i = 0; i < FG_ENROL_LIST_KEYS_MAX; i++)
        answer.list_keys[i] = answer.tag_keys[i] = key.public_key;
    answer.has_receipt_key = answer.has_request_digest = true;
    answer.receipt_key = key.public_key;
    memset(answer.request_digest.bytes, 3, FG_DIGEST_BYTES);
    CHECK_OK(fg_enrol_answer_encode(&answer, bytes, sizeof(bytes), &whole, &error), &error);
    CHECK_OK(fg_enrol_answer_decode(bytes, whole, &answer_again, &error), &error);
    CHECK_BYTES(&answer_again, &answer, sizeof(answer));
    CHECK_INT(fg_enrol_answer_encode(&answer, bytes, whole - 1, &length, &error), FG_E_SIZE);
    CHECK_INT(fg_enrol_answer_decode(bytes, sizeof(bytes), &answer_again, &error), FG_E_SIZE);
}

TEST("an enrolment without a device key, a nonce, a receipt key or a digest says that it has none")
{
    static struct fg_enrol_request request;
    static struct fg_enrol_answer answer;
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;

    request_fill(&request);
    request.has_device_key = request.has_nonce = false;
    request.request_length = 1;
    CHECK_OK(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_enrol_request_decode(bytes, length, &request, &error), &error);
    CHECK(!request.has_device_key && !request.has_nonce);
    CHECK_INT(request.request_length, 1);
    memset(&answer, 0, sizeof(answer));
    CHECK_OK(fg_enrol_answer_encode(&answer, bytes, sizeof(bytes), &length, &error), &error);
    memset(&answer, 0xff, sizeof(answer));
    CHECK_OK(fg_enrol_answer_decode(bytes, length, &answer, &error), &error);
    CHECK(!answer.has_receipt_key && !answer.has_request_digest);
    CHECK_INT(answer.list_key_count + answer.tag_key_count + answer.certificate_length + answer.ca_length, 0);
}

TEST("BAD-INPUT-IS-SAFE: an enrolment answer of too much, with a key or a digest that is cut, is refused")
{
    static struct fg_enrol_answer answers[4];
    static struct fg_enrol_answer again;
    /* One byte in each of receipt_point, list_points, tag_points and request_digest. */
    static const struct {
        const char *bytes;
        const char *says;
    } cut[] = {{"\x2a\x01\x04", "receipt key is cut"},
               {"\x32\x01\x04", "list key 1 is cut"},
               {"\x52\x01\x04", "tag key 1 is cut"},
               {"\x4a\x01\x04", "digest is cut"}};
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;

    answers[0].certificate_length = FG_ENROL_CERTIFICATE_MAX + 1;
    answers[1].ca_length = FG_ENROL_CERTIFICATE_MAX + 1;
    answers[2].list_key_count = FG_ENROL_LIST_KEYS_MAX + 1;
    answers[3].tag_key_count = FG_ENROL_LIST_KEYS_MAX + 1;
    for (size_t i = 0; i < 4; i++)
        CHECK_INT(fg_enrol_answer_encode(&answers[i], bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
        CHECK_INT(fg_enrol_answer_decode((const uint8_t *)cut[i].bytes, 3, &again, &error), FG_E_FORMAT);
        CHECK_HAS(error.text, cut[i].says);
    }
}

TEST("a signed message's frame is key, signature and at least one byte")
{
    uint8_t bytes[FG_ENROL_FRAME_BYTES + 2];
    struct fg_key_id key_id;
    struct fg_signature signature;
    struct fg_enrol_frame frame;
    struct fg_error error;

    memset(key_id.bytes, 1, sizeof(key_id.bytes));
    memset(signature.bytes, 2, sizeof(signature.bytes));
    memset(bytes, 3, sizeof(bytes));
    fg_enrol_frame_put(bytes, &key_id, &signature);
    CHECK_INT(bytes[FG_ENROL_FRAME_BYTES], 3);
    CHECK_INT(fg_enrol_frame_read(bytes, FG_ENROL_FRAME_BYTES, &frame, &error), FG_E_FORMAT);
    CHECK_OK(fg_enrol_frame_read(bytes, FG_ENROL_FRAME_BYTES + 1, &frame, &error), &error);
    CHECK_BYTES(frame.key_id.bytes, key_id.bytes, sizeof(key_id.bytes));
    CHECK_BYTES(frame.signature.bytes, signature.bytes, sizeof(signature.bytes));
    CHECK(frame.message == bytes + FG_ENROL_FRAME_BYTES);
    CHECK_INT(frame.message_length, 1);
}

TEST("a one-time code is four groups of five letters and digits that cannot be misread")
{
    struct fg_private_key key;
    struct fg_private_key other;
    char code[FG_ONE_TIME_CODE_TEXT];
    char before[FG_ONE_TIME_CODE_TEXT] = "";
    bool seen[256] = {false};
    unsigned letters = 0;
    struct fg_error error;

    for (int n = 0; n < 60; n++) {
        CHECK_OK(fg_enrol_code_new(code, &key, &error), &error);
        CHECK_INT(strlen(code), 23);
        for (size_t i = 0; i < 23; i++) {
            CHECK_INT(code[i] == '-', i % 6 == 5);
            letters += code[i] != '-' && !seen[(uint8_t)code[i]];
            seen[(uint8_t)code[i]] = true;
        }
        CHECK(strcmp(code, before) != 0);
        memcpy(before, code, sizeof(code));
    }
    CHECK(!seen['I'] && !seen['L'] && !seen['O'] && !seen['U']);
    CHECK_INT(letters, 32); /* of 1,200 drawn none fails to come but once in 10^15 times */
    CHECK_OK(fg_enrol_code_key("01234-56789-ABCDE-FGHJK", &key, &error), &error);
    CHECK_OK(fg_enrol_code_key("O1234-56789-abcde-fghjk", &other, &error), &error);
    CHECK_BYTES(other.scalar, key.scalar, sizeof(key.scalar));
    CHECK_OK(fg_enrol_code_key("oI2345 6789ABCDEFGHJK", &other, &error), &error);
    CHECK_BYTES(other.scalar, key.scalar, sizeof(key.scalar));
    CHECK_OK(fg_enrol_code_key("0l23456789ABCDEFGHJK", &other, &error), &error);
    CHECK_BYTES(other.scalar, key.scalar, sizeof(key.scalar));
    CHECK_INT(fg_enrol_code_key("0123456789ABCDEFGHJ{", &other, &error), FG_E_FORMAT);
    CHECK_INT(fg_enrol_code_key("0123456789ABCDEFGHJ`", &other, &error), FG_E_FORMAT);
    CHECK_OK(fg_enrol_code_key("mnpqr-stvwx-yz012-34567", &key, &error), &error);
    CHECK_OK(fg_enrol_code_key("MNPQR-STVWX-YZ012-34567", &other, &error), &error);
    CHECK_BYTES(other.scalar, key.scalar, sizeof(key.scalar));
}

TEST("BAD-INPUT-IS-SAFE: a key off the curve is refused in an enrolment answer, whichever key it is")
{
    struct fg_private_key key;
    struct fg_error error;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    for (int which = 0; which < 4; which++) {
        static struct fg_enrol_answer answer;
        uint8_t bytes[FG_ENROL_BYTES_MAX];
        size_t length = 0;

        memset(&answer, 0, sizeof(answer));
        answer.has_receipt_key = true;
        answer.receipt_key = answer.list_keys[0] = answer.tag_keys[0] = key.public_key;
        answer.list_key_count = answer.tag_key_count = 1;
        answer.receipt_key.point[9] ^= which == 1;
        answer.list_keys[0].point[9] ^= which == 2;
        answer.tag_keys[0].point[9] ^= which == 3;
        CHECK_OK(fg_enrol_answer_encode(&answer, bytes, sizeof(bytes), &length, &error), &error);
        CHECK_INT(fg_enrol_answer_decode(bytes, length, &answer, &error), which == 0 ? FG_OK : FG_E_FORMAT);
    }
}
