/* Any bytes as the signed summary of an export; and any text as a cell of CSV, which must stay one cell. */
#include <stdlib.h>
#include <string.h>

#include "host/bureau/export/export_summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void cell_try(const char *text, size_t length)
{
    char *cell = malloc(2 * length + 4);
    size_t written;
    bool quoted = false;

    if (cell == NULL)
        return;
    written = fg_export_cell(text, cell);
    for (size_t i = 0; i < written; i++) {
        if (cell[i] == '"')
            quoted = !quoted;
        else if (!quoted && strchr(",\r\n", cell[i]) != NULL)
            abort();
    }
    if (quoted || (written > 0 && strchr("=+-@", cell[0]) != NULL))
        abort();
    free(cell);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fg_export_proof proof;
    char text[FG_EXPORT_SIGNED_BYTES];
    struct fg_export_summary summary;
    struct fg_error error;

    if (fg_export_proof_read((const char *)data, size, &proof, &error) == FG_OK &&
        (fg_export_summary_write(&proof.summary, text), strcmp(text, proof.text) != 0))
        abort();
    if (size < sizeof(text)) {
        memcpy(text, data, size);
        text[size] = '\0';
        (void)fg_export_summary_read(text, &summary, &error);
        cell_try(text, size);
    }
    return 0;
}
