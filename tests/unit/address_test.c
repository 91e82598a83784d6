/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Addresses as the kernel gives them, however short or odd, and which text means which socket. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/address.h"

enum { NO_PROCESS = 5000000 }; /* past the kernel's highest */

/* Prints a copy of just its length, so that a sanitizer sees who reads past it. */
static void print(char text[ADDRESS_TEXT_SIZE], const void *address, size_t length, int type)
{
    void *copy = malloc(length + !length);

    assert_non_null(copy);
    memcpy(copy, address, length);
    memset(text, 'x', ADDRESS_TEXT_SIZE);
    address_print(text, copy, length, type);
    free(copy);
}

static void prints_unix(void **state)
{
    static const struct {
        const char *path;
        size_t length;
        const char *expected;
    } cases[] = {
        {"", 0, ""},
        {"/run/a", 6, "/run/a"},
        {"/run/a\0", 7, "/run/a"},
        {"/run/a\0junk", 11, "/run/a"},
        {"relative", 9, "relative"},
        {"@name", 6, "./@name"},
        {"udp:127.0.0.1:1", 16, "./udp:127.0.0.1:1"},
        {"tcp:", 5, "./tcp:"},
        {"tcp", 4, "tcp"},
        {"\0name", 5, "@name"},
        {"\0", 1, "@"},
        {"\0a\0b", 4, "@a\\x00b"},
        {"\0\xff\n", 3, "@\\xff\\x0a"},
        {"/a\nb\\c\x1b", 7, "/a\\x0ab\\\\c\\x1b"},
        {"/\xc3\xa4", 3, "/\xc3\xa4"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char text[ADDRESS_TEXT_SIZE];

        memcpy(address.sun_path, cases[i].path, cases[i].length);
        print(text, &address, offsetof(struct sockaddr_un, sun_path) + cases[i].length,
              SOCK_STREAM);
        assert_string_equal(text, cases[i].expected);
    }
}

/* The longest there is takes four characters a byte: nothing is cut. */
static void prints_the_longest(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char text[ADDRESS_TEXT_SIZE];

    (void)state;
    memset(address.sun_path, '\x01', sizeof(address.sun_path));
    print(text, &address, sizeof(address), SOCK_STREAM);
    assert_int_equal(strlen(text), 4 * sizeof(address.sun_path));
    memset(address.sun_path, 'a', sizeof(address.sun_path)); /* with no NUL at its end */
    print(text, &address, sizeof(address), SOCK_STREAM);
    assert_int_equal(strlen(text), sizeof(address.sun_path));
    address.sun_path[0] = '\0';
    memset(address.sun_path + 1, '\0', sizeof(address.sun_path) - 1);
    print(text, &address, sizeof(address), SOCK_STREAM);
    assert_int_equal(strlen(text), 1 + 4 * (sizeof(address.sun_path) - 1));
}

static void prints_inet(void **state)
{
    static const struct {
        const char *host;
        int port;
        int type;
        const char *expected;
    } cases[] = {
        {"127.0.0.1", 323, SOCK_DGRAM, "udp:127.0.0.1:323"},
        {"0.0.0.0", 65535, SOCK_STREAM, "tcp:0.0.0.0:65535"},
        {"255.255.255.255", 0, SOCK_DGRAM, "udp:255.255.255.255:0"},
        {"::1", 80, SOCK_STREAM, "tcp:[::1]:80"},
        {"::", 323, SOCK_DGRAM, "udp:[::]:323"},
        {"2001:db8::a:0:1", 1, SOCK_DGRAM, "udp:[2001:db8::a:0:1]:1"},
        {"::ffff:127.0.0.1", 323, SOCK_DGRAM, "udp:127.0.0.1:323"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(cases[i].port)};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(cases[i].port)};
        char text[ADDRESS_TEXT_SIZE];

        if (inet_pton(AF_INET, cases[i].host, &v4.sin_addr) == 1) {
            print(text, &v4, sizeof(v4), cases[i].type);
        } else {
            assert_int_equal(inet_pton(AF_INET6, cases[i].host, &v6.sin6_addr), 1);
            print(text, &v6, sizeof(v6), cases[i].type);
        }
        assert_string_equal(text, cases[i].expected);
    }
}

/* Cut short anywhere, and of families that mean nothing here. */
static void prints_nothing_for_what_is_none(void **state)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = 80};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = 80};
    struct sockaddr_storage other = {.ss_family = AF_NETLINK};
    char text[ADDRESS_TEXT_SIZE], huge[4096];

    (void)state;
    for (size_t length = 0; length < sizeof(v4); length++) {
        print(text, &v4, length, SOCK_STREAM);
        assert_string_equal(text, "");
    }
    for (size_t length = 0; length < 24; length++) { /* SIN6_LEN_RFC2133 is what the kernel takes */
        print(text, &v6, length, SOCK_STREAM);
        assert_string_equal(text, "");
    }
    print(text, &other, sizeof(other), SOCK_DGRAM);
    assert_string_equal(text, "");
    memset(huge, 'a', sizeof(huge));
    memcpy(huge, &(sa_family_t){AF_UNIX}, sizeof(sa_family_t));
    for (size_t length = 2; length <= sizeof(struct sockaddr_storage); length++)
        print(text, huge, length, SOCK_STREAM);
    assert_true(strlen(text) < ADDRESS_TEXT_SIZE);
}

static void agrees(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool expected;
    } cases[] = {
        {"/a", "/a", true},
        {"/a", "/b", false},
        {"@a", "@a", true},
        {"@a", "/a", false},
        {"", "", true},
        {"", "/a", false},
        {"udp:127.0.0.1:323", "udp:0.0.0.0:323", true},
        {"udp:0.0.0.0:323", "udp:127.0.0.1:323", true},
        {"udp:[::1]:323", "udp:[::]:323", true},
        {"udp:127.0.0.1:323", "udp:[::]:323", true},
        {"udp:[::1]:323", "udp:0.0.0.0:323", false},
        {"udp:0.0.0.0:323", "udp:[::1]:323", false},
        {"udp:127.0.0.1:323", "udp:0.0.0.0:3", false},
        {"udp:127.0.0.1:323", "udp:0.0.0.0:1323", false},
        {"udp:127.0.0.1:323", "tcp:0.0.0.0:323", false},
        {"udp:127.0.0.1:323", "udp:127.0.0.2:323", false},
        {"udp:127.0.0.1:323", "udp:10.0.0.0:323", false},
        {"udp:127.0.0.1:323", "/0.0.0.0:323", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        if (address_agrees(cases[i].a, cases[i].b) != cases[i].expected)
            fail_msg("%s and %s", cases[i].a, cases[i].b);
}

static char *make_folder(void)
{
    char *folder = strdup("/tmp/address_test.XXXXXX");

    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static void bind_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    assert_true(fd >= 0 && strlen(path) < sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
}

static void one_file_has_one_name(void **state)
{
    char a[256], b[256], link_path[256], text[ADDRESS_TEXT_SIZE], other[ADDRESS_TEXT_SIZE];
    char *folder = make_folder(), *cwd = getcwd(NULL, 0);

    (void)state;
    assert_non_null(cwd);
    snprintf(a, sizeof(a), "%s/a", folder);
    snprintf(b, sizeof(b), "%s/b", folder);
    snprintf(link_path, sizeof(link_path), "%s/link", folder);
    bind_at(a);
    bind_at(b);
    assert_int_equal(symlink("a", link_path), 0);
    assert_true(address_file(text, a, getpid()));
    assert_true(address_file(other, link_path, getpid()));
    assert_string_equal(text, other);
    assert_true(address_file(other, a, NO_PROCESS));
    assert_string_equal(text, other);
    assert_true(address_file(other, b, getpid()));
    assert_string_not_equal(text, other);
    /* A path that is not absolute is the process's own. */
    assert_int_equal(chdir(folder), 0);
    assert_true(address_file(other, "a", getpid()));
    assert_string_equal(text, other);
    assert_true(address_file(other, "./link", getpid()));
    assert_string_equal(text, other);
    assert_int_equal(chdir(cwd), 0);
    unlink(a);
    assert_false(address_file(other, a, getpid()));
    assert_false(address_file(other, link_path, getpid()));
    unlink(b);
    unlink(link_path);
    rmdir(folder);
    free(folder);
    free(cwd);
}

/* Another process, in another folder, means another file by the same path. */
static void paths_are_those_of_the_process(void **state)
{
    char here[256], text[ADDRESS_TEXT_SIZE], other[ADDRESS_TEXT_SIZE], byte;
    char *folder = make_folder();
    bool found, missed;
    int ready[2];
    pid_t child;

    (void)state;
    snprintf(here, sizeof(here), "%s/address_test-a", folder);
    bind_at(here);
    assert_int_equal(pipe(ready), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (chdir(folder) == 0 && write(ready[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    missed = !address_file(text, "address_test-a", getpid());
    found = address_file(text, "address_test-a", child) && address_file(other, here, getpid());
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    unlink(here);
    rmdir(folder);
    free(folder);
    assert_true(missed && found);
    assert_string_equal(text, other);
}

/* An address is text in which odd bytes are escaped: the file is the one that they spell. */
static void odd_paths_are_found(void **state)
{
    static const char *const names[] = {"back\\slash", "line\nbreak", "\xff", "\x1b[m"};
    char *folder = make_folder();
    bool right = true;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char text[ADDRESS_TEXT_SIZE], file[ADDRESS_TEXT_SIZE];
        bool found;

        snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", folder, names[i]);
        bind_at(address.sun_path);
        print(text, &address, sizeof(address), SOCK_DGRAM);
        found = address_file(file, text, getpid());
        unlink(address.sun_path);
        if (!found)
            print_error("%s: not found\n", text);
        right = right && found;
    }
    rmdir(folder);
    free(folder);
    assert_true(right);
}

static void names_are_no_files(void **state)
{
    static const char *const names[] = {
        "", "@", "@name", "udp:127.0.0.1:1", "tcp:[::1]:1", "/nonexistent/socket"};
    char text[ADDRESS_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        assert_false(address_file(text, names[i], getpid()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_unix),
        cmocka_unit_test(prints_the_longest),
        cmocka_unit_test(prints_inet),
        cmocka_unit_test(prints_nothing_for_what_is_none),
        cmocka_unit_test(agrees),
        cmocka_unit_test(one_file_has_one_name),
        cmocka_unit_test(paths_are_those_of_the_process),
        cmocka_unit_test(odd_paths_are_found),
        cmocka_unit_test(names_are_no_files),
    };

    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
