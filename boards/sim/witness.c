/* The witness of witness.h. Relies on: firmware/journal/journal.h. */
#include "boards/sim/witness.h"

#include "firmware/journal/journal.h"

static enum fg_err look(void *context, const struct fg_entry *entry, const uint8_t *bytes, size_t byte_count,
                        struct fg_error *error)
{
    uint64_t *open_sequence = context;

    (void)bytes;
    (void)byte_count;
    (void)error;
    if (entry->kind == FG_ENTRY_AUTHORISED)
        *open_sequence = entry->sequence;
    else if (entry->kind == FG_ENTRY_ENDED && entry->authorised_sequence == *open_sequence)
        *open_sequence = 0;
    return FG_OK;
}

bool fg_witness_authorised(const char *path, struct fg_error *error)
{
    struct fg_journal_filter filter = {0};
    uint64_t open_sequence = 0;

    if (fg_journal_each(path, &filter, look, &open_sequence, error) != FG_OK)
        return false;
    if (open_sequence == 0)
        (void)fg_fail(error, FG_E_STATE, "%s: no fill is authorised", path);
    return open_sequence != 0;
}
