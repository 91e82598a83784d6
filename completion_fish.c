/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Completion in fish: a line for each option. */
#include "completion.h"

static const char head[] =
    "\n"
    "# What comes after the options, the command and what follows it; a status of 1 without it.\n"
    "function __sockfixture_rest\n"
    "    set -l tokens (commandline -opc)\n"
    "    set -e tokens[1]\n"
    "    argparse -s $__sockfixture_options -- $tokens 2> /dev/null; or return 1\n"
    "    set -q argv[1]; or return 1\n"
    "    printf '%s\\n' $argv\n"
    "end\n"
    "\n"
    "# Without files to compare with, --check is about the manifest, as --update and --list are.\n"
    "function __sockfixture_is_manifest\n"
    "    __fish_contains_opt update list; and return\n"
    "    __fish_contains_opt check; and not __fish_contains_opt -s o output -s w write -s r read\n"
    "end\n"
    "\n"
    "function __sockfixture_is_option\n"
    "    __sockfixture_is_manifest; or not __sockfixture_rest > /dev/null\n"
    "end\n"
    "\n"
    "# The manifest that was typed, for those to list the fixtures of.\n"
    "function __sockfixture_manifest\n"
    "    set -l tokens (commandline -opc)\n"
    "    set -e tokens[1]\n"
    "    argparse $__sockfixture_options -- $tokens 2> /dev/null; or return\n"
    "    set -q _flag_manifest; or return\n"
    "    printf '%s\\n' --manifest (string replace -r '^~/' \"$HOME/\" -- $_flag_manifest[-1])\n"
    "end\n"
    "\n"
    "function __sockfixture_argument\n"
    "    if __sockfixture_is_manifest\n"
    "        " COMPLETION_FIXTURES "(__sockfixture_manifest)" COMPLETION_NAMES "\n"
    "    else if __sockfixture_rest > /dev/null\n"
    "        set -l line (string join ' ' -- (string escape -- (__sockfixture_rest)))\n"
    "        complete --do-complete=\"$line \"(commandline -ct)\n"
    "    else if not string match -q -- '-*' (commandline -ct)\n"
    "        complete --do-complete=(commandline -ct)\n"
    "    end\n"
    "end\n"
    "\n";

static const char tail[] =
    "\n"
    "complete -c sockfixture -f -a '(__sockfixture_argument)'\n"
    "complete -c sockfixture -n __sockfixture_is_option -s '?' -l help -d 'Give this help list'\n"
    "complete -c sockfixture -n __sockfixture_is_option -l usage -d 'Give a short usage message'\n"
    "complete -c sockfixture -n __sockfixture_is_option -s V -l version -d 'Print program "
    "version'\n";

/* Text between single quotes. */
static void print_text(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void print_words(const char *option, FILE *out)
{
    const char *word;

    fputs(" -x -a '", out);
    for (size_t i = 0; (word = option_word(option, i)); i++)
        fprintf(out, "%s%s", i ? " " : "", word);
    fputc('\'', out);
}

static void print_value(const struct argp_option *option, FILE *out)
{
    static const char *const actions[] = {
        [VALUE_ANY] = "",
        [VALUE_FOLDER] = "__fish_complete_directories (commandline -ct)",
        [VALUE_USER] = "__fish_complete_users",
        [VALUE_PID] = "__fish_complete_pids",
        [VALUE_LANGUAGE] = COMPLETION_LANGUAGES,
        [VALUE_TEMPLATE] = COMPLETION_TEMPLATES,
        [VALUE_STYLE] = COMPLETION_STYLES,
    };
    enum option_kind kind = option_kind(option);

    if (kind == VALUE_NONE)
        return;
    if (kind == VALUE_FILE) {
        fputs(" -r -F", out);
        return;
    }
    if (kind == VALUE_WORD) {
        print_words(option->name, out);
        return;
    }
    fputs(" -x", out);
    if (kind == VALUE_ANY)
        return;
    fputs(" -a '(", out);
    print_text(actions[kind], out);
    fputs(")'", out);
}

/* How argparse is told of the options: l/lang=, list-langs. */
static void print_options(const struct argp_option *table, FILE *out)
{
    fputs("set -g __sockfixture_options help usage V/version", out);
    for (; table->name; table++) {
        fputc(' ', out);
        if (completion_has_short(table))
            fprintf(out, "%c/", table->key);
        fprintf(out, "%s%s", table->name, table->arg ? "=+" : "");
    }
    fputc('\n', out);
}

void completion_fish(const struct argp_option *table, FILE *out)
{
    fputs("# fish completion of sockfixture; `sockfixture --completion fish` made it.\n\n", out);
    print_options(table, out);
    fputs(head, out);
    for (; table->name; table++) {
        fputs("complete -c sockfixture -n __sockfixture_is_option", out);
        if (completion_has_short(table))
            fprintf(out, " -s %c", table->key);
        fprintf(out, " -l %s", table->name);
        print_value(table, out);
        fputs(" -d '", out);
        print_text(table->doc, out);
        fputs("'\n", out);
    }
    fputs(tail, out);
}
