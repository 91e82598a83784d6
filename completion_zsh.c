/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Completion in zsh, by its _arguments. */
#include "completion.h"

#include <string.h>

static const char head[] =
    "#compdef sockfixture\n"
    "# zsh completion of sockfixture; `sockfixture --completion zsh` made it.\n"
    "\n"
    "_sockfixture_languages()\n"
    "{\n"
    "    local -a names=(${(f)\"$(" COMPLETION_LANGUAGES ")\"})\n"
    "    compadd -a names\n"
    "}\n"
    "\n"
    "_sockfixture_templates()\n"
    "{\n"
    "    local -a names=(${(f)\"$(" COMPLETION_TEMPLATES ")\"})\n"
    "    compadd -a names\n"
    "}\n"
    "\n"
    "_sockfixture_styles()\n"
    "{\n"
    "    local -a names=(${(f)\"$(" COMPLETION_STYLES ")\"})\n"
    "    compadd -a names\n"
    "}\n"
    "\n"
    "# Without files to compare with, --check is about the manifest, as --update and --list are.\n"
    "_sockfixture_is_manifest()\n"
    "{\n"
    "    (( ${words[(I)--(update|list)]} )) ||\n"
    "        (( ${words[(I)--check]} && ! ${words[(I)(-[owr]*|--(output|write|read)*)]} ))\n"
    "}\n"
    "\n"
    "# Takes the manifest that was typed, for those to list the fixtures of.\n"
    "_sockfixture_manifest()\n"
    "{\n"
    "    local -i at=${words[(I)--manifest(|=*)]}\n"
    "    (( at )) || return\n"
    "    local file=${words[at]#--manifest}\n"
    "    file=${(Q)${file#=}:-$words[at+1]}\n"
    "    manifest=(--manifest ${file/#\\~\\//$HOME/})\n"
    "}\n"
    "\n"
    "_sockfixture_argument()\n"
    "{\n"
    "    local -a names manifest\n"
    "    if _sockfixture_is_manifest; then\n"
    "        _sockfixture_manifest\n"
    "        names=(${(f)\"$(" COMPLETION_FIXTURES "$manifest" COMPLETION_NAMES ")\"})\n"
    "        compadd -a names\n"
    "    else\n"
    "        _normal\n"
    "    fi\n"
    "}\n"
    "\n"
    "_sockfixture()\n"
    "{\n"
    "    local -a command=('(-)1:command:_command_names -e' '*::argument:_normal')\n"
    "    ! _sockfixture_is_manifest || command=('*:fixture:_sockfixture_argument')\n"
    "    _arguments -s -S : \\\n"
    "        '(-)'{-\\?,--help}'[Give this help list]' \\\n"
    "        '(-)--usage[Give a short usage message]' \\\n"
    "        '(-)'{-V,--version}'[Print program version]' \\\n";

static const char tail[] =
    "        $command\n"
    "}\n"
    "\n"
    "# Where it is a file that zsh has looked for, this is the function's first call.\n"
    "if [ \"$funcstack[1]\" = _sockfixture ]; then\n"
    "    _sockfixture \"$@\"\n"
    "else\n"
    "    compdef _sockfixture sockfixture\n"
    "fi\n";

/* Text between single quotes, of which _arguments takes some characters for its own. */
static void print_text(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", out);
        else if (strchr("[]:\\", *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void print_words(const char *option, FILE *out)
{
    const char *word;

    fputc('(', out);
    for (size_t i = 0; (word = option_word(option, i)); i++)
        fprintf(out, "%s%s", i ? " " : "", word);
    fputc(')', out);
}

static void print_value(const struct argp_option *option, FILE *out)
{
    static const char *const actions[] = {
        [VALUE_ANY] = " ",
        [VALUE_FILE] = "_files",
        [VALUE_FOLDER] = "_files -/",
        [VALUE_USER] = "_users",
        [VALUE_PID] = "_pids",
        [VALUE_LANGUAGE] = "_sockfixture_languages",
        [VALUE_TEMPLATE] = "_sockfixture_templates",
        [VALUE_STYLE] = "_sockfixture_styles",
    };
    enum option_kind kind = option_kind(option);

    if (kind == VALUE_NONE)
        return;
    fputc(':', out);
    print_text(option->arg, out);
    fputc(':', out);
    if (kind == VALUE_WORD)
        print_words(option->name, out);
    else
        fputs(actions[kind], out);
}

/* '*'{-l+,--lang=}'[what it is]:LANG:what completes it' */
static void print_option(const struct argp_option *option, FILE *out)
{
    const char *value = option->arg ? "=" : "";

    if (completion_has_short(option))
        fprintf(out, "        '*'{-%c%s,--%s%s}'[", option->key, option->arg ? "+" : "",
                option->name, value);
    else
        fprintf(out, "        '*--%s%s[", option->name, value);
    print_text(option->doc, out);
    fputc(']', out);
    print_value(option, out);
    fputs("' \\\n", out);
}

void completion_zsh(const struct argp_option *table, FILE *out)
{
    fputs(head, out);
    for (; table->name; table++)
        print_option(table, out);
    fputs(tail, out);
}
