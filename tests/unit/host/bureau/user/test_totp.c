/* Codes of the second factor: the vectors of RFC 4226 and RFC 6238, base 32, and that a code is good once. */
#include <stdio.h>
#include <string.h>

#include "host/bureau/user/totp.h"
#include "tests/lib/check.h"

static const uint8_t secret[FG_TOTP_SECRET_BYTES] = "12345678901234567890";

TEST("RFC 6238, appendix B: the codes of SHA-1")
{
    static const struct {
        int64_t time_s;
        uint32_t code;
    } vectors[] = {{59, 94287082},         {1111111109, 7081804},  {1111111111, 14050471},
                   {1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130}};

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
        CHECK_INT(fg_totp_code(secret, sizeof(secret), (uint64_t)vectors[i].time_s / 30, 8), vectors[i].code);
}

TEST("RFC 4226, appendix D: the codes of the first ten steps")
{
    static const uint32_t codes[] = {755224, 287082, 359152, 969429, 338314,
                                     254676, 287922, 162583, 399871, 520489};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        CHECK_INT(fg_totp_code(secret, sizeof(secret), i, 6), codes[i]);
}

TEST("RFC 4648: the secret in base 32, and the address for authenticator programs")
{
    char text[FG_TOTP_SECRET_TEXT];
    char uri[FG_TOTP_URI_TEXT];

    fg_totp_secret_text(secret, text);
    CHECK_TEXT(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    fg_totp_uri("li.wei", secret, uri);
    CHECK_TEXT(uri, "otpauth://totp/fillgate:li.wei?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=fillgate&"
                    "algorithm=SHA1&digits=6&period=30");
}

static const char *code_at(int64_t step)
{
    static char text[8];

    (void)snprintf(text, sizeof(text), "%06u", fg_totp_code(secret, sizeof(secret), (uint64_t)step, 6));
    return text;
}

TEST("a code is taken a step early or late, and not farther off")
{
    int64_t now_ms = INT64_C(1795392000000);
    int64_t step = now_ms / FG_TOTP_STEP_MS;
    int64_t found = 0;

    for (int64_t off = -1; off <= 1; off++) {
        CHECK(fg_totp_fits(secret, code_at(step + off), now_ms, 0, &found));
        CHECK_INT(found, step + off);
    }
    CHECK(!fg_totp_fits(secret, code_at(step - 2), now_ms, 0, &found));
    CHECK(!fg_totp_fits(secret, code_at(step + 2), now_ms, 0, &found));
    CHECK_INT(found, step + 1);
}

TEST("a step that was used is refused, and so is every earlier one")
{
    int64_t now_ms = INT64_C(1795392000000);
    int64_t step = now_ms / FG_TOTP_STEP_MS;
    int64_t found = 0;

    CHECK(!fg_totp_fits(secret, code_at(step), now_ms, step, &found));
    CHECK(!fg_totp_fits(secret, code_at(step - 1), now_ms, step, &found));
    CHECK(fg_totp_fits(secret, code_at(step + 1), now_ms, step, &found));
}

TEST("BAD-INPUT-IS-SAFE: what is not six digits is no code")
{
    static const char *const bad[] = {"", "12345", "1234567", "12345a", "-12345", " 12345", "１２３４"};
    int64_t found = 0;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(!fg_totp_fits(secret, bad[i], 0, -10, &found));
}

TEST("secrets are drawn anew")
{
    uint8_t one[FG_TOTP_SECRET_BYTES];
    uint8_t two[FG_TOTP_SECRET_BYTES];
    struct fg_error error;

    CHECK_OK(fg_totp_secret_new(one, &error), &error);
    CHECK_OK(fg_totp_secret_new(two, &error), &error);
    CHECK(memcmp(one, two, sizeof(one)) != 0);
}
