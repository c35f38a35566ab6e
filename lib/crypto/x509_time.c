/* Implementation of certificate times (x509_time.h). */
#include "lib/crypto/x509_time.h"

/* Days since 1970-01-01 of a date of the Gregorian calendar, without the system's time zone. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t fg_x509_time_ms(const mbedtls_x509_time *time)
{
    int64_t seconds =
        days_of(time->year, time->mon, time->day) * 86400 + time->hour * 3600 + time->min * 60 + time->sec;

    return seconds * 1000;
}
