/* The proof of an entry as a download (handlers.h). Relies on: proof_collect.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/bureau/api/handlers.h"
#include "host/bureau/audit/proof_collect.h"
#include "host/bureau/web/web_shared.h"

enum fg_err fg_web_proof_show(struct fg_web_call *call, struct fg_error *error)
{
    /* The server reads it on this thread, after the handler has returned. */
    static _Thread_local char disposition[FG_NAME_MAX + 64];
    const struct fg_web_settings *settings = &call->web->settings;
    const struct fg_ingest_settings ingest = {.receipt_key = settings->receipt_key,
                                              .directory = settings->directory};
    const char *controller = fg_web_text_of(call, "controller");
    uint64_t sequence = (uint64_t)fg_web_number_of(call, "sequence", 0);
    uint8_t *bytes = malloc(FG_PROOF_BYTES_MAX);
    size_t length = 0;
    enum fg_err result;

    if (bytes == NULL)
        return fg_fail(error, FG_E_MEMORY, "proof: out of memory");
    result = fg_proof_collect(call->sql, &ingest, controller, sequence, bytes, &length, error);
    if (result == FG_OK) {
        fg_answer_bytes(call->answer, 200, bytes, length);
        (void)snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s-%" PRIu64 ".proof\"",
                       controller, sequence);
        fg_web_header(call, "Content-Disposition", disposition);
    }
    free(bytes);
    return result;
}
