/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Bytes are matched as they are, NUL bytes too, and a line is what ends with a newline. */
#include "capture/secret.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "capture/array.h"

enum {
    GROUPS_MAX = 10,
    LOOKED_AT = 1 << 16, /* bytes of a message in which known shapes are looked for unasked */
};

/*
 * The secret is what stands in the only parentheses. What stands before it cannot hold what a match
 * begins with, or looking for it takes the square of the time.
 */
static const struct shape {
    const char *name;
    const char *literal; /* no match is without it, in whatever case; two small letters or more */
    const char *pattern;
} shapes[] = {
    {"a bearer token", "bearer", "[Aa]uthorization: *[Bb]earer +([^ \r\n]+)"},
    {"credentials", "basic", "[Aa]uthorization: *[Bb]asic +([^ \r\n]+)"},
    {"a password of SASL PLAIN", "auth plain", "AUTH PLAIN[ \r\n]+([A-Za-z0-9+/]+=*)"},
    {"a password of SASL PLAIN", "authenticate plain",
     "AUTHENTICATE PLAIN[ \r\n]+([A-Za-z0-9+/]+=*)"},
    {"a response of SASL", "resp=", "\tresp=([A-Za-z0-9+/]+=*)"},
    {"a password", "auth", "\\*2\r\n\\$4\r\n[Aa][Uu][Tt][Hh]\r\n\\$[0-9]+\r\n([^\r\n]*)\r\n"},
    {"a password", "auth",
     "\\*3\r\n\\$4\r\n[Aa][Uu][Tt][Hh]\r\n\\$[0-9]+\r\n[^\r\n]*\r\n\\$[0-9]+\r\n([^\r\n]*)\r\n"},
    {"a password", "auth", "^[Aa][Uu][Tt][Hh] +([^ \r\n]+)\r?$"},
    {"a password", "auth", "^[Aa][Uu][Tt][Hh] +[^ \r\n]+ +([^ \r\n]+)\r?$"},
    {"a password", "pass", "^[Pp][Aa][Ss][Ss] +([^ \r\n]+)"},
    /* "Password incorrect" is none. */
    {"a password", "password", "^password +([^ \"\r\n][^ \r\n]*)\r?$"},
    {"a password", "password", "^PASSWORD +([^ \"\r\n][^ \r\n]*)\r?$"},
    {"a password", "password", "^password +\"([^\r\n]+)\"\r?$"},
    {"a password", "password", "^PASSWORD +\"([^\r\n]+)\"\r?$"},
    {"a password", "authenticate", "^AUTHENTICATE +\"([^\r\n]+)\"\r?$"},
    {"a password", "authenticate", "^AUTHENTICATE +([0-9A-Fa-f]{8,})\r?$"},
    {"a proof of SCRAM", ",p=", "c=[A-Za-z0-9+/]+=*,r=[^,]*,p=([A-Za-z0-9+/]+=*)"},
    {"a salt of SCRAM", ",s=", "r=[^,=]*=*[^,=]*=*,s=([A-Za-z0-9+/]+=*),i=[0-9]+"},
    {"a signature of SCRAM", "v=", "v=([A-Za-z0-9+/]{27,}=*)"},
    {"a password", "md5", "md5([0-9a-f]{32})"},
    {"a password", "password", "[Pp]assword\"? *[:=] *\"?([^\"&, \r\n]+)"},
};

enum { SHAPES = sizeof(shapes) / sizeof(*shapes) };

_Static_assert(SHAPES <= 32, "a set of shapes is 32 bits");

/* What a user has named; a range, unless it is a pattern. */
struct secret {
    const char *text;
    bool is_pattern;
    bool found;                /* somewhere */
    const struct shape *shape; /* NULL for a pattern of the user's */
    regex_t regex;
    struct range_option range;
};

struct secrets {
    struct secret *items;
    size_t count;
    char *text; /* room for what is looked at unasked, and its end */
    /* Shapes of which the literal has this byte as its first, and as its second one: a bit each. */
    uint32_t first[256], second[256];
};

static int compile(regex_t *regex, const char *pattern, char why[SECRET_WHY_SIZE])
{
    int wrong = regcomp(regex, pattern, REG_EXTENDED | REG_NEWLINE);

    if (!wrong)
        return 0;
    regerror(wrong, regex, why, SECRET_WHY_SIZE);
    why[strcspn(why, "\\")] = '\0'; /* "Unmatched ( or \\(": the other is of basic ones */
    if (strlen(why) > 4 && strcmp(why + strlen(why) - 4, " or ") == 0)
        why[strlen(why) - 4] = '\0';
    return wrong == REG_ESPACE ? -ENOMEM : -EINVAL;
}

static int add_pattern(struct secrets *secrets, const char *pattern, char why[SECRET_WHY_SIZE])
{
    struct secret *secret = &secrets->items[secrets->count];
    int err = compile(&secret->regex, pattern, why);

    if (err)
        return err;
    if (secret->regex.re_nsub >= GROUPS_MAX) {
        regfree(&secret->regex);
        snprintf(why, SECRET_WHY_SIZE, "it has more than %d parentheses", GROUPS_MAX - 1);
        return -EINVAL;
    }
    secret->is_pattern = true;
    secrets->count++;
    return 0;
}

static int add_text(struct secrets *secrets, const char *text, char why[SECRET_WHY_SIZE])
{
    int err = 0;

    if (strcmp(text, "secrets") == 0) {
        for (size_t i = 0; i < SHAPES && !err; i++) {
            secrets->items[secrets->count].shape = &shapes[i];
            err = add_pattern(secrets, shapes[i].pattern, why);
        }
        return err;
    }
    secrets->items[secrets->count].text = text;
    if (range_option_parse(&secrets->items[secrets->count].range, text) == 0) {
        secrets->count++;
        return 0;
    }
    snprintf(why, SECRET_WHY_SIZE, "it matches what is empty");
    return *text ? add_pattern(secrets, text, why) : -EINVAL;
}

static void note_letter(uint32_t shapes_with[256], char letter, size_t shape)
{
    shapes_with[tolower((unsigned char)letter)] |= UINT32_C(1) << shape;
    shapes_with[toupper((unsigned char)letter)] |= UINT32_C(1) << shape;
}

static void note_beginnings(struct secrets *secrets)
{
    for (size_t i = 0; i < SHAPES; i++) {
        note_letter(secrets->first, shapes[i].literal[0], i);
        note_letter(secrets->second, shapes[i].literal[1], i);
    }
}

int secrets_new(struct secrets **out, const char *const *texts, size_t count, const char **wrong,
                char why[SECRET_WHY_SIZE])
{
    struct secrets *secrets = calloc(1, sizeof(*secrets));
    int err = 0;

    if (!secrets)
        return -ENOMEM;
    secrets->items = calloc(count * SHAPES + 1, sizeof(*secrets->items));
    secrets->text = malloc(LOOKED_AT + 1);
    if (!secrets->items || !secrets->text) {
        secrets_free(secrets);
        return -ENOMEM;
    }
    note_beginnings(secrets);
    for (size_t i = 0; i < count && !err; i++) {
        *wrong = texts[i];
        err = add_text(secrets, texts[i], why);
    }
    if (err)
        secrets_free(secrets);
    else
        *out = secrets;
    return err;
}

void secrets_free(struct secrets *secrets)
{
    if (!secrets)
        return;
    for (size_t i = 0; i < secrets->count; i++)
        if (secrets->items[i].is_pattern)
            regfree(&secrets->items[i].regex);
    free(secrets->items);
    free(secrets->text);
    free(secrets);
}

/*
 * The next match from `from` on, with its groups; what is before it is seen, and ^ stands at the
 * beginnings of lines alone. Behind the text is a NUL, not only in it. Returns 1, 0 when there is
 * none, or -ENOMEM.
 */
static int match(const regex_t *regex, const char *text, size_t length, size_t from,
                 regmatch_t groups[GROUPS_MAX])
{
    if (length > INT32_MAX) /* as much as a regoff_t can say */
        return -ENOMEM;
    groups[0] = (regmatch_t){.rm_so = (regoff_t)from, .rm_eo = (regoff_t)length};
    errno = 0;
    if (regexec(regex, text, GROUPS_MAX, groups, REG_STARTEND) == 0)
        return 1;
    return errno == ENOMEM ? -ENOMEM : 0; /* glibc returns the same for both */
}

static bool is_word(const char *word, const char *text, size_t length)
{
    return length == strlen(word) && memcmp(text, word, length) == 0;
}

/*
 * What stands where secrets do and is none: a mechanism, what one without a secret is told, or that
 * there was one: (using password: YES).
 */
static bool is_harmless(const char *text, const regmatch_t *group)
{
    static const char *const words[] = {
        "EXTERNAL",    "ANONYMOUS",     "PLAIN",   "LOGIN", "DBUS_COOKIE_SHA1",
        "CRAM-MD5",    "DIGEST-MD5",    "GSSAPI",  "NTLM",  "OAUTHBEARER",
        "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "true",  "false",
        "null",        "YES)",          "NO)"};
    static const char *const open[] = {"EXTERNAL ", "ANONYMOUS "};
    const size_t at = (size_t)group->rm_so, length = (size_t)(group->rm_eo - group->rm_so);

    if (group->rm_so < 0)
        return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (is_word(words[i], text + at, length))
            return true;
    for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++)
        if (at >= strlen(open[i]) && is_word(open[i], text + at - strlen(open[i]), strlen(open[i])))
            return true;
    return false;
}

/* Where secrets are in a message. */
struct spot {
    size_t offset, end;
};

struct spots {
    struct spot *items;
    size_t count;
};

static int add_spot(struct spots *spots, size_t offset, size_t end)
{
    struct spot *items;

    if (offset == end)
        return 0;
    items = array_grow(spots->items, spots->count, sizeof(*items));
    if (!items)
        return -ENOMEM;
    spots->items = items;
    items[spots->count++] = (struct spot){offset, end};
    return 0;
}

/* Adds what a match says is secret. */
static int add_match(struct spots *spots, const regex_t *regex, const regmatch_t *groups)
{
    int err = 0;

    for (size_t i = regex->re_nsub ? 1 : 0; i <= regex->re_nsub && !err; i++)
        if (groups[i].rm_so >= 0)
            err = add_spot(spots, (size_t)groups[i].rm_so, (size_t)groups[i].rm_eo);
    return err;
}

/* Behind the text is a NUL. */
static int find_matches(struct secret *secret, const char *text, size_t length, struct spots *spots)
{
    const regex_t *regex = &secret->regex;
    regmatch_t groups[GROUPS_MAX];
    size_t from = 0;
    int found, err = 0;

    while (!err && from < length) {
        found = match(regex, text, length, from, groups);
        if (found <= 0)
            return found;
        if (!secret->shape || !is_harmless(text, &groups[regex->re_nsub]))
            err = add_match(spots, regex, groups);
        /* What matches may have nothing in its parentheses, and is there all the same. */
        secret->found = secret->found || groups[0].rm_eo > groups[0].rm_so;
        from = (size_t)groups[0].rm_eo + (groups[0].rm_eo == groups[0].rm_so);
    }
    return err;
}

static int compare_spots(const void *a, const void *b)
{
    const struct spot *first = a, *second = b;

    return (first->offset > second->offset) - (first->offset < second->offset);
}

/* Puts them in their order, and makes one of those that overlap. */
static void join_spots(struct spots *spots)
{
    size_t count = 0;

    if (spots->count)
        qsort(spots->items, spots->count, sizeof(*spots->items), compare_spots);
    for (size_t i = 0; i < spots->count; i++) {
        const struct spot *spot = &spots->items[i];
        struct spot *last = count ? &spots->items[count - 1] : NULL;

        if (!last || spot->offset >= last->end)
            spots->items[count++] = *spot;
        else if (spot->end > last->end)
            last->end = spot->end;
    }
    spots->count = count;
}

/* The exchange that a message is in, for ranges that name one. */
struct surroundings {
    const char *name;
    size_t number;
    enum direction direction;
};

/* Looks in a message for all that is secret; with no surroundings, it is text, and has no ranges.
 */
static int find_spots(struct secrets *secrets, const struct said *said,
                      const struct surroundings *in, struct spots *spots)
{
    char *text = malloc(said->length + 1);
    int err = text ? 0 : -ENOMEM;

    if (text && said->length)
        memcpy(text, said->data, said->length);
    if (text)
        text[said->length] = '\0';
    for (size_t i = 0; i < secrets->count && !err; i++) {
        struct secret *secret = &secrets->items[i];
        size_t length;

        if (secret->is_pattern) {
            err = find_matches(secret, text, said->length, spots);
        } else if (in && range_option_is_about(&secret->range, in->name, in->number) &&
                   range_option_covers(&secret->range, in->direction, said, &length)) {
            secret->found = true;
            err = add_spot(spots, secret->range.offset, secret->range.offset + length);
        }
    }
    free(text);
    return err;
}

/* Puts filler in the place of the secrets, and marks it. */
static int fill_spots(struct said *said, const struct spots *spots)
{
    struct ranges ranges = {0};
    int err = 0;

    for (size_t i = 0; i < spots->count && !err; i++) {
        const struct spot *spot = &spots->items[i];
        const size_t length = spot->end - spot->offset;

        memset(said->data + spot->offset, SECRET_FILLER, length);
        err = ranges_add(
            &ranges,
            (struct range){.offset = spot->offset, .length = length, .kind = RANGE_REDACTED});
    }
    if (!err)
        err = ranges_merge(&said->ranges, &ranges);
    ranges_free(&ranges);
    return err;
}

static int redact_spots(struct said *said, struct spots *spots, const struct secrets_caller *caller)
{
    int err = 0;

    for (size_t i = 0; i < spots->count && !err; i++)
        err = caller->show(caller->context, said->data + spots->items[i].offset,
                           spots->items[i].end - spots->items[i].offset);
    join_spots(spots);
    return err ? err : fill_spots(said, spots);
}

/* Adds to *found how many secrets there were. */
static int redact_side(struct secrets *secrets, const struct side *side,
                       const struct surroundings *in, const struct secrets_caller *caller,
                       int *found)
{
    int err = 0;

    for (size_t i = 0; i < side->count && !err; i++) {
        struct spots spots = {0};

        err = find_spots(secrets, &side->messages[i], in, &spots);
        if (!err)
            err = redact_spots(&side->messages[i], &spots, caller);
        *found += (int)spots.count;
        free(spots.items);
    }
    return err;
}

int secrets_redact(struct secrets *secrets, struct table *table,
                   const struct secrets_caller *caller)
{
    struct surroundings in = {0};
    int found = 0, err = 0;

    for (size_t i = 0; i < table->count && !err; i++) {
        for (size_t j = 0; j < table->conversations[i].count && !err; j++) {
            const struct exchange *exchange = &table->conversations[i].exchanges[j];

            caller->name_of(caller->context, i, j, &in.name);
            in.number++;
            in.direction = REQUEST;
            err = redact_side(secrets, &exchange->request, &in, caller, &found);
            in.direction = RESPONSE;
            if (!err)
                err = redact_side(secrets, &exchange->response, &in, caller, &found);
        }
    }
    return err ? err : found;
}

int secrets_redact_text(struct secrets *secrets, const char *text, char *filled)
{
    const struct said said = {.data = (uint8_t *)text, .length = strlen(text)};
    struct spots spots = {0};
    int err = find_spots(secrets, &said, NULL, &spots);

    for (size_t i = 0; i < spots.count && !err; i++)
        memset(filled + spots.items[i].offset, SECRET_FILLER,
               spots.items[i].end - spots.items[i].offset);
    free(spots.items);
    return err;
}

const char *secrets_missed(const struct secrets *secrets, size_t *index, bool *is_pattern)
{
    while (*index < secrets->count) {
        const struct secret *secret = &secrets->items[(*index)++];

        *is_pattern = secret->is_pattern;
        if (!secret->found && !secret->shape)
            return secret->text;
    }
    return NULL;
}

static bool is_filler(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] != SECRET_FILLER)
            return false;
    return true;
}

static bool has_literal_at(const struct shape *shape, const uint8_t *data, size_t length)
{
    size_t size = strlen(shape->literal);

    return size <= length && strncasecmp((const char *)data, shape->literal, size) == 0;
}

/*
 * The shapes that a message may have, as their literals are there: a bit for each. In one
 * pass, as all that is recorded is looked at.
 */
static uint32_t shapes_in(const struct secrets *known, const uint8_t *data, size_t length)
{
    uint32_t found = 0;

    for (size_t i = 0; i + 1 < length; i++) {
        uint32_t begin = known->first[data[i]] & known->second[data[i + 1]] & ~found;

        for (; begin; begin &= begin - 1) {
            int shape = __builtin_ctz(begin);

            if (has_literal_at(&shapes[shape], data + i, length - i))
                found |= UINT32_C(1) << shape;
        }
    }
    return found;
}

static bool find_shape(const regex_t *regex, const char *text, size_t length, size_t *offset,
                       size_t *found)
{
    regmatch_t groups[GROUPS_MAX];

    for (size_t from = 0; match(regex, text, length, from, groups) > 0;
         from = (size_t)groups[0].rm_eo) {
        const regmatch_t *group = &groups[regex->re_nsub];

        *offset = (size_t)group->rm_so;
        *found = (size_t)(group->rm_eo - group->rm_so);
        if (group->rm_so >= 0 && !is_harmless(text, group) && !is_filler(text + *offset, *found))
            return true;
        if ((size_t)groups[0].rm_eo <= from)
            break;
    }
    return false;
}

const char *secrets_find(const struct secrets *known, const uint8_t *data, size_t length,
                         size_t *offset, size_t *found)
{
    uint32_t possible;

    if (length > LOOKED_AT)
        length = LOOKED_AT;
    possible = shapes_in(known, data, length);
    if (!possible)
        return NULL;
    memcpy(known->text, data, length);
    known->text[length] = '\0';
    for (size_t i = 0; i < known->count; i++) {
        const struct secret *secret = &known->items[i];

        if (secret->shape && possible & UINT32_C(1) << (secret->shape - shapes) &&
            find_shape(&secret->regex, known->text, length, offset, found))
            return secret->shape->name;
    }
    return NULL;
}
