/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Renders a parsed template: walks its flat tree and prints as it goes, keeping no text. */
#include "emit/template.h"

#include <errno.h>
#include <string.h>

#include "emit/template_node.h"
#include "emit/word.h"

/* The deepest that sections and partials may stand within one another while rendering. */
enum { DEPTH_MAX = 200, NAME_MAX_LENGTH = 255 };

/* The stacks live on the C stack, linked from the innermost out. */
struct scope {
    const struct scope *outer;
    struct value value;
};

struct indent {
    const struct indent *outer;
    const char *text;
    size_t length;
};

/* What a parent tag passes to the template it names: the blocks in its body. */
struct arguments {
    const struct arguments *outer;
    const struct template *template;
    size_t node;
};

struct place {
    const struct template *template;
    const struct scope *scope;
    const struct indent *indent;
    const struct arguments *arguments;
};

struct renderer {
    const struct template_host *host;
    FILE *out;
    struct template_error *error;
    size_t depth;
    bool line_begun; /* the next NODE_LINE is put where its line has already begun */
};

static int render_nodes(struct renderer *renderer, const struct place *place, size_t from,
                        size_t to);

static int put(struct renderer *renderer, const char *text, size_t length)
{
    renderer->line_begun = false;
    if (fwrite_unlocked(text, 1, length, renderer->out) == length)
        return 0;
    return errno ? -errno : -EIO;
}

static int put_indent(struct renderer *renderer, const struct indent *indent)
{
    int err;

    if (!indent)
        return 0;
    err = put_indent(renderer, indent->outer);
    return err ? err : put(renderer, indent->text, indent->length);
}

static void fail(struct renderer *renderer, const struct place *place, const struct node *node,
                 const char *text)
{
    template_fail_at(renderer->error, place->template->name, place->template->text, node->text,
                     "%s", text);
}

static int enter(struct renderer *renderer, const struct place *place, const struct node *node)
{
    if (renderer->depth == DEPTH_MAX) {
        fail(renderer, place, node,
             "expected an end to sections and partials within one another; does this one include "
             "itself?");
        return -ELOOP;
    }
    renderer->depth++;
    return 0;
}

bool value_find(const struct value_field *fields, const struct value *of, const char *name,
                size_t length, struct value *child)
{
    for (; fields->name; fields++) {
        if (word_is(fields->name, name, length)) {
            *child = fields->get(of);
            return true;
        }
    }
    return false;
}

static bool find_child(const struct value *value, const char *name, size_t length,
                       struct value *child)
{
    const struct value_type *type = value->type;

    if (type && type->fields && value_find(type->fields, value, name, length, child))
        return true;
    return type && type->find && type->find(value, name, length, child);
}

/* The first part of a dotted name is looked for from the innermost scope out, the rest inside it.
 */
static struct value resolve(const struct place *place, const char *name, size_t length)
{
    const struct scope *scope = place->scope;
    const char *dot = memchr(name, '.', length);
    size_t part = dot ? (size_t)(dot - name) : length;
    struct value value = {0};
    struct value child;

    if (length == 1 && *name == '.')
        return scope->value;
    while (scope && !find_child(&scope->value, name, part, &value))
        scope = scope->outer;
    while (scope && part < length) {
        name += part + 1;
        length -= part + 1;
        dot = memchr(name, '.', length);
        part = dot ? (size_t)(dot - name) : length;
        if (!find_child(&value, name, part, &child))
            return (struct value){0};
        value = child;
    }
    return value;
}

static bool truth(const struct value *value)
{
    struct value item;

    if (!value->type)
        return false;
    if (value->type->item)
        return value->type->item(value, 0, &item);
    return !value->type->truth || value->type->truth(value);
}

static int print(struct renderer *renderer, const struct place *place, const struct node *node,
                 const struct template_escape *escape)
{
    struct value value = resolve(place, node->text, node->length);

    renderer->line_begun = false;
    if (!value.type || !value.type->print)
        return 0;
    return value.type->print(&value, escape, renderer->out);
}

static int render_nothing(struct renderer *renderer, const struct place *place, size_t index)
{
    (void)renderer;
    (void)place;
    (void)index;
    return 0;
}

static int render_text(struct renderer *renderer, const struct place *place, size_t index)
{
    const struct node *node = &place->template->nodes[index];
    const char *at = node->text;
    const char *end = at + node->length;
    const char *next;
    int err = 0;

    if (!place->indent)
        return put(renderer, at, node->length);
    for (; at < end && !err; at = next) {
        next = memchr(at, '\n', (size_t)(end - at));
        next = next ? next + 1 : end;
        if (at > node->text)
            err = put_indent(renderer, place->indent);
        if (!err)
            err = put(renderer, at, (size_t)(next - at));
    }
    return err;
}

static int render_line(struct renderer *renderer, const struct place *place, size_t index)
{
    bool begun = renderer->line_begun;

    (void)index;
    renderer->line_begun = false;
    return begun ? 0 : put_indent(renderer, place->indent);
}

static int render_variable(struct renderer *renderer, const struct place *place, size_t index)
{
    return print(renderer, place, &place->template->nodes[index], &renderer->host->escape);
}

static int render_raw(struct renderer *renderer, const struct place *place, size_t index)
{
    return print(renderer, place, &place->template->nodes[index], NULL);
}

static int render_with(struct renderer *renderer, const struct place *place, size_t index,
                       const struct value *value)
{
    struct scope scope = {.outer = place->scope, .value = *value};
    struct place inside = *place;

    inside.scope = &scope;
    return render_nodes(renderer, &inside, index + 1, place->template->nodes[index].end);
}

static int render_section(struct renderer *renderer, const struct place *place, size_t index)
{
    const struct node *node = &place->template->nodes[index];
    struct value value = resolve(place, node->text, node->length);
    struct value item;
    int err;

    if (!truth(&value))
        return 0;
    err = enter(renderer, place, node);
    if (err)
        return err;
    if (!value.type->item)
        err = render_with(renderer, place, index, &value);
    for (size_t i = 0; value.type->item && !err && value.type->item(&value, i, &item); i++)
        err = render_with(renderer, place, index, &item);
    renderer->depth--;
    return err;
}

static int render_inverted(struct renderer *renderer, const struct place *place, size_t index)
{
    const struct node *node = &place->template->nodes[index];
    struct value value = resolve(place, node->text, node->length);
    int err;

    if (truth(&value))
        return 0;
    err = enter(renderer, place, node);
    if (err)
        return err;
    err = render_nodes(renderer, place, index + 1, node->end);
    renderer->depth--;
    return err;
}

/* The name of the template that a partial or parent names, or that the value it names holds. */
static int partial_name(const struct place *place, const struct node *node,
                        char name[NAME_MAX_LENGTH + 1])
{
    struct value value;
    FILE *out;
    int err;

    memset(name, 0, NAME_MAX_LENGTH + 1);
    if (!node->dynamic) {
        memcpy(name, node->text, node->length < NAME_MAX_LENGTH ? node->length : NAME_MAX_LENGTH);
        return 0;
    }
    value = resolve(place, node->text, node->length);
    if (!value.type || !value.type->print)
        return 0;
    out = fmemopen(name, NAME_MAX_LENGTH, "w");
    if (!out)
        return -errno;
    err = value.type->print(&value, NULL, out);
    /* A name that does not fit names no template. */
    if (fclose(out) || err)
        *name = '\0';
    return 0;
}

static int find_partial(struct renderer *renderer, const struct place *place,
                        const struct node *node, const struct template **out)
{
    char name[NAME_MAX_LENGTH + 1];
    char text[sizeof(renderer->error->text)];
    int err = partial_name(place, node, name);

    *out = NULL;
    if (err || !*name || !renderer->host->partial)
        return err;
    err = renderer->host->partial(renderer->host->context, name, out, renderer->error);
    if (err && renderer->error->line == 0) {
        snprintf(text, sizeof(text), "%s", renderer->error->text);
        fail(renderer, place, node, text);
    }
    return err;
}

static int render_template(struct renderer *renderer, const struct place *place, size_t index,
                           const struct arguments *arguments)
{
    const struct node *node = &place->template->nodes[index];
    struct indent indent = {place->indent, node->indent, node->indent_length};
    struct place inside = *place;
    int err = find_partial(renderer, place, node, &inside.template);

    if (err || !inside.template)
        return err;
    err = enter(renderer, place, node);
    if (err)
        return err;
    inside.arguments = arguments;
    if (node->indent_length > 0 && node->starts_line)
        inside.indent = &indent;
    renderer->line_begun = !node->starts_line;
    err = render_nodes(renderer, &inside, 0, inside.template->count);
    renderer->line_begun = false;
    renderer->depth--;
    return err;
}

static int render_partial(struct renderer *renderer, const struct place *place, size_t index)
{
    return render_template(renderer, place, index, place->arguments);
}

static int render_parent(struct renderer *renderer, const struct place *place, size_t index)
{
    struct arguments arguments = {place->arguments, place->template, index};

    return render_template(renderer, place, index, &arguments);
}

/* The block of that name among a parent's own blocks. */
static const struct node *find_argument(const struct arguments *arguments, const struct node *block)
{
    const struct node *nodes = arguments->template->nodes;
    const struct node *node;

    for (size_t i = arguments->node + 1; i < nodes[arguments->node].end; i = node->end) {
        node = &nodes[i];
        if (node->kind == NODE_BLOCK && node->length == block->length &&
            !memcmp(node->text, block->text, node->length))
            return node;
    }
    return NULL;
}

/* The outermost parent that has an argument for a block decides what stands there. */
static const struct node *find_block(const struct place *place, const struct node *block,
                                     struct place *inside)
{
    const struct node *found = block;
    const struct node *node;

    for (const struct arguments *a = place->arguments; a; a = a->outer) {
        node = find_argument(a, block);
        if (node) {
            found = node;
            inside->template = a->template;
            inside->arguments = a->outer;
        }
    }
    return found;
}

static int render_block(struct renderer *renderer, const struct place *place, size_t index)
{
    const struct node *site = &place->template->nodes[index];
    struct indent indent = {place->indent, site->indent, site->indent_length};
    struct place inside = *place;
    const struct node *body = find_block(place, site, &inside);
    size_t first = (size_t)(body - inside.template->nodes) + 1;
    int err = enter(renderer, place, site);

    if (err)
        return err;
    if (site->indent_length > 0)
        inside.indent = &indent;
    if (site->starts_line && !body->body_starts_line)
        err = render_line(renderer, &inside, index);
    else if (!site->starts_line && body->body_starts_line)
        renderer->line_begun = true;
    if (!err)
        err = render_nodes(renderer, &inside, first, body->end);
    renderer->line_begun = false;
    renderer->depth--;
    return err;
}

static int (*const renderers[NODE_KINDS])(struct renderer *renderer, const struct place *place,
                                          size_t index) = {
    [NODE_NOTHING] = render_nothing,   [NODE_TEXT] = render_text,
    [NODE_LINE] = render_line,         [NODE_VARIABLE] = render_variable,
    [NODE_RAW] = render_raw,           [NODE_SECTION] = render_section,
    [NODE_INVERTED] = render_inverted, [NODE_PARTIAL] = render_partial,
    [NODE_PARENT] = render_parent,     [NODE_BLOCK] = render_block,
};

static int render_nodes(struct renderer *renderer, const struct place *place, size_t from,
                        size_t to)
{
    const struct node *nodes = place->template->nodes;
    int err = 0;

    for (size_t i = from; i < to && !err; i = nodes[i].end)
        err = renderers[nodes[i].kind](renderer, place, i);
    return err;
}

int template_render(const struct template *template, const struct value *data,
                    const struct template_host *host, FILE *out, struct template_error *error)
{
    struct scope scope = {.value = *data};
    struct place place = {.template = template, .scope = &scope};
    struct renderer renderer = {.host = host, .out = out, .error = error};
    int err;

    *error = (struct template_error){0};
    errno = 0;
    err = render_nodes(&renderer, &place, 0, template->count);
    if (!err && (fflush(out) || ferror(out)))
        err = errno ? -errno : -EIO;
    if (err && !*error->text)
        template_fail(error, err, template->name, "%s", strerror(-err));
    return err;
}
