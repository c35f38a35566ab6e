/* The one error scheme of fillgate.
 *
 * A function that can fail returns enum fg_err: FG_OK (0) or a negative code. Outputs are parameters whose
 * names begin with ret_ and are set only on success. The last parameter may be a struct fg_error, filled on
 * failure with a sentence that names what was wrong, where, and what to do; NULL when nobody will read it.
 *
 * Not for: firmware/core, which returns plain decisions and cannot fail. Relies on: nothing. */
#ifndef FG_LIB_BASE_ERR_H
#define FG_LIB_BASE_ERR_H

enum fg_err {
    FG_OK = 0,
    FG_E_ARG = -1,       /* the caller asked for something impossible */
    FG_E_FORMAT = -2,    /* bytes from outside do not parse */
    FG_E_RANGE = -3,     /* a value parses but is outside what is allowed */
    FG_E_SIZE = -4,      /* larger than the bound set for it, or the buffer is too small */
    FG_E_NOT_FOUND = -5, /* looked for and proven or known to be absent */
    FG_E_EXISTS = -6,    /* already there and must not be overwritten */
    FG_E_IO = -7,        /* the operating system or a device reported a failure */
    FG_E_TIMEOUT = -8,   /* a deadline passed */
    FG_E_BUSY = -9,      /* somebody else holds it; try again */
    FG_E_FULL = -10,     /* the space set aside is used up */
    FG_E_AUTH = -11,     /* a signature, digest or proof is false */
    FG_E_OLD = -12,      /* older than what is already in force (roll-back) */
    FG_E_EXPIRED = -13,  /* past its expiry time */
    FG_E_STATE = -14,    /* not possible in the present state */
    FG_E_DENIED = -15,   /* permission is missing */
    FG_E_CORRUPT = -16,  /* stored data contradicts itself */
    FG_E_MEMORY = -17,   /* allocation failed */
    FG_E_GONE = -18,     /* the peer or the device went away */
};

/* What went wrong, for a person. text is NUL-terminated UTF-8 and may be cut at its end. */
struct fg_error {
    enum fg_err code;
    char text[320];
};

/* Fills *error (if not NULL) from a printf format and returns code, so that a caller writes
 * `return fg_fail(error, FG_E_FORMAT, "...")`. code must not be FG_OK. */
enum fg_err fg_fail(struct fg_error *error, enum fg_err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts a context in front of an existing text ("list.fgl: " + text) and returns error's code.
 * error may be NULL; then code is returned. */
enum fg_err fg_fail_in(struct fg_error *error, enum fg_err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Stable short name of a code ("FORMAT"), for logs and --json. Never NULL. */
const char *fg_err_name(enum fg_err code);

#endif
