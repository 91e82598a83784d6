#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Recordings that stay as they are: what is volatile is found and marked, what differs is told, and only that is written.

load helper
load emit

setup_file() {
    export GOCACHE=$BATS_FILE_TMPDIR/go-cache GOFLAGS=-mod=mod GOTOOLCHAIN=local
}

# Our own server, of which no two answers are the same; it is asked for the words given.
start_server() { # WORD...
    background "$tests/golden_server.py" serve "$path"
    wait_until 30 test -S "$path"
    printf '%s\n' "$@" > "$path.asks"
    client=("$tests/golden_server.py" ask "$path")
}

# The volatile ranges of a recording, a line for each message: its direction, its length and they.
ranges() { # RECORDING
    jq -r 'select(.data) | .direction + " " + (.length | tostring) + (.volatile // [] | map(
        " [\(.[0]):\(.[0] + .[1])]" + (.[2] // {} | [.kind, .form, .unit, .offset, .step] |
        map(values | "=" + tostring) | join(""))) | join(""))' "$1"
}

# Records until a run finds no difference, as a server that has just begun is not yet as it will be.
regenerate() { # STATUS [OPTION...] COMMAND...
    run -"$1" --separate-stderr "${sockfixture[@]}" -q -w golden.jsonl "${@:2}"
}

unchanged() { # FILE...
    local file
    for file in "$@"; do
        cmp "$file" "kept/$file" || fail "$file was changed"
        equal "$(stat -c %i "$file")" "$(stat -c %i "kept/$file.link")" "the file that $file is"
    done
}

# Copies to compare with; a link, too, so that no other file gets the same number.
keep() { # FILE...
    local file
    rm -rf kept
    mkdir kept
    for file in "$@"; do
        cp "$file" "kept/$file"
        ln "$file" "kept/$file.link"
    done
}

# Finding

@test "what is volatile, and what it is" {
    start_server plain %N
    echo 'long %N text' > "$path.long"
    printf 'long\n' >> "$path.asks"
    "${sockfixture[@]}" --repeat 3 -w "$recording" -o fixture.go "${client[@]}" 2> said
    ranges "$recording" >&2; grep -q '3 runs: 12 volatile ranges' said || fail "$(cat said)"
    equal "$(ranges "$recording")" 'request 11 [2:6]
response 15 [0:4]=echo=2 [4:6]=counter=big=3 [6:10]=time=big=s
request 8 [2:6]
response 12 [0:4]=echo=2 [4:6]=counter=big=3 [6:10]=time=big=s [10:12]=length
request 10 [2:6]
response 23 [0:4]=echo=2 [4:6]=counter=big=3 [6:10]=time=big=s [15:18]=length'
    python3 -c 'import sys; sys.path.insert(0, sys.argv[1]); import recording; recording.Recording(sys.argv[2])' \
        "$tests" "$recording"
    grep -qxF $'\t\t// response[0:4] echoes request[2:6]' fixture.go
    grep -qxF $'\t\t// response[4:6] counts by 3 (big-endian)' fixture.go
    grep -qxF $'\t\t// response[6:10] is the time (seconds, big-endian)' fixture.go
    grep -qxF $'\t\t// response[10:12] varies in length' fixture.go
    equal "$(gofmt -d fixture.go)" ''
}
