/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/check.h"

#include <string.h>

#include "emit/fixture_values.h"
#include "emit/nearest.h"
#include "emit/style.h"
#include "emit/template_node.h"
#include "emit/word.h"

enum { NAMES_MAX = 256 };

static const char styles[] = "style", by_language[] = "text";

/* A part of a dotted name, and the template in which it stands. */
struct part {
    const struct template *template;
    const char *text;
    size_t length;
};

/* The name by that number of a list of fields, or NULL with *index counted down by the list. */
static const char *field_name(const struct value_field *fields, size_t *index)
{
    for (; fields->name; fields++) {
        if ((*index)-- == 0)
            return fields->name;
    }
    return NULL;
}

const char *check_name(size_t index)
{
    static const struct value_field *const lists[] = {
        fixture_fields, call_fields,    conversation_fields, end_fields,         exchange_fields,
        side_fields,    message_fields, piece_fields,        row_fields,         embedded_fields,
        number_fields,  carried_fields, descriptors_fields,  credentials_fields, kind_fields,
        range_fields,   mask_fields,    part_fields,
    };
    const char *name;
    size_t i;

    for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
        name = field_name(lists[i], &index);
        if (name)
            return name;
    }
    for (i = 0; text_variant(i); i++) {
        if (index-- == 0)
            return text_variant(i);
    }
    if (index-- == 0)
        return by_language;
    return notation_name(index);
}

static bool known(const char *text, size_t length)
{
    for (size_t i = 0; check_name(i); i++) {
        if (word_is(check_name(i), text, length))
            return true;
    }
    return false;
}

static int no_name(const struct part *part, struct template_error *error)
{
    const char *names[NAMES_MAX];
    char word[64], hint[NEAREST_HINT_SIZE];
    size_t count = 0;

    while (count < NAMES_MAX && check_name(count)) {
        names[count] = check_name(count);
        count++;
    }
    snprintf(word, sizeof(word), "%.*s", (int)part->length, part->text);
    nearest_hint(hint, word, names, count);
    return template_fail_at(error, part->template->name, part->template->text, part->text,
                            "expected a name that sockfixture-templates(5) has, found \"%s\"%s",
                            word, hint);
}

static int no_style(const struct part *part, struct template_error *error)
{
    return template_fail_at(error, part->template->name, part->template->text, part->text,
                            "expected a style that {{! styles: }} names, found \"%.*s\"",
                            (int)part->length, part->text);
}

static int check_node(const struct language *language, const struct template *template,
                      const struct node *node, struct template_error *error)
{
    struct part part = {template, node->text, 0};
    const char *end = node->text + node->length;
    bool style = false;

    if (node->length == 1 && *node->text == '.')
        return 0;
    for (;; part.text += part.length + 1) {
        const char *dot = memchr(part.text, '.', (size_t)(end - part.text));

        part.length = (size_t)((dot ? dot : end) - part.text);
        if (style && !style_has(language, part.text, part.length))
            return no_style(&part, error);
        if (!style && !known(part.text, part.length))
            return no_name(&part, error);
        if (!dot)
            return 0;
        style = word_is(styles, part.text, part.length);
    }
}

int check_template(const struct language *language, const struct template *template,
                   struct template_error *error)
{
    int err = 0;

    for (size_t i = 0; i < template->count && !err; i++) {
        switch (template->nodes[i].kind) {
        case NODE_VARIABLE:
        case NODE_RAW:
        case NODE_SECTION:
        case NODE_INVERTED:
            err = check_node(language, template, &template->nodes[i], error);
            break;
        case NODE_PARTIAL:
        case NODE_PARENT:
            if (template->nodes[i].dynamic)
                err = check_node(language, template, &template->nodes[i], error);
            break;
        default:
            break;
        }
    }
    return err;
}
