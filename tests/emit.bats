#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What is emitted is left alone by its language's formatter, compiles without a warning, and holds the recorded bytes.

load helper
load emit

# The shapes that a conversation gives to a fixture, by name.
shapes=(stream datagram many unanswered empty binary two none long passed)

setup_file() {
    export GOCACHE=$BATS_FILE_TMPDIR/go-cache GOFLAGS=-mod=mod GOTOOLCHAIN=local
}

# The recording of a shape, in $recording, with all bytes 0 to 255 in `binary`.
make() { # SHAPE
    local program=$programs
    recording=$work/$1.jsonl
    case $1 in
        stream) set -- "$program/talk" --path "$path" --size 5 --exchanges 3 ;;
        datagram) set -- "$program/awkward" peek-dgram --path "$path" ;;
        many) set -- "$program/awkward" pipelined-dgram --path "$path" ;;
        unanswered) set -- "$program/awkward" unanswered --path "$path" ;;
        empty) set -- "$program/awkward" empty --path "$path" ;;
        binary) set -- "$program/talk" --path "$path" --size 2000 --exchanges 2 --type dgram ;;
        two) set -- "$program/awkward" reconnect --path "$path" ;;
        none) set -- true ;;
        long) set -- "$program/talk" --path "$path" --size 300000 --exchanges 1 ;;
        passed) set -- "$program/ancillary" several --path "$path" ;;
    esac
    "${sockfixture[@]}" -q -w "$recording" "$@"
}

for_each_shape() { # FUNCTION
    local shape
    for shape in "${shapes[@]}"; do
        echo "the shape is: $shape" >&2
        make "$shape"
        "$1" "$shape"
    done
}

# Go

@test "gofmt and go vet leave Go alone" {
    for_each_shape go_is_clean
}

@test "go test finds the recorded bytes" {
    local shape
    for shape in stream datagram many unanswered empty binary; do
        make "$shape"
        go_is_clean "$shape"
        go_test > "go-$shape/rows_test.go"
        (cd "go-$shape" && go test ./... >&2)
        recorded "go-$shape/rows"
    done
}

# Rust

@test "rustfmt leaves Rust alone, and rustc has no warning" {
    for_each_shape rust_is_clean
}

@test "rustc --test finds the recorded bytes" {
    local shape
    for shape in stream datagram many unanswered empty binary; do
        make "$shape"
        rust_is_clean "$shape"
        rust_test "$shape" > rows.rs
        rustc --edition 2021 --test -A dead_code -o rows rows.rs
        ./rows >&2
        recorded rows.rust
    done
}

# Python

@test "black leaves Python alone, and it imports" {
    for_each_shape python_is_clean
}

@test "pytest finds the recorded bytes" {
    local shape
    python_test > rows_test.py
    for shape in stream datagram many unanswered empty binary; do
        make "$shape"
        python_is_clean "$shape"
        SHAPE=$shape python3 -m pytest -q -p no:cacheprovider rows_test.py >&2
        recorded rows.python
    done
}

# JSON

@test "python3 -m json.tool leaves JSON alone, and it holds the recorded bytes" {
    for_each_shape json_is_clean
}

# Everything

@test "direct emission and emission from the recording are the same, in every language" {
    local lang
    for lang in go rust python json; do
        "${sockfixture[@]}" -q --lang "$lang" -o "direct.$lang" -w "$work/rec.jsonl" \
            "$programs/talk" --path "$path" --type dgram
        "$SOCKFIXTURE" --lang "$lang" -r rec.jsonl > "read.$lang"
        cmp "direct.$lang" "read.$lang"
    done
}

@test "jq reads every line of a recording" {
    local shape
    for shape in "${shapes[@]}"; do
        make "$shape"
        while read -r line; do
            jq -e . <<< "$line" > /dev/null || fail "not JSON: $line"
        done < "$recording"
        equal "$(jq -c . "$recording" | wc -l)" "$(wc -l < "$recording")"
    done
}

@test "the same conversation gives the same file: no time, no pid, no path" {
    local lang
    cp "$programs/talk" conversation
    for lang in go rust python json; do
        "${sockfixture[@]}" -q --lang "$lang" -o first ./conversation --path socket
        sleep 0.01
        "${sockfixture[@]}" -q --lang "$lang" -o second ./conversation --path socket
        cmp first second
        run -1 grep -F -e "$work" -e "$(date +%Y-)" first
    done
}

# Whatever a command is called or given, it ends no comment, no string and no line.
@test "commands that try to break out" {
    local evil shape=0 evils
    evils=('*/ garbage /*' '" + garbage + "' $'a\ngarbage(' "'''" '"""' '\' '\u000a garbage' \
        '{{name}}' '{{{name}}}' $'\xff\xfe' $'\r garbage' $'\x1b[31m' $'\xe2\x80\xae' $'\xe2\x80\xa8 garbage' \
        '`' '${garbage}' '//go:build ignore' '#![garbage]' '-->' '' '1' 'type' 'é')
    for evil in "${evils[@]}"; do
        shape=$((shape + 1))
        recording=$work/evil.jsonl
        "${sockfixture[@]}" -q -w "$recording" sh -c "$(printf '%q ' "$programs/talk" \
            --family abstract --type dgram --exchanges 1 --path "x$evil")" "$evil" "$evil"
        printf 'the command has: %q\n' "$evil" >&2
        go_is_clean "$shape"
        rust_is_clean "shape$shape"
        python_is_clean "shape$shape"
        json_is_clean "shape$shape"
        run -1 grep -aP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80[\xa8-\xae]' \
            "go-$shape/fixture_test.go" "shape$shape".{rs,py,json}
    done
}

@test "a command that looks like a build constraint is none" {
    printf 'command +build ignore\n> b"hi"\n< b"ho"\n' | "$tests/compose.py" > "$recording"
    "$SOCKFIXTURE" -r "$recording" -o fixture.go
    equal "$(gofmt -d fixture.go)" ''
    printf 'module example.org/talk\n\ngo 1.16\n' > go.mod
    equal "$(go list -f '{{.GoFiles}}')" '[fixture.go]'
}

@test "names that are none in the language" {
    local name
    make stream
    for name in '1 two' 'func' 'a-b/c' 'é' '' 'SELF' 'package' 'two words' '__' '"' $'a\nb' 'Exchange' 'List'; do
        emit x.go --lang go --name "$name" --package "$name"
        equal "$(gofmt -d x.go)" ''
        go vet x.go
        emit x.rs --lang rust --name "$name"
        rustfmt --check --edition 2021 x.rs
        rustc --edition 2021 -D warnings --crate-type lib --crate-name x -o x.rlib x.rs
        emit x.py --lang python --name "$name"
        black --quiet --check x.py
        python3 -W error x.py
    done
}

@test "the table's name comes from the command" {
    cp "$programs/talk" chronyc
    recording=$work/named.jsonl
    "${sockfixture[@]}" -q -w "$recording" sh -c 'exec ./chronyc --path socket'
    "${sockfixture[@]}" -q -w "$recording" ./chronyc --path socket
    emit x.go --lang go
    grep -q '^var chronyc[A-Za-z]* = ' x.go
    emit x.rs --lang rust
    grep -q '^pub static CHRONYC[A-Z_]*: ' x.rs
    emit x.py --lang python
    grep -q '^CHRONYC[A-Z_]* = ' x.py
}
