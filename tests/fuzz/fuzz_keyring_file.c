/* Kept key rings and the answer of GET /v1/keys, from anywhere. The first byte halved is the share of the rest
 * (of 127) that is the kept file; what follows is what a next hop answers, again and again.
 *
 * The configured key signed the seeds; it is not secret. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/keyring_fetch.h"

#define POINT                                                                                                \
    "\x04\x01"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
