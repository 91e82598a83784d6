/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reads captures: pcap through libpcap, pcapng by ourselves (capture/pcapng_file.h says why). A
 * packet is of a network, and then a segment of a flow; or a message as it is, in an exported PDU
 * or as sockdump writes it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/array.h"
#include "capture/clock.h"
#include "capture/flow.h"
#include "capture/libpcap.h"
#include "capture/own_capture.h"
#include "capture/pattern.h"
#include "capture/pattern_inet.h"
#include "capture/pcapng.h"
#include "capture/pcapng_file.h"
#include "capture/pdu.h"
#include "capture/reader.h"
#include "capture/segment.h"
#include "capture/text.h"
#include "capture/user0.h"

struct capture {
    struct reading *reading;
    struct patterns *servers; /* as the user says */
    struct flows *flows;
    struct user0 *user0;
    struct own_capture *own;
    bool begun;       /* the reading has been told of the command */
    uint64_t read;    /* packets that carried something, or nothing, for us */
    uint64_t dumped;  /* of them those of sockdump */
    uint64_t other;   /* of other protocols */
    uint64_t cut;     /* within their headers */
    uint64_t wrong;   /* with headers that contradict themselves */
    uint64_t pieces;  /* fragments of IP packets */
    uint64_t unknown; /* of link types that are not known */
    uint64_t nobody;  /* exported PDUs that do not say whose they are */
    uint64_t dropped; /* by who made the capture */
    uint64_t *said;   /* of these, what each interface of the section has said last: it counts on */
    size_t interfaces;
    int link; /* the last of the unknown link types */
};

/* How the numbers that pcap begins with look in either byte order: micro- or nanoseconds. */
static const uint8_t magics[][4] = {
    {0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1}, {0xa1, 0xb2, 0x3c, 0x4d},
    {0x4d, 0x3c, 0xb2, 0xa1}, {0xa1, 0xb2, 0xcd, 0x34}, {0x34, 0xcd, 0xb2, 0xa1},
};

static bool is_pcapng(const uint8_t *bytes, size_t size)
{
    static const uint8_t section[] = {0x0a, 0x0d, 0x0d, 0x0a};

    return size >= sizeof(section) && !memcmp(bytes, section, sizeof(section));
}

static int looks(const uint8_t *bytes, size_t size)
{
    if (is_pcapng(bytes, size))
        return 100;
    for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++)
        if (size >= sizeof(magics[i]) && !memcmp(bytes, magics[i], sizeof(magics[i])))
            return 100;
    return 0;
}

/* Once, before the first message. */
static int begin(struct capture *capture)
{
    const struct own_capture *own = capture->own;
    struct reading *reading = capture->reading;

    if (capture->begun)
        return 0;
    capture->begun = true;
    return reading->begin(reading->context, own_capture_command(own), own_capture_backend(own));
}

/* Packets */

/* What is to be done with a segment that was found, or not. */
static int take_segment(struct capture *capture, enum segment_result found,
                        const struct segment *segment, uint64_t time)
{
    capture->read++;
    switch (found) {
    case SEGMENT_BEGINS:
        capture->pieces++;
        return flows_add(capture->flows, segment, time);
    case SEGMENT_FOUND:
        return flows_add(capture->flows, segment, time);
    case SEGMENT_FRAGMENT:
        capture->pieces++;
        break;
    case SEGMENT_OTHER:
        capture->other++;
        break;
    case SEGMENT_CUT:
        capture->cut++;
        break;
    case SEGMENT_WRONG:
        capture->wrong++;
        break;
    case SEGMENT_NO_LINK:
        capture->read--;
        capture->unknown++;
        break;
    }
    return 0;
}

/* item is the packet in a pcapng; NULL when it is of a pcap. */
static int take_pdu(struct capture *capture, const struct frame_bytes *frame, uint64_t time,
                    const struct pcapng_item *item)
{
    struct segment segment;
    enum segment_result found = pdu_read(&segment, frame);

    capture->read++;
    if (found == SEGMENT_CUT) {
        capture->cut++;
        return 0;
    }
    if (item && own_capture_has(capture->own, item))
        return own_capture_packet(capture->own, item, (size_t)(segment.data - frame->data));
    if (found == SEGMENT_FOUND)
        return flows_add_message(capture->flows, &segment, time);
    capture->nobody++;
    return 0;
}

static int take_packet(struct capture *capture, const struct frame_bytes *frame, uint64_t time,
                       const struct pcapng_item *item)
{
    struct segment segment;
    enum segment_result found;

    if (frame->link == LINK_UPPER_PDU)
        return take_pdu(capture, frame, time, item);
    if (frame->link == LINK_USER0) {
        capture->read++;
        capture->dumped++;
        return user0_add(capture->user0, frame, time);
    }
    found = segment_read(&segment, frame);
    if (found == SEGMENT_NO_LINK)
        capture->link = frame->link;
    return take_segment(capture, found, &segment, time);
}

/* pcap */

/* libpcap closes what it reads from; this file stays open. */
static ssize_t read_through(void *file, char *buffer, size_t size)
{
    size_t got = fread(buffer, 1, size, file);

    return got == 0 && ferror(file) ? -1 : (ssize_t)got;
}

static pcap_t *open_pcap(const struct libpcap *libpcap, FILE *file, char *wrong)
{
    static const cookie_io_functions_t functions = {.read = read_through};
    FILE *through = fopencookie(file, "r", functions);
    pcap_t *pcap;

    if (!through) {
        snprintf(wrong, PCAP_ERRBUF_SIZE, "%s", strerror(ENOMEM));
        return NULL;
    }
    pcap = libpcap->fopen_offline_with_tstamp_precision(through, PCAP_TSTAMP_PRECISION_NANO, wrong);
    if (!pcap)
        fclose(through);
    return pcap;
}

static int read_packets(struct capture *capture, const struct libpcap *libpcap, pcap_t *pcap)
{
    struct reading *reading = capture->reading;
    struct pcap_pkthdr *header;
    const u_char *data;
    int more = 0, err = begin(capture);

    while (!err && (more = libpcap->next_ex(pcap, &header, &data)) == 1) {
        const struct frame_bytes frame = {
            .link = libpcap->datalink(pcap),
            .data = data,
            .length = header->caplen,
            .whole = header->len > header->caplen ? header->len : header->caplen,
        };
        uint64_t time = (uint64_t)header->ts.tv_sec * SECOND + (uint64_t)header->ts.tv_usec;

        err = take_packet(capture, &frame, time, NULL);
    }
    if (!err && more == PCAP_ERROR)
        reading_lacks(reading, reading->dumps, "%s", libpcap->geterr(pcap));
    return err;
}

static int read_pcap(struct capture *capture, FILE *file)
{
    struct reading *reading = capture->reading;
    char wrong[PCAP_ERRBUF_SIZE] = "";
    struct libpcap libpcap;
    pcap_t *pcap = NULL;
    int err;

    if (!libpcap_load(&libpcap, wrong))
        pcap = open_pcap(&libpcap, file, wrong);
    if (!pcap)
        return reading_fail(reading, reading->dumps, 0, "%s", wrong);
    err = read_packets(capture, &libpcap, pcap);
    libpcap.close(pcap);
    return err;
}

/* pcapng */

static int add_interface(struct capture *capture)
{
    uint64_t *said = array_grow(capture->said, capture->interfaces, sizeof(*said));

    if (!said)
        return -ENOMEM;
    capture->said = said;
    said[capture->interfaces++] = 0;
    return 0;
}

/* What whoever made the capture says that it did not get. */
static void count_drops(struct capture *capture, const struct pcapng_item *item)
{
    struct pcapng_options options = item->options;
    struct pcapng_option option;
    uint64_t count = 0;
    bool told = false;

    if (own_capture_is_own(capture->own))
        return;
    while (pcapng_option_next(&options, &option)) {
        bool drops = item->kind == PCAPNG_IS_PACKET ? option.code == PACKET_DROPPED
                                                    : option.code == STATISTICS_DROPPED ||
                                                          option.code == STATISTICS_OS_DROPPED;

        if (drops)
            count += pcapng_option_number(&options, &option);
        told = told || drops;
    }
    capture->dropped += count;
    if (told && item->kind == PCAPNG_IS_STATISTICS && item->interface < capture->interfaces) {
        capture->dropped -= capture->said[item->interface];
        capture->said[item->interface] = count;
    }
}

static int take_item(struct capture *capture, const struct pcapng_item *item)
{
    const struct frame_bytes frame = {item->link, item->data, item->length, item->whole,
                                      item->interface};
    int err;

    switch (item->kind) {
    case PCAPNG_IS_SECTION:
        capture->interfaces = 0;
        return own_capture_section(capture->own, item->options);
    case PCAPNG_IS_INTERFACE:
        err = begin(capture);
        if (!err)
            err = add_interface(capture);
        return err ? err : own_capture_interface(capture->own, item);
    case PCAPNG_IS_PACKET:
        count_drops(capture, item);
        return take_packet(capture, &frame, item->time, item);
    case PCAPNG_IS_STATISTICS:
        count_drops(capture, item);
        return own_capture_statistics(capture->own, item);
    }
    return 0;
}

static int read_pcapng(struct capture *capture, FILE *file)
{
    struct reading *reading = capture->reading;
    struct pcapng_error wrong = {0};
    struct pcapng_file *pcapng;
    struct pcapng_item item;
    int more = 0, err = pcapng_new(&pcapng, file);

    if (err)
        return err;
    while (!err && (more = pcapng_next(pcapng, &item, &wrong)) == 1)
        err = take_item(capture, &item);
    if (!err && more < 0)
        err = more;
    if (more == -EINVAL && wrong.ends && capture->begun) {
        reading_lacks(reading, reading->dumps, "%s", wrong.text);
        err = 0;
    } else if (more == -EINVAL) {
        reading_fail(reading, reading->dumps, 0, "%s", wrong.text);
    }
    if (!err)
        err = begin(capture);
    if (!err)
        own_capture_finish(capture->own);
    pcapng_free(pcapng);
    return err;
}

/* What it comes to */

static void note(struct capture *capture, uint64_t count, const char *one, const char *many)
{
    char text[512];

    if (!count)
        return;
    snprintf(text, sizeof(text), "%.300s: %" PRIu64 " %s", capture->reading->dumps->path, count,
             text_counted(count, one, many));
    capture->reading->say(capture->reading->context, text);
}

static void lacks(struct capture *capture, uint64_t count, const char *one, const char *many)
{
    if (count)
        reading_lacks(capture->reading, capture->reading->dumps, "%" PRIu64 " %s", count,
                      text_counted(count, one, many));
}

static int fail_link(struct capture *capture)
{
    const char *name = NULL;
    char why[PCAP_ERRBUF_SIZE];
    struct libpcap libpcap;

    if (!libpcap_load(&libpcap, why))
        name = libpcap.datalink_val_to_name(capture->link);
    return reading_fail(capture->reading, capture->reading->dumps, 0,
                        "captured on a link of type %s (%d), of which packets are not read here",
                        name ? name : "unknown", capture->link);
}

/* What was said of sockets is for what sockdump wrote: other packets say it themselves. */
static int check_said(struct capture *capture)
{
    const struct reader_options *said = capture->reading->options;
    const char *option = said->type                                       ? "--type"
                         : said->client                                   ? "--client"
                         : said->server && !pattern_is_inet(said->server) ? "--server PATH"
                                                                          : NULL;

    if (!option || capture->dumped || !capture->read)
        return 0;
    return reading_fail(capture->reading, capture->reading->dumps, 0,
                        "%s is for what sockdump captures (--server tcp:HOST:PORT says here which "
                        "end is the server)",
                        option);
}

/* Tells what was not read of the capture, and what could not be. */
static int conclude(struct capture *capture)
{
    int err = check_said(capture);

    if (err)
        return err;
    if (capture->unknown && !capture->read)
        return fail_link(capture);
    note(capture, flows_joined(capture->flows), "connection had begun before the capture did",
         "connections had begun before the capture did");
    note(capture, flows_copies(capture->flows),
         "datagram was captured at several places on its way, and is taken once",
         "datagrams were captured at several places on their way, and are taken once each");
    note(capture, capture->other, "packet is neither TCP nor UDP, and was left out",
         "packets are neither TCP nor UDP, and were left out");
    lacks(capture, flows_doubtful(capture->flows),
          "stream lacks its end, which was confirmed, or a last byte",
          "streams lack their ends, which were confirmed, or a last byte each");
    lacks(capture, capture->unknown, "packet is of a link type that is not read here",
          "packets are of a link type that is not read here");
    lacks(capture, capture->nobody, "exported PDU does not say between whom it passed",
          "exported PDUs do not say between whom they passed");
    lacks(capture, capture->pieces, "fragment of an IP packet is not put together here",
          "fragments of IP packets are not put together here");
    lacks(capture, capture->cut, "packet was cut before what it carries (snaplen)",
          "packets were cut before what they carry (snaplen)");
    lacks(capture, capture->wrong, "packet has headers that contradict themselves",
          "packets have headers that contradict themselves");
    lacks(capture, capture->dropped, "packet was dropped when it was captured",
          "packets were dropped when it was captured");
    return 0;
}

static int read_capture(struct capture *capture)
{
    FILE *file = capture->reading->dumps->file;
    int first = getc(file), err;

    if (first != EOF)
        ungetc(first, file);
    err = first == 0x0a ? read_pcapng(capture, file) : read_pcap(capture, file);
    if (!err)
        err = flows_finish(capture->flows);
    return err ? err : conclude(capture);
}

/* A server of a network, as -s takes it; a path is for what sockdump writes. */
static int read_server(struct capture *capture)
{
    struct reading *reading = capture->reading;
    const char *server = reading->options->server;
    char reason[PATTERN_REASON_SIZE] = "";
    int err = patterns_new(&capture->servers);

    if (err || !server || !pattern_is_inet(server))
        return err;
    err = patterns_add(capture->servers, server, false, reason);
    return err && reason[0]
               ? reading_fail(reading, reading->dumps, 0, "--server %s: %s", server, reason)
               : err;
}

static int read(struct reading *reading)
{
    struct capture capture = {.reading = reading};
    int err = read_server(&capture);

    if (!err)
        err = flows_new(&capture.flows, reading->sink, capture.servers);
    if (!err)
        err = user0_new(&capture.user0, reading);
    if (!err)
        err = own_capture_new(&capture.own, reading);
    if (!err)
        err = read_capture(&capture);
    free(capture.said);
    own_capture_free(capture.own);
    user0_free(capture.user0);
    flows_free(capture.flows);
    patterns_free(capture.servers);
    return err;
}

const struct reader reader_pcap = {
    .name = "pcap",
    .summary = "captures: pcap and pcapng, of tcpdump, Wireshark, sockdump or our own",
    .needs = READER_SERVER | READER_TYPE | READER_CLIENT,
    .looks = looks,
    .read = read,
};
