/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "language_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/path.h"
#include "emit/style.h"
#include "emit/word.h"
#include "emit/writer.h"
#include "say.h"

/* The folders named by options, the one of a template's file for what it includes, the user's. */
enum status library_from_options(struct library **out, const struct options *options)
{
    struct library_folder folders[OPTION_WORDS + 2];
    char *beside = NULL, *user = NULL;
    struct template_error error;
    size_t count = 0;
    int err;

    for (size_t i = 0; i < options->template_dirs.count; i++)
        folders[count++] = (struct library_folder){.path = options->template_dirs.at[i]};
    if (options->template) {
        beside = path_folder(options->template);
        folders[count++] = (struct library_folder){.path = beside, .optional = true};
    }
    err = library_user_folder(&user);
    if (user)
        folders[count++] = (struct library_folder){.path = user, .optional = true};
    if (err || (options->template && !beside))
        template_fail(&error, -ENOMEM, "templates", "out of memory");
    else
        err = library_new(out, folders, count, &error);
    if (err)
        say_template_error(&error);
    free(beside);
    free(user);
    return err ? STATUS_USAGE : STATUS_DONE;
}

static void list_language(const struct language *language)
{
    bool ending = language->extensions && language->extensions[0];

    printf("%-12s %s%-6s %s", language->name, ending ? "." : "-",
           ending ? language->extensions[0] : "", language->description);
    for (size_t i = 0; language->styles && language->styles[i]; i++)
        printf("%s%s", i ? ", " : "; styles: ", language->styles[i]);
    printf(" [%s]\n", language->path ? language->path : "built in");
}

/* A template that is wrong is told, and the others are listed. */
static enum status list_languages(const struct library *library)
{
    enum status status = STATUS_DONE;
    struct template_error error;
    struct language *language;
    size_t index = 0;
    int more;

    while ((more = language_next(&language, library, &index, &error))) {
        if (more < 0) {
            say_template_error(&error);
            status = STATUS_USAGE;
            continue;
        }
        list_language(language);
        language_free(language);
    }
    for (size_t i = 0; writers[i]; i++)
        printf("%-12s .%-6s %s [built in]\n", writers[i]->name, writers[i]->extension,
               writers[i]->description);
    return status;
}

static enum status print_template(const struct library *library, const char *name)
{
    struct template_error error;
    struct library_text text;
    struct language *language;
    int err = library_read(library, name, &text, &error);

    /* What is no template may be a misspelt language, of which the nearest is then told. */
    if (err == -ENOENT)
        err = language_find(&language, library, name, &error);
    if (err && writer_find(name)) {
        say("%s: there is no template of it (it is made without one)", name);
        return STATUS_USAGE;
    }
    if (err) {
        say_template_error(&error);
        return STATUS_USAGE;
    }
    fwrite(text.text, 1, text.length, stdout);
    library_text_free(&text);
    return STATUS_DONE;
}

enum status show_templates(const struct options *options)
{
    struct library *library = NULL;
    enum status status = library_from_options(&library, options);

    if (!status && options->list_langs)
        status = list_languages(library);
    else if (!status)
        status = print_template(library, options->print_template);
    library_free(library);
    return status;
}

static const char separators[] = ".:/-"; /* what may stand between the words of --call */

static bool is_not_called(const struct language *language, const char *text, size_t length)
{
    for (char **word = language->not_called; word && *word; word++)
        if (word_is(*word, text, length))
            return true;
    return false;
}

/*
 * The function to call, if the tests have that word for something else, or what stands between two
 * words and does not in the language; *length is 0 if there is none.
 */
static const char *find_not_called(const struct options *options, const struct language *language,
                                   size_t *length)
{
    const char *at = options->call ? options->call : "";
    const char *function = at;

    while (*(at += strcspn(at, separators))) {
        *length = strspn(at, separators);
        if (is_not_called(language, at, *length))
            return at;
        function = at += *length;
    }
    *length = is_not_called(language, function, strlen(function)) ? strlen(function) : 0;
    return function;
}

/* Can what was asked for be done in this language, and in files of it? */
static enum status check_use(const struct options *options, const struct language *language)
{
    static const char test[] = "test";
    const bool has_tests = style_has(language, test, strlen(test));
    size_t length;
    const char *taken = find_not_called(options, language, &length);

    if (options->call && has_tests && !style_is(language, options->style, test, strlen(test)))
        say("--call: that is for tests (--style test makes some)");
    else if (options->call && !has_tests && !language->path)
        say("--call: %s has no tests that would call it", language->name);
    else if (length > 0 && strchr(separators, *taken))
        say("--call: no name in %s has '%.*s' between its words", language->name, (int)length,
            taken);
    else if (length > 0)
        say("--call: tests in %s have '%s' for something else", language->name, taken);
    else if (language->folder && fixture_to_stdout(options))
        say("%s: its fixtures are folders (name one with -o)", language->name);
    else if (options->embed_above && !language->embeds)
        say("--embed-above: %s cannot load messages from files", language->name);
    else
        return STATUS_DONE;
    return STATUS_USAGE;
}

/* An ending that no language has may be a misspelt one. */
static void say_unknown_ending(const struct options *options, const char *name)
{
    const char *ending = language_ending(options->output);

    if (ending && !options->quiet)
        say("%s: no language has files that end in .%s, so this is %s (--lang)", options->output,
            ending, name);
}

/* What was asked for, or else by the ending of the file. */
static int find_name(const struct options *options, const struct library *library,
                     const char **name, struct template_error *error)
{
    int err = -ENOENT;

    *name = options->lang ? options->lang : "json";
    if (!options->lang && options->output) {
        err = language_for_file(library, options->output, name, error);
        if (err == -ENOENT)
            say_unknown_ending(options, *name);
    }
    return err == -ENOENT ? 0 : err;
}

enum status language_from_options(struct language **out, const struct options *options,
                                  const struct library *library)
{
    struct template_error error;
    const char *name;
    int err;

    if (options->template) {
        err = language_load(out, library, options->template, &error);
    } else {
        err = find_name(options, library, &name, &error);
        if (!err)
            err = language_find(out, library, name, &error);
    }
    if (!err)
        err = style_check(*out, options->style, &error);
    if (!err)
        return check_use(options, *out);
    say_template_error(&error);
    return STATUS_USAGE;
}
