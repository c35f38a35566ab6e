/* The proof of one journal entry as a file, and its verification without any server or store.
 *
 * It holds the entry's exact bytes, those of the entries behind it up to the next head that the controller
 * signed, the hash before them, the controller's certificate and the bureau's receipt for that head. Whoever
 * trusts the bureau's authority and receipt key can tell from it, on any machine, that this controller wrote
 * this entry and that the bureau held the journal so. What the controller itself only took from a person's
 * mouth is not proven by that: PERSONS says so. Not: collecting it (host/bureau/audit/proof_collect.h), or
 * saying in words what an entry means. Relies on: sync.h, chain.h, server_peer.h, nanopb, mbedTLS. Any
 * thread. */
#ifndef FG_PROTO_PROOF_PROOF_H
#define FG_PROTO_PROOF_PROOF_H

#include "proto/journal/sync.h"
#include "proto/key/enrol.h"

#define FG_PROOF_MAGIC "fillgate proof v1\n" /* the file's first bytes; FgProof follows */
#define FG_PROOF_BYTES_MAX (FG_SYNC_BATCH_BYTES_MAX + 4096)
#define FG_PROOF_TEXT_MAX 199

struct fg_proof {
    uint64_t sequence; /* of the entry that is proven; batch.first_sequence is the same */
    struct fg_digest previous_hash;
    struct fg_sync_batch batch; /* decoded: slices point into the file's bytes */
    size_t certificate_length;  /* 0 = the bureau knows none */
    uint8_t certificate[FG_ENROL_CERTIFICATE_MAX];
    size_t receipt_length; /* 0 = the bureau gave none */
    uint8_t receipt[FG_STATEMENT_BYTES_MAX];
};

/* FG_E_SIZE when it does not fit; FG_PROOF_BYTES_MAX is always enough for a batch within its own bounds. */
enum fg_err fg_proof_encode(const struct fg_proof *proof, uint8_t *buffer, size_t capacity,
                            size_t *ret_length, struct fg_error *error);
/* FG_E_FORMAT, FG_E_RANGE, FG_E_SIZE. Nothing is verified. */
enum fg_err fg_proof_decode(const uint8_t *bytes, size_t length, struct fg_proof *ret_proof,
                            struct fg_error *error);

/* ---- verification ---- */

enum fg_proof_check {
    FG_PROOF_ENTRY,       /* the bytes decode, and are this controller's entry of this number */
    FG_PROOF_SIGNATURE,   /* the chain over the bytes ends in a head that the journal key signed */
    FG_PROOF_CERTIFICATE, /* the authority says that this journal key is this controller's */
    FG_PROOF_TIME,        /* the certificate was valid at the time that the entry gives */
    FG_PROOF_RECEIPT,     /* the bureau signed that it holds the journal up to that very head */
    FG_PROOF_PERSONS,     /* a fill by a typed code: both persons were proven to the controller; other
                             entries rest on no person's word alone, and hold */
    FG_PROOF_CHECKS
};

enum fg_proof_verdict { FG_PROOF_HOLDS, FG_PROOF_FALSE, FG_PROOF_UNKNOWN };

/* What the verifier trusts. */
struct fg_proof_trust {
    const char *authority; /* certificates as PEM, NUL at the end; NULL = none */
    const struct fg_public_key
        *device_key; /* trusted as the controller's in place of a certificate, or NULL */
    const struct fg_public_key *receipt_key; /* or NULL */
};

struct fg_proof_finding {
    enum fg_proof_verdict verdict;
    char text[FG_PROOF_TEXT_MAX + 1]; /* why, in English; "" when it holds */
};

struct fg_proof_result {
    struct fg_proof_finding checks[FG_PROOF_CHECKS];
    /* FALSE if any check is; else UNKNOWN if any but TIME is: controllers' clocks may be wrong, and a journal
     * may begin before its controller joined. */
    enum fg_proof_verdict verdict;
    bool has_entry; /* the bytes decode: *entry is what they say, whatever that is worth */
    struct fg_entry entry;
    uint64_t head_sequence; /* of the last entry in the file */
    struct fg_digest head;  /* the chain after it */
};

/* FG_OK with every verdict set; FG_E_FORMAT when the trusted authority is no certificate. */
enum fg_err fg_proof_verify(const struct fg_proof *proof, const struct fg_proof_trust *trust,
                            struct fg_proof_result *ret_result, struct fg_error *error);

#endif
