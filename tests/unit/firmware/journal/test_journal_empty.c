/* A journal without entries: it verifies, also beside a receipt that covers none. */
#include <string.h>

#include "firmware/journal/journal.h"
#include "proto/journal/chain.h"
#include "tests/lib/check.h"

TEST("NO-LOSS: a receipt for no entry yet is taken, kept and no contradiction to an empty journal")
{
    struct fg_private_key key;
    struct fg_private_key bureau;
    struct fg_error error;
    struct fg_journal_settings settings = {.path = fg_test_path("journal.db"),
                                           .controller = "point-1",
                                           .key = &key,
                                           .bytes_max = 8 << 20,
                                           .stop_reserve_entries = 32};
    struct fg_receipt receipt = {.controller = "point-1", .next_sequence = 1};
    struct fg_signature signature;
    struct fg_journal_verdict verdict;
    struct fg_journal_start start;
    struct fg_journal *journal = NULL;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_private_key_new(&bureau, &error), &error);
    fg_chain_start("point-1", &receipt.head);
    CHECK_OK(fg_receipt_sign(&receipt, &bureau, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    for (int opened = 0; opened < 2; opened++) {
        CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
        CHECK_OK(fg_journal_take_receipt(journal, bytes, length, &bureau.public_key, 5, &error), &error);
        CHECK_INT(fg_journal_unsent(journal), 0);
        CHECK_INT(fg_journal_last(journal), 0);
        fg_journal_close(journal);
        CHECK_OK(fg_journal_verify(fg_test_path("journal.db"), NULL, &key.public_key, &verdict, &error),
                 &error);
        CHECK(verdict.receipt_known);
        CHECK_INT(verdict.entries, 0);
        CHECK_INT(verdict.first_sequence, 1);
    }
}
