/* The cheats of a rogue station: what it does to a request before it passes it on, and to the answer before
 * it hands it back. A cheat is a row of a table; whoever needs another one adds a row.
 *
 * Not: the wire (main.c). Relies on: proto/key/enrol.h for the messages of joining. One thread at a time.
 */
#ifndef FG_TESTS_PROGRAMS_ROGUE_ROGUE_H
#define FG_TESTS_PROGRAMS_ROGUE_ROGUE_H

#include "lib/crypto/sign.h"
#include "lib/net/https_client.h"

#define FG_ROGUE_BODY_MAX (4U << 20)

/* What a station has, and what a cheat may use. */
struct fg_rogue {
    const char *directory;           /* DIR/rogue.pub, DIR/stored/... */
    struct fg_private_key tls_key;   /* its genuine one */
    const char *certificate_path;    /* the genuine certificate of that key */
    struct fg_public_key cheat_key;  /* of DIR/rogue.pub: the list and receipt key that it would bring in */
    struct fg_private_key cheat_own; /* of DIR/rogue.pem: its private half */
};

/* One request on its way: buffers of FG_ROGUE_BODY_MAX bytes. */
struct fg_rogue_pass {
    const char *path; /* with query */
    uint8_t *body;
    size_t body_length;
    bool asked; /* false: the bureau is never asked, status and answer are the cheat's own */
    uint16_t status;
    uint8_t *answer;
    size_t answer_length;
};

/* Does what the cheat `name` does before (asked is still open) or after the bureau was asked. argument is the
 * play's, "" when it has none. False: there is no cheat of this name. */
bool fg_rogue_before(struct fg_rogue *rogue, const char *name, const char *argument,
                     struct fg_rogue_pass *pass);
bool fg_rogue_after(struct fg_rogue *rogue, const char *name, const char *argument,
                    struct fg_rogue_pass *pass);

#endif
