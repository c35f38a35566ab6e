/* Taking a connection string apart (connection_string.h). Drivers as in libnfc 1.8: those on USB are the ones
 * whose name ends so. */
#include "firmware/reader/connection_string.h"

#include <string.h>

#define USB_ENDING "_usb"

bool fg_connection_path(const char *connection, char ret_path[FG_READER_PATH_BYTES])
{
    size_t driver = strcspn(connection, ":");
    size_t ending = sizeof(USB_ENDING) - 1;
    const char *start = connection + driver + 1;
    size_t length;

    if (connection[driver] == '\0' ||
        (driver >= ending && strncmp(connection + driver - ending, USB_ENDING, ending) == 0))
        return false;
    length = strcspn(start, ":");
    if (length == 0 || length >= FG_READER_PATH_BYTES)
        return false;
    memcpy(ret_path, start, length);
    ret_path[length] = '\0';
    return true;
}

bool fg_connection_is_pn53x(const char *connection)
{
    static const char drivers[] = FG_CONNECTION_DRIVERS;
    static const char between[] = ", ";
    size_t length = strcspn(connection, ":");
    size_t one;

    for (const char *at = drivers; *at != '\0'; at += one, at += strspn(at, between)) {
        one = strcspn(at, between);
        if (one == length && memcmp(connection, at, length) == 0)
            return true;
    }
    return false;
}
