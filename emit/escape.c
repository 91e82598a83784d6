/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Text from outside, made safe; how each family of languages does it is in the table below. */
#include "emit/escape.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "capture/text.h"
#include "emit/word.h"

enum { CHUNK = 4096, SPELT_MAX = 32, REPLACEMENT = 0xfffd };

struct escape {
    const char *name;
    const char *notation;
    size_t (*spell)(uint32_t character, char *to); /* by its number; returns the length */
    const char *quotes;                            /* what gets a backslash */
    const char *letters;                           /* pairs: a control character, its letter */
    bool ascii;                                    /* no string has anything else as itself */
    bool entities; /* markup, where what means something gets its number and no backslash */
    bool clusters; /* a quote behind what is one with it ends no string */
    bool splices;  /* a backslash at a line's end joins the next one on, and trigraphs may be */
};

static size_t put_utf8(uint32_t c, char *to)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 63));
        to[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    to[0] = (char)(0xf0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 63));
    to[2] = (char)(0x80 | (c >> 6 & 63));
    to[3] = (char)(0x80 | (c & 63));
    return 4;
}

static size_t put_hex(uint32_t c, int digits, char *to)
{
    for (int i = 0; i < digits; i++)
        to[i] = "0123456789abcdef"[c >> 4 * (digits - 1 - i) & 15];
    return (size_t)digits;
}

static size_t put_escape(char letter, uint32_t c, int digits, char *to)
{
    to[0] = '\\';
    to[1] = letter;
    return 2 + put_hex(c, digits, to + 2);
}

/* Octal escapes are of bytes, so it takes one for each byte of the UTF-8. */
static size_t spell_octal(uint32_t c, char *to)
{
    char bytes[4];
    size_t count = put_utf8(c, bytes);

    for (size_t i = 0; i < count; i++) {
        *to++ = '\\';
        *to++ = (char)('0' + ((uint8_t)bytes[i] >> 6));
        *to++ = (char)('0' + ((uint8_t)bytes[i] >> 3 & 7));
        *to++ = (char)('0' + ((uint8_t)bytes[i] & 7));
    }
    return 4 * count;
}

static size_t spell_x_u(uint32_t c, char *to)
{
    if (c < 0x80)
        return put_escape('x', c, 2, to);
    return c < 0x10000 ? put_escape('u', c, 4, to) : put_escape('U', c, 8, to);
}

static size_t spell_braces(uint32_t c, char *to)
{
    return (size_t)snprintf(to, SPELT_MAX, "\\u{%x}", c);
}

static size_t spell_x_braces(uint32_t c, char *to)
{
    return c < 0x80 ? put_escape('x', c, 2, to) : spell_braces(c, to);
}

static size_t spell_u4(uint32_t c, char *to)
{
    if (c < 0x10000)
        return put_escape('u', c, 4, to);
    put_escape('u', 0xd7c0 + (c >> 10), 4, to);
    return 6 + put_escape('u', 0xdc00 + (c & 0x3ff), 4, to + 6);
}

/* Java reads \uNNNN before it looks for comments, so what is ASCII gets an octal escape. */
static size_t spell_octal_u4(uint32_t c, char *to)
{
    return c < 0x80 ? spell_octal(c, to) : spell_u4(c, to);
}

static size_t spell_u_u8(uint32_t c, char *to)
{
    return c < 0x10000 ? put_escape('u', c, 4, to) : put_escape('U', c, 8, to);
}

static size_t spell_x_then_braces(uint32_t c, char *to)
{
    return (size_t)snprintf(to, SPELT_MAX, "\\x{%x}", c);
}

/* A number takes in the digits that follow it; the empty \& parts them. */
static size_t spell_x_ended(uint32_t c, char *to)
{
    return (size_t)snprintf(to, SPELT_MAX, "\\x%x\\&", c);
}

/*
 * Markup gets its number. A number would bring back what hides, and HTML has others for control
 * characters, so these are shown: by their picture, or as they would be written in a string.
 */
static size_t spell_entity(uint32_t c, char *to)
{
    if (c < ' ' || c == 0x7f)
        c = c < ' ' ? 0x2400 + c : 0x2421;
    return character_is_hidden(c) ? spell_braces(c, to)
                                  : (size_t)snprintf(to, SPELT_MAX, "&#x%x;", c);
}

static const char common_letters[] = "\nn\rr\tt";
static const char markup[] = "&<>\"'`";

static const struct escape families[] = {
    {.name = "c",
     .notation = "c_text",
     .spell = spell_octal,
     .quotes = "\"\\",
     .letters = common_letters,
     .splices = true},
    {.name = "go",
     .notation = "go_text",
     .spell = spell_x_u,
     .quotes = "\"\\",
     .letters = common_letters},
    {.name = "rust",
     .notation = "rust_byte_string",
     .spell = spell_x_braces,
     .quotes = "\"\\",
     .letters = common_letters},
    {.name = "python",
     .notation = "python_bytes",
     .spell = spell_x_u,
     .quotes = "\"\\",
     .letters = common_letters},
    {.name = "braces",
     .notation = "hexstring",
     .spell = spell_braces,
     .quotes = "\"\\",
     .letters = common_letters},
    {.name = "elixir",
     .notation = "elixir_text",
     .spell = spell_braces,
     .quotes = "\"\\",
     .letters = common_letters,
     .clusters = true},
    {.name = "u4",
     .notation = "latin1_string",
     .spell = spell_u4,
     .quotes = "\"\\",
     .letters = common_letters},
    {.name = "java",
     .notation = "java_string",
     .spell = spell_octal_u4,
     .quotes = "\"\\",
     .letters = common_letters},
    {.name = "u4_u8",
     .notation = "u4_text",
     .spell = spell_u_u8,
     .quotes = "\"\\",
     .letters = common_letters},
    {.name = "x_braces",
     .notation = "go_string",
     .spell = spell_x_then_braces,
     .quotes = "\"\\",
     .letters = common_letters},
    {.name = "haskell",
     .notation = "haskell_string",
     .spell = spell_x_ended,
     .quotes = "\"\\",
     .letters = common_letters,
     .ascii = true}, /* what is taken in strings depends on the Unicode that a compiler knows */
    {.name = "json",
     .notation = "json_string",
     .spell = spell_u4,
     .quotes = "\"\\",
     .letters = "\nn\rr\tt\bb\ff",
     .ascii = true},
    {.name = "html",
     .notation = "printable",
     .spell = spell_entity,
     .quotes = "",
     .letters = "",
     .entities = true},
};

enum { FAMILIES = sizeof(families) / sizeof(*families) };

/* The next character of text in *c, and how many bytes it takes; one if it is no UTF-8. */
static size_t next_character(const char *text, size_t length, uint32_t *c)
{
    const size_t size = utf8_length((const uint8_t *)text, length);

    *c = size ? utf8_character((const uint8_t *)text, size) : REPLACEMENT;
    return size ? size : 1;
}

size_t escape_visible(const char *text, size_t length)
{
    uint32_t c;
    size_t size = next_character(text, length, &c);

    return character_is_hidden(c) || (c == REPLACEMENT && size == 1) ? 0 : size;
}

/* Does something that must not stand in a comment end at `end`? */
static bool ends_forbidden(const struct escape_rules *rules, const char *text, size_t end)
{
    size_t length;

    for (const char *const *f = rules->forbidden; f && *f; f++) {
        length = strlen(*f);
        if (length > 0 && end >= length && !memcmp(text + end - length, *f, length))
            return true;
    }
    return false;
}

static char letter_of(const struct escape *family, uint32_t c)
{
    for (const char *pair = family->letters; *pair; pair += 2) {
        if ((uint32_t)(uint8_t)*pair == c)
            return pair[1];
    }
    return '\0';
}

static bool contains(const char *set, uint32_t c)
{
    return c > 0 && c < 0x80 && strchr(set, (int)c);
}

/* What is not to be taken for the end of anything, and can't do with a mere backslash. */
static bool by_number(const struct escape_rules *rules, unsigned int where, const char *text,
                      size_t length, size_t at, uint32_t c)
{
    const size_t size = c < 0x80 ? 1 : utf8_length((const uint8_t *)text + at, length - at);

    if (where & ESCAPE_STRING && rules->family->ascii && c > '~')
        return true;
    if (character_is_hidden(c) || (rules->family->clusters && character_is_prepended(c)))
        return true;
    if (where & ESCAPE_COMMENT && ends_forbidden(rules, text, at + size))
        return true;
    if (rules->family->entities)
        return contains(markup, c) || (where & ESCAPE_STRING && contains(rules->also, c));
    return rules->family->splices &&
           ((c == '\\' && at + 1 == length) || (c == '?' && at > 0 && text[at - 1] == '?'));
}

static bool by_backslash(const struct escape_rules *rules, unsigned int where, uint32_t c)
{
    if (where & ESCAPE_STRING)
        return contains(rules->family->quotes, c) || contains(rules->also, c);
    return c == '\\' && !rules->family->entities;
}

static size_t spell(const struct escape_rules *rules, unsigned int where, const char *text,
                    size_t length, size_t at, uint32_t c, char *to)
{
    char letter = letter_of(rules->family, c);
    bool number = !letter && by_number(rules, where, text, length, at, c);

    if (number)
        return rules->family->spell(c, to);
    if (!letter && !by_backslash(rules, where, c))
        return put_utf8(c, to);
    to[0] = '\\';
    to[1] = letter ? letter : (char)c;
    return 2;
}

/* Marks the ASCII characters that may need a closer look; the others just pass. */
static void mark_special(const struct escape_rules *rules, unsigned int where, bool special[128])
{
    memset(special, 0, 128);
    memset(special, 1, ' ');
    special[0x7f] = special['\\'] = special['?'] = true;
    for (const char *c = rules->family->entities ? markup : rules->family->quotes; *c; c++)
        special[(uint8_t)*c & 127] = true;
    for (const char *c = rules->also; *c; c++)
        special[(uint8_t)*c & 127] = true;
    for (const char *const *f = rules->forbidden; where & ESCAPE_COMMENT && f && *f; f++)
        special[**f ? (uint8_t)(*f)[strlen(*f) - 1] & 127 : 0] = true;
}

int escape_print(const struct escape_rules *rules, unsigned int where, const char *text,
                 size_t from, size_t length, FILE *out)
{
    bool special[128];
    char chunk[CHUNK];
    size_t used = 0;
    size_t size;
    uint32_t c;

    mark_special(rules, where, special);
    for (size_t i = from; i < length;) {
        if ((uint8_t)text[i] < 128 && !special[(uint8_t)text[i]]) {
            chunk[used++] = text[i++];
        } else {
            size = next_character(text + i, length - i, &c);
            used += spell(rules, where, text, length, i, c, chunk + used);
            i += size;
        }
        if (used > CHUNK - SPELT_MAX || i == length) {
            if (fwrite_unlocked(chunk, 1, used, out) < used)
                return errno ? -errno : -EIO;
            used = 0;
        }
    }
    return 0;
}

const struct escape *escape_find(const char *name, size_t length)
{
    for (size_t i = 0; i < FAMILIES; i++) {
        if (word_is(families[i].name, name, length))
            return &families[i];
    }
    return NULL;
}

const char *escape_name(size_t index)
{
    return index < FAMILIES ? families[index].name : NULL;
}

const char *escape_notation(const struct escape *family)
{
    return family->notation;
}

const char *escape_backslashed(const struct escape_rules *rules)
{
    return rules->family->entities ? "" : rules->also;
}
