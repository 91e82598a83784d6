#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What is emitted is left alone by its language's formatter, compiles without a warning, and holds the recorded bytes.

load helper

# The shapes that a conversation gives to a fixture, by name.
shapes=(stream datagram many unanswered empty binary two none long)

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
    esac
    "${sockfixture[@]}" -q -w "$recording" "$@"
}

# The emitted text of the recording, in a file of its own.
emit() { # FILE [OPTION...]
    "$SOCKFIXTURE" -r "$recording" -o "$1" "${@:2}"
}

# These rows are the recording's.
recorded() { # ROWS
    "$tests/rows.py" recording "$recording" > recorded
    diff recorded "$1"
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

go_is_clean() { # SHAPE
    mkdir "go-$1"
    emit "go-$1/fixture_test.go" --lang go --name table --package fixture
    equal "$(gofmt -d "go-$1/fixture_test.go")" '' 'what gofmt would change'
    (cd "go-$1" && printf 'module fixture\n\ngo 1.19\n' > go.mod && go vet ./...)
}

@test "gofmt and go vet leave Go alone" {
    for_each_shape go_is_clean
}

# Prints the rows as rows.py does, from whichever fields the table has.
go_test() {
    cat << 'GO'
package fixture

import (
	"encoding/hex"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

func spell(side reflect.Value) string {
	messages := [][]byte{}
	if side.Type().Elem().Kind() != reflect.Uint8 {
		for i := 0; i < side.Len(); i++ {
			messages = append(messages, side.Index(i).Bytes())
		}
	} else if !side.IsNil() {
		messages = append(messages, side.Bytes())
	}
	if len(messages) == 0 {
		return "none"
	}
	spelt := []string{}
	for _, message := range messages {
		text := hex.EncodeToString(message)
		if text == "" {
			text = "-"
		}
		spelt = append(spelt, text)
	}
	return strings.Join(spelt, ",")
}

func TestRows(t *testing.T) {
	out, err := os.Create("rows")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			fields := reflect.ValueOf(row)
			fmt.Fprintln(out, spell(fields.Field(1)), spell(fields.Field(2)))
		})
	}
}
GO
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

rust_is_clean() { # SHAPE
    emit "$1.rs" --lang rust --name table
    rustfmt --check --edition 2021 "$1.rs"
    rustc --edition 2021 -D warnings --crate-type lib --crate-name fixture -o "$1.rlib" "$1.rs"
}

@test "rustfmt leaves Rust alone, and rustc has no warning" {
    for_each_shape rust_is_clean
}

rust_test() { # SHAPE
    cat << RUST
#[path = "$1.rs"]
mod fixture;
use std::io::Write;
RUST
    cat << 'RUST'
trait Side {
    fn messages(&self) -> Vec<&[u8]>;
}
impl Side for &[u8] {
    fn messages(&self) -> Vec<&[u8]> {
        vec![self]
    }
}
impl Side for Option<&[u8]> {
    fn messages(&self) -> Vec<&[u8]> {
        self.iter().copied().collect()
    }
}
impl Side for &[&[u8]] {
    fn messages(&self) -> Vec<&[u8]> {
        self.to_vec()
    }
}
fn spell(side: impl Side) -> String {
    let spelt: Vec<String> = side
        .messages()
        .iter()
        .map(|message| match message.len() {
            0 => "-".to_string(),
            _ => message.iter().map(|byte| format!("{:02x}", byte)).collect(),
        })
        .collect();
    match spelt.len() {
        0 => "none".to_string(),
        _ => spelt.join(","),
    }
}
#[test]
fn rows() {
    let mut out = std::fs::File::create("rows.rust").unwrap();
    for row in fixture::TABLE {
        assert!(!row.name.is_empty());
RUST
    if grep -q 'pub requests:' "$1.rs"; then
        echo 'writeln!(out, "{} {}", spell(row.requests), spell(row.responses)).unwrap();'
    else
        echo 'writeln!(out, "{} {}", spell(row.request), spell(row.response)).unwrap();'
    fi
    echo '}}'
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

python_is_clean() { # SHAPE
    emit "$1.py" --lang python --name table
    black --quiet --check --diff "$1.py"
    python3 -W error "$1.py"
}

@test "black leaves Python alone, and it imports" {
    for_each_shape python_is_clean
}

@test "pytest finds the recorded bytes" {
    local shape
    cat > rows_test.py << 'PYTHON'
import importlib
import os

import pytest

fixture = importlib.import_module(os.environ["SHAPE"])
out = open("rows.python", "w")


def spell(side):
    messages = side if isinstance(side, list) else [] if side is None else [side]
    return ",".join(message.hex() or "-" for message in messages) or "none"


@pytest.mark.parametrize("row", fixture.TABLE, ids=lambda row: row.name)
def test_row(row):
    print(spell(row[1]), spell(row[2]), file=out, flush=True)
PYTHON
    for shape in stream datagram many unanswered empty binary; do
        make "$shape"
        python_is_clean "$shape"
        SHAPE=$shape python3 -m pytest -q -p no:cacheprovider rows_test.py >&2
        recorded rows.python
    done
}

# JSON

json_is_clean() { # SHAPE
    emit "$1.json" --lang json
    python3 -m json.tool "$1.json" > tool.json
    cmp "$1.json" tool.json
    "$tests/rows.py" json "$1.json" > rows.json
    recorded rows.json
    # Each spelling of the bytes is the same bytes.
    python3 -c '
import base64, json, sys
for conversation in json.load(open(sys.argv[1]))["conversations"]:
    for exchange in conversation["exchanges"]:
        for said in exchange["requests"] + exchange["responses"]:
            assert base64.b64decode(said["base64"]) == bytes.fromhex(said["hex"])
            assert said["length"] == len(bytes.fromhex(said["hex"])) and not said["missing"]' "$1.json"
}

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
