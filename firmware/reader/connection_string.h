/* What libnfc's connection string says of the device: "driver:PATH[:BAUD]" for readers on a serial line,
 * "driver:BUS:DEVICE" or less for those on USB. Pure. */
#ifndef FG_FIRMWARE_READER_CONNECTION_STRING_H
#define FG_FIRMWARE_READER_CONNECTION_STRING_H

#include <stdbool.h>

#define FG_READER_PATH_BYTES 256

/* The device's path. false: the string names none (USB), or one that does not fit. */
bool fg_connection_path(const char *connection, char ret_path[FG_READER_PATH_BYTES]);

/* libnfc's drivers for these chips, for a message. */
#define FG_CONNECTION_DRIVERS "pn532_uart, pn532_i2c, pn532_spi, pn53x_usb, acr122_usb, acr122s, arygon"

/* Does its driver speak with a PN531, PN532 or PN533? Others know nothing of these chips' commands. */
bool fg_connection_is_pn53x(const char *connection);

#endif
