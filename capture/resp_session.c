/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A request has one response, but for the few commands that Redis answers otherwise; and what is
 * pushed is for no request.
 */
#include "capture/resp_session.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* What a request's response is, other than one confirmation for each of its arguments. */
enum { ONE_RESPONSE = -1, COPY = -2 };

/* How many confirmations: as many as there are subscriptions, of which none or some were seen. */
#define FOR_ALL      SIZE_MAX
#define MORE_FOR_ALL (SIZE_MAX - 1)

static bool is(const struct resp_word *word, const char *text)
{
    return strcasecmp(word->text, text) == 0;
}

/* Which of the commands that are confirmed for each of their arguments it is; or ONE_RESPONSE. */
static int confirmed_kind(const struct resp_word *word)
{
    static const char *const names[] = {"subscribe",    "unsubscribe", "psubscribe",
                                        "punsubscribe", "ssubscribe",  "sunsubscribe"};

    for (int i = 0; i < (int)(sizeof(names) / sizeof(*names)); i++)
        if (is(word, names[i]))
            return i;
    return ONE_RESPONSE;
}

/* Whether the server answers the request at all; CLIENT REPLY decides on those that follow. */
static bool is_answered(struct resp_session *session, const struct resp_frame *request)
{
    const struct resp_word *words = request->words;
    bool silent = session->silent || session->silent_once;

    if (request->count < 1)
        return false;
    session->silent_once = false;
    if (!is(&words[0], "client") || !is(&words[1], "reply"))
        return !silent;
    if (is(&words[2], "on"))
        session->silent = false;
    else if (is(&words[2], "off"))
        session->silent = true;
    else if (is(&words[2], "skip"))
        session->silent_once = !session->silent;
    return !session->silent && !session->silent_once;
}

int resp_pair_request(struct resp_session *session, const struct resp_frame *request,
                      size_t *exchange)
{
    int kind = confirmed_kind(&request->words[0]);
    size_t count = request->count > 1 ? (size_t)request->count - 1 : FOR_ALL;

    if (!is_answered(session, request)) {
        *exchange = pairing_open(session->pairing);
        return 0;
    }
    if (is(&request->words[0], "sync") || is(&request->words[0], "psync")) {
        kind = COPY;
        session->undecided = true;
    } else if (is(&request->words[0], "monitor")) {
        session->monitoring = true;
    }
    return pairing_ask(session->pairing, kind, count, exchange);
}

/* What the server says by itself, and not to the oldest request. */
static bool is_push(const struct resp_session *session, const struct resp_frame *response, int kind)
{
    static const char *const names[] = {"message", "pmessage", "smessage"};

    if (session->monitoring && response->type == '+' &&
        isdigit((unsigned char)response->words[0].text[0]))
        return true;
    if (response->type == '>')
        return kind == ONE_RESPONSE;
    if (response->type == '*' && session->subscribed)
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
            if (is(&response->words[0], names[i]))
                return true;
    return false;
}

/* A confirmation that belongs to waiting. */
static void confirm(struct resp_session *session, struct waiting *waiting,
                    const struct resp_frame *response)
{
    if (response->type == '*')
        session->subscribed = !is(&response->words[2], "0");
    if (response->words[1].type == '_' || waiting->count == 1)
        pairing_answered(session->pairing);
    else if (waiting->count == FOR_ALL)
        waiting->count = MORE_FOR_ALL;
    else if (waiting->count != MORE_FOR_ALL)
        waiting->count--;
}

size_t resp_pair_response(struct resp_session *session, const struct resp_frame *response)
{
    bool list = response->type == '*' || response->type == '>';
    int kind = list ? confirmed_kind(&response->words[0]) : ONE_RESPONSE;
    struct waiting *waiting = pairing_waiting(session->pairing, 0);
    size_t exchange;

    if (is_push(session, response, kind))
        return pairing_unasked(session->pairing);
    /* It has had all its confirmations when another thing comes, or one for no subscription. */
    if (waiting && waiting->count == MORE_FOR_ALL &&
        (waiting->kind != kind || response->words[1].type == '_')) {
        pairing_answered(session->pairing);
        waiting = pairing_waiting(session->pairing, 0);
    }
    if (!waiting || (response->type == '>' && waiting->kind != kind))
        return pairing_unasked(session->pairing);
    exchange = waiting->exchange;
    if (waiting->kind == COPY) {
        session->undecided = false;
        session->copying = response->type != '-';
    }
    if (kind != ONE_RESPONSE && waiting->kind == kind)
        confirm(session, waiting, response);
    else
        pairing_answered(session->pairing);
    return exchange;
}

bool resp_copy_begins(struct resp_session *session, uint8_t byte)
{
    const struct waiting *waiting = pairing_waiting(session->pairing, 0);

    if (!session->undecided || !waiting || waiting->kind != COPY || (byte != '$' && byte != '\n'))
        return false;
    session->copying = true;
    session->undecided = false;
    return true;
}
