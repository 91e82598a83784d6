/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Notations: each is a row of the table at the end, which says how it spells a byte. */
#include "emit/notation.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "capture/base64.h"
#include "capture/text.h"
#include "emit/escape.h"
#include "emit/word.h"

/* A byte takes at most CELL characters; prefixes and separators are copied eight at a time. */
enum { CHUNK = 8192, CELL = 24, AFFIX = 8 };

struct notation {
    const char *name;
    int (*print)(const struct notation *notation, const char *also, const uint8_t *data,
                 size_t length, FILE *out);
    char prefix[AFFIX];    /* of every byte */
    char separator[AFFIX]; /* between two bytes */
    /* How many columns the bytes from `at` on take that are spelt together, *taken of them. */
    size_t (*columns)(const struct notation *notation, const char *also, const uint8_t *data,
                      size_t length, size_t at, size_t *taken);
    /* Of a string: how a byte is spelt that can't stand for itself, from `to` on; returns the end.
     */
    char *(*spell)(uint8_t byte, char *to);
    const char *numeric; /* the notation of the same strings that spells each byte by its number */
    bool numbers;        /* it does so itself */
    bool utf8;           /* its strings hold UTF-8: what shows stands for itself */
    bool clusters;       /* but for what a quote behind it is one with */
    bool lossy;          /* it has no way to spell what is no UTF-8 */
    bool trigraphs;      /* two question marks in a row mean something else */
    bool trims;          /* a space at the beginning would be taken for indentation */
    bool greedy;         /* a number takes in the digits that follow it, and is parted from them */
};

static const char hex_digits[] = "0123456789abcdef";

static int flush(const char *text, size_t length, FILE *out)
{
    if (fwrite_unlocked(text, 1, length, out) == length)
        return 0;
    return errno ? -errno : -EIO;
}

static char *spell_hex(uint8_t byte, char *to)
{
    to[0] = hex_digits[byte >> 4];
    to[1] = hex_digits[byte & 15];
    return to + 2;
}

static char *spell_decimal(uint8_t byte, char *to)
{
    if (byte >= 100)
        *to++ = (char)('0' + byte / 100);
    if (byte >= 10)
        *to++ = (char)('0' + byte / 10 % 10);
    *to++ = (char)('0' + byte % 10);
    return to;
}

static char *spell_backslash_x(uint8_t byte, char *to)
{
    to[0] = '\\';
    to[1] = 'x';
    return spell_hex(byte, to + 2);
}

static char *spell_backslash_u(uint8_t byte, char *to)
{
    memcpy(to, "\\u00", 4);
    return spell_hex(byte, to + 4);
}

static char *spell_braces(uint8_t byte, char *to)
{
    memcpy(to, "\\u{", 3);
    to = spell_hex(byte, to + 3);
    *to = '}';
    return to + 1;
}

/* Always three digits, so that a digit may follow: C's \x would take it in. */
static char *spell_octal(uint8_t byte, char *to)
{
    to[0] = '\\';
    to[1] = (char)('0' + (byte >> 6));
    to[2] = (char)('0' + (byte >> 3 & 7));
    to[3] = (char)('0' + (byte & 7));
    return to + 4;
}

typedef char *spell_function(uint8_t byte, char *to);

/* Always inline, so that for hexadecimal, of which there is most, no byte costs a call. */
__attribute__((always_inline)) static inline int print_each(const struct notation *notation,
                                                            spell_function *spell,
                                                            const uint8_t *data, size_t length,
                                                            FILE *out)
{
    const size_t prefix = strlen(notation->prefix);
    const size_t separator = strlen(notation->separator);
    char chunk[CHUNK];
    char *to = chunk;
    int err = 0;

    for (size_t i = 0; i < length && !err; i++) {
        if (i > 0) {
            memcpy(to, notation->separator, AFFIX);
            to += separator;
        }
        memcpy(to, notation->prefix, AFFIX);
        to = spell(data[i], to + prefix);
        if (to > chunk + CHUNK - CELL) {
            err = flush(chunk, (size_t)(to - chunk), out);
            to = chunk;
        }
    }
    return err ? err : flush(chunk, (size_t)(to - chunk), out);
}

static int print_numbers(const struct notation *notation, const char *also, const uint8_t *data,
                         size_t length, FILE *out)
{
    (void)also;
    return print_each(notation, notation->spell, data, length, out);
}

static int print_hex(const struct notation *notation, const char *also, const uint8_t *data,
                     size_t length, FILE *out)
{
    (void)also;
    return print_each(notation, spell_hex, data, length, out);
}

static size_t number_columns(const struct notation *notation, const char *also, const uint8_t *data,
                             size_t length, size_t at, size_t *taken)
{
    char cell[CELL];

    (void)also;
    (void)length;
    *taken = 1;
    return strlen(notation->prefix) + (size_t)(notation->spell(data[at], cell) - cell) +
           strlen(notation->separator);
}

static char letter_of(uint8_t byte)
{
    return byte == '\n' ? 'n' : byte == '\r' ? 'r' : byte == '\t' ? 't' : '\0';
}

static bool is_hex_digit(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
           (byte >= 'A' && byte <= 'F');
}

static bool has_number(uint8_t byte)
{
    return (byte < ' ' || byte > '~') && !letter_of(byte);
}

/* A byte of a string: itself, a backslash and a letter, or its number. */
static inline char *spell_in_string(const struct notation *notation, char quote, const char *also,
                                    uint8_t byte, char *to)
{
    char letter;

    if (notation->numbers)
        return notation->spell(byte, to);
    if (byte >= ' ' && byte <= '~') {
        if (byte == '\\' || byte == (uint8_t)quote || (*also && strchr(also, byte)))
            *to++ = '\\';
        *to++ = (char)byte;
        return to;
    }
    letter = letter_of(byte);
    if (!letter)
        return notation->spell(byte, to);
    *to++ = '\\';
    *to++ = letter;
    return to;
}

/* The length of the character of more than one byte that stands for itself there; else 0. */
static size_t wide_length(const struct notation *notation, const uint8_t *data, size_t length)
{
    const size_t wide =
        notation->utf8 && *data >= 0x80 ? escape_visible((const char *)data, length) : 0;

    return notation->clusters && wide && character_is_prepended(utf8_character(data, wide)) ? 0
                                                                                            : wide;
}

/* Spells what stands at `at` and moves *at past it; returns the end of the text. */
static inline char *spell_next(const struct notation *notation, const char *also,
                               const uint8_t *data, size_t length, size_t *at, char *to)
{
    size_t i = *at;
    size_t wide = wide_length(notation, data + i, length - i);

    if (wide > 0) {
        memcpy(to, data + i, wide);
        *at += wide;
        return to + wide;
    }
    ++*at;
    if (notation->trigraphs && i > 0 && data[i] == '?' && data[i - 1] == '?')
        return stpcpy(to, "\\?");
    if (notation->greedy && i > 0 && has_number(data[i - 1]) && is_hex_digit(data[i]))
        return spell_in_string(notation, '"', also, data[i], stpcpy(to, "\\&"));
    if (notation->trims && i == 0 && data[i] == ' ')
        return notation->spell(data[i], to);
    return spell_in_string(notation, '"', also, data[i], to);
}

static int print_string(const struct notation *notation, const char *also, const uint8_t *data,
                        size_t length, FILE *out)
{
    char chunk[CHUNK];
    char *to = chunk;
    int err = 0;

    for (size_t i = 0; i < length && !err;) {
        to = spell_next(notation, also, data, length, &i, to);
        if (to > chunk + CHUNK - CELL) {
            err = flush(chunk, (size_t)(to - chunk), out);
            to = chunk;
        }
    }
    return err ? err : flush(chunk, (size_t)(to - chunk), out);
}

static size_t string_columns(const struct notation *notation, const char *also, const uint8_t *data,
                             size_t length, size_t at, size_t *taken)
{
    char cell[CELL];
    size_t end = at;
    size_t columns = (size_t)(spell_next(notation, also, data, length, &end, cell) - cell);

    *taken = end - at;
    /* Characters beyond ASCII take two columns at most. */
    return *taken > 1 ? 2 : columns;
}

/* The whole literal; in single quotes only where that saves backslashes, as black would have it. */
static int print_python(const struct notation *notation, const char *also, const uint8_t *data,
                        size_t length, FILE *out)
{
    char chunk[CHUNK];
    char *to = chunk;
    size_t doubles = 0;
    size_t singles = 0;
    char quote;
    int err = 0;

    (void)also;
    for (size_t i = 0; i < length && !notation->numbers; i++) {
        doubles += data[i] == '"';
        singles += data[i] == '\'';
    }
    quote = singles < doubles ? '\'' : '"';
    *to++ = 'b';
    *to++ = quote;
    for (size_t i = 0; i < length && !err; i++) {
        to = spell_in_string(notation, quote, "", data[i], to);
        if (to > chunk + CHUNK - CELL) {
            err = flush(chunk, (size_t)(to - chunk), out);
            to = chunk;
        }
    }
    *to++ = quote;
    return err ? err : flush(chunk, (size_t)(to - chunk), out);
}

static int print_printable(const struct notation *notation, const char *also, const uint8_t *data,
                           size_t length, FILE *out)
{
    char chunk[CHUNK];
    int err = 0;
    size_t used;

    (void)notation;
    (void)also;
    for (size_t i = 0; i < length && !err; i += used) {
        for (used = 0; used < CHUNK && i + used < length; used++)
            chunk[used] =
                (char)(data[i + used] >= ' ' && data[i + used] <= '~' ? data[i + used] : '.');
        err = flush(chunk, used, out);
    }
    return err;
}

static size_t one_column(const struct notation *notation, const char *also, const uint8_t *data,
                         size_t length, size_t at, size_t *taken)
{
    (void)notation;
    (void)also;
    (void)data;
    (void)length;
    (void)at;
    return *taken = 1;
}

enum { DUMP_ROW = 16 };

/*
 * A row of a hexdump behind its offset, as xxd writes it: pairs, filled up to 16 bytes, and text;
 * but no spaces at the end, which editors take away.
 */
static int print_dump(const struct notation *notation, const char *also, const uint8_t *data,
                      size_t length, FILE *out)
{
    size_t shown = length;
    size_t cells;
    char cell[4];
    int err = 0;

    while (shown > 0 && data[shown - 1] == ' ')
        shown--;
    cells = shown > 0 && length < DUMP_ROW ? DUMP_ROW : length;
    for (size_t i = 0; i < cells && !err; i++) {
        memset(cell, ' ', sizeof(cell));
        if (i < length)
            spell_hex(data[i], cell);
        err = flush(cell, i % 2 && i + 1 < cells ? 3 : 2, out);
    }
    if (!err && shown > 0)
        err = flush("  ", 2, out);
    return err ? err : print_printable(notation, also, data, shown, out);
}

/* The first byte brings the room for all pairs of a row. */
static size_t dump_columns(const struct notation *notation, const char *also, const uint8_t *data,
                           size_t length, size_t at, size_t *taken)
{
    (void)notation;
    (void)also;
    (void)data;
    (void)length;
    *taken = 1;
    return at == 0 ? DUMP_ROW / 2 * 5 + 2 : at < DUMP_ROW ? 1 : 4;
}

static int print_base64(const struct notation *notation, const char *also, const uint8_t *data,
                        size_t length, FILE *out)
{
    char chunk[CHUNK];
    int err = 0;

    (void)notation;
    (void)also;
    for (size_t size; length > 0 && !err; data += size, length -= size) {
        size = length < CHUNK / 4 * 3 ? length : CHUNK / 4 * 3;
        base64_encode(chunk, data, size, NULL);
        err = flush(chunk, base64_size(size), out);
    }
    return err;
}

static size_t base64_columns(const struct notation *notation, const char *also, const uint8_t *data,
                             size_t length, size_t at, size_t *taken)
{
    (void)notation;
    (void)also;
    (void)data;
    *taken = length - at < 3 ? length - at : 3;
    return 4;
}

/* The bytes as UTF-8 text; what is none becomes U+FFFD, so this one is for reading only. */
static int print_json(const struct notation *notation, const char *also, const uint8_t *data,
                      size_t length, FILE *out)
{
    static const char name[] = "json";
    struct escape_rules rules = {.family = escape_find(name, strlen(name)), .also = also};

    (void)notation;
    return escape_print(&rules, ESCAPE_STRING, (const char *)data, 0, length, out);
}

/* What is beyond ASCII stands there by its number in UTF-16. */
static size_t json_columns(const struct notation *notation, const char *also, const uint8_t *data,
                           size_t length, size_t at, size_t *taken)
{
    size_t size = escape_visible((const char *)data + at, length - at);

    (void)notation;
    *taken = size ? size : 1;
    if (size == 1)
        return data[at] == '"' || data[at] == '\\' || strchr(also, data[at]) ? 2 : 1;
    return letter_of(data[at]) ? 2 : size == 4 ? 12 : 6;
}

static const struct notation notations[] = {
    {.name = "hex", .print = print_hex, .columns = number_columns, .spell = spell_hex},
    {.name = "hex_spaced",
     .print = print_hex,
     .columns = number_columns,
     .separator = " ",
     .spell = spell_hex},
    {.name = "hex_bytes",
     .print = print_hex,
     .columns = number_columns,
     .prefix = "0x",
     .separator = ", ",
     .spell = spell_hex},
    {.name = "hexstring",
     .print = print_hex,
     .columns = number_columns,
     .prefix = "\\x",
     .spell = spell_hex},
    {.name = "octalstring",
     .print = print_numbers,
     .columns = number_columns,
     .spell = spell_octal},
    {.name = "decimal",
     .print = print_numbers,
     .columns = number_columns,
     .separator = ", ",
     .spell = spell_decimal},
    {.name = "base64", .print = print_base64, .columns = base64_columns},
    {.name = "printable", .print = print_printable, .columns = one_column},
    {.name = "dump", .print = print_dump, .columns = dump_columns},
    {.name = "c_string",
     .print = print_string,
     .columns = string_columns,
     .spell = spell_octal,
     .numeric = "octalstring",
     .trigraphs = true},
    {.name = "c_text",
     .print = print_string,
     .columns = string_columns,
     .spell = spell_octal,
     .numeric = "octalstring",
     .utf8 = true,
     .trigraphs = true},
    {.name = "go_string",
     .print = print_string,
     .columns = string_columns,
     .spell = spell_backslash_x,
     .numeric = "hexstring"},
    {.name = "go_text",
     .print = print_string,
     .columns = string_columns,
     .spell = spell_backslash_x,
     .numeric = "hexstring",
     .utf8 = true},
    {.name = "elixir_text",
     .print = print_string,
     .columns = string_columns,
     .spell = spell_backslash_x,
     .numeric = "hexstring",
     .utf8 = true,
     .clusters = true},
    {.name = "rust_byte_string",
     .print = print_string,
     .columns = string_columns,
     .spell = spell_backslash_x,
     .numeric = "hexstring",
     .trims = true},
    {.name = "python_bytes",
     .print = print_python,
     .columns = string_columns,
     .spell = spell_backslash_x,
     .numeric = "python_hexbytes"},
    {.name = "python_hexbytes",
     .print = print_python,
     .columns = string_columns,
     .spell = spell_backslash_x,
     .numbers = true},
    {.name = "latin1_string",
     .print = print_string,
     .columns = string_columns,
     .spell = spell_backslash_u,
     .numeric = "latin1_numbers"},
    {.name = "java_string",
     .print = print_string,
     .columns = string_columns,
     .spell = spell_octal,
     .numeric = "octalstring"},
    {.name = "latin1_numbers",
     .print = print_numbers,
     .columns = number_columns,
     .spell = spell_backslash_u},
    {.name = "braces_numbers",
     .print = print_numbers,
     .columns = number_columns,
     .spell = spell_braces},
    {.name = "u4_text",
     .print = print_string,
     .columns = string_columns,
     .spell = spell_backslash_u,
     .numeric = "latin1_numbers",
     .utf8 = true,
     .lossy = true},
    {.name = "braces_text",
     .print = print_string,
     .columns = string_columns,
     .spell = spell_braces,
     .numeric = "braces_numbers",
     .utf8 = true,
     .lossy = true},
    {.name = "x_text",
     .print = print_string,
     .columns = string_columns,
     .spell = spell_backslash_x,
     .numeric = "hexstring",
     .utf8 = true,
     .lossy = true},
    {.name = "haskell_string",
     .print = print_string,
     .columns = string_columns,
     .spell = spell_backslash_x,
     .numeric = "hexstring",
     .greedy = true},
    {.name = "json_string", .print = print_json, .columns = json_columns, .lossy = true},
};

enum { NOTATIONS = sizeof(notations) / sizeof(*notations) };

const struct notation *notation_find(const char *name, size_t length)
{
    for (size_t i = 0; i < NOTATIONS; i++) {
        if (word_is(notations[i].name, name, length))
            return &notations[i];
    }
    return NULL;
}

const char *notation_name(size_t index)
{
    return index < NOTATIONS ? notations[index].name : NULL;
}

bool notation_is_empty(const struct notation *notation, size_t length)
{
    return length == 0 && notation->print != print_python;
}

int notation_print(const struct notation *notation, const char *also, const uint8_t *data,
                   size_t length, FILE *out)
{
    return notation_is_empty(notation, length) ? 0
                                               : notation->print(notation, also, data, length, out);
}

const struct notation *notation_numeric(const struct notation *notation)
{
    return notation->numeric ? notation_find(notation->numeric, strlen(notation->numeric))
                             : notation;
}

bool notation_can(const struct notation *notation, const uint8_t *data, size_t length)
{
    size_t size;

    for (size_t i = 0; notation->lossy && i < length; i += size) {
        size = notation->utf8 && data[i] >= 0x80
                   ? escape_visible((const char *)data + i, length - i)
                   : utf8_length(data + i, length - i);
        if (size == 0)
            return false;
    }
    return true;
}

bool notation_is_plain(const struct notation *notation)
{
    return notation->print == print_printable;
}

size_t notation_fit(const struct notation *notation, const char *also, const uint8_t *data,
                    size_t length, size_t width)
{
    size_t used = 0;
    size_t taken;

    for (size_t at = 0; at < length; at += taken) {
        used += notation->columns(notation, also, data, length, at, &taken);
        if (used > width && at > 0)
            return at;
    }
    return length;
}
