/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Bytes as values: in every notation, whole, in rows of 16, or as the lines of a text. */
#include <errno.h>
#include <string.h>

#include "emit/fixture_values.h"
#include "emit/lines.h"
#include "emit/word.h"

enum { ROW = 16, OVERLAP = 64, CHUNK = 4096, PIECE = 4 << 20 };

static const char by_language[] = "text";

/*
 * Of bytes, of a row and of a line, `self` and `form` are what they are of, `index` where in it
 * they begin, and `extent` how many they are. Of bytes in a notation, `detail` is which.
 */

/* NULL if they are not there, as there is no memory for them. */
static const uint8_t *bytes_of(const struct value *value)
{
    const struct said *said = value_said(value);

    return value->index + value->extent <= said->length ? said->data + value->index : NULL;
}

static int print_bytes(const struct value *value, const struct template_escape *escape, FILE *out)
{
    const struct escape_rules *rules = &emission_of(value)->language->escape;
    const uint8_t *data = value->extent ? bytes_of(value) : NULL;

    (void)escape;
    if (value->extent > 0 && !data)
        return -ENOMEM;
    return notation_print(value->detail, escape_backslashed(rules), data, value->extent, out);
}

/* Plain text, which is escaped like any other; the end of a piece stays to be seen by the next. */
static int print_printable(const struct value *value, const struct template_escape *escape,
                           FILE *out)
{
    const struct escape_rules *rules = &emission_of(value)->language->escape;
    char piece[OVERLAP + CHUNK];
    size_t length = value->extent;
    const uint8_t *data = length ? bytes_of(value) : NULL;
    size_t before = 0;
    size_t size;
    int err = 0;

    if (!escape)
        return print_bytes(value, escape, out);
    if (length > 0 && !data)
        return -ENOMEM;
    for (; length > 0 && !err; data += size, length -= size) {
        size = length < CHUNK ? length : CHUNK;
        for (size_t i = 0; i < size; i++)
            piece[before + i] = data[i] >= ' ' && data[i] <= '~' ? (char)data[i] : '.';
        err =
            escape_print(rules, ESCAPE_STRING | ESCAPE_COMMENT, piece, before, before + size, out);
        if (size == CHUNK) {
            memmove(piece, piece + before + size - OVERLAP, OVERLAP);
            before = OVERLAP;
        }
    }
    return err;
}

static bool bytes_truth(const struct value *value)
{
    return !notation_is_empty(value->detail, value->extent);
}

static const struct value_type bytes_type = {.truth = bytes_truth, .print = print_bytes};
static const struct value_type printable_type = {.truth = bytes_truth, .print = print_printable};

bool value_is_notation(const char *name, size_t length)
{
    return word_is(by_language, name, length) || notation_find(name, length);
}

/* The notation that takes the place of that one, with what --bytes says. */
static const struct notation *spelled(const struct emission *emission,
                                      const struct notation *notation)
{
    return emission->fixture->bytes == BYTES_HEX ? notation_numeric(notation) : notation;
}

/* Row by row the same names are looked for, so what was found is kept. */
static const struct notation *find_notation(const struct emission *emission, const char *name,
                                            size_t length)
{
    struct kept_notation *kept = &emission->latest->notations[(uintptr_t)name % NOTATIONS_KEPT];

    if (kept->name == name)
        return kept->notation;
    kept->name = name;
    kept->notation =
        word_is(by_language, name, length) ? emission->language->text : notation_find(name, length);
    if (kept->notation)
        kept->notation = spelled(emission, kept->notation);
    return kept->notation;
}

/* Of the same bytes as `of`, or of some of them. */
static struct value make(const struct value *of, const struct value_type *type)
{
    struct value value = value_make(of, type, of->self);

    value.form = of->form;
    return value;
}

bool value_find_notation(const struct value *of, size_t from, size_t extent, const char *name,
                         size_t length, struct value *child)
{
    const struct notation *notation = find_notation(emission_of(of), name, length);

    if (!notation)
        return false;
    *child = make(of, notation_is_plain(notation) ? &printable_type : &bytes_type);
    child->detail = notation;
    child->index = from;
    child->extent = extent;
    return true;
}

/* What rows and lines have in common: both are pieces of what was said. */

static struct value piece_offset(const struct value *of)
{
    return value_number(of, of->index);
}

static struct value piece_length(const struct value *of)
{
    return value_number(of, of->extent);
}

static struct value piece_first(const struct value *of)
{
    return value_flag(of, of->index == 0);
}

static struct value piece_last(const struct value *of)
{
    return value_flag(of, of->index + of->extent == value_said(of)->length);
}

/* A block ends with the piece that brings it to its size, wherever in the piece that is. */
static struct value piece_break(const struct value *of)
{
    size_t end = of->index + of->extent;

    return value_flag(of,
                      of->index / BLOCK_SIZE != end / BLOCK_SIZE && end < value_said(of)->length);
}

const struct value_field piece_fields[] = {
    {"offset", piece_offset}, {"length", piece_length}, {"first", piece_first},
    {"last", piece_last},     {"break", piece_break},   {0},
};

static bool find_in_piece(const struct value *value, const char *name, size_t length,
                          struct value *child)
{
    return value_find_notation(value, value->index, value->extent, name, length, child);
}

static struct value piece_make(const struct value *of, const struct value_type *type, size_t from,
                               size_t to)
{
    struct value piece = make(of, type);

    piece.index = from;
    piece.extent = to - from;
    return piece;
}

/* Rows. */

static struct value row_number(const struct value *of)
{
    return value_number(of, of->index / ROW + 1);
}

/* Where the dump of a row has the byte: its pairs of digits, and behind them the text. */
enum { DUMP_PAIR = 5, DUMP_TEXT = ROW / 2 * DUMP_PAIR + 1, DUMP_COLUMNS = DUMP_TEXT + ROW };

static size_t mark_byte(char *marks, size_t at)
{
    memset(marks + at / 2 * DUMP_PAIR + at % 2 * 2, '^', 2);
    marks[DUMP_TEXT + at] = '^';
    return DUMP_TEXT + at + 1;
}

/* To stand below the dump of the row; nothing if none of its bytes is volatile. */
static void make_marks(const struct value *value, char out[VALUE_TEXT_SIZE])
{
    const struct ranges *ranges = &value_said(value)->ranges;
    size_t length = 0;

    memset(out, ' ', DUMP_COLUMNS);
    for (size_t at = 0; at < ROW; at++)
        if (ranges_find(ranges, value->index + at))
            length = mark_byte(out, at);
    out[length] = '\0';
}

static struct value row_marks(const struct value *of)
{
    static const struct text_maker maker = {make_marks};
    struct value marks = value_made_text(of, &maker, of->self);

    marks.form = of->form;
    marks.index = of->index;
    return marks;
}

const struct value_field row_fields[] = {{"number", row_number}, {"marks", row_marks}, {0}};

static bool find_in_row(const struct value *value, const char *name, size_t length,
                        struct value *child)
{
    return value_find(row_fields, value, name, length, child) ||
           find_in_piece(value, name, length, child);
}

static bool row_item(const struct value *list, size_t index, struct value *item)
{
    static const struct value_type row_type = {.fields = piece_fields, .find = find_in_row};
    const struct said *said = value_said(list);

    if (index >= said->length / ROW + (said->length % ROW != 0))
        return false;
    *item = piece_make(list, &row_type, index * ROW,
                       said->length - index * ROW < ROW ? said->length : (index + 1) * ROW);
    return true;
}

struct value value_rows(const struct value *of)
{
    static const struct value_type rows_type = {.item = row_item};

    return make(of, &rows_type);
}

bool value_has_several_blocks(const struct value *of)
{
    return value_said(of)->length > BLOCK_SIZE;
}

bool value_has_several_rows(const struct value *of)
{
    return value_said(of)->length > ROW;
}

/* Lines. Where one begins is known only when those before it are, so the last one is kept. */

static size_t line_end(const struct value *of, const struct said *said, size_t from)
{
    const struct language *language = emission_of(of)->language;
    struct line_rules rules = {spelled(emission_of(of), language->text),
                               escape_backslashed(&language->escape), language->width};

    return lines_end(&rules, said->data, said->length, from);
}

static bool line_item(const struct value *list, size_t index, struct value *item)
{
    static const struct value_type line_type = {.fields = piece_fields, .find = find_in_piece};
    struct line *line = &emission_of(list)->latest->line;
    const struct said *said = value_said(list);

    if (line->of != list->self || line->number > index + 1)
        *line = (struct line){.of = list->self};
    while (line->end < said->length && line->number < index + 1) {
        line->from = line->end;
        line->end = line_end(list, said, line->from);
        line->number++;
    }
    if (line->number < index + 1)
        return false;
    *item = piece_make(list, &line_type, line->from, line->end);
    return true;
}

struct value value_lines(const struct value *of)
{
    static const struct value_type lines_type = {.item = line_item};

    return make(of, &lines_type);
}

bool value_has_several_lines(const struct value *of)
{
    const struct said *said = value_said(of);

    return said->length > 0 && line_end(of, said, 0) < said->length;
}

/* A long text is looked at piece by piece, so that not all of it is in memory. */
static bool is_readable(const struct emission *emission, const struct said *said)
{
    size_t at = 0;
    size_t size;

    do {
        size = said->length - at < PIECE ? said->length - at : PIECE;
        size = lines_readable(said->data + at, size);
        at += size;
        if (size >= PIECE / 2)
            arena_rest(emission->fixture->table->arena);
    } while (size > 0 && at < said->length);
    return said->length > 0 && at == said->length;
}

bool value_is_readable(const struct value *of)
{
    enum fixture_bytes bytes = emission_of(of)->fixture->bytes;
    const struct said *said = value_said(of);

    if (bytes == BYTES_AUTO)
        return is_readable(emission_of(of), said);
    return bytes == BYTES_TEXT && said->length > 0 &&
           notation_can(emission_of(of)->language->text, said->data, said->length);
}
