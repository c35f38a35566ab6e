/* A simulated PN532 on a pty, served by a thread, for tests that drive the real libnfc or nfc tools.
 *
 * One at a time. Not: fillgate-sim's commands. Relies on: boards/sim/pn532.h, pty_port.h, pthreads. Functions
 * may be called from the test's thread only. */
#ifndef FG_TESTS_NFC_FIXTURE_H
#define FG_TESTS_NFC_FIXTURE_H

#include "boards/sim/pn532.h"

/* Plugs the chip in; a fixture left over by a failed test is ended first. */
void fg_nfc_fixture_start(void);
void fg_nfc_fixture_stop(void);

/* Path of the port, and "pn532_uart:PATH" for libnfc. Valid until stop. */
const char *fg_nfc_fixture_port(void);
const char *fg_nfc_fixture_connection(void);

/* A tag whose message fills its memory with some bytes: type as in tags.h, UID 04 seed seed+1 .. of 7 bytes.
 */
void fg_nfc_fixture_tag(struct fg_sim_tag *tag, const char *type, uint8_t seed);

/* As fg_pn532_place and fg_pn532_arm. The tags belong to the caller and must outlive their stay. */
void fg_nfc_fixture_place(struct fg_sim_tag *first, struct fg_sim_tag *second);
void fg_nfc_fixture_arm(enum fg_pn532_fault fault, uint32_t count);

/* Commands that the chip has answered so far; for waiting until a reader polls. */
uint64_t fg_nfc_fixture_replies(void);

/* Copies of a placed tag's memory, taken while the chip stands still. */
void fg_nfc_fixture_memory(const struct fg_sim_tag *tag, uint8_t *ret_bytes, size_t length);

/* Pulls the plug (the port disappears) and puts it back under the same name. */
void fg_nfc_fixture_unplug(void);
void fg_nfc_fixture_plug(void);

#endif
