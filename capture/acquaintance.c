/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/acquaintance.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "capture/tree.h"

/* An address that an endpoint knows another by, and the conversation with that one. */
struct acquaintance {
    char *address;
    struct conversation *conversation;
};

static int compare_address(const void *a, const void *b)
{
    return strcmp(((const struct acquaintance *)a)->address,
                  ((const struct acquaintance *)b)->address);
}

static void acquaintance_free(void *node)
{
    free(((struct acquaintance *)node)->address);
    free(node);
}

void acquaintances_free(struct acquaintances *acquaintances)
{
    tdestroy(acquaintances->by_address, acquaintance_free);
    while (acquaintances->latest) {
        struct joined *joined = acquaintances->latest;

        acquaintances->latest = joined->before;
        free(joined);
    }
    acquaintances->by_address = NULL;
}

static struct acquaintance *find(const struct acquaintances *acquaintances, const char *address)
{
    struct acquaintance key = {.address = (char *)address};

    return tree_find(&acquaintances->by_address, &key, compare_address);
}

struct conversation *acquaintances_find(const struct acquaintances *acquaintances,
                                        const char *address)
{
    struct acquaintance *found = find(acquaintances, address);

    return found ? found->conversation : NULL;
}

static int join(struct acquaintances *acquaintances, struct conversation *conversation)
{
    struct joined *joined;

    if (acquaintances->latest && acquaintances->latest->conversation == conversation)
        return 0; /* the same under another address */
    joined = malloc(sizeof(*joined));
    if (!joined)
        return -ENOMEM;
    *joined = (struct joined){.conversation = conversation, .before = acquaintances->latest};
    acquaintances->latest = joined;
    return 0;
}

int acquaintances_add(struct acquaintances *acquaintances, const char *address,
                      struct conversation *conversation)
{
    struct acquaintance *found = find(acquaintances, address);
    struct acquaintance new = {.conversation = conversation};

    if (found && found->conversation == conversation)
        return 0;
    if (join(acquaintances, conversation))
        return -ENOMEM;
    if (found) {
        found->conversation = conversation;
        return 0;
    }
    new.address = strdup(address);
    if (!new.address)
        return -ENOMEM;
    if (!tree_get(&acquaintances->by_address, &new, sizeof(new), compare_address, NULL)) {
        free(new.address);
        return -ENOMEM;
    }
    return 0;
}
