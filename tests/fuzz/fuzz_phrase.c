/* Any text as what a program said in English: its Chinese ends within its room, and between characters. */
#include <stdlib.h>
#include <string.h>

#include "lib/domain/phrase.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    size_t room = size > 0 ? 1 + data[0] : 1;
    char *english = malloc(size + 1);
    char *chinese = malloc(room); /* of this very length, so that a byte beyond it is seen */

    if (english != NULL && chinese != NULL) {
        if (size > 1)
            memcpy(english, data + 1, size - 1);
        english[size > 0 ? size - 1 : 0] = '\0';
        if (!fg_phrase_chinese(english, chinese, room) && chinese[0] != '\0')
            abort();
        if (strlen(chinese) >= room)
            abort();
    }
    free(chinese);
    free(english);
    return 0;
}
