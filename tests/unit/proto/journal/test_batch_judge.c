/* The judgement of a batch, against a plain statement of the rule for every small journal there is: what is
 * held, what its controller signed, and what comes, entry by entry. */
#include "proto/journal/batch_judge.h"

#include <string.h>

#include "tests/lib/check.h"

#define HELD_MAX 3
#define COUNT_MAX 3

static const char controller[] = "ctl-1";
static const uint8_t kinds[2] = {'a', 'b'}; /* two entries that differ */

/* One case. Bit n of held, signer and sent: which of the two entries is number n + 1. */
struct play {
    unsigned held_count;
    unsigned held;
    unsigned first;
    unsigned count;
    unsigned sent;   /* of the batch, from bit 0 on */
    unsigned signer; /* what the controller's own journal has before the batch */
    bool is_false;   /* the signature is nobody's */
    unsigned asked;  /* how often the signature was looked at */
};

static void hash_of(unsigned bits, unsigned count, struct fg_digest *ret_hash)
{
    fg_chain_start(controller, ret_hash);
    for (unsigned i = 0; i < count; i++)
        fg_chain_next(ret_hash, &kinds[bits >> i & 1U], 1, ret_hash);
}

/* Entries up to the batch's end, as a journal with this past has them. */
static unsigned with_batch(const struct play *play, unsigned past)
{
    unsigned before = (1U << (play->first - 1)) - 1;

    return (past & before) | play->sent << (play->first - 1);
}

static bool is_signed(void *context, const struct fg_head *head, const struct fg_signature *signature)
{
    struct play *play = context;
    struct fg_digest hash;

    play->asked++;
    CHECK_TEXT(head->controller, controller);
    CHECK_INT(head->sequence, play->first + play->count - 1);
    CHECK_INT(signature->bytes[0], 0x5a);
    hash_of(with_batch(play, play->signer), play->first + play->count - 1, &hash);
    return !play->is_false && memcmp(hash.bytes, head->hash.bytes, FG_DIGEST_BYTES) == 0;
}

static struct fg_batch_held held;
static struct fg_batch_judgement judgement;
static struct fg_sync_batch batch;

static void judge(struct play *play)
{
    memset(&batch, 0, sizeof(batch));
    memset(&held, 0, sizeof(held));
    memset(&judgement, 0xee, sizeof(judgement));
    (void)strcpy(batch.controller, controller);
    batch.first_sequence = play->first;
    batch.count = play->count;
    memset(batch.head_signature.bytes, 0x5a, FG_SIGNATURE_BYTES);
    for (unsigned i = 0; i < play->count; i++)
        batch.entries[i] = (struct fg_sync_slice){&kinds[play->sent >> i & 1U], 1};
    held.next_sequence = play->held_count + 1;
    hash_of(play->held, play->held_count, &held.head);
    if (play->first <= play->held_count) {
        hash_of(play->held, play->first - 1, &held.previous);
        for (unsigned i = 0; i < play->count && play->first + i <= play->held_count; i++)
            hash_of(play->held, play->first + i, &held.hashes[i]);
    }
    fg_batch_judge(&held, &batch, is_signed, play, &judgement);
}

/* The rule, in the words of the entries themselves. */
static void check(const struct play *play)
{
    unsigned overlap = 0;
    unsigned fork = play->count;
    unsigned before = (1U << (play->first - 1)) - 1;
    bool signed_so = !play->is_false && (play->signer & before) == (play->held & before);

    if (play->first > play->held_count + 1) {
        CHECK_INT(judgement.verdict, FG_SYNC_GAP);
        CHECK_INT(play->asked, 0);
        return;
    }
    while (overlap < play->count && play->first + overlap <= play->held_count)
        overlap++;
    for (unsigned i = overlap; i-- > 0;)
        if ((play->sent >> i & 1U) != (play->held >> (play->first - 1 + i) & 1U))
            fork = i;
    CHECK_INT(judgement.overlap, overlap);
    CHECK_INT(fg_batch_overlap(&batch, play->held_count + 1), overlap);
    CHECK_INT(judgement.fork, fork);
    CHECK_INT(judgement.is_signed, signed_so);
    for (unsigned i = 0; i < play->count; i++) {
        struct fg_digest hash;

        hash_of(with_batch(play, play->held), play->first + i, &hash);
        CHECK_BYTES(judgement.hashes[i].bytes, hash.bytes, FG_DIGEST_BYTES);
    }
    if (fork < play->count)
        CHECK_INT(judgement.verdict, FG_SYNC_FORK);
    else if (overlap < play->count && !signed_so)
        CHECK_INT(judgement.verdict, FG_SYNC_REFUSED);
    else
        CHECK_INT(judgement.verdict, FG_SYNC_HELD);
}

/* All of one shape: what is held, sent and signed, and whether the signature is one. Returns how many. */
static unsigned walk(unsigned held_count, unsigned first, unsigned count)
{
    unsigned plays = 0;

    for (unsigned bits = 0; bits < 1U << (held_count + count + first - 1 + 1); bits++) {
        struct play play = {.held_count = held_count, .first = first, .count = count};
        unsigned rest = bits;

        play.held = rest & ((1U << held_count) - 1);
        rest >>= held_count;
        play.sent = rest & ((1U << count) - 1);
        rest >>= count;
        play.signer = rest & ((1U << (first - 1)) - 1);
        play.is_false = rest >> (first - 1) != 0;
        judge(&play);
        check(&play);
        plays++;
    }
    return plays;
}

TEST("NO-LOSS: every batch over every journal of up to three entries is judged by the rule")
{
    unsigned plays = 0;

    for (unsigned held_count = 0; held_count <= HELD_MAX; held_count++)
        for (unsigned first = 1; first <= held_count + 2; first++)
            for (unsigned count = 1; count <= COUNT_MAX; count++)
                plays += walk(held_count, first, count);
    CHECK_INT(plays, 9100);
}

TEST("numbers that cannot be those of a batch are told before it is judged")
{
    static const struct {
        uint64_t first;
        size_t count;
        bool possible;
    } cases[] = {
        {1, 1, true},
        {1, FG_SYNC_BATCH_ENTRIES_MAX, true},
        {(uint64_t)INT64_MAX - FG_SYNC_BATCH_ENTRIES_MAX, FG_SYNC_BATCH_ENTRIES_MAX, true},
        {0, 1, false},
        {1, 0, false},
        {1, FG_SYNC_BATCH_ENTRIES_MAX + 1, false},
        {(uint64_t)INT64_MAX - FG_SYNC_BATCH_ENTRIES_MAX + 1, 1, false},
        {UINT64_MAX, 1, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        batch.first_sequence = cases[i].first;
        batch.count = cases[i].count;
        CHECK_INT(fg_batch_is_possible(&batch), cases[i].possible);
    }
}

TEST("a batch of greatest length that begins in what is held overlaps it as far as that goes")
{
    batch.first_sequence = 1000;
    batch.count = FG_SYNC_BATCH_ENTRIES_MAX;
    CHECK_INT(fg_batch_overlap(&batch, 1), 0);
    CHECK_INT(fg_batch_overlap(&batch, 1000), 0);
    CHECK_INT(fg_batch_overlap(&batch, 1001), 1);
    CHECK_INT(fg_batch_overlap(&batch, 1000 + FG_SYNC_BATCH_ENTRIES_MAX - 1), FG_SYNC_BATCH_ENTRIES_MAX - 1);
    CHECK_INT(fg_batch_overlap(&batch, 1000 + FG_SYNC_BATCH_ENTRIES_MAX), FG_SYNC_BATCH_ENTRIES_MAX);
    CHECK_INT(fg_batch_overlap(&batch, UINT64_MAX), FG_SYNC_BATCH_ENTRIES_MAX);
}
