/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Parses Mustache into a flat tree, in one pass and without recursion. */
#include "emit/template.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "emit/template_node.h"

enum { DEPTH_MAX = 64, QUOTE_MAX = 40 };

struct delimiter {
    const char *text;
    size_t length;
};

/* A section, block or parent that is not closed yet. */
struct frame {
    size_t node;
    size_t blanks; /* the first node of what stands before a parent on its line */
    size_t strip;  /* how far the lines in here are indented for the template's looks alone */
    const char *at;
};

struct parser {
    struct template *template;
    struct template_error *error;
    const char *at;
    const char *end;
    struct delimiter open;
    struct delimiter close;
    bool apart; /* the next text is a node of its own */
    size_t depth;
    struct frame frames[DEPTH_MAX];
};

/* A tag as it was found, and how it stands on its line. */
struct tag {
    const char *start;
    const char *end;
    char sigil; /* 0 for a variable */
    const char *content;
    size_t length;
    bool dynamic;
    const char *line; /* where its line begins, if there are only blanks before it; else NULL */
    const char *next; /* where the next line begins, if there are only blanks after it; else NULL */
};

__attribute__((format(printf, 3, 0))) static void vfail(struct template_error *error,
                                                        const char *name, const char *format,
                                                        va_list args)
{
    error->line = 0;
    error->column = 0;
    snprintf(error->name, sizeof(error->name), "%s", name);
    vsnprintf(error->text, sizeof(error->text), format, args);
}

int template_fail(struct template_error *error, int err, const char *name, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfail(error, name, format, args);
    va_end(args);
    return err;
}

int template_fail_at(struct template_error *error, const char *name, const char *text,
                     const char *at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfail(error, name, format, args);
    va_end(args);

    error->line = 1;
    error->column = 1;
    for (const char *c = text; c < at; c++) {
        error->column++;
        if (*c == '\n') {
            error->line++;
            error->column = 1;
        }
    }
    return -EINVAL;
}

/* A piece of the template for an error message: short, and nothing that a terminal would obey. */
static const char *quote(const char *text, size_t length, char out[QUOTE_MAX + 4])
{
    size_t i;

    for (i = 0; i < length && i < QUOTE_MAX; i++)
        out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    strcpy(out + i, i < length ? "..." : "");
    return out;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool space(char c)
{
    return blank(c) || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

static void trim(const char **text, size_t *length)
{
    for (; *length > 0 && space(**text); ++*text)
        --*length;
    while (*length > 0 && space((*text)[*length - 1]))
        --*length;
}

static bool starts_line(const struct parser *parser, const char *at)
{
    return at == parser->template->text || at[-1] == '\n';
}

static const char *skip_blanks(const struct parser *parser, const char *at)
{
    while (at < parser->end && blank(*at))
        at++;
    return at;
}

static const char *line_before(const struct parser *parser, const char *at)
{
    while (at > parser->template->text && blank(at[-1]))
        at--;
    return starts_line(parser, at) ? at : NULL;
}

static const char *line_after(const struct parser *parser, const char *at)
{
    at = skip_blanks(parser, at);
    if (at == parser->end)
        return at;
    if (*at == '\r' && at + 1 < parser->end)
        at++;
    return *at == '\n' ? at + 1 : NULL;
}

static struct node *top(const struct parser *parser)
{
    return parser->depth == 0 ? NULL
                              : &parser->template->nodes[parser->frames[parser->depth - 1].node];
}

static size_t strip(const struct parser *parser)
{
    return parser->depth == 0 ? 0 : parser->frames[parser->depth - 1].strip;
}

static bool in_parent(const struct parser *parser)
{
    return parser->depth > 0 && top(parser)->kind == NODE_PARENT;
}

static int add_node(struct parser *parser, enum node_kind kind, const char *text, size_t length)
{
    struct template *template = parser->template;
    size_t capacity = template->capacity ? 2 * template->capacity : 32;
    struct node *nodes;

    if (template->count == template->capacity) {
        nodes = reallocarray(template->nodes, capacity, sizeof(*nodes));
        if (!nodes)
            return template_fail(parser->error, -ENOMEM, template->name, "out of memory");
        template->nodes = nodes;
        template->capacity = capacity;
    }
    template->nodes[template->count] =
        (struct node){.kind = kind, .text = text, .length = length, .end = template->count + 1};
    template->count++;
    return 0;
}

/* Text that follows on the text before it needs no node: the renderer finds the lines within. */
static bool extend_text(struct parser *parser, const char *from, const char *to)
{
    struct template *template = parser->template;
    struct node *last = template->count ? &template->nodes[template->count - 1] : NULL;

    if (parser->apart || !last || last->kind != NODE_TEXT || last->text + last->length != from)
        return false;
    last->length += (size_t)(to - from);
    return true;
}

static int add_line(struct parser *parser, const char *from, const char *to)
{
    int err = 0;

    if (starts_line(parser, from)) {
        for (size_t i = 0; i < strip(parser) && from < to && blank(*from); i++)
            from++;
        if (from < to && extend_text(parser, from, to))
            return 0;
        err = add_node(parser, NODE_LINE, NULL, 0);
    } else if (extend_text(parser, from, to)) {
        return 0;
    }
    parser->apart = false;
    if (!err && from < to)
        err = add_node(parser, NODE_TEXT, from, (size_t)(to - from));
    return err;
}

static int add_text(struct parser *parser, const char *from, const char *to)
{
    const char *next;
    int err = 0;

    if (in_parent(parser))
        return 0;
    for (; from < to && !err; from = next) {
        next = memchr(from, '\n', (size_t)(to - from));
        next = next ? next + 1 : to;
        err = add_line(parser, from, next);
    }
    return err;
}

/* Text up to a tag that stays on its line; the tag may be the first thing there. */
static int add_text_before(struct parser *parser, const char *from, const struct tag *tag)
{
    int err = add_text(parser, from, tag->start);

    if (!err && starts_line(parser, tag->start) && !in_parent(parser))
        err = add_node(parser, NODE_LINE, NULL, 0);
    return err;
}

static const char *find_delimiter(const struct parser *parser, const char *from,
                                  const struct delimiter *delimiter)
{
    return memmem(from, (size_t)(parser->end - from), delimiter->text, delimiter->length);
}

/* The brace of {{{name}}} and the equals sign of {{=| |=}} stand at both ends of the tag. */
static int close_sigil(struct parser *parser, const struct tag *tag, const char **stop)
{
    char twin = tag->sigil == '{' ? '}' : '=';
    const char *at = *stop;

    while (at && (at == tag->content || at[-1] != twin))
        at = find_delimiter(parser, at + 1, &parser->close);
    if (!at)
        return template_fail_at(parser->error, parser->template->name, parser->template->text,
                                tag->start, "expected \"%c%.*s\" to end this tag", twin,
                                (int)parser->close.length, parser->close.text);
    *stop = at;
    return 0;
}

static int expect_name(struct parser *parser, const struct tag *tag)
{
    char text[QUOTE_MAX + 4];

    if (tag->length == 0)
        return template_fail_at(parser->error, parser->template->name, parser->template->text,
                                tag->start, "expected a name in this tag");
    for (size_t i = 0; i < tag->length; i++) {
        if (space(tag->content[i]) || tag->content[i] == '\0')
            return template_fail_at(parser->error, parser->template->name, parser->template->text,
                                    tag->content + i,
                                    "expected a name without spaces, found \"%s\"",
                                    quote(tag->content, tag->length, text));
    }
    return 0;
}

static int read_name(struct parser *parser, struct tag *tag)
{
    bool by_name = tag->sigil == '>' || tag->sigil == '<' || tag->sigil == '/';

    if (by_name && tag->length > 0 && *tag->content == '*') {
        tag->dynamic = true;
        tag->content++;
        tag->length--;
        trim(&tag->content, &tag->length);
    }
    return expect_name(parser, tag);
}

static int read_tag(struct parser *parser, const char *start, struct tag *tag)
{
    const char *stop;
    int err;

    *tag = (struct tag){.start = start, .content = start + parser->open.length};
    if (tag->content < parser->end && strchr("#^/!>&{=<$", *tag->content) && *tag->content)
        tag->sigil = *tag->content++;

    stop = find_delimiter(parser, tag->content, &parser->close);
    if (!stop)
        return template_fail_at(parser->error, parser->template->name, parser->template->text,
                                start, "expected \"%.*s\" to end this tag",
                                (int)parser->close.length, parser->close.text);
    tag->end = stop + parser->close.length;
    if (tag->sigil == '{' || tag->sigil == '=') {
        err = close_sigil(parser, tag, &stop);
        if (err)
            return err;
        tag->end = stop + parser->close.length;
        stop--;
    }
    tag->length = (size_t)(stop - tag->content);
    trim(&tag->content, &tag->length);
    tag->line = line_before(parser, start);
    tag->next = line_after(parser, tag->end);
    return tag->sigil == '!' || tag->sigil == '=' ? 0 : read_name(parser, tag);
}

static bool standalone(const struct tag *tag)
{
    return tag->line && tag->next;
}

/* Text before a tag, and where reading goes on: a tag that has a line for itself takes it away. */
static int pass_tag(struct parser *parser, const char *from, const struct tag *tag)
{
    if (standalone(tag)) {
        parser->at = tag->next;
        return add_text(parser, from, tag->line);
    }
    parser->at = tag->end;
    return add_text_before(parser, from, tag);
}

static void indent_node(struct node *node, const char *text, size_t length, size_t outer)
{
    size_t skip = outer < length ? outer : length;

    node->starts_line = true;
    node->indent = text + skip;
    node->indent_length = length - skip;
}

static int push(struct parser *parser, const struct tag *tag, size_t strip_inside, size_t blanks)
{
    if (parser->depth == DEPTH_MAX)
        return template_fail_at(parser->error, parser->template->name, parser->template->text,
                                tag->start, "expected at most %d sections within one another",
                                DEPTH_MAX);
    parser->frames[parser->depth++] = (struct frame){.node = parser->template->count - 1,
                                                     .blanks = blanks,
                                                     .strip = strip_inside,
                                                     .at = tag->start};
    return 0;
}

static int parse_variable(struct parser *parser, const char *from, const struct tag *tag)
{
    enum node_kind kind = tag->sigil ? NODE_RAW : NODE_VARIABLE;
    int err = add_text_before(parser, from, tag);

    parser->at = tag->end;
    return err ? err : add_node(parser, kind, tag->content, tag->length);
}

static int parse_section(struct parser *parser, const char *from, const struct tag *tag)
{
    enum node_kind kind = tag->sigil == '#' ? NODE_SECTION : NODE_INVERTED;
    int err = pass_tag(parser, from, tag);

    if (!err)
        err = add_node(parser, kind, tag->content, tag->length);
    return err ? err : push(parser, tag, strip(parser), 0);
}

static int parse_comment(struct parser *parser, const char *from, const struct tag *tag)
{
    return pass_tag(parser, from, tag);
}

static int parse_partial(struct parser *parser, const char *from, const struct tag *tag)
{
    int err = pass_tag(parser, from, tag);
    struct node *node;

    if (!err)
        err = add_node(parser, NODE_PARTIAL, tag->content, tag->length);
    if (err)
        return err;
    node = &parser->template->nodes[parser->template->count - 1];
    node->dynamic = tag->dynamic;
    if (standalone(tag))
        indent_node(node, tag->line, (size_t)(tag->start - tag->line), strip(parser));
    return 0;
}

static int parse_delimiters(struct parser *parser, const char *from, const struct tag *tag)
{
    const char *stop = tag->content + tag->length;
    struct delimiter open = {.text = tag->content};
    struct delimiter close;
    int err = pass_tag(parser, from, tag);

    if (err)
        return err;
    while (open.text + open.length < stop && !space(open.text[open.length]))
        open.length++;
    close.text = open.text + open.length;
    close.length = (size_t)(stop - close.text);
    trim(&close.text, &close.length);
    for (size_t i = 0; i < close.length; i++) {
        if (space(close.text[i]))
            close.length = 0;
    }
    if (open.length == 0 || close.length == 0 || memchr(open.text, '=', open.length) ||
        memchr(close.text, '=', close.length))
        return template_fail_at(parser->error, parser->template->name, parser->template->text,
                                tag->start, "expected two delimiters with a space between them");
    parser->open = open;
    parser->close = close;
    return 0;
}

/* Whether a parent has a line for itself shows only where it is closed; until then, it has not. */
static int parse_parent(struct parser *parser, const char *from, const struct tag *tag)
{
    const char *line = tag->line ? tag->line : tag->start;
    int err = add_text(parser, from, line);
    size_t blanks = parser->template->count;
    struct node *node;

    parser->apart = true;
    if (!err)
        err = add_text_before(parser, line, tag);
    parser->apart = false;
    if (!err)
        err = add_node(parser, NODE_PARENT, tag->content, tag->length);
    if (err)
        return err;

    node = &parser->template->nodes[parser->template->count - 1];
    node->dynamic = tag->dynamic;
    if (tag->line)
        indent_node(node, tag->line, (size_t)(tag->start - tag->line), strip(parser));
    parser->at = tag->end;
    return push(parser, tag, strip(parser), blanks);
}

/* The indentation of a block's body is that of its first line, or the tag's own if there is none.
 */
static const char *body_line(const struct parser *parser, const struct tag *tag, const char *line)
{
    const char *from = tag->next;
    const char *at = from;
    const char *next;

    while (at < parser->end && (next = line_after(parser, at)) && next < parser->end)
        from = at = next;
    at = skip_blanks(parser, at);
    if (at == parser->end)
        return line;
    if ((size_t)(parser->end - at) > parser->open.length &&
        !memcmp(at, parser->open.text, parser->open.length)) {
        at = at + parser->open.length;
        while (at < parser->end && space(*at))
            at++;
        if (at < parser->end && *at == '/')
            return line;
    }
    return from;
}

static int parse_block(struct parser *parser, const char *from, const struct tag *tag)
{
    bool argument = in_parent(parser);
    bool alone = tag->next && (tag->line || argument);
    const char *line = alone ? body_line(parser, tag, tag->line) : tag->line;
    size_t outer = strip(parser);
    size_t inner = line ? (size_t)(skip_blanks(parser, line) - line) : outer;
    struct node *node;
    int err = tag->line ? add_text(parser, from, tag->line) : add_text_before(parser, from, tag);

    if (!err)
        err = add_node(parser, NODE_BLOCK, tag->content, tag->length);
    if (err)
        return err;
    node = &parser->template->nodes[parser->template->count - 1];
    node->body_starts_line = alone;
    if (tag->line)
        indent_node(node, line, inner, outer);
    parser->at = alone ? tag->next : tag->end;
    return push(parser, tag, inner > outer ? inner : outer, 0);
}

static int expect_same(struct parser *parser, const struct tag *tag)
{
    const struct node *node = top(parser);
    char found[QUOTE_MAX + 4];
    char wanted[QUOTE_MAX + 4];

    if (!node)
        return template_fail_at(parser->error, parser->template->name, parser->template->text,
                                tag->start, "expected no closing tag here, found \"%s\"",
                                quote(tag->content, tag->length, found));
    if (node->length == tag->length && !memcmp(node->text, tag->content, tag->length) &&
        node->dynamic == tag->dynamic)
        return 0;
    return template_fail_at(parser->error, parser->template->name, parser->template->text,
                            tag->start, "expected the closing tag of \"%s\", found that of \"%s\"",
                            quote(node->text, node->length, wanted),
                            quote(tag->content, tag->length, found));
}

static void close_parent(struct parser *parser, const struct frame *frame, const struct tag *tag)
{
    struct node *nodes = parser->template->nodes;

    parser->at = tag->end;
    if (!nodes[frame->node].starts_line)
        return;
    if (!tag->next) {
        nodes[frame->node].starts_line = false;
        return;
    }
    parser->at = tag->next;
    for (size_t i = frame->blanks; i < frame->node; i++)
        nodes[i].kind = NODE_NOTHING;
}

static int parse_close(struct parser *parser, const char *from, const struct tag *tag)
{
    int err = expect_same(parser, tag);
    struct frame *frame;
    bool argument;

    if (err)
        return err;
    frame = &parser->frames[parser->depth - 1];
    if (top(parser)->kind == NODE_PARENT) {
        close_parent(parser, frame, tag);
    } else {
        /* What follows an argument in its parent is not printed anyway. */
        argument = parser->depth > 1 && top(parser)->kind == NODE_BLOCK &&
                   parser->template->nodes[frame[-1].node].kind == NODE_PARENT;
        if (argument && tag->line) {
            parser->at = tag->end;
            err = add_text(parser, from, tag->line);
        } else {
            err = pass_tag(parser, from, tag);
        }
    }
    parser->depth--;
    parser->template->nodes[frame->node].end = parser->template->count;
    return err;
}

static const struct {
    char sigil;
    int (*parse)(struct parser *parser, const char *from, const struct tag *tag);
} tags[] = {
    {0, parse_variable},     {'&', parse_variable}, {'{', parse_variable}, {'#', parse_section},
    {'^', parse_section},    {'/', parse_close},    {'!', parse_comment},  {'>', parse_partial},
    {'=', parse_delimiters}, {'<', parse_parent},   {'$', parse_block},
};

static int parse_tag(struct parser *parser, const char *from, const char *start)
{
    struct tag tag;
    size_t i = 0;
    int err = read_tag(parser, start, &tag);

    if (err)
        return err;
    while (tags[i].sigil != tag.sigil)
        i++;
    return tags[i].parse(parser, from, &tag);
}

static int parse_all(struct parser *parser)
{
    const char *start;
    char text[QUOTE_MAX + 4];
    int err = 0;

    while (!err && (start = find_delimiter(parser, parser->at, &parser->open)))
        err = parse_tag(parser, parser->at, start);
    if (err)
        return err;
    if (parser->depth > 0)
        return template_fail_at(parser->error, parser->template->name, parser->template->text,
                                parser->frames[parser->depth - 1].at,
                                "expected a closing tag for \"%s\" before the end",
                                quote(top(parser)->text, top(parser)->length, text));
    return add_text(parser, parser->at, parser->end);
}

int template_parse(struct template **out, const char *name, const char *text, size_t length,
                   struct template_error *error)
{
    struct template *template = calloc(1, sizeof(*template));
    struct parser parser = {
        .template = template, .error = error, .open = {"{{", 2}, .close = {"}}", 2}};
    int err = -ENOMEM;

    if (template) {
        template->name = strdup(name);
        template->text = malloc(length + 1);
    }
    if (!template || !template->name || !template->text) {
        template_fail(error, err, name, "out of memory");
        goto out;
    }
    memcpy(template->text, text, length);
    template->text[length] = '\0';
    template->length = length;
    parser.at = template->text;
    parser.end = template->text + length;
    err = parse_all(&parser);
    if (!err) {
        *out = template;
        template = NULL;
    }
out:
    template_free(template);
    return err;
}

void template_free(struct template *template)
{
    if (!template)
        return;
    free(template->nodes);
    free(template->text);
    free(template->name);
    free(template);
}
