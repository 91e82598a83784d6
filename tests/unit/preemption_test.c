/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What kernels say of how they are preempted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/preemption.h"

#define DYNAMIC "#1 SMP PREEMPT_DYNAMIC Debian"
#define LAZY    "#1 SMP PREEMPT_LAZY Debian"

static const struct {
    struct preemption_signs signs;
    bool everywhere;
} cases[] = {
    /* What is in use is what counts. */
    {{"6.1.0-56-amd64", DYNAMIC, "none (voluntary) full \n", "quiet"}, false},
    {{"6.1.0-56-amd64", DYNAMIC, "none voluntary (full) \n", "quiet"}, true},
    {{"6.18.1", DYNAMIC, "none voluntary full (lazy)\n", "preempt=none"}, true},
    {{"7.2.13+deb14-amd64", DYNAMIC, "full (lazy) \n", NULL}, true},
    /* As it was built. */
    {{"6.1.0", "#1 SMP Debian", NULL, "preempt=full"}, false},
    {{"6.1.0", "#1 SMP PREEMPT_RT Debian", NULL, NULL}, true},
    {{"6.1.0", "#1 SMP PREEMPT Fri Nov 1", NULL, "preempt=none"}, true},
    {{"6.18.1", LAZY, NULL, NULL}, true},
    /* As it was asked for: by a word of its own, and the last one. */
    {{"6.1.0", DYNAMIC, NULL, NULL}, false},
    {{"6.1.0", DYNAMIC, NULL, ""}, false},
    {{"6.1.0", DYNAMIC, NULL, "quiet preempt=full\n"}, true},
    {{"6.1.0", DYNAMIC, NULL, "preempt=lazy quiet"}, true},
    {{"6.1.0", DYNAMIC, NULL, "x.preempt=full quiet"}, false},
    {{"6.1.0", DYNAMIC, NULL, "preempt=fuller"}, false},
    {{"6.1.0", DYNAMIC, NULL, "preempt=full preempt=voluntary"}, false},
    {{"6.1.0", DYNAMIC, NULL, "preempt=none preempt=full"}, true},
    /* Newer ones refuse what they are not. */
    {{"7.0.0", DYNAMIC, NULL, "preempt=voluntary"}, true},
    {{"10.1", "#1 SMP", NULL, NULL}, true},
};

static void shows_how_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        if (preemption_shows(&cases[i].signs) != cases[i].everywhere)
            fail_msg("case %zu: %s, %s", i, cases[i].signs.release, cases[i].signs.version);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_how_it_is),
    };

    return cmocka_run_group_tests_name("preemption", tests, NULL, NULL);
}
