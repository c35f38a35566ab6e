/* Fuzz target: any line of the simulator's command language. */
#include "boards/sim/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fg_script_line line;
    struct fg_error error;
    uint8_t bytes[64];
    size_t count;
    int64_t number;

    if (fg_script_parse((const char *)data, size, &line, &error) != FG_OK)
        return 0;
    for (unsigned i = 0; i < line.count; i++) {
        (void)fg_script_number(line.words[i], "word", -1000, 1000, &number, &error);
        (void)fg_script_hex(line.words[i], "word", bytes, sizeof(bytes), &count, &error);
    }
    (void)fg_script_value(&line, "uid");
    return 0;
}
