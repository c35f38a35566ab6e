/* Enrolment requests, answers and signing requests from anybody. */
#include <stddef.h>
#include <stdint.h>

#include "proto/key/enrol.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct fg_enrol_request request;
    struct fg_enrol_answer answer;
    struct fg_public_key key;
    struct fg_error error;

    if (length == 0)
        return 0;
    if (bytes[0] % 3 == 0)
        (void)fg_enrol_request_decode(bytes + 1, length - 1, &request, &error);
    else if (bytes[0] % 3 == 1)
        (void)fg_enrol_answer_decode(bytes + 1, length - 1, &answer, &error);
    else
        (void)fg_csr_key(bytes + 1, length - 1, &key, &error);
    return 0;
}
