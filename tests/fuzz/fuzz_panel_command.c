/* Bodies of the panel's commands and of pairing: whatever is taken is within its bounds and travels to
 * fillgated. */
#include <stdlib.h>
#include <string.h>

#include "firmware/panel/panel_command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t packet[FG_CONTROL_PACKET_MAX];
    struct fg_panel_command command;
    struct fg_control_request again;
    char code[9] = "";
    size_t length = 0;

    if (fg_panel_command_parse(data, size, &command, NULL) == FG_OK) {
        if (command.sequence < 1 || command.sequence > (uint64_t)FG_PANEL_SEQUENCE_MAX ||
            command.request.path[0] != '\0' || command.request.certificate_end_day != 0)
            abort();
        if (fg_control_encode_request(&command.request, packet, sizeof(packet), &length, NULL) != FG_OK ||
            fg_control_decode_request(packet, length, &again, NULL) != FG_OK ||
            again.kind != command.request.kind || strcmp(again.pin, command.request.pin) != 0)
            abort();
    }
    if (fg_panel_pair_parse(data, size, code, NULL) == FG_OK && strlen(code) != 8)
        abort();
    return 0;
}
