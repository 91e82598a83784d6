/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "option_values.h"

#include <string.h>

#include "capture/frame.h"
#include "capture/reader.h"
#include "capture/record.h"
#include "capture/recording_format.h"
#include "completion.h"
#include "emit/report.h"

static const char *backend_word(size_t index)
{
    if (index == 0)
        return "auto";
    return backends[index - 1] ? backends[index - 1]->name : NULL;
}

static const char *framer_word(size_t index)
{
    return framers[index] ? framers[index]->name : NULL;
}

static const char *reader_word(size_t index)
{
    return readers[index] ? readers[index]->name : NULL;
}

static const char *bytes_word(size_t index)
{
    static const char *const words[] = {"auto", "hex", "text", NULL};

    return words[index];
}

static const char *type_word(size_t index)
{
    return recording_types[index].name;
}

static const char *client_word(size_t index)
{
    static const char *const words[] = {"left", "right", NULL};

    return words[index];
}

static const char *redact_word(size_t index)
{
    return index == 0 ? "secrets" : NULL;
}

static const char *timing_word(size_t index)
{
    static const char *const words[] = {"now", "recorded", NULL};

    return words[index];
}

/* Each function gives NULL past its last word, and is not asked for more. */
static const struct {
    const char *option;
    const char *(*word)(size_t index);
} words[] = {
    {"backend", backend_word},    {"bytes", bytes_word},
    {"client", client_word},      {"completion", completion_shell},
    {"diff-format", report_name}, {"frame", framer_word},
    {"from", reader_word},        {"redact", redact_word},
    {"timing", timing_word},      {"type", type_word},
};

/* What is a file, a user, … is known by what stands for it in --help, or by the option. */
static const struct {
    const char *option, *argument;
    enum option_kind kind;
} kinds[] = {
    {"style", NULL, VALUE_STYLE},   {"print-template", NULL, VALUE_TEMPLATE},
    {"user", NULL, VALUE_USER},     {NULL, "ADDRESS", VALUE_FILE},
    {NULL, "DIR", VALUE_FOLDER},    {NULL, "FILE", VALUE_FILE},
    {NULL, "LANG", VALUE_LANGUAGE}, {NULL, "PID", VALUE_PID},
    {NULL, "USER", VALUE_USER},
};

const char *option_word(const char *option, size_t index)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(words[i].option, option) == 0)
            return words[i].word(index);
    return NULL;
}

enum option_kind option_kind(const struct argp_option *option)
{
    if (!option->arg)
        return VALUE_NONE;
    if (option_word(option->name, 0))
        return VALUE_WORD;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (kinds[i].option ? strcmp(kinds[i].option, option->name) == 0
                            : strcmp(kinds[i].argument, option->arg) == 0)
            return kinds[i].kind;
    return VALUE_ANY;
}
