/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Strict in reading: what another program would decode otherwise is refused. */
#include "capture/base64.h"

#include <errno.h>

void base64_encode(char *text, const uint8_t *data, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

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

static int value_of(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    if (digit == '+')
        return 62;
    return digit == '/' ? 63 : -1;
}

ssize_t base64_decode(uint8_t *data, const char *text, size_t size)
{
    uint8_t *to = data;

    if (size % 4)
        return -EINVAL;
    for (; size; text += 4, size -= 4) {
        int a = value_of(text[0]), b = value_of(text[1]);
        int c = value_of(text[2]), d = value_of(text[3]);

        if (a < 0 || b < 0)
            return -EINVAL;
        *to++ = a << 2 | b >> 4;
        if (size == 4 && text[3] == '=') {
            if (text[2] == '=')
                return (b & 15) == 0 ? to - data : -EINVAL;
            if (c < 0 || c & 3)
                return -EINVAL;
            *to++ = b << 4 | c >> 2;
            return to - data;
        }
        if (c < 0 || d < 0)
            return -EINVAL;
        *to++ = b << 4 | c >> 2;
        *to++ = c << 6 | d;
    }
    return to - data;
}
