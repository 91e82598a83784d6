#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The html page, read in a browser: what it shows is what was recorded, and nothing recorded runs in it.
#
# SOCKFIXTURE_SCREENSHOTS: a folder in which to keep what was seen, to be looked at (none)

load helper

# A page of the conversation that html/conversation.py makes, in page.html; the status may be 3.
make_page() { # STATUS CONVERSATION...
    local expected=$1 status=0
    "$tests/html/conversation.py" "${@:2}" > "$recording"
    "$SOCKFIXTURE" -q -r "$recording" -o page.html || status=$?
    equal "$status" "$expected" 'the status, and the one expected,'
}

# Lets html/page.py look at the page; what it prints is in `printed`.
read_page() { # CASE
    background bash -c 'exec "$@" > printed' - "$tests/html/page.py" "$1" page.html
    finish "$pid" 300 || { cat background.out >&2; return 1; }
    [ -z "${SOCKFIXTURE_SCREENSHOTS:-}" ] ||
        find . -maxdepth 1 -name '*.png' -exec cp -t "$SOCKFIXTURE_SCREENSHOTS" {} +
}

@test "the page shows the recorded bytes, message by message" {
    make_page 3 awkward
    read_page bytes
    "$tests/rows.py" recording "$recording" > recorded
    diff recorded printed
}

@test "without scripts, all of it can be read" {
    make_page 3 awkward
    read_page without_scripts
    equal "$(cat printed)" "$(jq -r .data <(grep '"data"' "$recording") | while read -r data; do
        base64 -d <<< "$data" | od -An -v -tx1 | tr -d ' \n'
    done)" 'the bytes'
}

@test "nothing that was said, and no name, runs or breaks out" {
    make_page 3 awkward
    read_page hostile
}

@test "keys" {
    make_page 0 calm
    read_page keys
}

@test "the mouse, and addresses" {
    make_page 0 calm
    read_page mouse
}

@test "copying" {
    make_page 0 calm
    read_page copy
}

@test "searching for text and for bytes" {
    make_page 0 calm
    read_page search
}

@test "light and dark can both be read, and chosen" {
    make_page 0 calm
    read_page themes
}

@test "what is missing is said; no message is not an empty one" {
    make_page 3 awkward
    read_page incomplete
}

@test "volatile bytes are marked, when a page has such" {
    make_page 0 calm
    sed -i '2s/{/{"volatile": [[2, 2], [8, 1]], /' "$recording" # the first message
    "$SOCKFIXTURE" -q -r "$recording" -o page.html
    read_page volatile
}

@test "printing" {
    make_page 0 calm
    read_page print
}

@test "ten thousand exchanges" {
    make_page 0 long 10000 100
    read_page many
}

@test "a message of a megabyte" {
    make_page 0 long 1 1048576
    read_page large
    equal "$(sha256sum < printed)" \
        "$(jq -r 'select(.direction == "response") | .data' "$recording" | base64 -d | od -An -v -tx1 |
            tr -d ' \n' | sed '$a\' | sha256sum)" 'the bytes'
}

@test "a page that was cut short or damaged says so" {
    make_page 0 calm
    cp page.html whole.html
    head -c -100 whole.html > page.html
    read_page damaged
    sed '/^00000000  06 01/s/06/0g/' whole.html > page.html
    read_page damaged
    sed '/^00000000  06 01/s/ 00//' whole.html > page.html
    read_page damaged
}

@test "no conversation makes a page, too" {
    "$SOCKFIXTURE" -q --lang html -o page.html -r <("$tests/html/conversation.py" silent)
    read_page silent
}

@test "the same recording gives the same page" {
    make_page 3 awkward
    mv page.html first.html
    make_page 3 awkward
    cmp first.html page.html
}

@test "the policy names the style and the script that are there" {
    "$tests/../templates/html-hashes" --check
}

@test "the page in examples is the one that its recording gives" {
    "$SOCKFIXTURE" -q --lang html --name chronyc -r "$tests/../examples/html/chronyc.jsonl" > page.html
    cmp page.html "$tests/../examples/html/chronyc.html" || fail 'make examples makes it anew'
}
