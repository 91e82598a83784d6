/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Captures that we have written ourselves: their comments (capture/notes.h) say what conversation
 * each message is of, so that there is nothing to be found out.
 */
#ifndef CAPTURE_OWN_CAPTURE_H
#define CAPTURE_OWN_CAPTURE_H

#include "capture/pcapng_file.h"
#include "capture/reader.h"

struct own_capture;

/* Returns 0 and *out, or -ENOMEM; the reading must outlive it. Free it with own_capture_free(). */
int own_capture_new(struct own_capture **out, struct reading *reading);
void own_capture_free(struct own_capture *own);

/* Whether the section that is read is one of ours. */
bool own_capture_is_own(const struct own_capture *own);

/* What the section tells of the command and the backend; for the others NULL and "pcap". */
char *const *own_capture_command(const struct own_capture *own);
const char *own_capture_backend(const struct own_capture *own);

/* A section or an interface begins. Returns 0 or -ENOMEM. */
int own_capture_section(struct own_capture *own, struct pcapng_options options);
int own_capture_interface(struct own_capture *own, const struct pcapng_item *item);

/* Whether the packet is a message, as its interface stands for a conversation. */
bool own_capture_has(const struct own_capture *own, const struct pcapng_item *item);

/* Hands the message over: item's data but for the first `skip` bytes. Returns 0 or -errno. */
int own_capture_packet(struct own_capture *own, const struct pcapng_item *item, size_t skip);

/* Takes in what the statistics say was lost. Returns 0 or -ENOMEM. */
int own_capture_statistics(struct own_capture *own, const struct pcapng_item *item);

/* No more will come: tells the user when our own capture lacks its end. */
void own_capture_finish(struct own_capture *own);

#endif
