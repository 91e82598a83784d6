/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Socket addresses as text: a path, @name for an abstract one (odd bytes as \xNN),
 * udp:127.0.0.1:323, tcp:[::1]:80, and "" for a socket that has no name.
 */
#ifndef CAPTURE_ADDRESS_H
#define CAPTURE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

enum { ADDRESS_TEXT_SIZE = 512 };

struct sockaddr;

/* Spells length bytes of address, of a socket of the type SOCK_..., into text[ADDRESS_TEXT_SIZE].
 */
void address_print(char *text, const void *address, size_t length, int type);

/* True for an internet address, which begins with its protocol. */
bool address_is_inet(const char *address);

/* True when it is the path of a Unix socket. */
bool address_is_path(const char *address);

/* True for a name that each network namespace has for itself: an abstract one, or loopback's. */
bool address_is_local(const char *address);

/* True for one that stands for all of a machine's, as udp:0.0.0.0:323. */
bool address_is_wildcard(const char *address);

/* True when a, the address one end uses for the other, can mean b, which that end is bound to. */
bool address_agrees(const char *a, const char *b);

/*
 * Names the file that a Unix socket's path leads to for the process pid, in text, such that all
 * paths to one file give one name. Returns false when address is no path, or leads nowhere now.
 */
bool address_file(char text[ADDRESS_TEXT_SIZE], const char *address, unsigned pid);

/* The same, but false also when the process has ended, so that nobody can tell what it saw. */
bool address_file_seen(char text[ADDRESS_TEXT_SIZE], const char *address, unsigned pid);

#endif
