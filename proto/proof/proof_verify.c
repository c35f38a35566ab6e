/* The verification of a proof (proof.h): each check apart, so that a court sees what holds and what does not.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <mbedtls/x509_crt.h>

#include "lib/net/server/server_peer.h"
#include "proto/list/operators.h"
#include "proto/proof/proof.h"

static void decide(struct fg_proof_result *result, enum fg_proof_check check, enum fg_proof_verdict verdict,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

static void decide(struct fg_proof_result *result, enum fg_proof_check check, enum fg_proof_verdict verdict,
                   const char *format, ...)
{
    struct fg_proof_finding *finding = &result->checks[check];
    va_list arguments;

    finding->verdict = verdict;
    va_start(arguments, format);
    (void)vsnprintf(finding->text, sizeof(finding->text), format, arguments);
    va_end(arguments);
}

static void hold(struct fg_proof_result *result, enum fg_proof_check check)
{
    result->checks[check] = (struct fg_proof_finding){.verdict = FG_PROOF_HOLDS};
}

static void entry_check(const struct fg_proof *proof, struct fg_proof_result *result)
{
    const struct fg_sync_slice *slice = &proof->batch.entries[0];
    const struct fg_entry *entry = &result->entry;
    struct fg_error error;

    result->has_entry = fg_entry_decode(slice->bytes, slice->length, &result->entry, &error) == FG_OK;
    if (!result->has_entry)
        decide(result, FG_PROOF_ENTRY, FG_PROOF_FALSE, "the bytes are no entry: %s", error.text);
    else if (strcmp(entry->controller, proof->batch.controller) != 0 || entry->sequence != proof->sequence)
        decide(result, FG_PROOF_ENTRY, FG_PROOF_FALSE, "the bytes are entry %" PRIu64 " of %s",
               entry->sequence, entry->controller);
    else
        hold(result, FG_PROOF_ENTRY);
}

/* Sets the key's check as well: the certificate decides which key counts. */
static bool certificate_check(const struct fg_proof *proof, mbedtls_x509_crt *authorities,
                              struct fg_peer *ret_peer, struct fg_proof_result *result)
{
    struct fg_error error;
    enum fg_err code = fg_peer_establish(proof->certificate, proof->certificate_length, authorities,
                                         result->entry.wall_ms, ret_peer, &error);

    if (code == FG_OK) {
        hold(result, FG_PROOF_TIME);
    } else if (code == FG_E_EXPIRED &&
               fg_peer_parse(proof->certificate, proof->certificate_length, ret_peer, &error) == FG_OK) {
        decide(
            result, FG_PROOF_TIME, FG_PROOF_UNKNOWN,
            "the certificate was not valid at the entry's time: a wrong clock, or a journal from before the "
            "controller joined");
    } else {
        decide(result, FG_PROOF_CERTIFICATE, FG_PROOF_FALSE, "the trusted authority did not issue it");
        return false;
    }
    if (strcmp(ret_peer->role, FG_ROLE_CONTROLLER) != 0 ||
        strcmp(ret_peer->id, proof->batch.controller) != 0) {
        decide(result, FG_PROOF_CERTIFICATE, FG_PROOF_FALSE, "it is the one of %s %s", ret_peer->role,
               ret_peer->id);
        return false;
    }
    if (!ret_peer->has_device_key) {
        decide(result, FG_PROOF_CERTIFICATE, FG_PROOF_FALSE, "it names no journal key");
        return false;
    }
    hold(result, FG_PROOF_CERTIFICATE);
    return true;
}

/* Which journal key counts. false: none, and the checks say why. */
static bool key_find(const struct fg_proof *proof, const struct fg_proof_trust *trust,
                     mbedtls_x509_crt *authorities, struct fg_public_key *ret_key,
                     struct fg_proof_result *result)
{
    struct fg_peer peer;

    if (trust->device_key != NULL) {
        hold(result, FG_PROOF_CERTIFICATE);
        hold(result, FG_PROOF_TIME);
        *ret_key = *trust->device_key;
        return true;
    }
    decide(result, FG_PROOF_TIME, FG_PROOF_UNKNOWN, "without a certificate that holds there is no time");
    if (proof->certificate_length == 0) {
        decide(result, FG_PROOF_CERTIFICATE, FG_PROOF_UNKNOWN, "the file has none");
        return false;
    }
    if (trust->authority == NULL) {
        decide(result, FG_PROOF_CERTIFICATE, FG_PROOF_UNKNOWN, "no authority is trusted here");
        return false;
    }
    if (!certificate_check(proof, authorities, &peer, result))
        return false;
    *ret_key = peer.device_key;
    return true;
}

static void signature_check(const struct fg_proof *proof, const struct fg_public_key *key,
                            struct fg_proof_result *result)
{
    struct fg_digest head;

    if (key == NULL)
        decide(result, FG_PROOF_SIGNATURE, FG_PROOF_UNKNOWN, "it is not known which key is the controller's");
    else if (fg_sync_batch_verify(&proof->batch, 0, &proof->previous_hash, key, &head, NULL) != FG_OK)
        decide(result, FG_PROOF_SIGNATURE, FG_PROOF_FALSE,
               "entries %" PRIu64 " to %" PRIu64
               " are not what %s signed: an entry, the hash before them or the "
               "signature was altered",
               proof->sequence, result->head_sequence, proof->batch.controller);
    else
        hold(result, FG_PROOF_SIGNATURE);
}

static void receipt_check(const struct fg_proof *proof, const struct fg_public_key *key,
                          struct fg_proof_result *result)
{
    struct fg_receipt receipt;
    struct fg_signature signature;

    if (proof->receipt_length == 0)
        decide(result, FG_PROOF_RECEIPT, FG_PROOF_UNKNOWN, "the bureau gave none for this head");
    else if (fg_receipt_decode(proof->receipt, proof->receipt_length, &receipt, &signature, NULL) != FG_OK)
        decide(result, FG_PROOF_RECEIPT, FG_PROOF_FALSE, "it does not parse");
    else if (strcmp(receipt.controller, proof->batch.controller) != 0 ||
             receipt.next_sequence != result->head_sequence + 1 ||
             !fg_bytes_equal(receipt.head.bytes, result->head.bytes, FG_DIGEST_BYTES))
        decide(result, FG_PROOF_RECEIPT, FG_PROOF_FALSE, "it is for another history than these bytes");
    else if (key == NULL)
        decide(result, FG_PROOF_RECEIPT, FG_PROOF_UNKNOWN, "no receipt key is trusted here");
    else if (fg_receipt_verify(&receipt, &signature, key, NULL) != FG_OK)
        decide(result, FG_PROOF_RECEIPT, FG_PROOF_FALSE, "it is not signed with the bureau's key");
    else
        hold(result, FG_PROOF_RECEIPT);
}

/* A typed code counts by two persons who proved who they are. The signature alone says only that the
 * controller wrote their names down. */
static void persons_check(struct fg_proof_result *result)
{
    const struct fg_entry *entry = &result->entry;
    bool rests_on_persons = entry->identity == FG_IDENTITY_MANUAL &&
                            (entry->kind == FG_ENTRY_AUTHORISED || entry->kind == FG_ENTRY_ENDED);

    if (!result->has_entry)
        decide(result, FG_PROOF_PERSONS, FG_PROOF_UNKNOWN, "the bytes name nobody");
    else if (!rests_on_persons)
        hold(result, FG_PROOF_PERSONS);
    else if (entry->second_person[0] == '\0')
        decide(result, FG_PROOF_PERSONS, FG_PROOF_UNKNOWN, "a typed code, and no second person is named");
    else if (fg_operator_id_is_same(entry->operator_id, entry->second_person))
        decide(result, FG_PROOF_PERSONS, FG_PROOF_UNKNOWN, "a typed code, and %s is named twice",
               entry->operator_id);
    else if (entry->second_proof != FG_PERSON_PROOF_CARD && entry->second_proof != FG_PERSON_PROOF_PIN)
        decide(result, FG_PROOF_PERSONS, FG_PROOF_UNKNOWN,
               "a typed code, and %s is only named: nothing says that the second person was there",
               entry->second_person);
    else if (entry->operator_proof == FG_PERSON_PROOF_NONE)
        decide(result, FG_PROOF_PERSONS, FG_PROOF_UNKNOWN,
               "a typed code, and how the operator %s was proven is not said", entry->operator_id);
    else
        hold(result, FG_PROOF_PERSONS);
}

static enum fg_proof_verdict sum(const struct fg_proof_result *result)
{
    enum fg_proof_verdict verdict = FG_PROOF_HOLDS;

    for (int i = 0; i < FG_PROOF_CHECKS; i++) {
        if (result->checks[i].verdict == FG_PROOF_FALSE)
            return FG_PROOF_FALSE;
        if (result->checks[i].verdict == FG_PROOF_UNKNOWN && i != FG_PROOF_TIME)
            verdict = FG_PROOF_UNKNOWN;
    }
    return verdict;
}

enum fg_err fg_proof_verify(const struct fg_proof *proof, const struct fg_proof_trust *trust,
                            struct fg_proof_result *ret_result, struct fg_error *error)
{
    struct fg_proof_result result;
    mbedtls_x509_crt authorities;
    struct fg_public_key key;
    enum fg_err code = FG_OK;
    bool has_key;

    memset(&result, 0, sizeof(result));
    mbedtls_x509_crt_init(&authorities);
    if (trust->authority != NULL &&
        mbedtls_x509_crt_parse(&authorities, (const unsigned char *)trust->authority,
                               strlen(trust->authority) + 1) != 0) {
        code = fg_fail(error, FG_E_FORMAT, "authority: not a certificate in PEM");
        goto done;
    }
    /* What nobody looks at must not hold by silence. */
    for (int i = 0; i < FG_PROOF_CHECKS; i++)
        decide(&result, (enum fg_proof_check)i, FG_PROOF_UNKNOWN, "not looked at");
    result.head_sequence = proof->batch.first_sequence + proof->batch.count - 1;
    result.head = proof->previous_hash;
    for (size_t i = 0; i < proof->batch.count; i++)
        fg_chain_next(&result.head, proof->batch.entries[i].bytes, proof->batch.entries[i].length,
                      &result.head);
    entry_check(proof, &result);
    has_key = key_find(proof, trust, &authorities, &key, &result);
    signature_check(proof, has_key ? &key : NULL, &result);
    receipt_check(proof, trust->receipt_key, &result);
    persons_check(&result);
    result.verdict = sum(&result);
    *ret_result = result;
done:
    mbedtls_x509_crt_free(&authorities);
    return code;
}
