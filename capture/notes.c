/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/notes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/ancillary_json.h"
#include "capture/json_text.h"
#include "capture/losses.h"
#include "capture/memory_file.h"
#include "capture/recording_format.h"
#include "capture/text.h"

/* Writing */

/* The text of the object, which is then done with; it may be NULL. */
static char *print(json_t *notes)
{
    char *text = json_to_text(notes);

    json_decref(notes);
    return text;
}

char *notes_section(char *const *command, const char *backend)
{
    return print(json_pack("{s:o, s:s}", "command", json_of_words(command), "backend",
                           backend ? backend : ""));
}

static json_t *end_object(const struct end *end)
{
    return json_pack("{s:I, s:o, s:I, s:s}", "pid", (json_int_t)end->pid, "comm",
                     json_of_bytes(end->comm, strnlen(end->comm, COMM_SIZE)), "inode",
                     (json_int_t)end->inode, "address", end->address);
}

char *notes_conversation(const struct message *message)
{
    return print(json_pack(
        "{s:I, s:s, s:s, s:o, s:o}", "conversation", (json_int_t)message->conversation, "family",
        recording_name_of(recording_families, message->family), "type",
        recording_name_of(recording_types, message->type), "client",
        end_object(message_client(message)), "server", end_object(message_server(message))));
}

char *notes_ancillary(size_t offset, const struct ancillary *ancillary)
{
    char *text = NULL;
    size_t size;
    FILE *out = memory_file_open(&text, &size);

    if (!out)
        return NULL;
    fprintf(out, "{\"offset\":%zu", offset);
    ancillary_write(out, ancillary);
    fputc('}', out);
    fclose(out);
    return text;
}

char *notes_losses(const struct losses *losses)
{
    json_t *object = json_object();
    int failed = 0;

    for (const struct loss *counter = loss_counters; counter->name && !failed; counter++)
        failed = json_object_set_new(object, counter->name,
                                     json_integer((json_int_t)losses_get(losses, counter)));
    if (!failed)
        return print(json_pack("{s:o}", "lost", object));
    json_decref(object);
    return NULL;
}

/* Reading */

int notes_parse(json_t **notes, const char *text, size_t length)
{
    json_error_t wrong;

    *notes = NULL;
    if (!length || text[0] != '{')
        return 0;
    *notes = json_from_text(text, length, &wrong);
    return !*notes && errno == ENOMEM ? -ENOMEM : 0;
}

bool notes_read_section(const json_t *notes, json_t **command, const char **backend)
{
    json_t *words = json_object_get(notes, "command");
    const char *name = json_string_value(json_object_get(notes, "backend"));

    if (!json_is_array(words) || !name)
        return false;
    *command = words;
    *backend = name;
    return true;
}

/* A number that is not negative, and not larger than that; 0 for what is none. */
static uint64_t number(const json_t *object, const char *name, json_int_t most)
{
    json_int_t value = json_integer_value(json_object_get(object, name));

    return value < 0 || value > most ? 0 : (uint64_t)value;
}

static bool read_end(const json_t *object, struct end *end)
{
    const char *address = json_string_value(json_object_get(object, "address"));
    const char *comm = json_string_value(json_object_get(object, "comm"));

    if (!address || !comm)
        return false;
    *end = (struct end){
        .address = (char *)address,
        .inode = number(object, "inode", INT64_MAX),
        .pid = (uint32_t)number(object, "pid", UINT32_MAX),
    };
    text_unescape(end->comm, sizeof(end->comm), comm);
    return true;
}

bool notes_read_conversation(const json_t *notes, struct message *like, struct end *client,
                             struct end *server)
{
    const char *family = json_string_value(json_object_get(notes, "family"));
    const char *type = json_string_value(json_object_get(notes, "type"));
    uint64_t conversation = number(notes, "conversation", UINT32_MAX);
    struct message found = {.conversation = (uint32_t)conversation};
    struct end ends[2];

    if (!conversation || !recording_value_of(recording_families, family, &found.family) ||
        !recording_value_of(recording_types, type, &found.type) ||
        !read_end(json_object_get(notes, "client"), &ends[0]) ||
        !read_end(json_object_get(notes, "server"), &ends[1]))
        return false;
    *like = found;
    *client = ends[0];
    *server = ends[1];
    return true;
}

bool notes_read_losses(const json_t *notes, struct losses *losses)
{
    const json_t *lost = json_object_get(notes, "lost");

    if (!json_is_object(lost))
        return false;
    for (const struct loss *counter = loss_counters; counter->name; counter++)
        *losses_at(losses, counter) = number(lost, counter->name, INT64_MAX);
    return true;
}

int notes_read_ancillary(const json_t *notes, size_t *offset, struct ancillary **ancillary)
{
    const char *wrong;

    if (!json_object_get(notes, "ancillary") && !json_object_get(notes, "ancillary_cut"))
        return -ENOENT;
    *offset = number(notes, "offset", INT64_MAX);
    return ancillary_read(ancillary, notes, &wrong);
}
