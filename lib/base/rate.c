/* Implementation of rates (rate.h). One of what is counted is period_ms of a level, so that every millisecond
 * brings a whole number back: nothing is lost to rounding, however often somebody asks. */
#include "lib/base/rate.h"

static int64_t full_of(const struct fg_rate *rate)
{
    return (int64_t)(rate->at_once * rate->period_ms);
}

static void add(struct fg_rate_bucket *bucket, const struct fg_rate *rate, int64_t more)
{
    int64_t full = full_of(rate);

    bucket->level = bucket->level < full - more ? bucket->level + more : full;
}

void fg_rate_refill(struct fg_rate_bucket *bucket, const struct fg_rate *rate, int64_t now_mono_ms)
{
    int64_t count = (int64_t)rate->count;
    int64_t passed_ms = now_mono_ms - bucket->at_mono_ms;
    int64_t fills_ms = full_of(rate) / count + 1; /* keeps the product small */

    if (!bucket->used) {
        *bucket = (struct fg_rate_bucket){.level = full_of(rate), .at_mono_ms = now_mono_ms, .used = true};
        return;
    }
    if (passed_ms <= 0)
        return;
    add(bucket, rate, (passed_ms < fills_ms ? passed_ms : fills_ms) * count);
    bucket->at_mono_ms = now_mono_ms;
}

bool fg_rate_is_left(struct fg_rate_bucket *bucket, const struct fg_rate *rate, int64_t now_mono_ms)
{
    fg_rate_refill(bucket, rate, now_mono_ms);
    return bucket->level >= (int64_t)rate->period_ms;
}

bool fg_rate_take(struct fg_rate_bucket *bucket, const struct fg_rate *rate, int64_t now_mono_ms)
{
    if (!fg_rate_is_left(bucket, rate, now_mono_ms))
        return false;
    bucket->level -= (int64_t)rate->period_ms;
    return true;
}

void fg_rate_use(struct fg_rate_bucket *bucket, const struct fg_rate *rate, uint64_t count,
                 int64_t now_mono_ms)
{
    fg_rate_refill(bucket, rate, now_mono_ms);
    bucket->level -= (int64_t)(count * rate->period_ms);
}

void fg_rate_give(struct fg_rate_bucket *bucket, const struct fg_rate *rate)
{
    if (bucket->used)
        add(bucket, rate, (int64_t)rate->period_ms);
}
