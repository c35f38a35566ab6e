/* Any bytes as the anchor of a journal, in its two slots, and as the heads that a station keeps beside its
 * store. What is read must be a head that can be written again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "firmware/journal/anchor.h"
#include "host/station/store/heads.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct fg_station_heads heads;
    static char journal[64];
    static char path[80];
    struct fg_anchor_state state;
    struct fg_error error;
    uint8_t again[FG_STATEMENT_BYTES_MAX];
    size_t used = 0;
    FILE *file;

    if (journal[0] == '\0') {
        (void)snprintf(journal, sizeof(journal), "/tmp/fuzz-anchor-%ld", (long)getpid());
        (void)snprintf(path, sizeof(path), "%s.anchor", journal);
    }
    file = fopen(path, "wb");
    require(file != NULL);
    require(fwrite(bytes, 1, length, file) == length && fclose(file) == 0);
    if (fg_anchor_read(journal, NULL, &state, &error) == FG_OK && state.known)
        require(fg_head_encode(&state.head, &state.signature, again, sizeof(again), &used, &error) == FG_OK);
    if (fg_station_heads_decode(bytes, length, &heads, &error) == FG_OK)
        require(heads.count <= FG_STATION_HEADS_MAX);
    return 0;
}
