# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What languages.bats and fixtures.bats share: awkward conversations, and fixtures of them.

languages=$tests/languages

# languages/conversation.py makes these; text is the awkward one, all of it spelled as text.
shapes=(awkward text long optional many hostile crowd nothing)

make_recordings() {
    local shape
    export recordings=$BATS_FILE_TMPDIR
    for shape in "${shapes[@]}"; do
        "$languages/conversation.py" "${shape/#text/awkward}" > "$recordings/$shape.jsonl"
        "$tests/rows.py" recording "$recordings/$shape.jsonl" > "$recordings/$shape.rows"
    done
}

# The fixture of a shape. What is known to be missing in it is said with status 3.
emit() { # SHAPE FILE [OPTION...]
    local status=0 expected=0 bytes=auto
    [ "$1" = optional ] && expected=3
    [ "$1" = text ] && bytes=text
    "$SOCKFIXTURE" -q -r "$recordings/$1.jsonl" -o "$2" --name table --embed-above 0 --bytes "$bytes" \
        "${@:3}" > told 2>&1 || status=$?
    equal "$status" "$expected" "the status ($(cat told)), and the one expected,"
}

# Messages as they stand, one a line: what a fixture for eyes has to show.
messages() { # SHAPE
    tr ' ,' '\n' < "$recordings/$1.rows" | sed '/^none$/d; s/^-$//'
}

# Not of the crowd, which would take an xxd for each of its thousands.
shows_messages() { # LANGUAGE
    local shape
    for shape in awkward text long optional many hostile nothing; do
        emit "$shape" fixture --lang "$1"
        "$languages/hex/print.py" "$1" fixture > said
        messages "$shape" | cmp - said || fail "other bytes than recorded in $shape"
    done
}
