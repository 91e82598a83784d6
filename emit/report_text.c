/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * For people: the bytes as recorded and as they are now, side by side. What differs has a star
 * before it, as colours may not show; where one side has fewer bytes there are dashes.
 */
#include <stdbool.h>
#include <string.h>

#include "capture/text.h"
#include "emit/report.h"

enum { CELLS = 8, GAP = -1, ROWS_MAX = 64 };

/* A byte of each message, that correspond; or GAP where one has none. */
struct cell {
    int old, now;
    bool differs;
    size_t a, b; /* how many bytes of each come before */
};

struct row {
    struct cell cells[CELLS];
    size_t count;
    bool differs;
};

/* A row is shown when it differs, or one beside it does: so three of them are looked at. */
struct sheet {
    const struct difference *difference;
    FILE *out;
    bool colour;
    struct row before, row, next; /* the last one is being filled */
    size_t spot;                  /* those before it end before the next cell */
    size_t shown;
    bool skipped; /* rows, since the last one shown */
    bool over;    /* no more will be shown */
};

static bool holds(const struct block *spot, size_t a, size_t b)
{
    return (a >= spot->a && a < spot->a + spot->a_length) ||
           (b >= spot->b && b < spot->b + spot->b_length);
}

static bool in_spot(const struct sheet *sheet, const struct cell *cell)
{
    const struct difference *difference = sheet->difference;
    const size_t a = cell->old == GAP ? SIZE_MAX : cell->a;
    const size_t b = cell->now == GAP ? SIZE_MAX : cell->b;

    for (size_t i = sheet->spot; i < difference->spot_count; i++) {
        const struct block *spot = &difference->spots[i];

        if (holds(spot, a, b))
            return true;
        if (spot->a > cell->a && spot->b > cell->b)
            break;
    }
    return false;
}

/* Goes past the spots that end before the cell: they are in order, as cells are. */
static void pass_spots(struct sheet *sheet, const struct cell *cell)
{
    const struct difference *difference = sheet->difference;

    while (sheet->spot < difference->spot_count) {
        const struct block *spot = &difference->spots[sheet->spot];

        if (spot->a + spot->a_length > cell->a || spot->b + spot->b_length > cell->b)
            break;
        sheet->spot++;
    }
}

static void print_half(const struct sheet *sheet, const struct row *row, bool is_now)
{
    const struct cell *cells = row->cells;
    const size_t count = row->count;
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
    for (size_t i = 0, marks = 0; i < CELLS; i++) {
        const int byte = i < count ? is_now ? cells[i].now : cells[i].old : GAP;
        const bool shown = byte >= ' ' && byte <= '~' && (byte != '[' || marks < 2); /* no ##[ */

        marks = byte == '#' ? marks + 1 : 0;
        putc(byte == GAP ? ' ' : shown ? byte : '.', sheet->out);
    }
}

static void print_row(struct sheet *sheet, const struct row *row)
{
    if (sheet->skipped && sheet->shown)
        fputs("    ...\n", sheet->out);
    sheet->skipped = false;
    sheet->shown++;
    fputs("    ", sheet->out);
    print_half(sheet, row, false);
    fputs(" | ", sheet->out);
    print_half(sheet, row, true);
    putc('\n', sheet->out);
}

/* The row behind it is filled, so it is known whether this one is shown. */
static void judge_row(struct sheet *sheet)
{
    const struct row *row = &sheet->row;
    bool near = sheet->before.differs || row->differs || sheet->next.differs;

    if (!row->count)
        return;
    if (!near) {
        sheet->skipped = true;
    } else if (sheet->shown < ROWS_MAX) {
        print_row(sheet, row);
    } else if (row->differs) {
        fputs("    ... and more\n", sheet->out);
        sheet->over = true;
    }
}

static void turn(struct sheet *sheet)
{
    judge_row(sheet);
    sheet->before = sheet->row;
    sheet->row = sheet->next;
    sheet->next = (struct row){0};
}

static void add_cell(struct sheet *sheet, const struct cell *cell)
{
    struct row *row = &sheet->next;

    row->cells[row->count++] = *cell;
    row->differs = row->differs || cell->differs;
    if (row->count == CELLS)
        turn(sheet);
}

static void add_block(struct sheet *sheet, const struct block *block)
{
    const struct said *old = difference_old(sheet->difference);
    const struct said *now = difference_now(sheet->difference);
    const size_t longer = block->a_length > block->b_length ? block->a_length : block->b_length;

    for (size_t i = 0; i < longer && !sheet->over; i++) {
        const bool in_old = i < block->a_length, in_now = i < block->b_length;
        struct cell cell = {
            in_old ? old->data[block->a + i] : GAP, in_now ? now->data[block->b + i] : GAP, false,
            block->a + (in_old ? i : block->a_length), block->b + (in_now ? i : block->b_length)};

        pass_spots(sheet, &cell);
        cell.differs = in_spot(sheet, &cell);
        add_cell(sheet, &cell);
    }
}

void report_bytes(const struct report *report, const struct difference *difference, FILE *out)
{
    struct sheet sheet = {.difference = difference, .out = out, .colour = report->colour};

    if (!difference->spot_count)
        return;
    fprintf(out, "    %-42s| %s\n", "recorded", "now");
    for (size_t i = 0; i < difference->blocks.count && !sheet.over; i++)
        add_block(&sheet, &difference->blocks.items[i]);
    for (int i = 0; i < 2 && !sheet.over; i++)
        turn(&sheet);
}

/*
 * What begins so, with white space of any kind before it, is a command to those who run workflows,
 * and so is ##[ anywhere, whoever said that.
 */
static void print_line(const char *line, FILE *out)
{
    bool begun = false;

    for (; *line; line++) {
        const bool is_command = (!begun && text_begins(line, "::")) || text_begins(line, "##[");

        begun = begun || (*line > ' ' && *line <= '~');
        if (is_command)
            fprintf(out, "\\x%02x", (unsigned char)*line);
        else
            putc(*line, out);
    }
    putc('\n', out);
}

int report_text(const struct report *report, FILE *out)
{
    char title[REPORT_TITLE_SIZE];

    for (size_t i = 0; i < report->differences->count; i++) {
        report_title(report, &report->differences->items[i], title);
        if (report->part) /* others may have an exchange of that name */
            fprintf(out, "%s: ", report->part);
        print_line(title, out);
        report_bytes(report, &report->differences->items[i], out);
    }
    if (report->outdated) {
        report_outdated(report, title);
        print_line(title, out);
    }
    if (report->stale) {
        report_stale(report, title);
        print_line(title, out);
    }
    return 0;
}
