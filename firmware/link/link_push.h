/* The job that sends entries to the next hop and hands its receipts to fillgated.
 *
 * Not: what a batch or a receipt is (proto/journal), the exchange itself (proto/hop/push.h). */
#ifndef FG_FIRMWARE_LINK_LINK_PUSH_H
#define FG_FIRMWARE_LINK_LINK_PUSH_H

#include "firmware/link/link_context.h"

/* Does all of the job within a bound of batches, tells the log, and reports to the plan. */
void fg_link_push(struct fg_link_context *link);

#endif
