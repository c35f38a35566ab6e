/* Implementation of rate limits (web_rate.h). */
#include "host/bureau/web/web_rate.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/base/random.h"

#define MINUTE_MS 60000
#define PREFIX_BYTES 8 /* of an IPv6 address: what one household or office has */

void fg_web_rate_start(struct fg_web_rate *rate, uint32_t per_minute, uint32_t burst)
{
    memset(rate, 0, sizeof(*rate));
    rate->rate = (struct fg_rate){.at_once = burst, .count = per_minute, .period_ms = MINUTE_MS};
    (void)pthread_mutex_init(&rate->mutex, NULL);
    if (fg_random_fill(&rate->salt, sizeof(rate->salt), NULL) != FG_OK)
        rate->salt = UINT64_C(0x9E3779B97F4A7C15);
}

void fg_web_rate_end(struct fg_web_rate *rate)
{
    (void)pthread_mutex_destroy(&rate->mutex);
}

static uint64_t mix(uint64_t hash, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        hash ^= bytes[i];
        hash *= UINT64_C(0x00000100000001B3);
        hash ^= hash >> 29;
    }
    return hash;
}

static uint64_t hash_of(const struct fg_web_rate *rate, const char *key)
{
    struct in6_addr six;
    uint64_t hash;

    if (inet_pton(AF_INET6, key, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six))
        hash = mix(rate->salt, six.s6_addr, PREFIX_BYTES);
    else
        hash = mix(rate->salt, (const uint8_t *)key, strlen(key));
    return hash != 0 ? hash : 1;
}

bool fg_web_rate_take(struct fg_web_rate *rate, const char *key, int64_t now_mono_ms)
{
    uint64_t hash = hash_of(rate, key);
    struct fg_web_rate_bucket *set = rate->buckets[(hash >> 32) % FG_WEB_RATE_SETS];
    struct fg_web_rate_bucket *bucket = NULL;
    bool fits;

    (void)pthread_mutex_lock(&rate->mutex);
    for (size_t i = 0; i < FG_WEB_RATE_WAYS && bucket == NULL; i++) {
        if (set[i].key == hash)
            bucket = &set[i];
    }
    if (bucket == NULL) {
        bucket = &set[0];
        for (size_t i = 0; i < FG_WEB_RATE_WAYS; i++) {
            if (set[i].key != 0)
                fg_rate_refill(&set[i].left, &rate->rate, now_mono_ms);
            if (set[i].key == 0 || (bucket->key != 0 && set[i].left.level > bucket->left.level))
                bucket = &set[i];
        }
        *bucket = (struct fg_web_rate_bucket){.key = hash};
    }
    fits = fg_rate_take(&bucket->left, &rate->rate, now_mono_ms);
    (void)pthread_mutex_unlock(&rate->mutex);
    return fits;
}

void fg_web_rate_give(struct fg_web_rate *rate, const char *key)
{
    uint64_t hash = hash_of(rate, key);
    struct fg_web_rate_bucket *set = rate->buckets[(hash >> 32) % FG_WEB_RATE_SETS];

    (void)pthread_mutex_lock(&rate->mutex);
    for (size_t i = 0; i < FG_WEB_RATE_WAYS; i++) {
        if (set[i].key == hash)
            fg_rate_give(&set[i].left, &rate->rate);
    }
    (void)pthread_mutex_unlock(&rate->mutex);
}
