/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "writing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/memory_file.h"
#include "capture/text.h"
#include "emit/fresh.h"
#include "emit/writer.h"
#include "say.h"
#include "shortfall.h"

/* An option that asks of a capture what it has not got; NULL when there is none. */
static const char *unfit_option(const struct options *options)
{
    return options->style                 ? "--style"
           : options->call                ? "--call"
           : options->package             ? "--package"
           : options->bytes != BYTES_AUTO ? "--bytes"
           : options->embed_given         ? "--embed-above"
                                          : NULL;
}

enum status writing_choose(struct run *run)
{
    const struct options *options = run->options;
    bool captures = options->dissector || options->as.protocol;
    const char *unfit = unfit_option(options);
    const struct writer *writer = NULL;

    if (options->lang)
        writer = writer_find(options->lang);
    else if (options->output && !options->template)
        writer = writer_for_file(options->output);
    for (size_t i = 0; writer && library_name(run->library, i); i++)
        if (strcmp(library_name(run->library, i), writer->name) == 0) /* the user's own */
            writer = NULL;
    run->writer = writer;
    if (writer && options->dissector && options->as.protocol) {
        say("--dissector: with --as Wireshark goes by the port (leave out one of them)");
        return STATUS_USAGE;
    }
    if (writer ? !unfit : !captures)
        return STATUS_DONE;
    if (writer)
        say("%s: there is no such thing in a capture (--lang %s)", unfit, writer->name);
    else
        say("%s is for captures (--lang pcapng)", options->dissector ? "--dissector" : "--as");
    return STATUS_USAGE;
}

enum status writing_begin(struct run *run, const char *backend)
{
    const struct writer_options options = {
        .command = run->command,
        .backend = backend,
        .framing = run->framing.framer ? &run->framing : NULL,
        .dissector = run->options->dissector,
        .wrapping = run->options->as,
    };
    int err;

    if (!run->writer)
        return STATUS_DONE;
    err = run->writer->begin(&run->writing, run->fixture_file.file, &options);
    if (err)
        return say_output_error(err, run->options->output);
    intake_pass_on(run->intake, run->writer->add, run->writing);
    return STATUS_DONE;
}

enum status writing_end(struct run *run)
{
    const struct losses *losses = run->cut_short ? NULL : &run->losses;
    size_t cut = 0;
    int err = run->writing ? run->writer->end(run->writing, losses, &cut) : 0;

    if (err)
        return say_output_error(err, run->options->output);
    if (cut)
        say("incomplete: %zu %s than a UDP packet can be, and %s cut (--as)", cut,
            text_counted(cut, "message is longer", "messages are longer"),
            text_counted(cut, "was", "were"));
    if (run->writing && (shortfall_say_unframed(run->writer->table(run->writing)) || cut))
        run->incomplete = true;
    return STATUS_DONE;
}

enum status writing_make(struct run *run, const struct messages *messages, const char *backend)
{
    enum status status = writing_begin(run, backend);
    int err = 0;

    for (size_t i = 0; run->writing && i < messages->count && !err; i++)
        err = run->writer->add(run->writing, &messages->items[i]->message);
    if (err)
        return say_output_error(err, run->options->output);
    return status ? status : writing_end(run);
}

enum status writing_find_stale(struct run *run, const struct messages *messages,
                               const char *backend, struct stale_file *stale)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = memory_file_open(&text, &size);
    enum status status;
    int err = 0;

    if (!out)
        return say_error(-ENOMEM, run->options->output);
    run->fixture_file.file = out;
    status = writing_make(run, messages, backend);
    run->fixture_file.file = NULL;
    if (fclose(out) && !status) /* otherwise it was said */
        err = -ENOMEM;
    if (!status && !err)
        err = fresh_check_bytes(run->options->output, text, size, stale);
    free(text);
    return err ? say_error(err, run->options->output) : status;
}
