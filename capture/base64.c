/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Strict in reading: what another program would decode otherwise is refused. */
#include "capture/base64.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_pairs_init(struct base64_pairs *pairs)
{
    for (size_t i = 0; i < 1 << 12; i++) {
        pairs->digits[i][0] = digits[i >> 6];
        pairs->digits[i][1] = digits[i & 63];
    }
}

/* Encodes the highest six of eight bytes. */
static void encode_six(char *text, const uint8_t *data, const struct base64_pairs *pairs)
{
    uint64_t bits;

    memcpy(&bits, data, sizeof(bits));
    bits = be64toh(bits);
    memcpy(text, pairs->digits[bits >> 52], 2);
    memcpy(text + 2, pairs->digits[bits >> 40 & 0xfff], 2);
    memcpy(text + 4, pairs->digits[bits >> 28 & 0xfff], 2);
    memcpy(text + 6, pairs->digits[bits >> 16 & 0xfff], 2);
}

void base64_encode(char *text, const uint8_t *data, size_t length, const struct base64_pairs *pairs)
{
    for (; pairs && length >= 8; text += 8, data += 6, length -= 6)
        encode_six(text, data, pairs);
    for (; length >= 3; data += 3, length -= 3) {
        *text++ = digits[data[0] >> 2];
        *text++ = digits[(data[0] & 3) << 4 | data[1] >> 4];
        *text++ = digits[(data[1] & 15) << 2 | data[2] >> 6];
        *text++ = digits[data[2] & 63];
    }
    if (length == 0)
        return;
    *text++ = digits[data[0] >> 2];
    *text++ = digits[(data[0] & 3) << 4 | (length == 2 ? data[1] >> 4 : 0)];
    *text++ = length == 2 ? digits[(data[1] & 15) << 2] : '=';
    *text++ = '=';
}

/* What is no digit has a bit that no digit has. */
enum { NO = 0x80 };

/* What each digit stands for. */
static void digit_values(uint8_t values[256])
{
    memset(values, NO, 256);
    for (uint8_t i = 0; i < 64; i++)
        values[(uint8_t)digits[i]] = i;
}

/* Decodes four digits into three bytes; what it returns has NO in it if one is none. */
static inline uint8_t decode_four(const uint8_t values[256], uint8_t *to, const char *text)
{
    uint8_t a = values[(uint8_t)text[0]], b = values[(uint8_t)text[1]];
    uint8_t c = values[(uint8_t)text[2]], d = values[(uint8_t)text[3]];

    to[0] = (uint8_t)(a << 2 | b >> 4);
    to[1] = (uint8_t)(b << 4 | c >> 2);
    to[2] = (uint8_t)(c << 6 | d);
    return a | b | c | d;
}

/* The last four digits, of which one or two may be padding; then unused bits must be zero. */
static ssize_t decode_last(const uint8_t values[256], uint8_t *to, const char *text)
{
    uint8_t a = values[(uint8_t)text[0]], b = values[(uint8_t)text[1]];
    uint8_t c = values[(uint8_t)text[2]];

    if (text[3] != '=')
        return decode_four(values, to, text) & NO ? -EINVAL : 3;
    if (text[2] == '=') {
        to[0] = (uint8_t)(a << 2 | b >> 4);
        return (a | b) & NO || b & 15 ? -EINVAL : 1;
    }
    to[0] = (uint8_t)(a << 2 | b >> 4);
    to[1] = (uint8_t)(b << 4 | c >> 2);
    return (a | b | c) & NO || c & 3 ? -EINVAL : 2;
}

ssize_t base64_decode(uint8_t *data, const char *text, size_t size)
{
    uint8_t values[256];
    uint8_t *to = data;
    uint8_t wrong = 0;
    ssize_t last;

    if (size % 4)
        return -EINVAL;
    if (size == 0)
        return 0;
    digit_values(values);
    for (; size > 4; text += 4, size -= 4, to += 3)
        wrong |= decode_four(values, to, text);
    last = decode_last(values, to, text);
    if (wrong & NO || last < 0)
        return -EINVAL;
    return to + last - data;
}
