/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

/* The length of what stands between two words, which must be one of what may stand there. */
static size_t separator_length(const char *text)
{
    if (*text == '.' || *text == '/' || *text == '-')
        return 1;
    if (*text == ':')
        return text[1] == ':' ? 2 : 1;
    return 0;
}

/* Finds the last word and the separator before it. Returns -EINVAL when it is no such name. */
static int find_function(const char *name, const char **separator, const char **function)
{
    size_t length;

    *separator = *function = name;
    for (;;) {
        length = strspn(name, letters);
        if (length == 0)
            return -EINVAL;
        name += length;
        if (!*name)
            break;
        *separator = name;
        name += separator_length(name);
        if (name == *separator)
            return -EINVAL;
        *function = name;
    }
    if (strchr("/-", **separator) || (**function >= '0' && **function <= '9'))
        return -EINVAL;
    return 0;
}

int call_parse(struct call *out, const char *name)
{
    const char *whole = name ? name : "";
    const char *separator = whole, *function = whole, *package = whole;
    int err = name ? find_function(name, &separator, &function) : 0;

    *out = (struct call){0};
    if (err)
        return err;
    for (const char *c = whole; c < separator; c++) {
        if (strchr("./:", *c))
            package = c + 1;
    }
    out->whole = strdup(whole);
    out->module = strndup(whole, (size_t)(separator - whole));
    out->package = strndup(package, (size_t)(separator > package ? separator - package : 0));
    out->function = strdup(function);
    return out->whole && out->module && out->package && out->function ? 0 : -ENOMEM;
}

void call_free(struct call *call)
{
    free(call->whole);
    free(call->module);
    free(call->package);
    free(call->function);
    *call = (struct call){0};
}
