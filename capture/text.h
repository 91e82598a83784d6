/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Bytes from outside as text that can neither break JSON nor drive a terminal. */
#ifndef CAPTURE_TEXT_H
#define CAPTURE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The length (1 to 4) of the well-formed UTF-8 sequence that data begins with; 0 when it is none.
 */
size_t utf8_length(const uint8_t *data, size_t length);

/* The character that a well-formed sequence of that length stands for. */
uint32_t utf8_character(const uint8_t *data, size_t length);

/*
 * Does it show nothing, or make what stands around it look like something else? So do control
 * characters, those that reorder text, and what is no character.
 */
bool character_is_hidden(uint32_t character);

/* Is it one with the character behind it, whatever that is? */
bool character_is_prepended(uint32_t character);

/*
 * Writes data into buffer as printable UTF-8: a backslash is doubled, and what is a hidden
 * character or no UTF-8 becomes \xNN. Ends with NUL; what does not fit is left out.
 * Returns how many bytes of data were written.
 */
size_t text_escape(char *buffer, size_t size, const void *data, size_t length);

/*
 * The same for text that is escaped already, or should be: backslashes stay as they are, and what
 * can drive a terminal is escaped.
 */
size_t text_clean(char *buffer, size_t size, const char *text);

/* Undoes text_escape, with a NUL at the end. Returns false when there is no room for all of it. */
bool text_unescape(char *to, size_t size, const char *from);

/* Reads the byte that two hexadecimal digits are; false when these are not there. */
bool text_hex(const char *digits, uint8_t *byte);

/* How long the byte order mark is that some editors begin a file of UTF-8 with; 0 without one. */
size_t utf8_mark_length(const char *text, size_t length);

static inline bool text_begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The words that agree with the number: those for one, or those for any other. */
static inline const char *text_counted(uint64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

#endif
