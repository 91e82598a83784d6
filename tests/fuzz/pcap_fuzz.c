/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Any bytes as a capture, pcap or pcapng. */
#include <sys/socket.h>

#include "tests/fuzz/reader_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct reader_options options = {.server = "tcp:10.0.0.2:7000", .client = "100"};

    return fuzz_reader(&reader_pcap, &options, data, size);
}
