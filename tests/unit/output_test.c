/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A file is the old one or the whole new one, and nothing else is left in its folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/output.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/output_test.XXXXXX");
    umask(022);
    unsetenv("SUDO_UID");
    unsetenv("SUDO_GID");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;

    (void)state;
    while (directory && (entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(directory), entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    if (directory)
        closedir(directory);
    return rmdir(folder);
}

/* The path of name in the folder; four of them are kept. */
static const char *in_folder(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static size_t count_files(void)
{
    DIR *directory = opendir(folder);
    size_t count = 0;

    assert_non_null(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count - 2;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_file(const char *path, const char *expected)
{
    char text[256] = "";
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
}

static mode_t mode_of(const char *path)
{
    struct stat file;

    assert_int_equal(lstat(path, &file), 0);
    return file.st_mode & 07777;
}

static void is_there_when_complete(void **state)
{
    const char *path = in_folder("new");
    struct output output;

    (void)state;
    assert_int_equal(output_open(&output, path), 0);
    fputs("all of it", output.file);
    fflush(output.file);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(output_commit(&output), 0);
    assert_file(path, "all of it");
    assert_int_equal(count_files(), 1);
    assert_int_equal(mode_of(path), 0600); /* bytes can be secrets */
    output_discard(&output);               /* does nothing now */
    assert_file(path, "all of it");
}

static void replaces_the_old_one(void **state)
{
    const char *path = in_folder("old");
    struct output output;
    struct stat before, after;

    (void)state;
    write_file(path, "what was there before, and longer", 0640);
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(output_open(&output, path), 0);
    fputs("new", output.file);
    fflush(output.file);
    assert_file(path, "what was there before, and longer");
    assert_int_equal(output_commit(&output), 0);
    assert_file(path, "new");
    assert_int_equal(mode_of(path), 0640);
    assert_int_equal(stat(path, &after), 0);
    assert_true(before.st_ino != after.st_ino);
    assert_int_equal(count_files(), 1);
}

static void leaves_the_old_one_when_discarded(void **state)
{
    const char *path = in_folder("old");
    struct output output;

    (void)state;
    write_file(path, "old", 0644);
    assert_int_equal(output_open(&output, path), 0);
    fputs("new", output.file);
    output_discard(&output);
    output_discard(&output);
    assert_file(path, "old");
    assert_int_equal(output_open(&output, in_folder("none")), 0);
    output_discard(&output);
    assert_int_equal(count_files(), 1);
}

/* Whoever reads while the new one is put in place sees one or the other: its old file stays whole.
 */
static void readers_keep_what_they_opened(void **state)
{
    const char *path = in_folder("old");
    struct output output;
    char text[16] = "";
    FILE *reader;

    (void)state;
    write_file(path, "old", 0644);
    reader = fopen(path, "re");
    assert_non_null(reader);
    assert_int_equal(output_open(&output, path), 0);
    fputs("new", output.file);
    assert_int_equal(output_commit(&output), 0);
    assert_int_equal(fread(text, 1, sizeof(text), reader), 3);
    assert_string_equal(text, "old");
    fclose(reader);
    assert_file(path, "new");
}

/* Neither the mode of what is replaced makes the new one run as somebody else. */
static void drops_the_setuid_bit(void **state)
{
    const char *path = in_folder("old");
    struct output output;

    (void)state;
    write_file(path, "old", 06755);
    assert_int_equal(output_open(&output, path), 0);
    assert_int_equal(output_commit(&output), 0);
    assert_int_equal(mode_of(path), 0755);
}

static void replaces_links(void **state)
{
    const char *target = in_folder("target"), *path = in_folder("link");
    struct output output;
    struct stat file;

    (void)state;
    write_file(target, "precious", 0644);
    assert_int_equal(symlink("target", path), 0);
    assert_int_equal(output_open(&output, path), 0);
    fputs("new", output.file);
    assert_int_equal(output_commit(&output), 0);
    assert_file(target, "precious");
    assert_file(path, "new");
    assert_int_equal(lstat(path, &file), 0);
    assert_true(S_ISREG(file.st_mode));
    assert_int_equal(count_files(), 2);
}

static void replaces_dangling_links(void **state)
{
    const char *path = in_folder("link");
    struct output output;

    (void)state;
    assert_int_equal(symlink("planted", path), 0);
    assert_int_equal(output_open(&output, path), 0);
    fputs("new", output.file);
    assert_int_equal(output_commit(&output), 0);
    assert_int_equal(access(in_folder("planted"), F_OK), -1);
    assert_file(path, "new");
    assert_int_equal(count_files(), 1);
}

static void devices_are_written_to(void **state)
{
    const char *path = in_folder("link");
    struct output output;
    struct stat file;

    (void)state;
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(output_open(&output, path), 0);
    fputs("nothing", output.file);
    assert_int_equal(output_commit(&output), 0);
    assert_int_equal(lstat(path, &file), 0);
    assert_true(S_ISLNK(file.st_mode));
    assert_int_equal(stat("/dev/null", &file), 0);
    assert_true(S_ISCHR(file.st_mode));
}

static void pipes_are_written_to(void **state)
{
    const char *path = in_folder("pipe");
    char text[16] = "";
    struct output output;
    int reader;

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    assert_int_equal(output_open(&output, path), 0);
    fputs("through", output.file);
    assert_int_equal(output_commit(&output), 0);
    assert_int_equal(read(reader, text, sizeof(text)), 7);
    assert_string_equal(text, "through");
    close(reader);
}

static void a_full_disk_is_told(void **state)
{
    struct output output;

    (void)state;
    assert_int_equal(output_open(&output, "/dev/full"), 0);
    fputs("a little", output.file);
    assert_int_equal(output_commit(&output), -ENOSPC);
    /* Also when it was found out before. */
    assert_int_equal(output_open(&output, "/dev/full"), 0);
    setvbuf(output.file, NULL, _IONBF, 0);
    fputs("a little", output.file);
    assert_true(output_commit(&output) < 0);
}

/* What failed on the way is not put in place, even if all that came after it was written. */
static void a_failed_write_is_no_success(void **state)
{
    const char *path = in_folder("old");
    struct output output;
    int own, full;

    (void)state;
    write_file(path, "old", 0644);
    assert_int_equal(output_open(&output, path), 0);
    own = dup(fileno(output.file));
    full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_int_equal(dup2(full, fileno(output.file)), fileno(output.file));
    fputs("first", output.file);
    assert_int_equal(fflush(output.file), EOF);
    assert_int_equal(dup2(own, fileno(output.file)), fileno(output.file));
    close(own);
    close(full);
    fputs("second", output.file);
    assert_true(output_commit(&output) < 0);
    assert_file(path, "old");
    assert_int_equal(count_files(), 1);
}

static void where_nothing_can_be_written(void **state)
{
    struct output output = {.path = (char *)"untouched"};

    (void)state;
    assert_int_equal(output_open(&output, in_folder("none/file")), -ENOENT);
    write_file(in_folder("file"), "old", 0644);
    assert_int_equal(output_open(&output, in_folder("file/below")), -ENOTDIR);
    assert_int_equal(output_open(&output, folder), -EISDIR);
    assert_string_equal(output.path, "untouched");
    assert_int_equal(count_files(), 1);
}

/* To be told at once, not when all is done and it cannot be put in place. */
static void an_empty_name_is_refused(void **state)
{
    struct output output = {0};
    int err = output_open(&output, "");

    (void)state;
    output_discard(&output);
    assert_int_equal(err, -ENOENT);
}

/* While it was written, somebody put a directory there. */
static void a_directory_in_the_way(void **state)
{
    const char *path = in_folder("file");
    struct output output;

    (void)state;
    assert_int_equal(output_open(&output, path), 0);
    fputs("new", output.file);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(output_commit(&output), -EISDIR);
    assert_int_equal(count_files(), 1); /* the directory */
}

/* While it was written, somebody took the folder away. */
static void a_folder_that_is_gone(void **state)
{
    struct output output;
    char path[512];

    (void)state;
    assert_int_equal(mkdir(in_folder("below"), 0755), 0);
    snprintf(path, sizeof(path), "%s/below/file", folder);
    assert_int_equal(output_open(&output, path), 0);
    fputs("new", output.file);
    assert_int_equal(rmdir(in_folder("below")), 0);
    assert_int_equal(output_commit(&output), -ENOENT);
    assert_int_equal(count_files(), 0);
}

/* A name that the file would have on its way is taken: another is found, and that one left alone.
 */
static void names_that_are_taken(void **state)
{
    const char *path = in_folder("file");
    struct output output;
    char taken[560];

    (void)state;
    snprintf(taken, sizeof(taken), "%s.%d", path, getpid());
    write_file(taken, "somebody's", 0644);
    assert_int_equal(output_open(&output, path), 0);
    fputs("new", output.file);
    assert_int_equal(output_commit(&output), 0);
    assert_file(path, "new");
    assert_file(taken, "somebody's");
    assert_int_equal(count_files(), 2);
}

static void can_be_seen_while_it_grows(void **state)
{
    const char *path = in_folder("new");
    struct output output;

    (void)state;
    assert_int_equal(output_open(&output, path), 0);
    assert_null(output_seen_as(&output));
    assert_int_equal(output_show(&output), 0);
    assert_string_equal(output_seen_as(&output), path);
    fputs("some", output.file);
    fflush(output.file);
    assert_file(path, "some");
    assert_int_equal(mode_of(path), 0600);
    fputs(" and the rest", output.file);
    assert_int_equal(output_commit(&output), 0);
    assert_file(path, "some and the rest");
    assert_int_equal(count_files(), 1);
}

static void is_gone_when_discarded(void **state)
{
    const char *path = in_folder("new"), *part = in_folder("old.part");
    struct output output;

    (void)state;
    assert_int_equal(output_open(&output, path), 0);
    assert_int_equal(output_show(&output), 0);
    output_discard(&output);
    assert_int_equal(count_files(), 0);
    write_file(in_folder("old"), "old", 0644);
    assert_int_equal(output_open(&output, in_folder("old")), 0);
    assert_int_equal(output_show(&output), 0);
    assert_int_equal(access(part, F_OK), 0);
    output_discard(&output);
    assert_file(in_folder("old"), "old");
    assert_int_equal(count_files(), 1);
}

/* What there is stays until the new one is whole; a part that was left is left alone, too. */
static void grows_beside_an_old_one(void **state)
{
    const char *path = in_folder("old"), *left = in_folder("old.part");
    struct output output;
    char part[560];

    (void)state;
    write_file(path, "old", 0640);
    write_file(left, "of an earlier one", 0600);
    assert_int_equal(output_open(&output, path), 0);
    assert_int_equal(output_show(&output), 0);
    snprintf(part, sizeof(part), "%s.1", left);
    assert_string_equal(output_seen_as(&output), part);
    fputs("new", output.file);
    fflush(output.file);
    assert_file(path, "old");
    assert_file(part, "new");
    assert_int_equal(output_commit(&output), 0);
    assert_file(path, "new");
    assert_file(left, "of an earlier one");
    assert_int_equal(mode_of(path), 0640);
    assert_int_equal(count_files(), 2);
}

/* A link that somebody planted is not where it grows, and what it leads to stays. */
static void grows_through_no_link(void **state)
{
    const char *path = in_folder("link"), *target = in_folder("target");
    struct output output;

    (void)state;
    assert_int_equal(symlink("target", path), 0);
    assert_int_equal(symlink("target", in_folder("link.part")), 0);
    assert_int_equal(output_open(&output, path), 0);
    assert_int_equal(output_show(&output), 0);
    fputs("new", output.file);
    fflush(output.file);
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(output_commit(&output), 0);
    assert_int_equal(access(target, F_OK), -1);
    assert_file(path, "new");
    assert_int_equal(count_files(), 2);
}

static void can_be_kept_as_it_is(void **state)
{
    const char *path = in_folder("new");
    struct output output;

    (void)state;
    assert_int_equal(output_open(&output, path), 0);
    assert_int_equal(output_show(&output), 0);
    fputs("some", output.file);
    output_keep(&output);
    output_discard(&output);
    assert_file(path, "some");
    assert_int_equal(count_files(), 1);
}

/* Somebody moved it away, and put another in its place: that is none of ours. */
static void anothers_of_the_same_name_stays(void **state)
{
    const char *path = in_folder("new");
    struct output output;

    (void)state;
    assert_int_equal(output_open(&output, path), 0);
    assert_int_equal(output_show(&output), 0);
    assert_int_equal(unlink(path), 0);
    write_file(path, "another", 0644);
    output_discard(&output);
    assert_file(path, "another");
}

/* Where others can write, what leads out of a folder may have been planted. */
static void anothers_pipe_is_refused(void **state)
{
    const char *pipe = in_folder("pipe"), *link = in_folder("link"), *other = in_folder("other");
    struct output output;

    (void)state;
    if (geteuid())
        skip(); /* only root can be two users */
    assert_int_equal(mkfifo(pipe, 0666), 0);
    assert_int_equal(symlink("/dev/null", link), 0);
    assert_int_equal(mkdir(other, 0755), 0);
    assert_int_equal(lchown(pipe, 1, 1) | lchown(link, 1, 1) | lchown(other, 1, 1), 0);
    assert_int_equal(chmod(folder, 01777), 0);
    assert_int_equal(output_open(&output, pipe), -EPERM);
    assert_int_equal(output_open(&output, link), -EPERM);
    assert_int_equal(output_open(&output, other), -EISDIR);
    assert_int_equal(lchown(link, 0, 0), 0);
    assert_int_equal(output_open(&output, link), 0);
    assert_int_equal(output_commit(&output), 0);
    assert_int_equal(lchown(link, 1, 1) | chmod(folder, 0755), 0);
    assert_int_equal(output_open(&output, link), 0);
    assert_int_equal(output_commit(&output), 0);
}

static void standard_output_stays_open(void **state)
{
    const char *path = in_folder("stdout");
    struct output output;
    int kept, fd;

    (void)state;
    fflush(stdout);
    kept = dup(STDOUT_FILENO);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(kept >= 0 && fd >= 0);
    dup2(fd, STDOUT_FILENO);
    assert_int_equal(output_open(&output, "-"), 0);
    assert_ptr_equal(output.file, stdout);
    fputs("out", output.file);
    assert_int_equal(output_commit(&output), 0);
    assert_int_equal(fputs("more", stdout) < 0, 0);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    close(fd);
    assert_file(path, "outmore");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(is_there_when_complete),
        IN_FOLDER(replaces_the_old_one),
        IN_FOLDER(leaves_the_old_one_when_discarded),
        IN_FOLDER(readers_keep_what_they_opened),
        IN_FOLDER(drops_the_setuid_bit),
        IN_FOLDER(replaces_links),
        IN_FOLDER(replaces_dangling_links),
        IN_FOLDER(devices_are_written_to),
        IN_FOLDER(pipes_are_written_to),
        IN_FOLDER(a_full_disk_is_told),
        IN_FOLDER(a_failed_write_is_no_success),
        IN_FOLDER(where_nothing_can_be_written),
        IN_FOLDER(an_empty_name_is_refused),
        IN_FOLDER(a_directory_in_the_way),
        IN_FOLDER(a_folder_that_is_gone),
        IN_FOLDER(names_that_are_taken),
        IN_FOLDER(can_be_seen_while_it_grows),
        IN_FOLDER(is_gone_when_discarded),
        IN_FOLDER(grows_beside_an_old_one),
        IN_FOLDER(grows_through_no_link),
        IN_FOLDER(can_be_kept_as_it_is),
        IN_FOLDER(anothers_of_the_same_name_stays),
        IN_FOLDER(anothers_pipe_is_refused),
        IN_FOLDER(standard_output_stays_open),
    };

    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
