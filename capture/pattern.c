/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A path has several spellings: as the user gave it, from the root on, and with its links followed.
 * A server that binds it later may use any; a server that is there is known by its file.
 */
#include "capture/pattern.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/address.h"
#include "capture/glob.h"
#include "capture/pattern_inet.h"
#include "capture/sockdiag.h"
#include "capture/socket_file.h"
#include "capture/text.h"

/* What the user gave, and the patterns that it became: [first, end). */
struct source {
    const char *text;
    bool excludes;
    bool is_path;
    size_t first, end;
    struct socket_file file; /* of a path; all zero when there is none */
};

struct patterns {
    struct pattern compiled[PATTERN_PLACES];
    size_t count;
    struct source sources[2 * PATTERN_NAMES];
    size_t source_count;
};

int patterns_new(struct patterns **out)
{
    struct patterns *patterns = calloc(1, sizeof(*patterns));

    if (!patterns)
        return -ENOMEM;
    *out = patterns;
    return 0;
}

void patterns_free(struct patterns *patterns)
{
    free(patterns);
}

/* Another pattern of the source; NULL when there is no room. */
static struct pattern *add(struct patterns *patterns, const struct source *source, uint8_t kind)
{
    struct pattern *pattern;

    if (patterns->count == PATTERN_PLACES)
        return NULL;
    pattern = &patterns->compiled[patterns->count++];
    *pattern = (struct pattern){.kind = kind, .excludes = source->excludes};
    return pattern;
}

static int add_text(struct patterns *patterns, const struct source *source, const char *prefix,
                    size_t prefix_length, const char *text, bool literal)
{
    struct pattern *pattern = add(patterns, source, PLACE_UNIX);
    int err;

    if (!pattern)
        return -E2BIG;
    err = glob_add_bytes(&pattern->text, prefix, prefix_length);
    if (err)
        return err;
    return literal ? glob_add_bytes(&pattern->text, text, strlen(text))
                   : glob_add(&pattern->text, text);
}

/* A name that looks like a glob may mean itself, too. */
static int add_abstract(struct patterns *patterns, const struct source *source)
{
    const char *name = source->text + 1;
    int err = add_text(patterns, source, "", 1, name, false);

    return !err && glob_is(name) ? add_text(patterns, source, "", 1, name, true) : err;
}

/* The directory that relative paths begin from, with a slash; "" when it cannot be told. */
static void working_directory(char directory[PATH_MAX])
{
    if (!getcwd(directory, PATH_MAX - 1))
        directory[0] = '\0';
    else if (strcmp(directory, "/") != 0)
        strcat(directory, "/");
}

static int add_absolute(struct patterns *patterns, const struct source *source, bool literal)
{
    char directory[PATH_MAX];

    if (source->text[0] == '/' || source->text[0] == '*')
        return 0;
    working_directory(directory);
    if (strlen(directory) > PATTERN_TEXT)
        return 0; /* no socket is bound by such a path */
    return add_text(patterns, source, directory, strlen(directory), source->text, literal);
}

static int add_glob(struct patterns *patterns, const struct source *source)
{
    int err = add_text(patterns, source, "", 0, source->text, false);

    return err ? err : add_absolute(patterns, source, false);
}

/* The path without links; the last part may not be there yet. Returns false when it is too long. */
static bool follow_links(char real[PATH_MAX], const char *path)
{
    char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
    const char *directory = ".";
    size_t length;

    if (slash) {
        *slash = '\0';
        directory = slash == copy ? "/" : copy;
    }
    if (!copy || !realpath(directory, real)) {
        free(copy);
        return false;
    }
    length = strlen(real);
    length += (size_t)snprintf(real + length, PATH_MAX - length, "%s%s",
                               real[length - 1] == '/' ? "" : "/", slash ? slash + 1 : path);
    free(copy);
    return length <= PATTERN_TEXT;
}

/* The last pattern of a path is the one with its links followed, as they are now. */
static void resolve_text(struct patterns *patterns, const struct source *source)
{
    struct pattern *pattern = &patterns->compiled[source->end - 1];
    char real[PATH_MAX];

    pattern->kind = PLACE_NONE;
    memset(&pattern->text, 0, sizeof(pattern->text));
    if (!realpath(source->text, real) && !follow_links(real, source->text))
        return;
    if (strcmp(real, source->text) != 0 && strlen(real) <= PATTERN_TEXT &&
        !glob_add_bytes(&pattern->text, real, strlen(real)))
        pattern->kind = PLACE_UNIX;
}

static bool resolve(struct patterns *patterns, struct source *source)
{
    struct socket_file now = {0};

    if (socket_file_find(&now, source->text))
        now = (struct socket_file){0};
    resolve_text(patterns, source);
    for (size_t i = source->first; i < source->end; i++) {
        patterns->compiled[i].device = now.device;
        patterns->compiled[i].file = now.file;
    }
    if (now.device == source->file.device && now.file == source->file.file)
        return false;
    source->file = now;
    return true;
}

/* As we print addresses, odd bytes and backslashes in them are escaped. */
static int add_unescaped(struct patterns *patterns, const struct source *source)
{
    char plain[ADDRESS_TEXT_SIZE];

    if (!strchr(source->text, '\\') || !text_unescape(plain, sizeof(plain), source->text))
        return 0;
    return add_text(patterns, source, "", 0, plain, true);
}

static int add_path(struct patterns *patterns, struct source *source)
{
    int err = add_text(patterns, source, "", 0, source->text, true);

    if (!err)
        err = add_unescaped(patterns, source);
    if (!err)
        err = add_absolute(patterns, source, true);
    if (!err && !add(patterns, source, PLACE_NONE)) /* for resolve_text */
        err = -E2BIG;
    source->is_path = true;
    source->end = patterns->count;
    if (!err)
        resolve(patterns, source);
    return err;
}

/* Each of a host's addresses is a pattern; 0.0.0.0 and [::] are any host. */
static int add_inet(struct patterns *patterns, const struct source *source,
                    char reason[PATTERN_REASON_SIZE])
{
    struct pattern found[PATTERN_NAMES];
    int count = pattern_inet_parse(found, PATTERN_NAMES, source->text, reason);

    for (int i = 0; i < count; i++) {
        struct pattern *pattern = add(patterns, source, PLACE_INET);

        if (!pattern)
            return -E2BIG;
        found[i].excludes = source->excludes;
        found[i].any_host = found[i].any_host || is_wildcard_host(found[i].host);
        *pattern = found[i];
    }
    return count < 0 ? count : 0;
}

static int compile(struct patterns *patterns, struct source *source,
                   char reason[PATTERN_REASON_SIZE])
{
    struct socket_file file;
    int found;

    if (pattern_is_inet(source->text))
        return add_inet(patterns, source, reason);
    if (source->text[0] == '@')
        return add_abstract(patterns, source);
    found = socket_file_find(&file, source->text);
    if (found == -ENOTSOCK) {
        snprintf(reason, PATTERN_REASON_SIZE, "not a socket");
        return found;
    }
    /* What looks like a glob may be the name of a file, too. */
    if (glob_is(source->text) && found != 0)
        return add_glob(patterns, source);
    return add_path(patterns, source);
}

int patterns_add(struct patterns *patterns, const char *text, bool excludes,
                 char reason[PATTERN_REASON_SIZE])
{
    struct source source = {.text = text, .excludes = excludes, .first = patterns->count};
    int err;

    if (!*text) {
        snprintf(reason, PATTERN_REASON_SIZE, "an address is a path, @name or tcp:HOST:PORT");
        return -EINVAL;
    }
    reason[0] = '\0';
    if (patterns_count(patterns, excludes) == PATTERN_NAMES) {
        snprintf(reason, PATTERN_REASON_SIZE, "more than %d addresses", PATTERN_NAMES);
        return -E2BIG;
    }
    err = compile(patterns, &source, reason);
    if (err == -E2BIG)
        snprintf(reason, PATTERN_REASON_SIZE, "%s",
                 patterns->count == PATTERN_PLACES ? "more addresses than there is room for"
                                                   : "too long");
    if (err) {
        patterns->count = source.first;
        return err;
    }
    source.end = patterns->count;
    patterns->sources[patterns->source_count++] = source;
    return 0;
}

size_t patterns_count(const struct patterns *patterns, bool excludes)
{
    size_t count = 0;

    for (size_t i = 0; i < patterns->source_count; i++)
        count += patterns->sources[i].excludes == excludes;
    return count;
}

bool patterns_resolve(struct patterns *patterns)
{
    bool changed = false;

    for (size_t i = 0; i < patterns->source_count; i++)
        if (patterns->sources[i].is_path && resolve(patterns, &patterns->sources[i]))
            changed = true;
    return changed;
}

const char *patterns_path(const struct patterns *patterns, size_t *index, bool *missing)
{
    while (*index < patterns->source_count) {
        const struct source *source = &patterns->sources[(*index)++];

        if (!source->is_path)
            continue;
        *missing = !source->file.file && !source->excludes;
        return source->text;
    }
    return NULL;
}

const struct pattern *patterns_compiled(const struct patterns *patterns, size_t *count)
{
    *count = patterns->count;
    return patterns->compiled;
}

bool patterns_by_spelling(const struct patterns *patterns)
{
    for (size_t i = 0; i < patterns->source_count; i++) {
        const char *text = patterns->sources[i].text;

        /* Of '*' alone nothing but the kind of the socket counts. */
        if (!patterns->sources[i].is_path && !pattern_is_inet(text) && text[0] != '@' &&
            strcmp(text, "*") != 0)
            return true;
    }
    return false;
}

/* Which file the process means by the path; where the process is gone, which we do. Returns false
 * when there is none. */
static bool find_file(struct place *place, const char *path, uint32_t pid)
{
    char through[2 * ADDRESS_TEXT_SIZE];
    struct socket_file file;

    snprintf(through, sizeof(through), "/proc/%u/%s/%s", pid, path[0] == '/' ? "root" : "cwd",
             path);
    if (socket_file_find(&file, through) && socket_file_find(&file, path))
        return false;
    place->device = file.device;
    place->file = file.file;
    return true;
}

struct renamed {
    const char *address;     /* what its server has bound it to */
    struct socket_file file; /* all zero when there is none */
    bool several;            /* others were bound to it as well, and then renamed */
};

static void take_renamed(void *context, const struct sockdiag_answer *answer)
{
    const struct socket_file file = {.device = answer->device, .file = answer->file};
    struct renamed *renamed = context;
    char text[ADDRESS_TEXT_SIZE];

    if (!file.file)
        return;
    address_print(text, &answer->address, answer->address_length, answer->type);
    if (strcmp(text, renamed->address) != 0)
        return;
    if (renamed->file.file &&
        (renamed->file.file != file.file || renamed->file.device != file.device))
        renamed->several = true;
    renamed->file = file;
}

static bool any_file(const struct patterns *patterns)
{
    for (size_t i = 0; i < patterns->source_count; i++)
        if (patterns->sources[i].file.file)
            return true;
    return false;
}

/*
 * A server may bind its socket to another name and rename the file, as HAProxy does. To its clients
 * the address stays the first name, which leads nowhere; the kernel knows the file.
 */
static void find_renamed(const struct patterns *patterns, struct place *place, const char *address)
{
    struct renamed renamed = {.address = address};

    if (any_file(patterns))
        sockdiag_unix_all(take_renamed, &renamed);
    if (!renamed.file.file || renamed.several)
        return;
    for (size_t i = 0; i < patterns->source_count; i++) {
        const struct socket_file *file = &patterns->sources[i].file;

        if (renamed.file.device != file->device || renamed.file.file != (uint32_t)file->file)
            continue;
        place->device = file->device;
        place->file = file->file;
    }
}

static bool place_unix(const struct patterns *patterns, struct place *place, const char *address,
                       uint32_t pid)
{
    char plain[ADDRESS_TEXT_SIZE] = "";
    size_t length = 0;

    place->kind = PLACE_UNIX;
    if (address[0] == '@') {
        struct glob name = {0}; /* which may hold NUL */

        if (glob_add_escaped(&name, address + 1) || name.count >= PATTERN_TEXT)
            return false;
        for (size_t i = 0; i < name.count; i++)
            place->text[i + 1] = (char)name.elements[i];
        place->length = name.count + 1;
        return true;
    }
    if (!text_unescape(plain, sizeof(plain), address))
        return false;
    length = strlen(plain);
    if (length > PATTERN_TEXT)
        return false;
    memcpy(place->text, plain, length);
    place->length = (uint32_t)length;
    if (length && !find_file(place, plain, pid))
        find_renamed(patterns, place, address);
    return true;
}

/*
 * The path without links. A relative one begins where the process is that means it, or where that
 * is gone, here; if the socket is in neither, nobody knows.
 */
static bool whole_path(char real[PATH_MAX], const struct place *place, const char *path,
                       uint32_t pid)
{
    char through[2 * ADDRESS_TEXT_SIZE];
    struct socket_file file;

    if (path[0] == '/')
        return follow_links(real, path);
    snprintf(through, sizeof(through), "/proc/%u/cwd/%s", pid, path);
    return place->file &&
           follow_links(real, socket_file_find(&file, through) == 0 ? through : path);
}

/* Makes a path the one without links. Returns false when that is no other. */
static bool respell(struct place *place, uint32_t pid)
{
    char path[PATTERN_TEXT + 1] = "", real[PATH_MAX];

    if (place->kind != PLACE_UNIX || !place->text[0])
        return false;
    memcpy(path, place->text, place->length);
    if (!whole_path(real, place, path, pid) || strcmp(real, path) == 0)
        return false;
    place->length = (uint32_t)strlen(real);
    memcpy(place->text, real, place->length);
    return true;
}

static bool match_any(const struct patterns *patterns, bool excludes, const struct place *place)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (patterns->compiled[i].excludes == excludes &&
            match_place(&patterns->compiled[i], place))
            return true;
    return false;
}

bool patterns_match(const struct patterns *patterns, bool excludes, int family, const char *address,
                    uint32_t pid)
{
    struct place place = {0};

    if (!patterns_count(patterns, excludes))
        return false;
    if (family == AF_UNIX ? !place_unix(patterns, &place, address, pid)
                          : !pattern_inet_place(&place, address))
        return false;
    return match_any(patterns, excludes, &place) ||
           (patterns_by_spelling(patterns) && respell(&place, pid) &&
            match_any(patterns, excludes, &place));
}

bool patterns_lead_to(const struct patterns *patterns, const char *address, uint32_t pid)
{
    char plain[ADDRESS_TEXT_SIZE];
    struct place place = {0};
    struct socket_file file;
    size_t index = 0;
    bool missing;

    /* To look is to wait for who serves the file system: nobody does who asks for no path. */
    if (!patterns_path(patterns, &index, &missing) ||
        !text_unescape(plain, sizeof(plain), address) || !find_file(&place, plain, pid))
        return false;
    for (size_t i = 0; i < patterns->source_count; i++) {
        const struct source *source = &patterns->sources[i];

        if (source->is_path && !source->excludes && !socket_file_find(&file, source->text) &&
            file.device == place.device && file.file == place.file)
            return true;
    }
    return false;
}
