/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is drawn never reaches the last column: a line that wraps could not be erased. */
#include "capture/progress.h"

#include <inttypes.h>
#include <string.h>

#include "capture/clock.h"
#include "capture/terminal.h"
#include "capture/text.h"

static const uint64_t redraw_interval = SECOND / 5;
static const char prefix[] = "sockfixture: ";

void progress_print(char text[PROGRESS_TEXT_SIZE], const struct progress *progress)
{
    uint64_t seconds = progress->elapsed / SECOND;
    char exchanges[64] = "", hours[32] = "";

    if (progress->wanted)
        snprintf(exchanges, sizeof(exchanges), "%zu of %zu %s, ", progress->exchanges,
                 progress->wanted, text_counted(progress->wanted, "exchange", "exchanges"));
    if (seconds >= 3600)
        snprintf(hours, sizeof(hours), "%" PRIu64 ":", seconds / 3600);
    snprintf(text, PROGRESS_TEXT_SIZE,
             "%s%" PRIu64 " %s, %" PRIu64 " %s, %" PRIu64 " lost, %s%02u:%02u", exchanges,
             progress->messages, text_counted(progress->messages, "message", "messages"),
             progress->bytes, text_counted(progress->bytes, "byte", "bytes"), progress->lost, hours,
             (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
}

void progress_line_begin(struct progress_line *line, FILE *file, bool live)
{
    *line = (struct progress_line){.file = file, .live = live && terminal_draws(file)};
}

void progress_line_draw(struct progress_line *line, const struct progress *progress)
{
    char text[PROGRESS_TEXT_SIZE], whole[sizeof(prefix) + sizeof(text)];

    if (!line->live || (line->drawn && progress->elapsed < line->redraw) ||
        !terminal_is_free(line->file))
        return;
    progress_print(text, progress);
    snprintf(whole, sizeof(whole), "%s%s", prefix, text);
    fprintf(line->file, "\r%.*s\033[K", (int)(terminal_width(line->file) - 1), whole);
    fflush(line->file);
    line->drawn = true;
    line->redraw = progress->elapsed + redraw_interval;
}

void progress_line_print(struct progress_line *line, const struct progress *progress)
{
    char text[PROGRESS_TEXT_SIZE];

    progress_line_erase(line);
    progress_print(text, progress);
    fprintf(line->file, "%s%s\n", prefix, text);
    fflush(line->file);
}

void progress_line_erase(struct progress_line *line)
{
    if (line->drawn && terminal_is_free(line->file)) {
        fputs("\r\033[K", line->file);
        fflush(line->file);
    }
    line->drawn = false;
}
