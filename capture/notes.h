/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What a capture that we write says of itself in comments, as JSON, so that it reads back as the
 * recording that it is: of the section what was recorded, of an interface which conversation it
 * stands for, of a packet the ancillary data, and in the statistics what was lost.
 */
#ifndef CAPTURE_NOTES_H
#define CAPTURE_NOTES_H

#include <jansson.h>
#include <stdbool.h>

#include "capture/backend.h"
#include "capture/message.h"

/* These return the text of the comment, to be freed, or NULL when there is no memory. */
char *notes_section(char *const *command, const char *backend);
char *notes_conversation(const struct message *message);
char *notes_ancillary(size_t offset, const struct ancillary *ancillary);
char *notes_losses(const struct losses *losses);

/*
 * The comment as an object, to be json_decref()ed; NULL when it is none of these. Returns 0 or
 * -ENOMEM.
 */
int notes_parse(json_t **notes, const char *text, size_t length);

/*
 * What a comment says; each returns false and leaves what it is given alone when the comment says
 * something else. Strings are lent by the object.
 */
bool notes_read_section(const json_t *notes, json_t **command, const char **backend);
bool notes_read_conversation(const json_t *notes, struct message *like, struct end *client,
                             struct end *server);
bool notes_read_losses(const json_t *notes, struct losses *losses);

/*
 * The same of ancillary data, for the caller to free. Returns 0 or -ENOMEM; -ENOENT when the
 * comment says something else, -EINVAL when it is wrong.
 */
int notes_read_ancillary(const json_t *notes, size_t *offset, struct ancillary **ancillary);

#endif
