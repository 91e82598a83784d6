/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * libpcap, loaded when a capture is to be read by it: it brings ten other libraries with it, for
 * capturing, and loading those takes longer than most of what is done before a command begins.
 */
#ifndef CAPTURE_LIBPCAP_H
#define CAPTURE_LIBPCAP_H

#include <pcap/pcap.h>

/* What is called of it; pcap(3) has each by its whole name. */
struct libpcap {
    __typeof__(pcap_fopen_offline_with_tstamp_precision) *fopen_offline_with_tstamp_precision;
    __typeof__(pcap_next_ex) *next_ex;
    __typeof__(pcap_datalink) *datalink;
    __typeof__(pcap_datalink_val_to_name) *datalink_val_to_name;
    __typeof__(pcap_geterr) *geterr;
    __typeof__(pcap_close) *close;
};

/*
 * Loads it; it is never unloaded, and loaded once however often this is called. Returns 0, or
 * -ENOENT with the reason in why.
 */
int libpcap_load(struct libpcap *libpcap, char why[PCAP_ERRBUF_SIZE]);

#endif
