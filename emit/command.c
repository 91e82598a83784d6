/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A command as text and as a name. */
#include "emit/command.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/memory_file.h"
#include "capture/path.h"
#include "emit/escape.h"

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "%+,-./:=@_^";

static void print_word(const char *word, FILE *out)
{
    if (*word && word[strspn(word, plain)] == '\0') {
        fputs(word, out);
        return;
    }
    putc('\'', out);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", out);
        else
            putc(*word, out);
    }
    putc('\'', out);
}

char *command_text(char *const *command)
{
    char *text = NULL;
    size_t length;
    FILE *out = memory_file_open(&text, &length);

    if (!out)
        return NULL;
    for (size_t i = 0; command && command[i]; i++) {
        if (i > 0)
            putc(' ', out);
        print_word(command[i], out);
    }
    fclose(out);
    return text;
}

/* Adds a word, or as much of it as there is room for: whole characters only. */
static void add_word(char out[COMMAND_NAME_SIZE], const char *word)
{
    size_t used = strlen(out);
    size_t left = strlen(word);
    size_t size;

    if (left > 0 && used > 0) {
        size = escape_visible(word, left);
        if (used + 1 + (size ? size : 1) >= COMMAND_NAME_SIZE)
            return; /* no blank at the end, nor a letter without one */
        out[used++] = ' ';
    }
    for (; left > 0; word += size, left -= size) {
        size = escape_visible(word, left);
        if (used + (size ? size : 1) >= COMMAND_NAME_SIZE)
            break;
        if (size == 0 || strchr("\"\\*$`", *word)) {
            size = 1;
            out[used++] = '_';
        } else {
            memcpy(out + used, word, size);
            used += size;
        }
    }
    out[used] = '\0';
}

/* Adds what is left of an address or a name when its directories and the signs of globs are off. */
static void add_plain(char out[COMMAND_NAME_SIZE], const char *address)
{
    char word[COMMAND_NAME_SIZE];
    size_t length = 0;

    for (address = path_last(address); *address; address++)
        if (!strchr("*?[]@", *address) && length + 1 < sizeof(word))
            word[length++] = *address;
    word[length] = '\0';
    add_word(out, word);
}

/* Where nothing was run, what was watched stands for it: sockfixture -s ADDRESS. */
static bool is_watch(char *const *command)
{
    return command && command[0] && strcmp(command[0], "sockfixture") == 0 && command[1] &&
           *command[1] == '-';
}

static void add_watched(char out[COMMAND_NAME_SIZE], char *const *command)
{
    for (size_t i = 1; command[i] && command[i + 1]; i += 2)
        if (strcmp(command[i], "-x") != 0)
            add_plain(out, command[i + 1]);
}

void command_name(char *const *command, const char *name, char out[COMMAND_NAME_SIZE])
{
    *out = '\0';
    if (name && *name) {
        add_word(out, name);
        return;
    }
    if (is_watch(command)) {
        add_watched(out, command);
        command = NULL;
    }
    for (size_t i = 0; command && command[i]; i++) {
        if (i == 0)
            add_word(out, path_last(command[i]));
        else if (!strchr(command[i], '/') && *command[i] != '-' && *command[i])
            add_word(out, command[i]);
    }
    if (!*out)
        add_word(out, "table");
}
