/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Completion in bash. The command that is run is completed by whatever completes it otherwise. */
#include "completion.h"

static const char head[] =
    "# bash completion of sockfixture; `sockfixture --completion bash` made it.\n"
    "\n"
    "# Offers those of the lines it reads that begin like the word.\n"
    "_sockfixture_offer()\n"
    "{\n"
    "    local word\n"
    "    while IFS= read -r word; do\n"
    "        [[ $word != \"$1\"* ]] || COMPREPLY+=(\"$(printf %q \"$word\")\")\n"
    "    done\n"
    "}\n"
    "\n"
    "_sockfixture_paths()\n"
    "{\n"
    "    compopt -o filenames\n"
    "    mapfile -t COMPREPLY < <(compgen \"$@\")\n"
    "}\n"
    "\n"
    "# The word of that number is the command, and what follows it is for the command.\n"
    "_sockfixture_command()\n"
    "{\n"
    "    if declare -F _comp_command_offset > /dev/null; then\n"
    "        _comp_command_offset \"$1\"\n"
    "    elif declare -F _command_offset > /dev/null; then\n"
    "        _command_offset \"$1\"\n"
    "    elif [ \"$1\" -eq \"$COMP_CWORD\" ]; then\n"
    "        _sockfixture_paths -c -- \"$2\"\n"
    "    else\n"
    "        _sockfixture_paths -f -- \"$2\"\n"
    "    fi\n"
    "}\n"
    "\n"
    "# Takes the manifest, as it was typed, for those to list the fixtures of.\n"
    "_sockfixture_manifest()\n"
    "{\n"
    "    local file=$1\n"
    "    [[ $file != \\~/* ]] || file=$HOME/${file#\\~/}\n"
    "    manifest=(--manifest \"${file//[\\\\\\'\\\"]/}\")\n"
    "}\n"
    "\n"
    "_sockfixture_value() # OPTION WORD\n"
    "{\n"
    "    case $1 in\n";

/* Bash takes `--lang=go` for three words. */
static const char middle[] =
    "    esac\n"
    "}\n"
    "\n"
    "_sockfixture()\n"
    "{\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} option='' fixtures='' files='' manifest=() i\n"
    "    COMPREPLY=()\n"
    "    [ \"$word\" != = ] || word=''\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        if [ -n \"$option\" ]; then\n"
    "            [ \"${COMP_WORDS[i]}\" != = ] || continue\n"
    "            [ \"$option\" != --manifest ] || _sockfixture_manifest \"${COMP_WORDS[i]}\"\n"
    "            option=''\n"
    "            continue\n"
    "        fi\n"
    "        [[ ! ${COMP_WORDS[i]} =~ ^(-[owr]|--(output|write|read)$) ]] || files=yes\n"
    "        case ${COMP_WORDS[i]} in\n"
    "            --update | --list | --check) fixtures=${COMP_WORDS[i]} ;;\n";

static const char tail[] =
    "            -*) ;;\n"
    "            *)\n"
    "                [ -n \"$fixtures\" ] || { _sockfixture_command \"$i\" \"$word\"; return; }\n"
    "                ;;\n"
    "        esac\n"
    "    done\n"
    "    # Without files to compare with, --check is about the manifest.\n"
    "    [ \"$fixtures$files\" != --checkyes ] || fixtures=''\n"
    "    if [ -n \"$option\" ]; then\n"
    "        _sockfixture_value \"$option\" \"$word\"\n"
    "    elif [[ $word == -* ]]; then\n"
    "        _sockfixture_offer \"$word\" <<< \"$_sockfixture_options\"\n"
    "    elif [ -n \"$fixtures\" ]; then\n"
    "        _sockfixture_offer \"$word\" < <(" COMPLETION_FIXTURES
    "\"${manifest[@]}\"" COMPLETION_NAMES ")\n"
    "    else\n"
    "        _sockfixture_command \"$COMP_CWORD\" \"$word\"\n"
    "    fi\n"
    "}\n"
    "\n"
    "complete -F _sockfixture sockfixture\n";

/* Lists the words of an option, with a space before each. */
static void print_words(const char *option, FILE *out)
{
    const char *word;

    for (size_t i = 0; (word = option_word(option, i)); i++)
        fprintf(out, " %s", word);
}

static void print_pattern(const struct argp_option *option, FILE *out)
{
    fprintf(out, "--%s", option->name);
    if (completion_has_short(option))
        fprintf(out, " | -%c", option->key);
}

static void print_value(const struct argp_option *option, FILE *out)
{
    static const char *const actions[] = {
        [VALUE_FILE] = " _sockfixture_paths -f -- \"$2\"",
        [VALUE_FOLDER] = " _sockfixture_paths -d -- \"$2\"",
        [VALUE_USER] = " mapfile -t COMPREPLY < <(compgen -u -- \"$2\")",
        [VALUE_PID] = " _sockfixture_offer \"$2\" < <(cd /proc && printf '%s\\n' [0-9]*)",
        [VALUE_LANGUAGE] = " _sockfixture_offer \"$2\" < <(" COMPLETION_LANGUAGES ")",
        [VALUE_TEMPLATE] = " _sockfixture_offer \"$2\" < <(" COMPLETION_TEMPLATES ")",
        [VALUE_STYLE] = " _sockfixture_offer \"$2\" < <(" COMPLETION_STYLES ")",
    };
    enum option_kind kind = option_kind(option);

    if (kind == VALUE_NONE || kind == VALUE_ANY)
        return;
    fputs("        ", out);
    print_pattern(option, out);
    fputc(')', out);
    if (kind == VALUE_WORD) {
        fputs(" _sockfixture_offer \"$2\" < <(printf '%s\\n'", out);
        print_words(option->name, out);
        fputc(')', out);
    } else {
        fputs(actions[kind], out);
    }
    fputs(" ;;\n", out);
}

static void print_options(const struct argp_option *table, FILE *out)
{
    fputs("_sockfixture_options='--help\n--usage\n--version\n-?\n-V", out);
    for (; table->name; table++) {
        fprintf(out, "\n--%s", table->name);
        if (completion_has_short(table))
            fprintf(out, "\n-%c", table->key);
    }
    fputs("'\n", out);
}

void completion_bash(const struct argp_option *table, FILE *out)
{
    const char *between = "            ";

    fputs(head, out);
    for (const struct argp_option *option = table; option->name; option++)
        print_value(option, out);
    fputs(middle, out);
    for (const struct argp_option *option = table; option->name; option++) {
        if (!option->arg)
            continue;
        fputs(between, out);
        print_pattern(option, out);
        between = " | \\\n                ";
    }
    fputs(") option=${COMP_WORDS[i]} ;;\n", out);
    fputs(tail, out);
    fputc('\n', out);
    print_options(table, out);
}
