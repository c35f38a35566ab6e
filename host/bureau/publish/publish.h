/* Publishing: from the registry to the signed list of one station, as a file and as a record of what was
 * published.
 *
 * A list belongs to one station, since a manifest carries one station's rules; its id is the station's id.
 * Its rows are the cylinders of the station's area and list medium (empty and "all": every one), and those on
 * the same vehicles; its rules are the station's with the station's operators, ordered by id. Versions rise
 * by one. Not: handing lists on (lib/list/serve). Relies on: record.h,
 * list_build.h, host/sql. One thread.
 */
#ifndef FG_HOST_BUREAU_PUBLISH_PUBLISH_H
#define FG_HOST_BUREAU_PUBLISH_PUBLISH_H

#include "host/bureau/publish/list_build.h"
#include "host/sql/sql.h"

struct fg_publish_order {
    const char *station;
    const char *out_path;             /* the list file */
    const struct fg_private_key *key; /* that signs lists; NULL with signed_manifest */
    const uint8_t *signed_manifest;   /* signed on another machine, verified by the caller; NULL with key */
    size_t signed_length;
    int64_t now_ms;
    const char *who;
    bool forced; /* also when nothing changed */
    const char
        *clock_doubt; /* what the caller knows against this machine's clock (own_clock.h); NULL = nothing */
    bool clock_insisted; /* a person has been told of the doubts and wants it all the same */
};

struct fg_publish_result {
    bool published; /* false: rows and rules are as published before, and more than half of its days are left
                     */
    struct fg_manifest manifest;
};

/* Builds, signs and writes the station's next list, and records its version; the file is there before the
 * record. Needs no transaction of the caller's; others may write to the database meanwhile, and their changes
 * of cylinders are in this list or the next. The points of suspended controllers are blocked besides those
 * that the rules name. FG_E_NOT_FOUND: no such station, or it has no rules. FG_E_SIZE: it has too many
 * operators. FG_E_FULL: more points are blocked than a list can name. FG_E_BUSY: somebody else published this
 * version meanwhile, or changed the rules, operators or blocked points: publish again. FG_E_RANGE: the signed
 * manifest is dated in the future. FG_E_STATE, unless insisted: there are doubts about the clock that dates
 * the list, from the caller or from the database (own_clock.h). Others. No file is left after a failure. */
enum fg_err fg_publish(struct fg_sql *sql, const struct fg_publish_order *order,
                       struct fg_publish_result *ret_result, struct fg_error *error);

/* Signing on another machine, first half: the manifest of the station's next list, unsigned, into buffer
 * (FG_MANIFEST_BYTES_MAX is always enough). The other half is fg_publish with the order's signed_manifest:
 * key id, signature (72 bytes), these very bytes. Between the two the registry may not change (FG_E_STATE:
 * prepare again). It dates the list, so doubts about the clock stop it too. */
enum fg_err fg_publish_prepare(struct fg_sql *sql, const struct fg_publish_order *order, uint8_t *buffer,
                               size_t capacity, size_t *ret_length, struct fg_error *error);

/* Calls visit for each station that has rules, in id order: those that lists can be published for. */
typedef enum fg_err (*fg_station_visit)(void *context, const char *station, struct fg_error *error);
enum fg_err fg_publish_stations(struct fg_sql *sql, fg_station_visit visit, void *context,
                                struct fg_error *error);

#endif
