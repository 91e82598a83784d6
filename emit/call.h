/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The function that a fixture's tests call, as the user names it. */
#ifndef EMIT_CALL_H
#define EMIT_CALL_H

/* `example.org/chrony-go/reply.Parse` and its parts; those that it has not are "". */
struct call {
    char *whole;
    char *module;   /* example.org/chrony-go/reply */
    char *package;  /* reply */
    char *function; /* Parse */
};

/*
 * Takes a name apart. It is printed as it is, so it must be words with "." or "::" or ":" before
 * the last one, and these, "/" or "-" before others. NULL has no parts. Returns 0, -EINVAL when it
 * is no such name, or -ENOMEM; call_free() frees *out in any case.
 */
int call_parse(struct call *out, const char *name);
void call_free(struct call *call);

#endif
