/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Sends one message by the system call convention of 32-bit programs, and receives it by its own.
 */
#include <sys/mman.h>

#include "program.h"

#if defined(__x86_64__)
enum { WRITE_32 = 4 };

static long write_32(int fd, const char *text, size_t length)
{
    void *low =
        mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    long result;

    must(low != MAP_FAILED, "mmap");
    memcpy(low, text, length);
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(WRITE_32), "b"(fd), "c"(low), "d"(length)
                     : "memory");
    return result;
}
#else
static long write_32(int fd, const char *text, size_t length)
{
    (void)fd, (void)text, (void)length;
    errno = ENOSYS;
    return -1;
}
#endif

int main(void)
{
    static const char text[] = "from another time";
    char received[sizeof(text)];
    int pair[2];

    must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    must(write_32(pair[0], text, sizeof(text)) == sizeof(text), "write of 32-bit programs");
    must(read(pair[1], received, sizeof(received)) == sizeof(text), "read");
    must(memcmp(received, text, sizeof(text)) == 0, "what was read");
    return 0;
}
