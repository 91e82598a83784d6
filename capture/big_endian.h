/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Numbers as networks have them: the highest byte comes first. */
#ifndef CAPTURE_BIG_ENDIAN_H
#define CAPTURE_BIG_ENDIAN_H

#include <stdint.h>

static inline uint16_t big_u16(const uint8_t *data)
{
    return (uint16_t)(data[0] << 8 | data[1]);
}

static inline uint32_t big_u32(const uint8_t *data)
{
    return (uint32_t)big_u16(data) << 16 | big_u16(data + 2);
}

static inline uint64_t big_u64(const uint8_t *data)
{
    return (uint64_t)big_u32(data) << 32 | big_u32(data + 4);
}

#endif
