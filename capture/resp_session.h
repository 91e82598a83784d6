/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which request of a Redis session a response is for; for frame_resp.c only. */
#ifndef CAPTURE_RESP_SESSION_H
#define CAPTURE_RESP_SESSION_H

#include "capture/pairing.h"

enum { RESP_WORDS = 3, RESP_WORD_SIZE = 16 };

/* One of the first elements of an array: its type, and its text if it is a short one. */
struct resp_word {
    char type; /* 0 when there is no such element; _ when it is null */
    char text[RESP_WORD_SIZE];
};

/* What of a frame tells what it is. */
struct resp_frame {
    char type;
    int64_t count;                      /* of elements, of an array */
    struct resp_word words[RESP_WORDS]; /* of a simple string, its first letter */
};

struct resp_session {
    struct pairing *pairing;
    bool silent;      /* CLIENT REPLY OFF */
    bool silent_once; /* CLIENT REPLY SKIP */
    bool subscribed;  /* in version 2, where arrays can then be messages */
    bool monitoring;
    bool undecided; /* whether what follows SYNC is a copy of the data, which is no RESP */
    bool copying;   /* it is */
};

/* Puts the exchange of the request in *exchange. Returns 0 or -ENOMEM. */
int resp_pair_request(struct resp_session *session, const struct resp_frame *request,
                      size_t *exchange);

/* The exchange of the response. */
size_t resp_pair_response(struct resp_session *session, const struct resp_frame *response);

/* A response begins with that byte: true when it is no RESP any more, but a copy of the data. */
bool resp_copy_begins(struct resp_session *session, uint8_t byte);

#endif
