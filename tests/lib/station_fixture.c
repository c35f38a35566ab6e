/* Implementation of station_fixture.h. */
#include "tests/lib/station_fixture.h"

#include <stdio.h>

#include "tests/lib/check.h"

uint8_t fg_fixture_station_send(struct fg_station_store *store, const struct fg_fixture_journal *journal,
                                uint64_t first, uint64_t last, int64_t now_ms)
{
    struct fg_peer peer = {.kind = FG_PEER_CERTIFIED, .role = "controller", .has_device_key = true};
    struct fg_intake_result result;
    struct fg_sync_batch batch;
    struct fg_error error;

    (void)snprintf(peer.id, sizeof(peer.id), "%s", journal->controller);
    peer.device_key = journal->key.public_key;
    fg_fixture_journal_batch(journal, first, last, &batch);
    CHECK_OK(fg_intake_take(store, &peer, &batch, now_ms, &result, &error), &error);
    return result.answer.verdict;
}
