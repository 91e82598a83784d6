#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The examples: each decoder passes its test with the recorded bytes, and with ones recorded now.

load helper

setup_file() {
    export GOCACHE=$BATS_FILE_TMPDIR/go-cache GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local
    export PYTHONDONTWRITEBYTECODE=1
}

# What is tested is a copy, as tests and recordings leave files.
setup() {
    begin_test
    cp -r "$tests/../examples" .
}

go_passes() { # FOLDER
    equal "$(gofmt -d "examples/$1")" '' 'what gofmt would change'
    (cd "examples/$1" && go vet ./... && go test ./... >&2)
}

rust_passes() { # FOLDER ROOT
    rustfmt --check --edition 2021 "examples/$1/$2"
    rustc --edition 2021 -D warnings --crate-type lib --out-dir "$work" "examples/$1/$2"
    rustc --edition 2021 -D warnings --test -o rust-tests "examples/$1/$2"
    ./rust-tests >&2
}

python_passes() { # FOLDER
    black --quiet --check --diff "examples/$1"
    (cd "examples/$1" && python3 -W error -m pytest -q -p no:cacheprovider >&2)
}

@test "chrony in Go" {
    go_passes chrony/go
}

@test "chrony in Rust" {
    rust_passes chrony/rust candm.rs
}

@test "linuxptp in Go" {
    go_passes linuxptp/go
}

@test "linuxptp in Python" {
    python_passes linuxptp/python
}

@test "Redis in Python" {
    python_passes redis
}

# Another byte in a recorded message is another meaning: that test fails, and not for another reason.
notices() { # FILE BYTES OTHERS TEST...
    local text=$(< "examples/$1")
    printf '%s\n' "${text/"$2"/"$3"}" > "examples/$1"
    ! diff -q "$tests/../examples/$1" "examples/$1" || fail "$1 has no $2"
    run ! "${@:4}"
    [[ $output == *FAIL* ]] || fail "$output"
}

@test "a response that means something else does not pass" {
    notices chrony/go/chronyc_test.go '0x04, 0x05, 0x00' '0x04, 0x06, 0x00' go_passes chrony/go
    notices chrony/rust/chronyc.rs '\x04\x05\x00' '\x04\x06\x00' rust_passes chrony/rust candm.rs
    notices linuxptp/go/pmc_test.go '0xf8, 0xfe' '0xf9, 0xfe' go_passes linuxptp/go
    notices linuxptp/python/pmc.py '\xf8\xfe' '\xf9\xfe' python_passes linuxptp/python
    notices redis/recorded.py ':-7' ':-8' python_passes redis
}

again() { # OPTION...
    examples/alone "$SOCKFIXTURE" --manifest examples/sockfixture.json "$@"
}

@test "made again, and again, they stay as they are" {
    again --update
    equal "$(diff -rq "$tests/../examples" examples)" ''
    again --check
}

@test "recorded anew, they pass" {
    rm examples/{chrony,linuxptp,redis}/*.jsonl
    again --update
    go_passes chrony/go
    rust_passes chrony/rust candm.rs
    go_passes linuxptp/go
    python_passes linuxptp/python
    python_passes redis
    run -1 diff -rq "$tests/../examples" examples
    again --update
    again --check
}
