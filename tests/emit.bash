# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Looks at what was emitted with the tools of its language. The tests that load this have the recording in $recording.

# The emitted text of the recording, in a file of its own.
emit() { # FILE [OPTION...]
    "$SOCKFIXTURE" -r "$recording" -o "$1" "${@:2}"
}

# These rows are the recording's.
recorded() { # ROWS
    "$tests/rows.py" recording "$recording" > recorded
    diff recorded "$1"
}

# Go

go_is_clean() { # SHAPE [OPTION...]
    mkdir "go-$1"
    emit "go-$1/fixture_test.go" --lang go --name table --package fixture "${@:2}"
    equal "$(gofmt -d "go-$1/fixture_test.go")" '' 'what gofmt would change'
    (cd "go-$1" && printf 'module fixture\n\ngo 1.19\n' > go.mod && go vet ./...)
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
			request, response := fields.FieldByName("request"), fields.FieldByName("response")
			if !request.IsValid() {
				request, response = fields.FieldByName("requests"), fields.FieldByName("responses")
			}
			fmt.Fprintln(out, spell(request), spell(response))
		})
	}
}
GO
}

# Rust

rust_is_clean() { # SHAPE [OPTION...]
    emit "$1.rs" --lang rust --name table "${@:2}"
    rustfmt --check --edition 2021 "$1.rs"
    rustc --edition 2021 -D warnings --crate-type lib --crate-name fixture -o "$1.rlib" "$1.rs"
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

# Python

python_is_clean() { # SHAPE [OPTION...]
    emit "$1.py" --lang python --name table "${@:2}"
    black --quiet --check --diff "$1.py"
    python3 -W error "$1.py"
}

python_test() {
    cat << 'PYTHON'
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
    many = "s" if hasattr(row, "requests") else ""
    request, response = getattr(row, "request" + many), getattr(row, "response" + many)
    print(spell(request), spell(response), file=out, flush=True)
PYTHON
}

# JSON

json_is_clean() { # SHAPE [OPTION...]
    emit "$1.json" --lang json "${@:2}"
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
