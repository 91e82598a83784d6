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
    {"a password", "auth", "\\*2\r\n\\$4\r\n[Aa][Uu][Tt][Hh]\r\n\\$[0-9]+\r\n([^\r\n]*)\r\n"},
    {"a password", "auth",
     "\\*3\r\n\\$4\r\n[Aa][Uu][Tt][Hh]\r\n\\$[0-9]+\r\n[^\r\n]*\r\n\\$[0-9]+\r\n([^\r\n]*)\r\n"},
    {"a password", "auth", "^[Aa][Uu][Tt][Hh] +([^ \r\n]+)\r?$"},
    {"a password", "auth", "^[Aa][Uu][Tt][Hh] +[^ \r\n]+ +([^ \r\n]+)\r?$"},
    {"a password", "pass", "^[Pp][Aa][Ss][Ss] +([^ \r\n]+)"},
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

/* The next match from `from` on, with its groups. Behind the text is a NUL, not only in it. */
static bool match(const regex_t *regex, const char *text, size_t length, size_t from,
                  regmatch_t groups[GROUPS_MAX])
{
    const int at_start = from == 0 || text[from - 1] == '\n' ? 0 : REG_NOTBOL;

    groups[0] = (regmatch_t){.rm_so = (regoff_t)from, .rm_eo = (regoff_t)length};
    return length <= INT32_MAX &&
           regexec(regex, text, GROUPS_MAX, groups, REG_STARTEND | at_start) == 0;
}

static int add_redacted(struct ranges *ranges, size_t offset, size_t length)
{
    return length ? ranges_add(
                        ranges,
                        (struct range){.offset = offset, .length = length, .kind = RANGE_REDACTED})
                  : 0;
}

static int redact_range(struct said *said, size_t offset, size_t length)
{
    memset(said->data + offset, SECRET_FILLER, length);
    return add_redacted(&said->ranges, offset, length);
}

static int add_group(struct ranges *ranges, const regmatch_t *group)
{
    return group->rm_so < 0
               ? 0
               : add_redacted(ranges, (size_t)group->rm_so, (size_t)(group->rm_eo - group->rm_so));
}

/* Adds what a match says is secret. Of groups, one can stand in another. */
static int add_match(struct ranges *ranges, const regex_t *regex, const regmatch_t *groups)
{
    struct ranges own = {0};
    int err = 0;

    if (regex->re_nsub == 0)
        return add_group(ranges, &groups[0]);
    for (size_t i = 1; i <= regex->re_nsub && i < GROUPS_MAX && !err; i++)
        err = add_group(&own, &groups[i]);
    if (!err)
        err = ranges_copy(ranges, &own);
    ranges_free(&own);
    return err;
}

static int redact_ranges(struct said *said, const struct ranges *secrets)
{
    for (size_t i = 0; i < secrets->count; i++)
        memset(said->data + secrets->items[i].offset, SECRET_FILLER, secrets->items[i].length);
    return ranges_merge(&said->ranges, secrets);
}

static bool is_word(const char *word, const char *text, size_t length)
{
    return length == strlen(word) && memcmp(text, word, length) == 0;
}

/* What stands where secrets do and is none: a mechanism, or what one without a secret is told. */
static bool is_harmless(const char *text, const regmatch_t *group)
{
    static const char *const words[] = {"EXTERNAL",         "ANONYMOUS", "PLAIN", "LOGIN",
                                        "DBUS_COOKIE_SHA1", "true",      "false", "null"};
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

/* Returns how many secrets there were, or -ENOMEM. */
static int redact_said(struct said *said, const struct secret *secret)
{
    const regex_t *regex = &secret->regex;
    regmatch_t groups[GROUPS_MAX];
    char *text = malloc(said->length + 1);
    struct ranges matches = {0};
    size_t from = 0;
    int found = 0, err = 0;

    if (!text)
        return -ENOMEM;
    if (said->length)
        memcpy(text, said->data, said->length);
    text[said->length] = '\0';
    while (!err && from < said->length && match(regex, text, said->length, from, groups)) {
        if (!secret->shape || !is_harmless(text, &groups[regex->re_nsub])) {
            err = add_match(&matches, regex, groups);
            found += groups[0].rm_eo > groups[0].rm_so;
        }
        from = (size_t)groups[0].rm_eo + (groups[0].rm_eo == groups[0].rm_so);
    }
    if (!err)
        err = redact_ranges(said, &matches);
    ranges_free(&matches);
    free(text);
    return err ? err : found;
}

static int redact_side(struct side *side, const struct secret *secret)
{
    int found = 0, now = 0;

    for (size_t i = 0; i < side->count && now >= 0; i++) {
        now = redact_said(&side->messages[i], secret);
        found += now;
    }
    return now < 0 ? now : found;
}

static int redact_exchange(const struct secret *secret, struct exchange *exchange)
{
    int requests = redact_side(&exchange->request, secret);
    int responses = requests < 0 ? requests : redact_side(&exchange->response, secret);

    return responses < 0 ? responses : requests + responses;
}

int secrets_redact(struct secrets *secrets, struct table *table,
                   void (*name_of)(void *context, size_t conversation, size_t exchange,
                                   const char **name),
                   void *context)
{
    size_t number = 0;
    int found = 0, now;

    for (size_t i = 0; i < table->count; i++) {
        for (size_t j = 0; j < table->conversations[i].count; j++) {
            struct exchange *exchange = &table->conversations[i].exchanges[j];
            const char *name;

            name_of(context, i, j, &name);
            number++;
            for (size_t k = 0; k < secrets->count; k++) {
                struct secret *secret = &secrets->items[k];

                now = secret->is_pattern ? redact_exchange(secret, exchange)
                      : range_option_is_about(&secret->range, name, number)
                          ? range_option_apply(&secret->range, exchange, redact_range)
                          : 0;
                if (now < 0)
                    return now;
                secret->found = secret->found || now;
                found += now;
            }
        }
    }
    return found;
}

int secrets_redact_text(struct secrets *secrets, char *text)
{
    struct said said = {.data = (uint8_t *)text, .length = strlen(text)};
    int found = 0;

    for (size_t i = 0; i < secrets->count && found >= 0; i++) {
        struct secret *secret = &secrets->items[i];

        found = secret->is_pattern ? redact_said(&said, secret) : 0;
        secret->found = secret->found || found;
    }
    ranges_free(&said.ranges);
    return found < 0 ? found : 0;
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

    for (size_t from = 0; match(regex, text, length, from, groups);
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
