/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "frame_option.h"

#include <errno.h>

#include "emit/nearest.h"
#include "say.h"

static enum status say_wrong_framing(const char *text, const struct framing *framing, int err)
{
    enum { NAMES_MAX = 16 }; /* to come near to */
    const char *names[NAMES_MAX];
    char hint[NEAREST_HINT_SIZE];
    size_t count = 0;

    if (err == -EINVAL && framing->framer == &framer_len) {
        say("--frame: '%s' is not len:OFFSET:SIZE[:be|le][:+N], with an OFFSET up to 65535 and a "
            "SIZE of 1, 2, 3, 4 or 8",
            text);
        return STATUS_USAGE;
    }
    if (err == -EINVAL) {
        say("--frame: '%s': nothing can follow '%s'", text, framing->framer->name);
        return STATUS_USAGE;
    }
    for (; count < NAMES_MAX && framers[count]; count++)
        names[count] = framers[count]->name;
    nearest_hint(hint, text, names, count);
    say("--frame: there is no '%s'%s; there are line, nul, crlf, len:OFFSET:SIZE[:be|le][:+N], "
        "http, dbus, resp (Redis) and postgres",
        text, hint);
    return STATUS_USAGE;
}

enum status frame_option_parse(struct framing *framing, const struct options *options)
{
    const char *text = options->frame;
    int err = text ? framing_parse(framing, text) : 0;

    return err ? say_wrong_framing(text, framing, err) : STATUS_DONE;
}
