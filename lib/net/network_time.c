/* Implementation of network_time.h. */
#include "lib/net/network_time.h"

int64_t fg_network_time_ms(const struct fg_network_time *known)
{
    int64_t earliest_ms = known->certificate_begin_ms > FG_NETWORK_TIME_BUILD_MS ? known->certificate_begin_ms
                                                                                 : FG_NETWORK_TIME_BUILD_MS;

    if (known->synchronised || known->wall_ms >= earliest_ms)
        return known->wall_ms;
    if (known->list_ms >= earliest_ms &&
        (known->certificate_end_ms == 0 || known->list_ms < known->certificate_end_ms))
        return known->list_ms;
    return earliest_ms;
}
