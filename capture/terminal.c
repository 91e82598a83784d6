/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The few sequences that this program uses are the same on every terminal that is not dumb. */
#include "capture/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_draws(FILE *file)
{
    const char *name = getenv("TERM");

    return isatty(fileno(file)) && name && *name && strcmp(name, "dumb") != 0;
}

/* https://no-color.org */
bool terminal_colors(FILE *file)
{
    const char *no_color = getenv("NO_COLOR");

    return terminal_draws(file) && (!no_color || !*no_color);
}

size_t terminal_width(FILE *file)
{
    struct winsize size;

    return ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

bool terminal_is_free(FILE *file)
{
    pid_t front = tcgetpgrp(fileno(file)); /* of another session's terminal it cannot be told */

    return front < 0 || front == getpgrp();
}
