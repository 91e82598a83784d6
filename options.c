/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "options.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emit/call.h"
#include "emit/size.h"

enum {
    BUFFER_SIZE_MIN = 64 << 10,
    BUFFER_SIZE_DEFAULT = 16 << 20,
    BUFFER_SIZE_MAX = 1 << 30,
};

const char *argp_program_version = "sockfixture " VERSION;

static const char doc[] =
    "Run COMMAND, record what it says over its sockets, and print it as a table of test cases.\v"
    "The fixture goes to the file named by -o once the command is done, and -o is the usual way. "
    "Without it the fixture goes to standard output, and so that the two are not mixed, what the "
    "command prints goes to standard error.\n"
    "\n"
    "With -w alone nothing but the recording is written. From -r, fixtures in any language can be "
    "made of a recording later.\n"
    "\n"
    "Exit status: 0 done; 2 bad usage, or input that cannot be read; 3 the recording is "
    "incomplete; 4 the command failed or could not be run; 5 nothing can record here.\n"
    "\n"
    "Example: sockfixture --lang go -o ntpdata_test.go chronyc ntpdata";

enum {
    OPTION_BACKEND = 256,
    OPTION_BACKENDS,
    OPTION_BYTES,
    OPTION_CALL,
    OPTION_EMBED_ABOVE,
    OPTION_FRAME,
    OPTION_IGNORE_STATUS,
    OPTION_LIST_LANGS,
    OPTION_NAME,
    OPTION_PACKAGE,
    OPTION_PRINT_TEMPLATE,
    OPTION_STYLE,
    OPTION_TEMPLATE,
    OPTION_TEMPLATE_DIR,
};

static const struct argp_option option_table[] = {
    {"lang", 'l', "LANG", 0, "Language of the fixture (default: by the ending of -o, or json)", 1},
    {"output", 'o', "FILE", 0, "Write the fixture to FILE (- for standard output)", 1},
    {"template", OPTION_TEMPLATE, "FILE", 0, "Use the template in FILE", 1},
    {"template-dir", OPTION_TEMPLATE_DIR, "DIR", 0,
     "Look for templates in DIR first (may be given again)", 1},
    {"print-template", OPTION_PRINT_TEMPLATE, "NAME", 0,
     "Print the template of that name, to begin one's own with", 1},
    {"name", OPTION_NAME, "NAME", 0, "Name of the table (default: from the command)", 1},
    {"package", OPTION_PACKAGE, "NAME", 0, "Package or module, where the language has them", 1},
    {"style", OPTION_STYLE, "NAME", 0, "The language's style (--list-langs lists them)", 1},
    {"bytes", OPTION_BYTES, "HOW", 0,
     "Spell messages as hex, as text, or as what they are (auto, the default)", 1},
    {"call", OPTION_CALL, "FUNCTION", 0, "The function that a fixture with tests calls", 1},
    {"embed-above", OPTION_EMBED_ABOVE, "SIZE", 0,
     "Put messages longer than SIZE in files beside the fixture (0: none)", 1},
    {"list-langs", OPTION_LIST_LANGS, NULL, 0, "List the languages there are templates for", 1},
    {"write", 'w', "FILE", 0, "Write the recording to FILE (- for standard output)", 2},
    {"read", 'r', "FILE", 0, "Read a recording from FILE (- for standard input), run nothing", 2},
    {"socket", 's', "ADDRESS", 0,
     "Keep only conversations with the server at ADDRESS: a path or @abstract name, globs allowed",
     3},
    {"frame", OPTION_FRAME, "KIND", 0,
     "Cut streams into messages: line, nul, crlf, len:OFFSET:SIZE[:be|le][:+N], http, dbus, resp "
     "or "
     "postgres",
     3},
    {"backend", OPTION_BACKEND, "NAME", 0, "Record by NAME (default: auto, the first that works)",
     3},
    {"backends", OPTION_BACKENDS, NULL, 0, "List the backends, and whether they work here", 3},
    {"user", 'u', "NAME", 0, "Run COMMAND as that user (only root can)", 3},
    {"buffer-size", 'B', "SIZE", 0, "Buffer between kernel and program, as 512K or 64M", 3},
    {"ignore-status", OPTION_IGNORE_STATUS, NULL, 0, "Write the fixture even if the command failed",
     3},
    {"quiet", 'q', NULL, 0, "Say nothing but errors", 4},
    {"verbose", 'v', NULL, 0, "Show each message as it passes, and the log of libbpf", 4},
    {0},
};

/* A size as 65536, 512K, 64M or 1G, rounded up to a power of two; 0 when it is none. */
static size_t parse_size(const char *text)
{
    static const char units[] = "kmg";
    char *end;
    unsigned long long size;
    const char *unit;
    size_t rounded = BUFFER_SIZE_MIN;

    errno = 0;
    size = strtoull(text, &end, 10);
    if (errno || end == text || !isdigit((unsigned char)text[0]) || size > BUFFER_SIZE_MAX)
        return 0;
    unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
    if (unit) {
        size <<= 10 * (unit - units + 1);
        end++;
    }
    if (*end || size > BUFFER_SIZE_MAX || size == 0)
        return 0;
    while (rounded < size)
        rounded *= 2;
    return rounded;
}

static void parse_bytes(struct options *options, const char *value, struct argp_state *state)
{
    static const char *const names[] = {
        [BYTES_AUTO] = "auto", [BYTES_HEX] = "hex", [BYTES_TEXT] = "text"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (!strcmp(names[i], value)) {
            options->bytes = (enum fixture_bytes)i;
            return;
        }
    }
    argp_error(state, "--bytes: '%s' is none of auto, hex and text", value);
}

static void parse_embed_above(struct options *options, const char *value, struct argp_state *state)
{
    options->embed_given = true;
    if (size_parse(value, strlen(value), &options->embed_above))
        argp_error(state, "--embed-above: '%s' is no size (as 512, 64K or 1M)", value);
}

static void parse_call(struct options *options, const char *value, struct argp_state *state)
{
    struct call call;
    int err = call_parse(&call, value);

    call_free(&call);
    options->call = value;
    if (err)
        argp_error(state, "--call: '%s' is no name of a function (as parse, or reply.parse)",
                   value);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'l':
        options->lang = value;
        break;
    case 'o':
        options->output = value;
        break;
    case 'w':
        options->write = value;
        break;
    case 'r':
        options->read = value;
        break;
    case 's':
        options->socket = value;
        break;
    case 'B':
        options->buffer_size = parse_size(value);
        if (!options->buffer_size)
            argp_error(state, "--buffer-size: '%s' is no size up to 1G (as 512K or 64M)", value);
        break;
    case 'q':
        options->quiet = true;
        break;
    case 'v':
        options->verbose = true;
        break;
    case OPTION_BYTES:
        parse_bytes(options, value, state);
        break;
    case OPTION_CALL:
        parse_call(options, value, state);
        break;
    case OPTION_EMBED_ABOVE:
        parse_embed_above(options, value, state);
        break;
    case OPTION_TEMPLATE_DIR:
        if (options->template_dirs_count == TEMPLATE_DIRS_MAX)
            argp_error(state, "--template-dir: expected at most %d", TEMPLATE_DIRS_MAX);
        options->template_dirs[options->template_dirs_count++] = value;
        break;
    case OPTION_PRINT_TEMPLATE:
        options->print_template = value;
        break;
    case OPTION_STYLE:
        options->style = value;
        break;
    case OPTION_BACKEND:
        options->backend = value;
        break;
    case OPTION_FRAME:
        options->frame = value;
        break;
    case 'u':
        options->user = value;
        break;
    case OPTION_BACKENDS:
        options->list_backends = true;
        break;
    case OPTION_IGNORE_STATUS:
        options->ignore_status = true;
        break;
    case OPTION_LIST_LANGS:
        options->list_langs = true;
        break;
    case OPTION_NAME:
        options->name = value;
        break;
    case OPTION_PACKAGE:
        options->package = value;
        break;
    case OPTION_TEMPLATE:
        options->template = value;
        break;
    case ARGP_KEY_ARG: /* the command, and all that is left belongs to it */
        options->command = state->argv + state->next - 1;
        state->next = state->argc;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

bool is_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

bool wants_fixture(const struct options *options)
{
    return options->lang || options->template || options->output || !options->write;
}

bool fixture_to_stdout(const struct options *options)
{
    return wants_fixture(options) && (!options->output || is_stdout(options->output));
}

/* What is wrong with the options together; NULL when nothing is. */
static const char *misuse(const struct options *options)
{
    if (options->list_langs || options->list_backends || options->print_template)
        return NULL;
    if (options->command && options->read)
        return "either a command is run or a recording is read (-r), not both";
    if (!options->command && !options->read)
        return "no command to run, and no recording to read (-r)";
    if (options->lang && options->template)
        return "--lang and --template exclude each other";
    if (is_stdout(options->write) && fixture_to_stdout(options))
        return "recording and fixture cannot both go to standard output (name a file with -o)";
    return NULL;
}

const char *options_parse(struct options *options, int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "COMMAND [ARG...]\n-r RECORDING",
        .doc = doc,
    };

    *options = (struct options){.backend = "auto", .buffer_size = BUFFER_SIZE_DEFAULT};
    argp_err_exit_status = STATUS_USAGE;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, options);
    return misuse(options);
}
