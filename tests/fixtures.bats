#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Of awkward conversations every language makes a fixture that says what is missing in it and shows no name as
# anything else; what is for the shell and for eyes holds the recorded bytes. It takes no compiler: languages.bats
# has those.

load helper
load languages

setup_file() {
    make_recordings
}

every_language() {
    "$SOCKFIXTURE" --list-langs | grep -v '^pcapng ' | cut -d' ' -f1 # captures: pcap.bats
}

@test "manual and README name every language" {
    local lang
    for lang in $(every_language); do
        grep -qE "^\.Cm (.* )?$lang( .*)?$" "$tests/../sockfixture.1" || fail "the manual does not name $lang"
        grep -qE "^\| .*\`$lang\`.* \|" "$tests/../README.md" || fail "README does not name $lang"
    done
}

@test "every language makes a fixture of everything" {
    local shape lang
    for lang in $(every_language); do
        for shape in "${shapes[@]}"; do
            echo "$shape in $lang" >&2
            emit "$shape" "$shape.$lang" --lang "$lang"
            [ "$lang" = hexstring ] || [ -s "$shape.$lang" ]
        done
    done
}

# Each way in which a recording can lack something, and what is passed with a message.
@test "every language says what is missing, lost and passed" {
    local lang fixture pattern
    for lang in $(every_language); do
        [ "$lang" = hexstring ] && continue
        echo "the language is: $lang" >&2
        emit optional fixture --lang "$lang"
        fixture=fixture
        [ "$lang" = raw ] && fixture=fixture/README
        for pattern in '\b3 more not recorded|missing"?[:=] ?"?3\b|missing = 3$' \
            '\b1 (message|request)s? lost|lost_requests"?( =|:) 1\b' \
            '\b2 (message|response)s lost|lost_responses"?( =|:) 2\b' \
            'with 2 file descriptors \(file, pipe\)|"file"' \
            'with credentials \(uid 0, gid 1\)|uid"?( =|:) 0\b' \
            'ancillary data is missing|ancillary_cut"?( =|:) true' \
            'request\[1:3\] varies' 'request\[0:5\] is redacted|"redacted": \['; do
            grep -qE "$pattern" "$fixture" || fail "it does not say: $pattern"
        done
        rm -r fixture
    done
}

@test "what is to be read marks the volatile bytes below their hexdump" {
    local lang
    for lang in markdown text; do
        emit optional fixture --lang "$lang" --bytes hex
        grep -A1 '00000000: 0001 02 ' fixture | grep -qE '^ +  \^\^ \^\^ +\^\^$' || fail "$lang does not mark them"
    done
}

# Nothing of it drives a terminal, turns the text around or hides in it.
@test "hostile names do not show as anything else" {
    local lang
    for lang in $(every_language); do
        [ "$lang" = raw ] && continue
        emit hostile fixture --lang "$lang"
        run -1 grep -aP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80[\xa8-\xae]|\xc2\x85|\xf3\xa0\x81' fixture
    done
}

# For the shell and for eyes

@test "hexstring gives printf the bytes" {
    local shape line
    for shape in awkward optional many nothing; do
        emit "$shape" fixture --lang hexstring
        while read -r line; do
            # shellcheck disable=SC2059 # it is a format
            printf "$line" | od -An -v -tx1 | tr -d ' \n'
            echo
        done < fixture > said
        messages "$shape" > expected
        cmp said expected
    done
    emit long fixture --lang hexstring
    sed 's/\\x//g' fixture | cmp - <(messages long)
}

@test "hexstring has requests or responses alone" {
    emit optional requests --lang hexstring --style requests
    emit optional responses --lang hexstring --style responses
    equal "$(cat requests)" "$(cut -d' ' -f1 "$recordings/optional.rows" | sed '/none/d; s/^-$//; s/../\\x&/g')"
    equal "$(cat responses)" "$(cut -d' ' -f2 "$recordings/optional.rows" | sed '/none/d; s/^-$//; s/../\\x&/g')"
}

@test "hex: xxd reads it back" {
    shows_messages hex
}

@test "text shows the messages" {
    shows_messages text
}

@test "a message that passes very many descriptors" {
    {
        yes $'> b"x"\npasses pipe' | head -n 80000
        echo '< b"y"'
    } | "$tests/compose.py" > many.jsonl
    "$SOCKFIXTURE" -q -r many.jsonl -o many.json
    equal "$(jq '.conversations[].exchanges[].requests[].descriptors | length' many.json)" 40000
}
