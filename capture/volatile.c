/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Each message of the first run is compared with the same one in all the other runs. */
#include "capture/volatile.h"

#include <errno.h>
#include <stdlib.h>

#include "capture/alignment.h"
#include "capture/echo.h"
#include "capture/recognise.h"
#include "capture/subject.h"

struct finder {
    const struct volatile_run *runs;
    size_t count;
    struct alignment **alignments; /* by run; of the first one with it */
    const struct said **says;      /* room for one of each run */
    struct run_facts *facts;       /* the same */
    struct volatile_report *report;
};

/* An exchange of the first run, and what it is in the others, by run; NULL where there is none. */
struct sighting {
    struct exchange **exchanges;
    uint32_t *pids;
    size_t count;
};

/* The message of that number, in all the runs in which it was said. */
static int subject_of(struct finder *finder, const struct sighting *sighting,
                      enum direction direction, size_t number, struct subject *out)
{
    size_t runs = 0;

    for (size_t run = 0; run < finder->count; run++) {
        const struct exchange *exchange = sighting->exchanges[run];

        if (!exchange || exchange_side(exchange, direction)->count <= number)
            continue;
        finder->says[runs] = &exchange_side(exchange, direction)->messages[number];
        finder->facts[runs++] = (struct run_facts){finder->runs[run].time, sighting->pids[run]};
    }
    return subject_new(out, finder->says, finder->facts, runs);
}

/* What is left when the echoes are known: numbers first, and then whatever differs. */
static int name_intervals(struct subject *subject, struct ranges *ranges)
{
    struct range range;
    int err = 0;

    while (subject->count && !err) {
        const struct interval interval = subject->intervals[0];

        if (!recognise(subject, &interval, &range))
            range = (struct range){.offset = interval.offset,
                                   .length = interval.length,
                                   .kind = interval.varies ? RANGE_LENGTH : RANGE_BYTES};
        err = ranges_add(ranges, range);
        if (!err)
            err = subject_take(subject, range.offset, range.length ? range.length : 1);
    }
    return err;
}

/* Of what is cut, it is all that can be seen of how long it is: nothing of it is in the recording.
 */
static int name_rest(const struct subject *subject, struct ranges *ranges)
{
    const struct said *first = subject->says[0];
    bool varies = false;

    for (size_t run = 1; run < subject->runs; run++)
        varies = varies || subject->says[run]->missing != first->missing;
    return varies
               ? ranges_add(ranges, (struct range){.offset = first->length, .kind = RANGE_LENGTH})
               : 0;
}

/* The subjects of an exchange's request stay, as the response is searched for what is in them. */
struct requests {
    struct subject *subjects;
    const struct said **says;
    struct run_facts *facts;
    size_t count;
};

static void requests_free(struct requests *requests)
{
    for (size_t i = 0; requests->subjects && i < requests->count; i++)
        subject_free(&requests->subjects[i]);
    free(requests->subjects);
    free(requests->says);
    free(requests->facts);
}

static int find_in_request(struct finder *finder, const struct sighting *sighting,
                           struct requests *requests)
{
    struct side *side = &sighting->exchanges[0]->request;
    const struct said **says = finder->says;
    struct run_facts *facts = finder->facts;
    int err = 0;

    requests->subjects = calloc(side->count + 1, sizeof(*requests->subjects));
    requests->says = calloc(side->count * finder->count + 1, sizeof(*requests->says));
    requests->facts = calloc(side->count * finder->count + 1, sizeof(*requests->facts));
    if (!requests->subjects || !requests->says || !requests->facts)
        return -ENOMEM;
    for (size_t i = 0; i < side->count && !err; i++) {
        finder->says = requests->says + i * finder->count;
        finder->facts = requests->facts + i * finder->count;
        err = subject_of(finder, sighting, REQUEST, i, &requests->subjects[i]);
        if (err)
            break;
        requests->count++;
        finder->report->coarse =
            finder->report->coarse || subject_is_coarse(&requests->subjects[i]);
        err = name_intervals(&requests->subjects[i], &side->messages[i].ranges);
        if (!err)
            err = name_rest(&requests->subjects[i], &side->messages[i].ranges);
    }
    finder->says = says;
    finder->facts = facts;
    return err;
}

/* Echoes can be found when request and response were seen in the same runs. */
static int find_in_response(struct finder *finder, const struct sighting *sighting,
                            const struct requests *requests)
{
    struct exchange *exchange = sighting->exchanges[0];
    struct subject subject;
    int err = 0;

    for (size_t i = 0; i < exchange->response.count && !err; i++) {
        struct ranges *ranges = &exchange->response.messages[i].ranges;

        err = subject_of(finder, sighting, RESPONSE, i, &subject);
        if (err)
            break;
        finder->report->coarse = finder->report->coarse || subject_is_coarse(&subject);
        for (size_t j = 0; j < requests->count && !err; j++) {
            struct echo_source source = {&requests->subjects[j],
                                         &exchange->request.messages[j].ranges, j};

            if (source.subject->runs == subject.runs)
                err = echo_find(&subject, &source, ranges);
        }
        if (!err)
            err = name_intervals(&subject, ranges);
        if (!err)
            err = name_rest(&subject, ranges);
        subject_free(&subject);
    }
    return err;
}

static size_t count_ranges(const struct side *side)
{
    size_t count = 0;

    for (size_t i = 0; i < side->count; i++) {
        const struct ranges *ranges = &side->messages[i].ranges;

        for (size_t j = 0; j < ranges->count; j++)
            count += range_is_volatile(&ranges->items[j]);
    }
    return count;
}

static bool has_as_many(const struct exchange *a, const struct exchange *b)
{
    return a->request.count == b->request.count && a->response.count == b->response.count;
}

/* Has it as many messages in every run that it is in? */
static bool is_even(const struct finder *finder, const struct sighting *sighting)
{
    for (size_t run = 1; run < finder->count; run++)
        if (sighting->exchanges[run] &&
            !has_as_many(sighting->exchanges[0], sighting->exchanges[run]))
            return false;
    return true;
}

static int find_in_exchange(struct finder *finder, const struct sighting *sighting)
{
    struct exchange *exchange = sighting->exchanges[0];
    struct requests requests = {0};
    int err = find_in_request(finder, sighting, &requests);

    if (!err)
        err = find_in_response(finder, sighting, &requests);
    requests_free(&requests);
    finder->report->uneven += !is_even(finder, sighting);
    finder->report->ranges += count_ranges(&exchange->request) + count_ranges(&exchange->response);
    if (sighting->count < finder->count) {
        exchange->seen = (unsigned)sighting->count;
        exchange->runs = (unsigned)finder->count;
        finder->report->sometimes++;
    }
    return err;
}

/* The pair in which the exchange of the first run is. */
static const struct exchange_pair *find_pair(const struct conversation_pair *conversation,
                                             const struct exchange *exchange, size_t *hint)
{
    while (*hint < conversation->count && conversation->exchanges[*hint].a != exchange)
        ++*hint;
    return *hint < conversation->count ? &conversation->exchanges[*hint] : NULL;
}

static int find_in_conversation(struct finder *finder, size_t index)
{
    struct conversation_table *conversation = &finder->runs[0].table->conversations[index];
    struct sighting sighting = {calloc(finder->count, sizeof(*sighting.exchanges)),
                                calloc(finder->count, sizeof(*sighting.pids)), 0};
    size_t *hints = calloc(finder->count, sizeof(*hints));
    int err = sighting.exchanges && sighting.pids && hints ? 0 : -ENOMEM;

    for (size_t i = 0; i < conversation->count && !err; i++) {
        sighting.exchanges[0] = &conversation->exchanges[i];
        sighting.pids[0] = conversation->client.pid;
        sighting.count = 1;
        for (size_t run = 1; run < finder->count; run++) {
            const struct conversation_pair *pair = &finder->alignments[run]->conversations[index];
            const struct exchange_pair *found = find_pair(pair, sighting.exchanges[0], &hints[run]);

            sighting.exchanges[run] = found ? found->b : NULL;
            sighting.pids[run] = pair->b ? pair->b->client.pid : 0;
            sighting.count += sighting.exchanges[run] != NULL;
        }
        err = find_in_exchange(finder, &sighting);
    }
    free(sighting.exchanges);
    free(sighting.pids);
    free(hints);
    return err;
}

/* Exchanges that the first run has not. */
static size_t count_elsewhere(const struct alignment *alignment)
{
    size_t count = 0;

    for (size_t i = 0; i < alignment->count; i++)
        for (size_t j = 0; j < alignment->conversations[i].count; j++)
            count += !alignment->conversations[i].exchanges[j].a;
    return count;
}

int volatile_find(const struct volatile_run *runs, size_t count, struct volatile_report *report)
{
    struct finder finder = {.runs = runs, .count = count, .report = report};
    int err = 0;

    *report = (struct volatile_report){0};
    runs[0].table->owns = true; /* the ranges */
    finder.alignments = calloc(count, sizeof(*finder.alignments));
    finder.says = calloc(count, sizeof(*finder.says));
    finder.facts = calloc(count, sizeof(*finder.facts));
    if (!finder.alignments || !finder.says || !finder.facts)
        err = -ENOMEM;
    for (size_t run = 1; run < count && !err; run++) {
        err = alignment_new(&finder.alignments[run], runs[0].table, runs[run].table);
        if (!err) {
            report->coarse = report->coarse || finder.alignments[run]->coarse;
            report->elsewhere += count_elsewhere(finder.alignments[run]);
        }
    }
    for (size_t i = 0; i < runs[0].table->count && !err; i++)
        err = find_in_conversation(&finder, i);
    for (size_t run = 1; finder.alignments && run < count; run++)
        alignment_free(finder.alignments[run]);
    free(finder.alignments);
    free(finder.says);
    free(finder.facts);
    return err;
}
