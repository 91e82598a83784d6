/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * For people: the bytes as recorded and as they are now, side by side. What differs has a star
 * before it, as colours may not show; where one side has fewer bytes there are dashes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/text.h"
#include "emit/report.h"

enum { CELLS = 8, CONTEXT = 1, GAP = -1, ROWS_MAX = 64 };

/* A byte of each message, that correspond; or GAP where one has none. */
struct cell {
    int old, now;
    bool differs;
    size_t a, b; /* how many bytes of each come before */
};

struct sheet {
    struct cell *cells;
    size_t count;
    FILE *out;
    bool colour;
};

static bool in_spot(const struct difference *difference, size_t a, size_t b)
{
    for (size_t i = 0; i < difference->spot_count; i++) {
        const struct block *spot = &difference->spots[i];

        if ((a >= spot->a && a < spot->a + spot->a_length) ||
            (b >= spot->b && b < spot->b + spot->b_length))
            return true;
    }
    return false;
}

static void add_block(struct sheet *sheet, const struct difference *difference,
                      const struct block *block)
{
    const struct said *old = difference_old(difference), *now = difference_now(difference);
    const size_t longer = block->a_length > block->b_length ? block->a_length : block->b_length;

    for (size_t i = 0; i < longer; i++) {
        const bool in_old = i < block->a_length, in_now = i < block->b_length;
        struct cell cell = {
            in_old ? old->data[block->a + i] : GAP, in_now ? now->data[block->b + i] : GAP, false,
            block->a + (in_old ? i : block->a_length), block->b + (in_now ? i : block->b_length)};

        cell.differs = in_spot(difference, in_old ? cell.a : SIZE_MAX, in_now ? cell.b : SIZE_MAX);
        sheet->cells[sheet->count++] = cell;
    }
}

static bool row_differs(const struct sheet *sheet, size_t row)
{
    for (size_t i = row * CELLS; i < (row + 1) * CELLS && i < sheet->count; i++)
        if (sheet->cells[i].differs)
            return true;
    return false;
}

static bool row_is_near(const struct sheet *sheet, size_t row)
{
    for (size_t i = row < CONTEXT ? 0 : row - CONTEXT; i <= row + CONTEXT; i++)
        if (row_differs(sheet, i))
            return true;
    return false;
}

static void print_half(const struct sheet *sheet, size_t row, bool is_now)
{
    const struct cell *cells = &sheet->cells[row * CELLS];
    const size_t count = sheet->count - row * CELLS < CELLS ? sheet->count - row * CELLS : CELLS;
    const char *paint = is_now ? "\033[32m" : "\033[31m";

    fprintf(sheet->out, "%04zx ", is_now ? cells[0].b : cells[0].a);
    for (size_t i = 0; i < CELLS; i++) {
        const int byte = i < count ? is_now ? cells[i].now : cells[i].old : GAP;
        const bool marked = i < count && cells[i].differs;

        fprintf(sheet->out, "%s%c", marked && sheet->colour ? paint : "", marked ? '*' : ' ');
        if (byte == GAP)
            fputs(i < count ? "--" : "  ", sheet->out);
        else
            fprintf(sheet->out, "%02x", (unsigned)byte);
        fputs(marked && sheet->colour ? "\033[m" : "", sheet->out);
    }
    fputs("  ", sheet->out);
    for (size_t i = 0; i < CELLS; i++) {
        const int byte = i < count ? is_now ? cells[i].now : cells[i].old : GAP;

        putc(byte == GAP ? ' ' : byte >= ' ' && byte <= '~' ? byte : '.', sheet->out);
    }
}

static void print_rows(const struct sheet *sheet)
{
    const size_t rows = (sheet->count + CELLS - 1) / CELLS;
    size_t shown = 0, skipped = 0;

    for (size_t row = 0; row < rows; row++) {
        if (!row_is_near(sheet, row) || shown == ROWS_MAX) {
            skipped++;
            continue;
        }
        if (skipped && shown)
            fputs("    ...\n", sheet->out);
        skipped = 0;
        shown++;
        fputs("    ", sheet->out);
        print_half(sheet, row, false);
        fputs(" | ", sheet->out);
        print_half(sheet, row, true);
        putc('\n', sheet->out);
    }
    for (size_t row = rows - skipped; shown == ROWS_MAX && row < rows; row++) {
        if (row_differs(sheet, row)) {
            fputs("    ... and more\n", sheet->out);
            break;
        }
    }
}

void report_bytes(const struct report *report, const struct difference *difference, FILE *out)
{
    struct sheet sheet = {.out = out, .colour = report->colour};
    size_t room = 1;

    if (!difference->spot_count)
        return;
    room += difference_old(difference)->length + difference_now(difference)->length;
    sheet.cells = calloc(room, sizeof(*sheet.cells));
    if (!sheet.cells) {
        fputs("    (too long to be shown)\n", out);
        return;
    }
    for (size_t i = 0; i < difference->blocks.count; i++)
        add_block(&sheet, difference, &difference->blocks.items[i]);
    fprintf(out, "    %-42s| %s\n", "recorded", "now");
    print_rows(&sheet);
    free(sheet.cells);
}

int report_text(const struct report *report, FILE *out)
{
    char title[REPORT_TITLE_SIZE], line[4 * REPORT_TITLE_SIZE];

    for (size_t i = 0; i < report->differences->count; i++) {
        report_title(report, &report->differences->items[i], title);
        text_escape(line, sizeof(line), title, strlen(title));
        fprintf(out, "%s\n", line);
        report_bytes(report, &report->differences->items[i], out);
    }
    if (report->stale) {
        report_stale(report, title);
        fprintf(out, "%s\n", title);
    }
    return ferror(out) ? -EIO : 0;
}
