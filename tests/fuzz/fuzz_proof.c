/* Proof files: whatever decodes points into its own bytes, is verified without a fault, encodes again and
 * means the same. */
#include <stdlib.h>
#include <string.h>

#include "proto/proof/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const struct fg_proof_trust trust;
    static uint8_t again[FG_PROOF_BYTES_MAX];
    static struct fg_proof_result result;
    static struct fg_proof proof;
    static struct fg_proof back;
    size_t again_length = 0;

    if (fg_proof_decode(bytes, length, &proof, NULL) != FG_OK)
        return 0;
    for (size_t i = 0; i < proof.batch.count; i++) {
        if (proof.batch.entries[i].bytes < bytes ||
            proof.batch.entries[i].bytes + proof.batch.entries[i].length > bytes + length)
            abort();
    }
    if (fg_proof_verify(&proof, &trust, &result, NULL) != FG_OK || result.verdict == FG_PROOF_HOLDS)
        abort(); /* nothing is trusted here */
    if (fg_proof_encode(&proof, again, sizeof(again), &again_length, NULL) != FG_OK ||
        fg_proof_decode(again, again_length, &back, NULL) != FG_OK || back.sequence != proof.sequence ||
        back.batch.count != proof.batch.count || back.certificate_length != proof.certificate_length ||
        back.receipt_length != proof.receipt_length ||
        memcmp(back.receipt, proof.receipt, proof.receipt_length) != 0)
        abort();
    return 0;
}
