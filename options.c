/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "options.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture/output.h"
#include "capture/recording_format.h"
#include "capture/size.h"
#include "capture/text.h"
#include "emit/call.h"
#include "emit/pdu.h"
#include "emit/writer.h"
#include "option_rules.h"
#include "option_values.h"

enum {
    BUFFER_SIZE_MIN = 64 << 10,
    BUFFER_SIZE_DEFAULT = 16 << 20,
    BUFFER_SIZE_MAX = 1 << 30,
    REPEAT_MAX = 1000,
    JOBS_MAX = 256,
};

const char *argp_program_version = "sockfixture " VERSION;

static const char doc[] =
    "Run COMMAND, record what it says over its sockets, and print it as a table of test cases. "
    "Without COMMAND, watch what runs already: -p, -s, -e or --uid say what, until Ctrl-C. "
    "Or be the server that was recorded (--serve), or its client (--replay).\v"
    "The fixture goes to the file named by -o once the command is done, and -o is the usual way. "
    "Without it the fixture goes to standard output, and so that the two are not mixed, what the "
    "command prints goes to standard error.\n"
    "\n"
    "With -w alone nothing but the recording is written. From -r, fixtures in any language can be "
    "made of a recording later.\n"
    "\n"
    "Exit status: 0 done; 1 --check, --replay or --serve found a difference; 2 bad usage, or what "
    "cannot be read or written; 3 the recording is incomplete; 4 the command failed or could not "
    "be run; 5 nothing can record here.\n"
    "\n"
    "Example: sockfixture --lang go -o ntpdata_test.go chronyc ntpdata";

enum {
    OPTION_AS = 256,
    OPTION_BACKEND,
    OPTION_BACKENDS,
    OPTION_BYTES,
    OPTION_CALL,
    OPTION_CHDIR,
    OPTION_CHECK,
    OPTION_CLIENT,
    OPTION_COMMAND,
    OPTION_COMPLETION,
    OPTION_DIFF_FORMAT,
    OPTION_DISSECTOR,
    OPTION_EMBED_ABOVE,
    OPTION_FOLLOW,
    OPTION_FRAME,
    OPTION_FROM,
    OPTION_IGNORE_STATUS,
    OPTION_INIT,
    OPTION_LIST,
    OPTION_LIST_LANGS,
    OPTION_MANIFEST,
    OPTION_MAX_MESSAGE,
    OPTION_NAME,
    OPTION_NO_FOLLOW,
    OPTION_PACKAGE,
    OPTION_PRINT_TEMPLATE,
    OPTION_REDACT,
    OPTION_REPEAT,
    OPTION_REPLAY,
    OPTION_SERVE,
    OPTION_SERVER,
    OPTION_STABLE,
    OPTION_STYLE,
    OPTION_TEMPLATE,
    OPTION_TEMPLATE_DIR,
    OPTION_TEXT,
    OPTION_TIMING,
    OPTION_TYPE,
    OPTION_UID,
    OPTION_UPDATE,
    OPTION_VOLATILE,
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
    {"dissector", OPTION_DISSECTOR, "NAME", 0,
     "What reads the messages of a capture (pcapng) in Wireshark: a dissector as ptp, or "
     "TABLE:NUMBER as udp.port:323 (default: by --frame or the server's port)",
     1},
    {"as", OPTION_AS, "PROTOCOL:PORT", 0,
     "In a capture (pcapng), wrap messages in IP as if sent so: as udp:323 or tcp:6379", 1},
    {"list-langs", OPTION_LIST_LANGS, NULL, 0, "List the languages there are templates for", 1},
    {"write", 'w', "FILE", 0, "Write the recording to FILE (- for standard output)", 2},
    {"read", 'r', "FILE", 0,
     "Read a recording, or what another tool dumped, from FILE (- for standard input), run nothing",
     2},
    {"from", OPTION_FROM, "FORMAT", 0, "What wrote FILE (default: as it looks)", 2},
    {"command", OPTION_COMMAND, "COMMAND", 0, "The command that FILE is of", 2},
    {"server", OPTION_SERVER, "ADDRESS", 0, "The server's address, where FILE does not say it", 2},
    {"type", OPTION_TYPE, "TYPE", 0,
     "stream, dgram or seqpacket: the sockets' type, where FILE does not say it", 2},
    {"text", OPTION_TEXT, NULL, 0, "In a dump as text, a dot is a dot", 2},
    {"client", OPTION_CLIENT, "WHO", 0,
     "Which end is the client, where FILE does not say it: its name or pid, or left or right", 2},
    {"repeat", OPTION_REPEAT, "N", 0, "Run COMMAND N times, and find the bytes that vary", 2},
    {"volatile", OPTION_VOLATILE, "RANGE", 0,
     "Bytes that vary: [[EXCHANGE:]REQ|RESP:]OFFSET:LENGTH; may be given more than once", 2},
    {"stable", OPTION_STABLE, "RANGE", 0, "Bytes that do not vary, whatever was found", 2},
    {"check", OPTION_CHECK, NULL, 0,
     "Write nothing, but tell what differs from the recording (-w) and the fixture (-o)", 2},
    {"diff-format", OPTION_DIFF_FORMAT, "FORMAT", 0,
     "Tell what differs as text (the default), json, junit or github", 2},
    {"redact", OPTION_REDACT, "WHAT", 0,
     "Put filler in the place of what matches WHAT: a regular expression, a RANGE, or 'secrets', "
     "which are known by their shapes",
     2},
    {"socket", 's', "ADDRESS", 0,
     "Only conversations with the server at ADDRESS: a path, @abstract, tcp:HOST:PORT, udp:..., "
     ":PORT; globs allowed; '*' is every Unix socket",
     3},
    {"frame", OPTION_FRAME, "KIND", 0,
     "Cut streams into messages: line, nul, crlf, len:OFFSET:SIZE[:be|le][:+N], http, dbus, resp "
     "or postgres",
     3},
    {"exclude", 'x', "ADDRESS", 0, "Leave out what is said to or from ADDRESS", 3},
    {"pid", 'p', "PID", 0, "Watch a process that runs already (several: -p 1,2)", 3},
    {"comm", 'e', "NAME", 0, "Only processes of that name (globs allowed)", 3},
    {"uid", OPTION_UID, "USER", 0, "Only processes of that user", 3},
    {"no-follow", OPTION_NO_FOLLOW, NULL, 0, "Leave out the processes that COMMAND or PID starts",
     3},
    {"follow", OPTION_FOLLOW, NULL, 0,
     "Observe the processes that COMMAND or PID starts (the default)", 3},
    {"backend", OPTION_BACKEND, "NAME", 0, "Record by NAME (default: auto, the first that works)",
     3},
    {"backends", OPTION_BACKENDS, NULL, 0, "List the backends, and whether they work here", 3},
    {"user", 'u', "NAME", 0, "Run COMMAND as that user (only root can)", 3},
    {"env", 'E', "VARIABLE", 0, "Set it for COMMAND (as NAME=VALUE), or unset it (as NAME)", 3},
    {"chdir", OPTION_CHDIR, "DIR", 0, "Run COMMAND in DIR", 3},
    {"buffer-size", 'B', "SIZE", 0, "Buffer between kernel and program, as 512K or 64M", 3},
    {"max-message", OPTION_MAX_MESSAGE, "SIZE", 0,
     "Keep no more than SIZE bytes of each message (default: all)", 3},
    {"ignore-status", OPTION_IGNORE_STATUS, NULL, 0, "Write the fixture even if the command failed",
     3},
    {"count", 'c', "N", 0, "End the recording when N exchanges are complete", 3},
    {"duration", 'T', "SECONDS", 0, "End the recording after so many seconds (as 10 or 0.5)", 3},
    {"serve", OPTION_SERVE, "ADDRESS", 0,
     "Be the server that was recorded (-r), at a path, @abstract, tcp:HOST:PORT, udp:... or :PORT, "
     "until COMMAND has ended, or Ctrl-C",
     4},
    {"replay", OPTION_REPLAY, "ADDRESS", 0,
     "Ask the server there what was recorded (-r), and tell what it answers otherwise", 4},
    {"timing", OPTION_TIMING, "WHEN", 0,
     "Let it take as long as was recorded, or be done at once (now, the default)", 4},
    {"init", OPTION_INIT, NULL, 0,
     "Write a first manifest, of a fixture that COMMAND and the other options make", 5},
    {"update", OPTION_UPDATE, NULL, 0,
     "Make the fixtures of the manifest, or those named, anew; write what differs", 5},
    {"list", OPTION_LIST, NULL, 0, "List the fixtures of the manifest", 5},
    {"manifest", OPTION_MANIFEST, "FILE", 0, "The manifest (default: sockfixture.json)", 5},
    {"jobs", 'j', "N", 0, "Make N fixtures of the manifest at a time (default: 1)", 5},
    {"quiet", 'q', NULL, 0, "Say nothing but errors", 6},
    {"verbose", 'v', NULL, 0, "Show each message as it passes; -vv: and the log of libbpf", 6},
    {"completion", OPTION_COMPLETION, "SHELL", 0,
     "Print what completes these options in bash, fish or zsh", 6},
    {0},
};

/* As argp_error(), but nothing in the text can drive the terminal. */
static void option_error(const struct argp_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void option_error(const struct argp_state *state, const char *format, ...)
{
    char line[1024], text[2048];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text_escape(text, sizeof(text), line, strlen(line));
    argp_error(state, "%s", text);
}

/* A size, rounded up to a power of two; 0 when it is none that a buffer can have. */
static size_t parse_buffer_size(const char *text)
{
    size_t size, rounded = BUFFER_SIZE_MIN;

    if (size_parse(text, strlen(text), &size) || size == 0 || size > BUFFER_SIZE_MAX)
        return 0;
    while (rounded < size)
        rounded *= 2;
    return rounded;
}

static size_t parse_number(const char *option, const char *value, unsigned long most,
                           struct argp_state *state)
{
    char *end;
    unsigned long number = strtoul(value, &end, 10);

    if (!isdigit((unsigned char)*value) || *end || number < 1 || number > most)
        option_error(state, "--%s: '%s' is no number from 1 to %lu", option, value, most);
    return number;
}

/* A number of exchanges; 0 when it is none. */
static size_t parse_count(const char *text)
{
    unsigned long long count;
    char *end;

    errno = 0;
    count = strtoull(text, &end, 10);
    return errno || *end || !isdigit((unsigned char)text[0]) || count > SIZE_MAX ? 0 : count;
}

/* Seconds as 10 or 0.5, in nanoseconds; 0 when it is no such number, or more than a lifetime. */
static uint64_t parse_seconds(const char *text)
{
    double seconds;
    char *end;

    if (strspn(text, "0123456789.") != strlen(text))
        return 0;
    seconds = strtod(text, &end);
    return *end || seconds > 3e9 ? 0 : (uint64_t)(seconds * 1e9);
}

/* The number of the word among those that the option knows; of another it is told what they are. */
static size_t parse_word(const char *option, const char *value, struct argp_state *state)
{
    char known[256] = "";
    size_t index, length = 0;
    const char *word;

    for (index = 0; (word = option_word(option, index)); index++) {
        const char *before = index == 0 ? "" : option_word(option, index + 1) ? ", " : " and ";

        if (strcmp(word, value) == 0)
            return index;
        if (length < sizeof(known))
            length +=
                (size_t)snprintf(known + length, sizeof(known) - length, "%s%s", before, word);
    }
    option_error(state, "--%s: '%s' is none of %s", option, value, known);
    return index;
}

static const char *known_word(const char *option, const char *value, struct argp_state *state)
{
    return option_word(option, parse_word(option, value, state));
}

static void parse_bytes(struct options *options, const char *value, struct argp_state *state)
{
    static const enum fixture_bytes bytes[] = {BYTES_AUTO, BYTES_HEX, BYTES_TEXT};

    options->bytes = bytes[parse_word("bytes", value, state)];
}

static void parse_type(struct options *options, const char *value, struct argp_state *state)
{
    options->type = recording_types[parse_word("type", value, state)].value;
}

static void parse_embed_above(struct options *options, const char *value, struct argp_state *state)
{
    options->embed_given = true;
    if (size_parse(value, strlen(value), &options->embed_above))
        option_error(state, "--embed-above: '%s' is no size (as 512, 64K or 1M)", value);
}

static void parse_call(struct options *options, const char *value, struct argp_state *state)
{
    struct call call;
    int err = call_parse(&call, value);

    call_free(&call);
    options->call = value;
    if (err)
        option_error(state, "--call: '%s' is no name of a function (as parse, or reply.parse)",
                     value);
}

static const char *option_name(int key)
{
    const struct argp_option *option = option_table;

    while (option->name && option->key != key)
        option++;
    return option->name;
}

static void add_word(struct option_words *words, int key, const char *value,
                     struct argp_state *state)
{
    const char *name = option_name(key);

    if (words->count == OPTION_WORDS && name)
        option_error(state, "--%s was given more than %d times", name, OPTION_WORDS);
    if (words->count == OPTION_WORDS)
        option_error(state, "more than %d fixtures were named", OPTION_WORDS);
    words->at[words->count++] = value;
}

/* Where what an option was given goes, of those that need not look at it. */
struct field {
    int key; /* 0 behind the last one */
    size_t offset;
};

#define FIELD(name) offsetof(struct options, name)

/* They can be given several times. */
static const struct field word_fields[] = {
    {'s', FIELD(sockets)},
    {'x', FIELD(excludes)},
    {'r', FIELD(reads)},
    {'p', FIELD(pids)},
    {'e', FIELD(comms)},
    {'E', FIELD(environment)},
    {OPTION_TEMPLATE_DIR, FIELD(template_dirs)},
    {OPTION_UID, FIELD(uids)},
    {OPTION_VOLATILE, FIELD(volatiles)},
    {OPTION_STABLE, FIELD(stables)},
    {OPTION_REDACT, FIELD(redact)},
    {0},
};

/* The argument is kept as it is. */
static const struct field text_fields[] = {
    {'l', FIELD(lang)},
    {'o', FIELD(output)},
    {'w', FIELD(write)},
    {'u', FIELD(user)},
    {OPTION_BACKEND, FIELD(backend)},
    {OPTION_CHDIR, FIELD(directory)},
    {OPTION_CLIENT, FIELD(client)},
    {OPTION_COMMAND, FIELD(dump_command)},
    {OPTION_FRAME, FIELD(frame)},
    {OPTION_FROM, FIELD(from)},
    {OPTION_MANIFEST, FIELD(manifest)},
    {OPTION_NAME, FIELD(name)},
    {OPTION_PACKAGE, FIELD(package)},
    {OPTION_PRINT_TEMPLATE, FIELD(print_template)},
    {OPTION_REPLAY, FIELD(replay)},
    {OPTION_SERVE, FIELD(serve)},
    {OPTION_SERVER, FIELD(server)},
    {OPTION_STYLE, FIELD(style)},
    {OPTION_TEMPLATE, FIELD(template)},
    {0},
};

/* To be there is all that they say. */
static const struct field flag_fields[] = {
    {'q', FIELD(quiet)},
    {OPTION_BACKENDS, FIELD(list_backends)},
    {OPTION_CHECK, FIELD(check)},
    {OPTION_IGNORE_STATUS, FIELD(ignore_status)},
    {OPTION_LIST_LANGS, FIELD(list_langs)},
    {OPTION_TEXT, FIELD(text)},
    {0},
};

/* The option's member of *options; NULL when it is none of those. */
static void *field_of(struct options *options, const struct field *fields, int key)
{
    for (; fields->key; fields++)
        if (fields->key == key)
            return (char *)options + fields->offset;
    return NULL;
}

/* Keeps what was given, for the manifest. */
static void keep_option(struct options *options, int key, const char *value,
                        struct argp_state *state)
{
    const char *name = option_name(key);

    if (!name)
        return;
    if (options->given_count == OPTIONS_GIVEN)
        option_error(state, "more than %d options were given", OPTIONS_GIVEN);
    options->given[options->given_count++] = (struct option_given){name, value};
}

static bool is_of_manifest(const struct options *options)
{
    return options->task == MANIFEST_UPDATE || options->task == MANIFEST_LIST ||
           options->task == MANIFEST_CHECK;
}

static void take_task(struct options *options, enum manifest_task task, struct argp_state *state)
{
    if (options->task != MANIFEST_NONE && options->task != task)
        option_error(state, "--init, --update, --list and --check exclude each other");
    options->task = task;
}

/* Without a recording or a fixture to compare with, --check is about the manifest. */
static void find_task(struct options *options)
{
    if (options->check && options->task == MANIFEST_NONE && !options->write && !options->output &&
        !options->reads.count)
        options->task = MANIFEST_CHECK;
}

/* What is no option is the command, to which all that is left belongs; or a fixture's name. */
static void take_argument(struct options *options, char *value, struct argp_state *state)
{
    find_task(options);
    if (is_of_manifest(options)) {
        add_word(&options->names, ARGP_KEY_ARG, value, state);
        return;
    }
    options->command = state->argv + state->next - 1;
    state->next = state->argc;
}

/* Options of which the argument is looked at. */
static error_t parse_value(struct options *options, int key, char *value, struct argp_state *state)
{
    switch (key) {
    case OPTION_FOLLOW:
    case OPTION_NO_FOLLOW:
        options->no_follow = key == OPTION_NO_FOLLOW;
        break;
    case 'B':
        options->buffer_size = parse_buffer_size(value);
        if (!options->buffer_size)
            option_error(state, "--buffer-size: '%s' is no size up to 1G (as 512K or 64M)", value);
        break;
    case 'c':
        options->count = parse_count(value);
        if (!options->count)
            option_error(state, "--count: '%s' is no number of exchanges", value);
        break;
    case 'T':
        options->duration = parse_seconds(value);
        if (!options->duration)
            option_error(state, "--duration: '%s' is no number of seconds (as 10 or 0.5)", value);
        break;
    case 'v':
        options->verbose++;
        break;
    case OPTION_BYTES:
        parse_bytes(options, value, state);
        break;
    case OPTION_AS:
        if (wrapping_parse(&options->as, value))
            option_error(state, "--as: '%s' is neither udp:PORT nor tcp:PORT", value);
        break;
    case OPTION_DISSECTOR:
        if (!pdu_dissector_is_one(value))
            option_error(state, "--dissector: '%s' is neither a name nor TABLE:NUMBER", value);
        options->dissector = value;
        break;
    case OPTION_CALL:
        parse_call(options, value, state);
        break;
    case OPTION_EMBED_ABOVE:
        parse_embed_above(options, value, state);
        break;
    case OPTION_REPEAT:
        options->repeat = parse_number("repeat", value, REPEAT_MAX, state);
        break;
    case OPTION_TIMING:
        options->timed = parse_word("timing", value, state) == 1; /* "recorded" */
        break;
    case OPTION_INIT:
        take_task(options, MANIFEST_INIT, state);
        break;
    case OPTION_UPDATE:
        take_task(options, MANIFEST_UPDATE, state);
        break;
    case OPTION_LIST:
        take_task(options, MANIFEST_LIST, state);
        break;
    case 'j':
        options->jobs = parse_number("jobs", value, JOBS_MAX, state);
        break;
    case OPTION_DIFF_FORMAT:
        options->diff_format = known_word("diff-format", value, state);
        break;
    case OPTION_TYPE:
        parse_type(options, value, state);
        break;
    case OPTION_COMPLETION:
        options->completion = known_word("completion", value, state);
        break;
    case OPTION_MAX_MESSAGE:
        if (size_parse(value, strlen(value), &options->max_message))
            option_error(state, "--max-message: '%s' is no size (as 64 or 1K; 0: no limit)", value);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct options *options = state->input;
    struct option_words *words = field_of(options, word_fields, key);
    const char **text = field_of(options, text_fields, key);
    bool *flag = field_of(options, flag_fields, key);

    keep_option(options, key, value, state);
    if (words)
        add_word(words, key, value, state);
    else if (text)
        *text = value;
    else if (flag)
        *flag = true;
    else if (key == ARGP_KEY_ARG)
        take_argument(options, value, state);
    else if (key == ARGP_KEY_END)
        find_task(options);
    else
        return parse_value(options, key, value, state);
    return 0;
}

bool is_stdout(const char *path)
{
    return path && output_is_stdout(path);
}

bool wants_fixture(const struct options *options)
{
    return !replays(options) &&
           (options->lang || options->template || options->output || !options->write);
}

bool fixture_to_stdout(const struct options *options)
{
    return wants_fixture(options) && (!options->output || is_stdout(options->output));
}

bool says_details(const struct options *options)
{
    return !options->part || options->verbose;
}

bool replays(const struct options *options)
{
    return options->serve || options->replay;
}

bool is_trial(const struct options *options)
{
    return options->part && options->part->trial;
}

bool attaches(const struct options *options)
{
    return !options->command && !options->read &&
           (options->pids.count || options->sockets.count || options->comms.count ||
            options->uids.count);
}

/*
 * Who knows tcpdump names a capture with -w: that is a fixture as any other, where nothing else is
 * to be written.
 */
static void write_capture(struct options *options)
{
    const char *path = options->write;
    const struct writer *writer = NULL;

    if (!path || options->output || options->template)
        return;
    if (is_stdout(path) || (options->lang && writer_for_file(path)))
        writer = options->lang ? writer_find(options->lang) : NULL;
    else if (!options->lang)
        writer = writer_for_file(path);
    if (!writer)
        return;
    options->lang = writer->name;
    options->output = path;
    options->write = NULL;
    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].name, "write") == 0)
            options->given[i].name = "output";
}

const struct argp_option *options_table(void)
{
    return option_table;
}

const char *options_parse(struct options *options, int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_table,
        .parser = parse_option,
        .args_doc =
            "COMMAND [ARG...]\n-p PID | -s ADDRESS\n-r FILE\n"
            "--serve ADDRESS -r FILE [COMMAND...]\n--replay ADDRESS -r FILE\n"
            "--update [NAME...]\n--check [NAME...]\n--list [NAME...]\n--init COMMAND [ARG...]",
        .doc = doc,
    };

    *options = (struct options){.backend = "auto", .buffer_size = BUFFER_SIZE_DEFAULT, .repeat = 1};
    argp_err_exit_status = STATUS_USAGE;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, options);
    write_capture(options);
    options->read = options->reads.at[0];
    return options_misuse(options);
}
