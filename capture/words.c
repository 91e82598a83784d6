/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/text.h"

static const char blanks[] = " \t\n";

void words_free(char **words)
{
    for (char **word = words; word && *word; word++)
        free(*word);
    free(words);
}

/* Moves *from behind a character, or a quoted piece, of a word, and *to behind what it means. */
static int take_piece(const char **from, char **to)
{
    char quote = **from;

    if (quote == '\\') {
        if (!*++*from)
            return -EINVAL;
        *(*to)++ = *(*from)++;
        return 0;
    }
    if (quote != '\'' && quote != '"') {
        *(*to)++ = *(*from)++;
        return 0;
    }
    for (++*from; **from != quote; ++*from) {
        if (quote == '"' && **from == '\\' && (*from)[1] && strchr("\"\\$`", (*from)[1]))
            ++*from;
        if (!**from)
            return -EINVAL;
        *(*to)++ = **from;
    }
    ++*from;
    return 0;
}

/* Adds what is a word at *from. */
static int take_word(const char **from, char ***words, size_t *count)
{
    char **more = realloc(*words, (*count + 2) * sizeof(*more));
    char *to;
    int err = 0;

    if (!more)
        return -ENOMEM;
    *words = more;
    more[*count] = to = malloc(strlen(*from) + 1);
    more[*count + 1] = NULL;
    if (!to)
        return -ENOMEM;
    ++*count;
    while (!err && **from && !strchr(blanks, **from))
        err = take_piece(from, &to);
    *to = '\0';
    return err;
}

int words_split(char ***out, const char *line)
{
    char **words = NULL;
    size_t count = 0;
    int err = 0;

    for (line += strspn(line, blanks); !err && *line; line += strspn(line, blanks))
        err = take_word(&line, &words, &count);
    if (!err && count == 0)
        err = -EINVAL;
    if (err)
        words_free(words);
    else
        *out = words;
    return err;
}

int words_copy(char ***out, char *const *words)
{
    size_t count = 0;
    char **copy;

    while (words[count])
        count++;
    copy = calloc(count + 1, sizeof(*copy));
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = strdup(words[i]);
        if (!copy[i]) {
            words_free(copy);
            return -ENOMEM;
        }
    }
    if (!copy)
        return -ENOMEM;
    *out = copy;
    return 0;
}

static int unescape(char **out, const json_t *word)
{
    const char *text = json_string_value(word);

    if (!text)
        return -EINVAL;
    *out = malloc(strlen(text) + 1);
    if (!*out)
        return -ENOMEM;
    text_unescape(*out, strlen(text) + 1, text);
    return 0;
}

int words_from_json(char ***out, const json_t *list)
{
    const size_t count = json_array_size(list);
    char **words;
    int err = 0;

    if (!json_is_array(list))
        return -EINVAL;
    words = calloc(count + 1, sizeof(*words));
    if (!words)
        return -ENOMEM;
    for (size_t i = 0; i < count && !err; i++)
        err = unescape(&words[i], json_array_get(list, i));
    if (err)
        words_free(words);
    else
        *out = words;
    return err;
}
