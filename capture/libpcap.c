/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The name of the library is that of the one which this was built with: the Makefile looks. */
#include "capture/libpcap.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(LIBPCAP) > 1, "the name of libpcap was found");

#define SYMBOL(name)                                                                               \
    {                                                                                              \
        "pcap_" #name, offsetof(struct libpcap, name)                                              \
    }

static const struct {
    const char *name;
    size_t offset;
} symbols[] = {
    SYMBOL(fopen_offline_with_tstamp_precision),
    SYMBOL(next_ex),
    SYMBOL(datalink),
    SYMBOL(datalink_val_to_name),
    SYMBOL(geterr),
    SYMBOL(close),
};

int libpcap_load(struct libpcap *libpcap, char why[PCAP_ERRBUF_SIZE])
{
    void *library = dlopen(LIBPCAP, RTLD_LAZY), *symbol = library;

    for (size_t i = 0; symbol && i < sizeof(symbols) / sizeof(*symbols); i++) {
        symbol = dlsym(library, symbols[i].name);
        memcpy((char *)libpcap + symbols[i].offset, &symbol, sizeof(symbol));
    }
    if (symbol)
        return 0;
    snprintf(why, PCAP_ERRBUF_SIZE, "needs libpcap: %s", dlerror());
    return -ENOENT;
}
