/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/style.h"

#include <errno.h>
#include <string.h>

#include "emit/nearest.h"
#include "emit/word.h"

static size_t style_count(const struct language *language)
{
    size_t count = 0;

    while (language->styles && language->styles[count])
        count++;
    return count;
}

bool style_has(const struct language *language, const char *name, size_t length)
{
    for (size_t i = 0; i < style_count(language); i++) {
        if (word_is(language->styles[i], name, length))
            return true;
    }
    return false;
}

static int no_style(const struct language *language, const char *name, size_t length,
                    struct template_error *error)
{
    size_t count = style_count(language);
    const char *const *names = (const char *const *)language->styles;
    char word[64], list[128] = "";
    char hint[NEAREST_HINT_SIZE];

    snprintf(word, sizeof(word), "%.*s", (int)length, name);
    if (count == 0)
        return template_fail(error, -ENOENT, "--style", "%s has no '%s', nor any other to choose",
                             language->name, word);
    nearest_hint(hint, word, names, count);
    if (*hint)
        return template_fail(error, -ENOENT, "--style", "%s has no '%s'%s", language->name, word,
                             hint);
    for (size_t i = 0, used = 0; i < count && used < sizeof(list); i++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", names[i]);
    return template_fail(error, -ENOENT, "--style", "%s has no '%s'; there are %s", language->name,
                         word, list);
}

int style_check(const struct language *language, const char *chosen, struct template_error *error)
{
    size_t length;

    for (; chosen; chosen = chosen[length] ? chosen + length + 1 : NULL) {
        length = strcspn(chosen, ",");
        if (!style_has(language, chosen, length))
            return no_style(language, chosen, length, error);
    }
    return 0;
}

bool style_is(const struct language *language, const char *chosen, const char *name, size_t length)
{
    size_t size;

    if (!chosen)
        return style_count(language) > 0 && word_is(language->styles[0], name, length);
    for (; chosen; chosen = chosen[size] ? chosen + size + 1 : NULL) {
        size = strcspn(chosen, ",");
        if (size == length && !memcmp(chosen, name, length))
            return true;
    }
    return false;
}
