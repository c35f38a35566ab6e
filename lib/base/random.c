/* Implementation of random numbers (random.h). */
#include "lib/base/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "lib/base/monotime.h"

enum fg_err fg_random_fill(void *ret_bytes, size_t length, struct fg_error *error)
{
    uint8_t *bytes = ret_bytes;
    size_t done = 0;

    while (done < length) {
        ssize_t got = getrandom(bytes + done, length - done, 0);

        if (got > 0)
            done += (size_t)got;
        else if (got == 0 || errno != EINTR)
            return fg_fail(error, FG_E_IO, "no random numbers from the operating system: %s",
                           strerror(errno));
    }
    return FG_OK;
}

uint32_t fg_random_spread(void)
{
    uint32_t number = 0;

    if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
        number = (uint32_t)fg_mono_ns();
    return number;
}
