/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "backend_option.h"

#include <stdio.h>
#include <string.h>

#include "capture/record.h"
#include "emit/nearest.h"
#include "say.h"

enum status backend_option_check(const char *name)
{
    enum { NAMES_MAX = 16 }; /* to come near to */
    const char *names[NAMES_MAX] = {"auto"};
    char hint[NEAREST_HINT_SIZE];
    size_t count = 1;

    if (strcmp(name, names[0]) == 0)
        return STATUS_DONE;
    for (size_t i = 0; backends[i]; i++) {
        if (strcmp(name, backends[i]->name) == 0)
            return STATUS_DONE;
        if (count < NAMES_MAX)
            names[count++] = backends[i]->name;
    }
    nearest_hint(hint, name, names, count);
    say("--backend: there is no '%s'%s; --backends lists those that there are", name, hint);
    return STATUS_USAGE;
}

enum status backend_option_list(void)
{
    bool any = false;

    for (size_t i = 0; backends[i]; i++) {
        char reason[REASON_SIZE] = "out of memory";
        bool works = backend_try(backends[i], reason) == 0;

        printf("%-8s %-3s  %s\n", backends[i]->name, works ? "yes" : "no",
               works ? backends[i]->summary : reason);
        any = any || works;
    }
    return any ? STATUS_DONE : STATUS_NO_BACKEND;
}
