/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The small values of a fixture: numbers, flags, and text in all the ways it can be spelt. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emit/fixture_values.h"
#include "emit/word.h"

struct value value_make(const struct value *of, const struct value_type *type, const void *self)
{
    return (struct value){.type = type, .self = self, .owner = of->owner};
}

struct value value_itself(const struct value *of)
{
    return *of;
}

/* Numbers and flags. */

static bool index_truth(const struct value *value)
{
    return value->index != 0;
}

static int print_number(const struct value *value, const struct template_escape *escape, FILE *out)
{
    (void)escape;
    return fprintf(out, "%zu", value->index) < 0 ? -errno : 0;
}

/* Eight digits, as hexdumps have them. */
static int print_hex_number(const struct value *value, const struct template_escape *escape,
                            FILE *out)
{
    (void)escape;
    return fprintf(out, "%08zx", value->index) < 0 ? -errno : 0;
}

static struct value number_hex(const struct value *of)
{
    static const struct value_type type = {.truth = index_truth, .print = print_hex_number};
    struct value hex = *of;

    hex.type = &type;
    return hex;
}

static struct value number_plural(const struct value *of)
{
    return value_flag(of, of->index != 1);
}

const struct value_field number_fields[] = {{"plural", number_plural}, {"hex", number_hex}, {0}};

static const struct value_type number_type = {
    .fields = number_fields, .truth = index_truth, .print = print_number};
static const struct value_type flag_type = {.truth = index_truth};

/* Text. `self` is the string, or what the maker in `detail` makes it of. */

static const char *text_of(const struct value *value, char buffer[VALUE_TEXT_SIZE])
{
    const struct text_maker *maker = value->detail;

    if (!maker)
        return value->self;
    maker->make(value, buffer);
    return buffer;
}

static int print_text(const struct value *value, const struct template_escape *escape, FILE *out)
{
    char buffer[VALUE_TEXT_SIZE];
    const char *string = text_of(value, buffer);

    if (escape)
        return escape->print(escape->context, string, strlen(string), out);
    return fputs(string, out) < 0 ? -errno : 0;
}

static int print_where(const struct value *value, unsigned int where, FILE *out)
{
    char buffer[VALUE_TEXT_SIZE];
    const char *string = text_of(value, buffer);

    return escape_print(&emission_of(value)->language->escape, where, string, 0, strlen(string),
                        out);
}

static int print_for_string(const struct value *value, const struct template_escape *escape,
                            FILE *out)
{
    (void)escape;
    return print_where(value, ESCAPE_STRING, out);
}

/* What means something in a pattern stands for itself in brackets, but for the backslash. */
static int print_pattern(const struct value *value, const struct template_escape *escape, FILE *out)
{
    const struct escape_rules *rules = &emission_of(value)->language->escape;
    char buffer[VALUE_TEXT_SIZE];
    int err = 0;
    size_t length;

    (void)escape;
    for (const char *at = text_of(value, buffer); *at && !err; at += length ? length : 1) {
        const char bracketed[] = {'[', *at, ']'};

        length = strcspn(at, "*?[\\");
        if (length > 0)
            err = escape_print(rules, ESCAPE_STRING, at, 0, length, out);
        else if (*at == '\\')
            err = escape_print(rules, ESCAPE_STRING, "\\\\", 0, 2, out);
        else
            err = escape_print(rules, ESCAPE_STRING, bracketed, 0, sizeof(bracketed), out);
    }
    return err;
}

static int print_for_comment(const struct value *value, const struct template_escape *escape,
                             FILE *out)
{
    (void)escape;
    return print_where(value, ESCAPE_COMMENT, out);
}

/* The function that a test calls, where it is in the same place as the table; or NULL. */
static const char *function_here(const struct emission *emission)
{
    const struct call *call = &emission->call;

    return call->function && *call->function && !*call->module ? call->function : NULL;
}

/* Identifiers: `self` is the text that they are made of, and `index` the number behind it. */

static void make_in(enum identifier_convention convention, const struct value *of, const char *text,
                    size_t number, char out[IDENTIFIER_SIZE])
{
    struct identifier_rules rules = emission_of(of)->language->identifiers;

    rules.convention = convention;
    rules.taken = function_here(emission_of(of));
    identifier_make(&rules, text, number, out);
}

static void make_identifier(const struct value *value, char out[VALUE_TEXT_SIZE])
{
    make_in(emission_of(value)->language->identifiers.convention, value, value->self, value->index,
            out);
}

static const struct text_maker identifiers = {make_identifier};

static int print_convention(const struct value *value, enum identifier_convention convention,
                            FILE *out)
{
    char identifier[IDENTIFIER_SIZE];
    char buffer[VALUE_TEXT_SIZE];

    if (value->detail == &identifiers)
        make_in(convention, value, value->self, value->index, identifier);
    else
        make_in(convention, value, text_of(value, buffer), 0, identifier);
    return fputs(identifier, out) < 0 ? -errno : 0;
}

static int print_identifier(const struct value *value, const struct template_escape *escape,
                            FILE *out)
{
    (void)escape;
    return print_convention(value, emission_of(value)->language->identifiers.convention, out);
}

static int print_camel(const struct value *value, const struct template_escape *escape, FILE *out)
{
    (void)escape;
    return print_convention(value, CAMEL, out);
}

static int print_pascal(const struct value *value, const struct template_escape *escape, FILE *out)
{
    (void)escape;
    return print_convention(value, PASCAL, out);
}

static int print_snake(const struct value *value, const struct template_escape *escape, FILE *out)
{
    (void)escape;
    return print_convention(value, SNAKE, out);
}

static int print_screaming(const struct value *value, const struct template_escape *escape,
                           FILE *out)
{
    (void)escape;
    return print_convention(value, SCREAMING_SNAKE, out);
}

/* Identifiers with separators between them, as in the name of a package or a namespace. */
static int print_parts(const struct value *value, enum identifier_convention convention,
                       const char *separator, FILE *out)
{
    struct identifier_rules rules = emission_of(value)->language->identifiers;
    char identifier[IDENTIFIER_SIZE];
    char buffer[VALUE_TEXT_SIZE];
    const char *text = text_of(value, buffer);
    const char *end;
    char *part;

    rules.convention = convention;
    for (; text; text = end ? end + strlen(separator) : NULL) {
        end = strstr(text, separator);
        part = end ? strndup(text, (size_t)(end - text)) : strdup(text);
        if (!part)
            return -ENOMEM;
        identifier_package(&rules, part, identifier);
        free(part);
        if (fputs(identifier, out) < 0 || (end && fputs(separator, out) < 0))
            return -errno;
    }
    return 0;
}

typedef void identifier_maker(const struct identifier_rules *rules, const char *text,
                              char out[IDENTIFIER_SIZE]);

static int print_made(const struct value *value, enum identifier_convention convention,
                      identifier_maker *make, FILE *out)
{
    struct identifier_rules rules = emission_of(value)->language->identifiers;
    char identifier[IDENTIFIER_SIZE];
    char buffer[VALUE_TEXT_SIZE];

    rules.convention = convention;
    make(&rules, text_of(value, buffer), identifier);
    return fputs(identifier, out) < 0 ? -errno : 0;
}

static int print_package_snake(const struct value *value, const struct template_escape *escape,
                               FILE *out)
{
    (void)escape;
    return print_made(value, SNAKE, identifier_package, out);
}

static int print_package_pascal(const struct value *value, const struct template_escape *escape,
                                FILE *out)
{
    (void)escape;
    return print_made(value, PASCAL, identifier_package, out);
}

static int print_atom(const struct value *value, const struct template_escape *escape, FILE *out)
{
    (void)escape;
    return print_made(value, SNAKE, identifier_atom, out);
}

static int print_dotted_snake(const struct value *value, const struct template_escape *escape,
                              FILE *out)
{
    (void)escape;
    return print_parts(value, SNAKE, ".", out);
}

static int print_dotted_pascal(const struct value *value, const struct template_escape *escape,
                               FILE *out)
{
    (void)escape;
    return print_parts(value, PASCAL, ".", out);
}

static int print_colons_pascal(const struct value *value, const struct template_escape *escape,
                               FILE *out)
{
    (void)escape;
    return print_parts(value, PASCAL, "::", out);
}

/* What means nothing in any language: letters, digits, spaces and a few marks between them. */
static int print_plain(const struct value *value, const struct template_escape *escape, FILE *out)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ._/-";
    char buffer[VALUE_TEXT_SIZE];

    (void)escape;
    for (const char *c = text_of(value, buffer); *c; c++) {
        if (fputc(strchr(plain, *c) ? *c : '_', out) < 0)
            return -errno;
    }
    return 0;
}

static bool text_truth(const struct value *value)
{
    char buffer[VALUE_TEXT_SIZE];

    return *text_of(value, buffer) != '\0';
}

static const struct {
    const char *name;
    struct value_type type;
} variants[] = {
    {"string", {.truth = text_truth, .print = print_for_string}},
    {"pattern", {.truth = text_truth, .print = print_pattern}},
    {"comment", {.truth = text_truth, .print = print_for_comment}},
    {"identifier", {.print = print_identifier}},
    {"camel", {.print = print_camel}},
    {"pascal", {.print = print_pascal}},
    {"snake", {.print = print_snake}},
    {"screaming_snake", {.print = print_screaming}},
    {"package_snake", {.print = print_package_snake}},
    {"package_pascal", {.print = print_package_pascal}},
    {"atom", {.print = print_atom}},
    {"dotted_snake", {.print = print_dotted_snake}},
    {"dotted_pascal", {.print = print_dotted_pascal}},
    {"colons_pascal", {.print = print_colons_pascal}},
    {"plain", {.truth = text_truth, .print = print_plain}},
};

enum { VARIANTS = sizeof(variants) / sizeof(*variants) };

const char *text_variant(size_t index)
{
    return index < VARIANTS ? variants[index].name : NULL;
}

static bool find_in_text(const struct value *value, const char *name, size_t length,
                         struct value *child)
{
    for (size_t i = 0; i < VARIANTS; i++) {
        if (word_is(variants[i].name, name, length)) {
            *child = *value;
            child->type = &variants[i].type;
            return true;
        }
    }
    return false;
}

static const struct value_type text_type = {
    .find = find_in_text, .truth = text_truth, .print = print_text};
static const struct value_type identifier_type = {.find = find_in_text, .print = print_identifier};

struct value value_number(const struct value *of, size_t number)
{
    return (struct value){.type = &number_type, .owner = of->owner, .index = number};
}

struct value value_flag(const struct value *of, bool is_true)
{
    return (struct value){.type = &flag_type, .owner = of->owner, .index = is_true};
}

struct value value_text(const struct value *of, const char *text)
{
    return value_make(of, &text_type, text);
}

struct value value_identifier(const struct value *of, const char *text, size_t number)
{
    struct value value = value_make(of, &identifier_type, text);

    value.detail = &identifiers;
    value.index = number;
    return value;
}

struct value value_made_text(const struct value *of, const struct text_maker *maker,
                             const void *self)
{
    struct value value = value_make(of, &text_type, self);

    value.detail = maker;
    return value;
}

static void make_exchange_name(const struct value *value, char out[VALUE_TEXT_SIZE])
{
    const struct conversation_table *conversation = value->self;
    const struct table *all = emission_of(value)->fixture->table;

    names_get(emission_of(value)->names, (size_t)(conversation - all->conversations), value->index,
              out);
}

struct value value_exchange_name(const struct value *of,
                                 const struct conversation_table *conversation, size_t index)
{
    static const struct text_maker maker = {make_exchange_name};
    struct value value = value_made_text(of, &maker, conversation);

    value.index = index;
    return value;
}
