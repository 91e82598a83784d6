/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which addresses an address of the command line means. The kernel side decides by the same code
 * (bpf/match.h); tests/attach.bats shows that with real sockets.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/address.h"
#include "capture/attach.h"
#include "capture/glob.h"
#include "capture/pattern.h"
#include "capture/scope.h"

static bool means(const char *text, const char *address, int family)
{
    char reason[PATTERN_REASON_SIZE];
    struct patterns *patterns;
    bool result;

    assert_int_equal(patterns_new(&patterns), 0);
    if (patterns_add(patterns, text, false, reason))
        fail_msg("%s: %s", text, reason);
    result = patterns_match(patterns, false, family, address, (uint32_t)getpid());
    assert_false(patterns_match(patterns, true, family, address, (uint32_t)getpid()));
    patterns_free(patterns);
    return result;
}

static void unix_addresses(void **state)
{
    static const struct {
        const char *text, *address;
        bool expected;
    } cases[] = {
        {"/run/a", "/run/a", true},
        {"/run/a", "/run/b", false},
        {"/run/a", "/run", false},
        {"/run/a", "/run/ab", false},
        {"/run/*", "/run/a", true},
        {"/run/*", "/run/", true},
        {"/run/*", "/ru/a", false},
        {"/run/p*", "/run/a/p", false},
        {"*/p", "/run/a/p", true}, /* a star takes slashes, too */
        {"/run/*/x*y", "/run/a/xzxy/b/xy", true},
        {"/run/*/x*y", "/run/a/xzx", false},
        {"/run/?", "/run/a", true},
        {"/run/?", "/run/ab", false},
        {"/run/?", "/run/", false},
        {"/run/[ab]c", "/run/bc", true},
        {"/run/[ab]c", "/run/cc", false},
        {"/run/[!ab]c", "/run/cc", true},
        {"/run/[!ab]c", "/run/ac", false},
        {"/run/[^a-c]", "/run/d", true},
        {"/run/[a-c]", "/run/b", true},
        {"/run/[]]", "/run/]", true},
        {"/run/[[:digit:]_]", "/run/7", true},
        {"/run/[[:digit:]_]", "/run/_", true},
        {"/run/[[:digit:]_]", "/run/x", false},
        {"/run/[x", "/run/[x", true},
        {"/run/\\*x*", "/run/*xy", true},
        {"/run/\\*x*", "/run/yxy", false},
        {"/run/a\\\\b", "/run/a\\\\b", true}, /* as we print it */
        {"/run/a\\b", "/run/a\\\\b", true},   /* as it is */
        {"*", "/run/a/b", true},
        {"*", "@a", true},
        {"*", "", true},
        {"/*", "", false},
        {"@name", "@name", true},
        {"@name", "@name2", false},
        {"@name", "/name", false},
        {"@n*", "@name", true},
        {"@*", "/name", false},
        {"name", "@name", false},
        {"@[x]", "@[x]", true}, /* a name that looks like a glob means itself */
        {"@[x]", "@x", true},
        {"@a\\0b", "@a\\x00b", true},
        {"@a\\0b", "@a", false},
        {"@a\\xffb", "@a\\xffb", true},
        {"@a?b", "@a\\x00b", true},
        {"@*b", "@a\\x00\\x00b", true},
        {"tcp:*:*", "/tcp", false},
        {":80", "/run/a:80", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        if (means(cases[i].text, cases[i].address, AF_UNIX) != cases[i].expected)
            fail_msg("%s and %s", cases[i].text, cases[i].address);
}

static void inet_addresses(void **state)
{
    static const struct {
        const char *text, *address;
        bool expected;
    } cases[] = {
        {"tcp:127.0.0.1:80", "tcp:127.0.0.1:80", true},
        {"tcp:127.0.0.1:80", "udp:127.0.0.1:80", false},
        {"tcp:127.0.0.1:80", "tcp:127.0.0.1:8", false},
        {"tcp:127.0.0.1:80", "tcp:127.0.0.2:80", false},
        {"tcp:127.0.0.1:80", "tcp:0.0.0.0:80", true}, /* bound to all, so to that, too */
        {"tcp:127.0.0.1:80", "tcp:[::]:80", true},
        {"tcp:0.0.0.0:80", "tcp:127.0.0.1:80", true}, /* as ss(8) tells of such a server */
        {"tcp:0.0.0.0:80", "tcp:127.0.0.1:81", false},
        {"udp:[::]:323", "udp:[::1]:323", true},
        {"tcp:[::1]:80", "tcp:[::1]:80", true},
        {"tcp:[::1]:80", "tcp:[::2]:80", false},
        {"udp:*:323", "udp:127.0.0.1:323", true},
        {"udp:*:32", "udp:127.0.0.1:323", false},
        {"udp::323", "udp:127.0.0.1:323", true},
        {"udp:127.0.0.1:*", "udp:127.0.0.1:323", true},
        {":323", "udp:127.0.0.1:323", true},
        {":323", "tcp:[fe80::1]:323", true},
        {":323", "tcp:[fe80::1]:324", false},
        {"tcp:localhost:80", "tcp:127.0.0.1:80", true},
        {"tcp:127.0.0.1:http", "tcp:127.0.0.1:80", true},
        {"*", "udp:127.0.0.1:323", false}, /* every Unix socket */
        {":323", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        if (means(cases[i].text, cases[i].address, AF_INET) != cases[i].expected)
            fail_msg("%s and %s", cases[i].text, cases[i].address);
}

static void what_is_no_address_is_said(void **state)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"", "an address is"},
        {"tcp:", "an internet address is"},
        {"tcp:1.2.3.4", "an internet address is"},
        {"tcp:::1:80", "an internet address is"},
        {"tcp:[::1]80", "an internet address is"},
        {":", "an internet address is"},
        {":99999", "no port"},
        {":0", "no port"},
        {"tcp:*:nosuchservice", "no port"},
        {"tcp:no.such.host.invalid:1", "no.such.host.invalid: "},
        {"/", "not a socket"},
        {"/etc/passwd", "not a socket"},
    };
    char reason[PATTERN_REASON_SIZE];
    struct patterns *patterns;

    (void)state;
    assert_int_equal(patterns_new(&patterns), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_true(patterns_add(patterns, cases[i].text, false, reason) < 0);
        if (!strstr(reason, cases[i].reason))
            fail_msg("%s: %s", cases[i].text, reason);
    }
    assert_int_equal(patterns_count(patterns, false), 0);
    patterns_free(patterns);
}

static void limits_are_said(void **state)
{
    char reason[PATTERN_REASON_SIZE], long_name[256];
    struct patterns *patterns;

    (void)state;
    assert_int_equal(patterns_new(&patterns), 0);
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    assert_int_equal(patterns_add(patterns, long_name, false, reason), -E2BIG);
    assert_string_equal(reason, "too long");
    assert_int_equal(patterns_add(patterns, "@[a][b][c][d][e][f][g][h][i]", false, reason), -E2BIG);
    for (int i = 0; i < PATTERN_NAMES; i++) {
        assert_int_equal(patterns_add(patterns, "/no/such", false, reason), 0);
        assert_int_equal(patterns_add(patterns, "/no/other", true, reason), 0);
    }
    assert_int_equal(patterns_add(patterns, "/one/more", false, reason), -E2BIG);
    assert_string_equal(reason, "more than 16 addresses");
    assert_int_equal(patterns_add(patterns, "/one/more", true, reason), -E2BIG);
    patterns_free(patterns);
}

/* The worst there is for a matcher that goes back to the last star. */
static void a_hard_glob_ends(void **state)
{
    struct glob glob = {0};
    char text[PATTERN_TEXT];

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(glob_add(&glob, "*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
                     0);
    assert_false(glob_matches(&glob, text, sizeof(text)));
    text[sizeof(text) - 1] = 'b';
    assert_true(glob_matches(&glob, text, sizeof(text)));
    assert_true(glob_matches(&(struct glob){0}, "", 0));
    assert_false(glob_matches(&(struct glob){0}, "a", 1));
}

static int bound_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    assert_true(fd >= 0 && strlen(path) < sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void bind_at(const char *path)
{
    close(bound_at(path));
}

/* All paths to a socket mean that socket, and no other that is at the same path elsewhere. */
static void paths_mean_files(void **state)
{
    char folder[] = "/tmp/pattern_test.XXXXXX", *cwd = getcwd(NULL, 0), through[64];
    struct patterns *patterns;
    char reason[PATTERN_REASON_SIZE];
    const char *path;
    size_t index = 0;
    bool missing;

    (void)state;
    assert_non_null(cwd);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    bind_at("a");
    bind_at("b");
    assert_int_equal(symlink("a", "link"), 0);
    snprintf(through, sizeof(through), "%s/a", folder);
    assert_true(means("a", through, AF_UNIX));
    assert_true(means("./link", through, AF_UNIX));
    assert_true(means(through, "a", AF_UNIX));
    assert_true(means(through, "link", AF_UNIX));
    assert_false(means(through, "b", AF_UNIX));
    snprintf(through, sizeof(through), "%s/[a]", folder);
    assert_true(means(through, "a", AF_UNIX));
    assert_true(means(through, "./a", AF_UNIX));
    assert_false(means(through, "b", AF_UNIX));
    assert_int_equal(patterns_new(&patterns), 0);
    assert_int_equal(patterns_add(patterns, "late", false, reason), 0);
    path = patterns_path(patterns, &index, &missing);
    assert_true(path && missing && !strcmp(path, "late"));
    assert_null(patterns_path(patterns, &index, &missing));
    snprintf(through, sizeof(through), "%s/late", folder);
    assert_true(patterns_match(patterns, false, AF_UNIX, through, (uint32_t)getpid()));
    assert_false(patterns_resolve(patterns));
    bind_at("late");
    assert_true(patterns_resolve(patterns));
    index = 0;
    assert_non_null(patterns_path(patterns, &index, &missing));
    assert_false(missing);
    assert_true(patterns_match(patterns, false, AF_UNIX, "./late", (uint32_t)getpid()));
    patterns_free(patterns);
    unlink("a");
    unlink("b");
    unlink("late");
    unlink("link");
    assert_int_equal(chdir(cwd), 0);
    assert_int_equal(rmdir(folder), 0);
    free(cwd);
}

/* A socket whose file was renamed is still called what it was bound to, unless others are, too. */
static void a_renamed_file_is_that_of_its_socket(void **state)
{
    char folder[] = "/tmp/pattern_test.XXXXXX", first[64], second[64], third[64];
    int fd, other;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(first, sizeof(first), "%s/first", folder);
    snprintf(second, sizeof(second), "%s/second", folder);
    snprintf(third, sizeof(third), "%s/third", folder);
    fd = bound_at(first);
    assert_int_equal(rename(first, second), 0);
    assert_true(means(second, first, AF_UNIX));
    other = bound_at(first);
    assert_int_equal(rename(first, third), 0);
    assert_false(means(second, first, AF_UNIX));
    close(other);
    assert_int_equal(unlink(third), 0);
    assert_true(means(second, first, AF_UNIX));
    bind_at(first); /* which is another one */
    assert_false(means(second, first, AF_UNIX));
    assert_int_equal(unlink(first), 0);
    close(fd);
    assert_false(means(second, first, AF_UNIX));
    assert_int_equal(unlink(second), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* A server may come before its directory is watched, and behind it. */
static void who_comes_late_is_found(void **state)
{
    char folder[] = "/tmp/pattern_test.XXXXXX", path[64], reason[PATTERN_REASON_SIZE];
    struct attachment *attachment;
    struct scope_request scope;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/late", folder);
    assert_int_equal(scope_new(&scope), 0);
    assert_int_equal(patterns_add(scope.patterns, path, false, reason), 0);
    bind_at(path);
    assert_int_equal(attachment_new(&attachment, &scope), 0);
    assert_int_equal(attachment_step(attachment), 1);
    assert_int_equal(attachment_step(attachment), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(attachment_step(attachment), 1);
    bind_at(path);
    assert_int_equal(attachment_step(attachment), 1);
    attachment_free(attachment);
    scope_free(&scope);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* A glob is compared with a path as it is spelt, and as it is without links. */
static void globs_mean_what_links_lead_to(void **state)
{
    char folder[] = "/tmp/pattern_test.XXXXXX", glob[64], link[64], path[64];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(glob, sizeof(glob), "%s/real/s*", folder);
    snprintf(link, sizeof(link), "%s/link", folder);
    assert_int_equal(symlink("real", link), 0);
    snprintf(path, sizeof(path), "%s/real", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/link/socket", folder);
    assert_true(means(glob, path, AF_UNIX)); /* which need not be there any more */
    snprintf(path, sizeof(path), "%s/link/other", folder);
    assert_false(means(glob, path, AF_UNIX));
    snprintf(path, sizeof(path), "%s/nowhere/socket", folder);
    assert_false(means(glob, path, AF_UNIX));
    snprintf(path, sizeof(path), "%s/real", folder);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unix_addresses),
        cmocka_unit_test(inet_addresses),
        cmocka_unit_test(what_is_no_address_is_said),
        cmocka_unit_test(limits_are_said),
        cmocka_unit_test(a_hard_glob_ends),
        cmocka_unit_test(paths_mean_files),
        cmocka_unit_test(a_renamed_file_is_that_of_its_socket),
        cmocka_unit_test(who_comes_late_is_found),
        cmocka_unit_test(globs_mean_what_links_lead_to),
    };

    return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
