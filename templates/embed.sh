#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Prints a C file that holds the templates named on the command line; see emit/embedded.h.
set -eu

echo '/* Written by templates/embed.sh; the templates themselves are in templates/. */'
echo '#include "emit/embedded.h"'

index=0
for file in "$@"; do
    printf '\nstatic const unsigned char text_%d[] = {\n' "$index"
    od -An -v -tu1 "$file" | sed 's/^ */    /; s/  */, /g; s/^, /    /; s/$/,/'
    printf '    0,\n};\n'
    index=$((index + 1))
done

printf '\nconst struct embedded embedded_templates[] = {\n'
index=0
for file in "$@"; do
    printf '    {"%s", (const char *)text_%d, sizeof(text_%d) - 1},\n' \
        "$(basename "$file" .mustache)" "$index" "$index"
    index=$((index + 1))
done
printf '    {0},\n};\n\nconst size_t embedded_templates_count = %d;\n' "$index"
