/* What the files of the station's store share. Not for anybody else: use store.h. Relies on: host/sql. */
#ifndef FG_HOST_STATION_STORE_PRIVATE_H
#define FG_HOST_STATION_STORE_PRIVATE_H

#include "host/sql/sql.h"
#include "host/station/store/store.h"

#define FG_STATION_PROVEN_MAX 64

struct fg_station_store {
    struct fg_sql *sql;
    struct fg_public_key keys[FG_STATION_RECEIPT_KEYS_MAX]; /* that receipts may be signed with */
    size_t key_count;                                       /* 0: signatures of receipts are not looked at */
    struct fg_digest proven[FG_STATION_PROVEN_MAX];         /* of receipts whose signature holds */
};

/* Is this row a receipt for the controller that says the same number as its column and is signed with a
 * trusted key? false: *error (may be NULL) says what is wrong with it. */
bool fg_station_receipt_holds(struct fg_station_store *store, const char *controller, const uint8_t *bytes,
                              size_t length, uint64_t next, struct fg_receipt *ret_receipt,
                              struct fg_error *error);

/* Copies as much of text as fits. */
void fg_station_copy_text(char *ret_text, size_t capacity, const char *text);

/* A hash in a column. FG_E_CORRUPT when it is none. */
enum fg_err fg_station_take_digest(const struct fg_sql_statement *statement, unsigned column,
                                   struct fg_digest *ret_digest, struct fg_error *error);

#endif
