/* What stands on a cylinder's tag: a type 2 tag's memory, the NDEF message in it, and in that one signed
 * record that binds a code to this very tag's UID.
 *
 * A tag is only a name: whether the cylinder may be filled comes from the list alone. Not: talking to tags
 * (firmware/reader). Sources: NFC Forum Type 2 Tag Operation and NDEF specifications; layout in PROTOCOL.md
 * section 2. Relies on: sign.h, code.h. Pure functions, any thread. */
#ifndef FG_PROTO_POINT_TAG_H
#define FG_PROTO_POINT_TAG_H

#include "lib/base/err.h"
#include "lib/crypto/sign.h"
#include "lib/domain/types.h"

#define FG_TAG_RECORD_TYPE "fillgate:cyl"
/* Largest user memory that fg_tag_build writes: TLV, record, terminator, padded. */
#define FG_TAG_BUILD_MAX 124

struct fg_tag_record {
    struct fg_code code;
    struct fg_key_id key; /* of the bureau key that signed */
    struct fg_signature signature;
};

/* How far a tag's memory must be read for fg_tag_parse: bytes from page 0 on, at most FG_TAG_MEMORY_MAX, as
 * far as the first length bytes tell. Not more than length: they suffice, for a record or for saying why
 * there is none. Otherwise read on to there and ask again; each time it has then got further. Pages 0 to 2
 * need not be read. */
size_t fg_tag_extent(const uint8_t *memory, size_t length);

/* Finds the record in a tag's memory, given from page 0 on (length bytes, at most FG_TAG_MEMORY_MAX; pages 0
 * to 2 are not looked at). The record is well-formed then, not yet genuine. FG_E_NOT_FOUND: no NDEF message,
 * or none with our record (a blank or foreign tag). FG_E_FORMAT: memory, message or record contradict the
 * specifications, or the memory ends before they do, or there are two of our records. FG_E_SIZE: longer than
 * any tag. */
enum fg_err fg_tag_parse(const uint8_t *memory, size_t length, struct fg_tag_record *ret_record,
                         struct fg_error *error);

/* The user memory from page 4 on that carries the record: NDEF TLV, terminator, zeros up to a multiple of 4.
 * FG_E_SIZE when capacity is too small; FG_TAG_BUILD_MAX always suffices. */
enum fg_err fg_tag_build(const struct fg_tag_record *record, uint8_t *ret_bytes, size_t capacity,
                         size_t *ret_length, struct fg_error *error);

/* Makes the record for this code on the tag with this UID. FG_E_ARG: a UID that names no tag
 * (fg_uid_is_lasting).
 */
enum fg_err fg_tag_sign(const struct fg_private_key *key, const struct fg_uid *uid,
                        const struct fg_code *code, struct fg_tag_record *ret_record, struct fg_error *error);

/* FG_OK when one of the trusted keys signed the record for a tag with this UID. FG_E_AUTH otherwise: signed
 * by an unknown key, edited, or copied from another tag (which of the two last cannot be told apart). */
enum fg_err fg_tag_verify(const struct fg_tag_record *record, const struct fg_uid *uid,
                          const struct fg_public_key *trusted, size_t trusted_count, struct fg_error *error);

#endif
