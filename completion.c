/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "completion.h"

#include <limits.h>
#include <string.h>

static const struct {
    const char *name;
    completion_printer *print;
} shells[] = {{"bash", completion_bash}, {"fish", completion_fish}, {"zsh", completion_zsh}};

enum { SHELLS = sizeof(shells) / sizeof(*shells) };

completion_printer *completion_find(const char *shell)
{
    for (size_t i = 0; i < SHELLS; i++)
        if (strcmp(shells[i].name, shell) == 0)
            return shells[i].print;
    return NULL;
}

const char *completion_shell(size_t index)
{
    return index < SHELLS ? shells[index].name : NULL;
}

bool completion_has_short(const struct argp_option *option)
{
    return option->key > 0 && option->key <= SCHAR_MAX;
}
