/* The tables of names.h. */
#include "lib/domain/names.h"

#define NAME_OF(names, number)                                                                               \
    ((number) >= 0 && (number) < (int64_t)(sizeof(names) / sizeof((names)[0])) ? (names)[number] : "?")

const char *fg_state_name(int64_t state)
{
    static const char *const names[] = {"", "IN_SERVICE", "SUSPENDED", "SCRAPPED", "LOST"};

    return NAME_OF(names, state);
}

const char *fg_medium_name(int64_t medium)
{
    static const char *const names[] = {"NONE", "CNG", "LPG"};

    return NAME_OF(names, medium);
}

const char *fg_identity_name(int64_t identity)
{
    static const char *const names[] = {"NONE",     "MANUAL",     "QR",
                                        "BARE_UID", "SIGNED_TAG", "AUTHENTICATED_TAG"};

    return NAME_OF(names, identity);
}
