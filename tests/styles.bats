#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Every style of a language, and every way to spell bytes: left alone by its formatter, compiled without a warning, and
# the recorded bytes are in it. Text reads as text, and what is too long for a literal stands beside the fixture.

load helper
load emit

setup_file() {
    export GOCACHE=$BATS_FILE_TMPDIR/go-cache GOFLAGS=-mod=mod GOTOOLCHAIN=local
}

# The shapes that a conversation gives to a fixture, with the bytes that are awkward in some language.
scripts() {
    declare -gA script
    script[one]='
        > b"GET /containers/json HTTP/1.1\r\nHost: x\r\n\r\n"
        < b"HTTP/1.1 200 OK\r\n\r\n{\"a\": \"\\x41b\", \"b\": \x27${c}\x27}\n" + "h\u00e9llo \u65e5\u672c\n".encode()
        > bytes(range(256))
        < b"\x01" + b"41b ??/ */ /* \"\"\" ${x} #{y} `z` %s \\u{41}\0"
        > b" leading and trailing "
        < b"  \n  \n\n\n\t" + b"-" * 500 + b"\r\n" + b"word " * 60
        > b"\""
        < b"\x27\"\\"
        > b""
        < b"\xff\xfe invalid \xc3"'
    script[none]='
        < b"220 ready\r\n"
        > b"HELO\r\n"'
    script[many]='
        type dgram
        > b"one"
        > b"two" + b"!" * 100
        > b"\x00\x01" + b"three" * 10
        < b""
        < b"\xff"
        > b"\x00" * 17
        > b"x"
        < b"a line\nand another\n"'
    script[long]='
        > b"\x00" * 70000
        < b"text\n" * 20000
        > b"short"
        < bytes(range(256)) * 300'
    script[long_many]='
        type dgram
        > b"\x00" * 70000
        > b"\x01" * 70000
        < b"text\n" * 20000
        > b"short"
        > b"\xff" * 70000
        < b""'
}

# Calls the function for every shape with every style and way to spell bytes.
for_each_way() { # FUNCTION STYLE...
    local name way number=0
    scripts
    for name in one none many long long_many; do
        recording=$work/$name.jsonl
        "$tests/compose.py" <<< "${script[$name]}" > "$recording"
        for way in "${@:2}" '' '--bytes hex' '--bytes text'; do
            [[ $way == --* || -z $way ]] || way="--style $way"
            number=$((number + 1))
            echo "the shape is $name, in the way: $way" >&2
            # shellcheck disable=SC2086 # the way is words
            "$1" "way$number" $way
        done
    done
}

go_holds() { # SHAPE [OPTION...]
    go_is_clean "$@"
    go_test > "go-$1/rows_test.go"
    (cd "go-$1" && go test ./... >&2)
    recorded "go-$1/rows"
}

# bats test_tags=compilers
@test "Go in every style" {
    for_each_way go_holds bytes string
}

rust_holds() { # SHAPE [OPTION...]
    rust_is_clean "$@"
    rust_test "$1" > rows.rs
    rustc --edition 2021 --test -A dead_code -o rows rows.rs
    ./rows >&2
    recorded rows.rust
}

# bats test_tags=compilers
@test "Rust in every style" {
    for_each_way rust_holds string array
}

python_holds() { # SHAPE [OPTION...]
    python_is_clean "$@"
    python_test > rows_test.py
    SHAPE=$1 python3 -m pytest -q -p no:cacheprovider rows_test.py >&2
    recorded rows.python
}

# bats test_tags=compilers
@test "Python in every style" {
    for_each_way python_holds bytes fromhex
}

@test "JSON in every way" {
    for_each_way json_is_clean
    # Text that is said to be readable is the message.
    "$tests/compose.py" <<< "${script[one]}" > text.jsonl
    for way in auto hex text; do
        "$SOCKFIXTURE" -r text.jsonl --lang json --bytes "$way" > text.json
        python3 - "$way" << 'PYTHON'
import json, sys
readable = 0
for conversation in json.load(open("text.json"))["conversations"]:
    for exchange in conversation["exchanges"]:
        for said in exchange["requests"] + exchange["responses"]:
            if said["readable"]:
                readable += 1
                assert said["text"].encode() == bytes.fromhex(said["hex"]), said
assert readable == {"auto": 6, "hex": 0, "text": 7}[sys.argv[1]], readable
PYTHON
    done
}

# A ready test calls the function that is named: what it answers is compared.

right='
    type dgram
    > b"\x01one"
    < b"eno\x01"
    > b"two\n"
    < b"\nowt"'
many='
    type dgram
    > b"one"
    > b"\x00two"
    < b"owt\x00"
    < b"eno"
    > b"three"
    < b"eerht"'
unanswered='
    type dgram
    > b"one"
    < b"eno"
    > b""'

# The tests pass where every answer is right, and not where one is wrong.
passes_when_right() { # FUNCTION
    local name
    for name in right many unanswered; do
        "$tests/compose.py" <<< "${!name}" > "$name.jsonl"
        recording=$work/$name.jsonl
        mkdir "$name"
        "$1" "$name" || fail "$name: right answers do not pass"
        sed -i 's/"direction": "response"\(.*\)"data": "[^"]*"/"direction": "response"\1"data": "AAAA"/; s/"length": [0-9]*\(.*AAAA\)/"length": 3\1/' "$name.jsonl"
        ! "$1" "$name" || fail "$name: wrong answers pass"
    done
}

go_passes() { # NAME
    emit "$1/fixture_test.go" --lang go --style test --name table --call example.org/talk/my-talk.Reverse
    equal "$(gofmt -d "$1/fixture_test.go")" '' 'what gofmt would change' || return 1
    mkdir -p "$1/my-talk"
    printf 'module example.org/talk\n\ngo 1.19\n' > "$1/go.mod"
    cat > "$1/my-talk/talk.go" << 'GO'
package talk

func reverse(message []byte) []byte {
	reversed := []byte{}
	for i := range message {
		reversed = append(reversed, message[len(message)-1-i])
	}
	return reversed
}
GO
    if [ "$1" = many ]; then
        cat >> "$1/my-talk/talk.go" << 'GO'

func Reverse(messages [][]byte) [][]byte {
	reversed := [][]byte{}
	for i := range messages {
		reversed = append(reversed, reverse(messages[len(messages)-1-i]))
	}
	return reversed
}
GO
    else
        printf '\nvar Reverse = reverse\n' >> "$1/my-talk/talk.go"
    fi
    (cd "$1" && go vet ./... && go test ./... >&2)
}

# bats test_tags=compilers
@test "a ready test in Go" {
    passes_when_right go_passes
}

# bats test_tags=compilers
@test "a ready test in Go, whatever its table and its package are called" {
    local name
    "$tests/compose.py" <<< "$right" > right.jsonl
    recording=$work/right.jsonl
    mkdir go
    printf 'module example.org/talk\n\ngo 1.19\n' > go/go.mod
    printf 'package main\n\nfunc reverse(message []byte) []byte { return message }\n
func respond(message []byte) []byte { return reverse(message) }\n\nfunc main() {}\n' > go/main.go
    for name in bytes testing respond subject main init t TestTalk; do
        emit go/fixture_test.go --lang go --style test,mask --name "$name" --package main
        equal "$(gofmt -d go/fixture_test.go)" '' "what gofmt would change in $name"
        (cd go && go vet ./...)
    done
    emit go/fixture_test.go --lang go --style test --name reverse --package main --call reverse
    (cd go && go vet ./...)
}

rust_passes() { # NAME
    local row='request: &[u8]) -> Vec<u8> { reverse(request) }'
    case $1 in
        many) row='requests: &[&[u8]]) -> Vec<Vec<u8>> { requests.iter().rev().map(|r| reverse(r)).collect() }' ;;
        unanswered) row='request: Option<&[u8]>) -> Option<Vec<u8>> { request.map(reverse).filter(|r| !r.is_empty()) }' ;;
    esac
    emit "$1/fixture.rs" --lang rust --style test --name table --call crate::talk::answer
    rustfmt --check --edition 2021 "$1/fixture.rs" || return 1
    cat > "$1/lib.rs" << RUST
#![deny(warnings)]
pub mod fixture;
pub mod talk {
    pub fn reverse(message: &[u8]) -> Vec<u8> {
        message.iter().rev().copied().collect()
    }
    pub fn answer($row
}
RUST
    rustc --edition 2021 --test -o "$1/tests" "$1/lib.rs"
    "$1/tests" >&2
}

# bats test_tags=compilers
@test "a ready test in Rust" {
    local path
    passes_when_right rust_passes
    # Lines are left alone by the formatter however long the function's name is.
    for path in 40 60 90; do
        emit long.rs --lang rust --style test,mask --call "crate::$(printf 'p%.0s' $(seq "$path"))::answer"
        rustfmt --check --edition 2021 long.rs
    done
}

python_passes() { # NAME
    local row='reverse(request)'
    case $1 in
        many) row='[reverse(one) for one in reversed(request)]' ;;
        unanswered) row='request and reverse(request) or None' ;;
    esac
    emit "$1/test_fixture.py" --lang python --style test --name table --call talk.answer
    black --quiet --check --diff "$1/test_fixture.py" || return 1
    cat > "$1/talk.py" << PYTHON
def reverse(message):
    return message[::-1]


def answer(request):
    return $row
PYTHON
    (cd "$1" && python3 -m pytest -q -p no:cacheprovider >&2)
}

# bats test_tags=compilers
@test "a ready test in Python" {
    passes_when_right python_passes
}

# A test calls the function whatever it is called, or it is said that it cannot be called so: with every word of the test.

# Emits a test for each word, LANGUAGE/SHAPE_WORD.test, and prints SHAPE and WORD. The function's module is MODULE, SHAPE
# and SEPARATOR, if there is one.
call_each_word() { # LANGUAGE [MODULE SEPARATOR]
    local shape word
    mkdir "$1"
    for shape in many unanswered; do
        "$tests/compose.py" <<< "${!shape}" > "$shape.jsonl"
        recording=$work/$shape.jsonl
        emit plain.test --lang "$1" --style test,mask --name quux || return 1
        sed -E 's,^ *(//|#).*,,; s/"[^"]*"//g' plain.test | grep -oE '[A-Za-z_][A-Za-z_0-9]*' | grep -vi quux | sort -u > words
        grep -qx exchange words || return 1
        while read -r word; do
            if emit "$1/${shape}_$word.test" --lang "$1" --style test,mask --name quux --package "p_$word" \
                --call "${2:+$2$shape$3}$word" 2> told; then
                echo "$shape $word"
            else
                equal "$(< told)" "sockfixture: --call: tests in $1 have '$word' for something else" || return 1
            fi
        done < words
    done
}

# bats test_tags=compilers
@test "a test in Go calls a function of any name that is not refused" {
    local shape word list
    call_each_word go > called
    printf 'module example.org/talk\n\ngo 1.19\n' > go/go.mod
    while read -r shape word; do
        list=
        [ "$shape" != many ] || list='[]'
        mkdir "go/${shape}_$word"
        mv "go/${shape}_$word.test" "go/${shape}_$word/quux_test.go"
        printf 'package p_%s\n\nfunc %s(r %s[]byte) %s[]byte { return r }\n' "$word" "$word" "$list" "$list" \
            > "go/${shape}_$word/talk.go"
    done < called
    grep -qx 'many got' called
    (cd go && go vet ./...)
}

# bats test_tags=compilers
@test "a test in Rust calls a function of any name that is not refused" {
    local shape word
    call_each_word rust crate::talk_ :: > called
    cat > rust/lib.rs << 'RUST'
pub mod talk_many {
    pub fn answer_all(requests: &'static [&'static [u8]]) -> &'static [&'static [u8]] { requests }
}
pub mod talk_unanswered {
    pub fn answer_all(request: Option<&[u8]>) -> Option<Vec<u8>> { request.map(Vec::from) }
}
RUST
    while read -r shape word; do
        printf '#[path = "%s_%s.test"]\nmod %s_%s;\n' "$shape" "$word" "$shape" "$word"
        sed -i "s/^pub mod talk_$shape {/&\n    pub use self::answer_all as $word;/" rust/lib.rs
    done < called > modules
    cat modules >> rust/lib.rs
    grep -qx 'many exchange' called
    rustc --edition 2021 --test -A warnings -o rust/tests rust/lib.rs
}

# bats test_tags=compilers
@test "a test in Python calls a function of any name that is not refused" {
    local shape word
    call_each_word python talk_ . > called
    tee python/talk_many.py > python/talk_unanswered.py << 'PYTHON'
def answer_all(request):
    if isinstance(request, list):
        return [one[::-1] for one in reversed(request)]
    return request and request[::-1] or None


PYTHON
    while read -r shape word; do
        echo "$word = answer_all" >> "python/talk_$shape.py"
        mv "python/${shape}_$word.test" "python/test_${shape}_$word.py"
    done < called
    grep -qx 'many requests' called
    (cd python && python3 -m pytest -q -p no:cacheprovider >&2)
}

# Text

@test "text reads as text, line by line" {
    "$tests/compose.py" > text.jsonl << 'SCRIPT'
> b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
< b"no newline"
SCRIPT
    "$SOCKFIXTURE" -r text.jsonl --lang go > text.go
    grep -qxF $'\t\trequest: []byte("GET / HTTP/1.1\\r\\n" +' text.go
    grep -qxF $'\t\t\t"Host: x\\r\\n" +' text.go
    grep -qxF $'\t\t\t"\\r\\n"),' text.go
    grep -qxF $'\t\tresponse: []byte("no newline"),' text.go
    "$SOCKFIXTURE" -r text.jsonl --lang python > text.py
    grep -qxF '            b"Host: x\r\n"' text.py
    grep -qxF '        response=b"no newline",' text.py
    "$SOCKFIXTURE" -r text.jsonl --lang rust > text.rs
    grep -qxF '            Host: x\r\n\' text.rs
    grep -qxF '        response: b"no newline",' text.rs
    # Not a character of it is to be seen when it is to be hexadecimal, in whatever style.
    local lang
    for lang in go rust python; do
        "$SOCKFIXTURE" -r text.jsonl --lang "$lang" --bytes hex > text.hex
        run -1 grep -q -e HTTP -e newline text.hex
    done
}

@test "what is not text is not taken for it" {
    local message
    # A control character, a hidden one, one that reorders, a surrogate, half a character, nothing.
    for message in 'b"a\x1bb"' 'b"a\xe2\x80\x8bb"' 'b"a\xe2\x80\xaeb"' 'b"a\xed\xa0\x80b"' 'b"a\xc3"' 'b""' 'b"a\0"'; do
        "$tests/compose.py" <<< "> $message" > text.jsonl
        "$SOCKFIXTURE" -r text.jsonl --lang json > text.json
        run -1 grep -q '"readable": true' text.json
    done
}

# Styles

@test "a style that there is not" {
    "$tests/compose.py" <<< '> b"x"' > text.jsonl
    run -2 --separate-stderr "$SOCKFIXTURE" -r text.jsonl --lang go --style strign
    says "--style: go has no 'strign' (did you mean 'string'?)"
    run -2 --separate-stderr "$SOCKFIXTURE" -r text.jsonl --lang go --style poetry
    says "--style: go has no 'poetry'; there are bytes, string, test, mask"
    run -2 --separate-stderr "$SOCKFIXTURE" -r text.jsonl --lang json --style test
    says "--style: json has no 'test', nor any other to choose"
}

@test "two styles at once" {
    "$tests/compose.py" <<< '> b"\1"' > text.jsonl
    "$SOCKFIXTURE" -r text.jsonl --lang go --style string,test > both.go
    grep -qF 'request: []byte("\x01"),' both.go
    grep -q '^func Test' both.go
    equal "$(gofmt -d both.go)" ''
}

@test "a function to call is a name and nothing else" {
    local name
    for name in 'f()' 'a b' '' '1' 'f;g' '.f' 'f.' 'a//b.f' $'f\n' 'a-b' 'a.1'; do
        run -2 --separate-stderr "$SOCKFIXTURE" --lang go --style test --call "$name" true
        [[ $stderr == *--call:* ]] || fail "$stderr"
    done
}

@test "a function to call is named as the language does it" {
    local lang name between
    while read -r lang name between; do
        run -2 --separate-stderr "$SOCKFIXTURE" --lang "$lang" --style test --call "$name" true
        says "--call: no name in $lang has '$between' between its words"
    done << 'NAMES'
go crate::talk::respond ::
go talk:respond :
rust talk.respond .
rust example.org/talk::respond .
rust talk-go::respond -
python crate::talk::respond ::
python example/talk.respond /
python my-talk.respond -
NAMES
    # Entry points of Python are written so.
    "$tests/compose.py" <<< '> b"ask"' > rec.jsonl
    "$SOCKFIXTURE" -q -r rec.jsonl --style test --call talk:respond -o talk_test.py
    grep -Fx 'from talk import respond' talk_test.py
}

# Files

@test "a long message stands beside the fixture" {
    "$tests/compose.py" > long.jsonl << 'SCRIPT'
type dgram
> b"short"
< b"x" * 100
> b"\xff" * 101
> b"y" * 102
SCRIPT
    "$SOCKFIXTURE" -r long.jsonl -o table.test.py --embed-above 100
    only_files long.jsonl table.test.py table.test.02-request.bin table.test.02-request-2.bin
    equal "$(cat table.test.02-request-2.bin)" "$(printf 'y%.0s' {1..102})"
    equal "$(stat -c %s table.test.02-request.bin)" 101
    equal "$(stat -c %a table.test.02-request.bin)" 600
    # The same again changes nothing but keeps the mode that somebody gave the file.
    chmod 644 table.test.02-request.bin
    cp -r . ../before
    "$SOCKFIXTURE" -r long.jsonl -o table.test.py --embed-above 100
    diff -r . ../before
    equal "$(stat -c %a table.test.02-request.bin)" 644
    "$SOCKFIXTURE" -r long.jsonl -o none.py --embed-above 0
    run -1 grep -q _load none.py
}

# Three exchanges, then one: what the first fixture alone had goes, and nothing that is not ours.
three=$'> b"one"\n< b"1"\n> b"two"\n< b"2"\n> b"three"\n< b"3"'

@test "files that only the fixture of before had are removed" {
    "$tests/compose.py" <<< "$three" > three.jsonl
    "$tests/compose.py" <<< '> b"one"' > one.jsonl
    "$SOCKFIXTURE" -r three.jsonl -o talk.py --embed-above 1
    echo mine > talk.04-request.bin
    echo mine > other.02-request.bin
    echo mine > 02-request.bin
    run --separate-stderr "$SOCKFIXTURE" -r one.jsonl -o talk.py --embed-above 1
    says 'talk.py: removed files of messages that only the one before had (2)'
    only_files three.jsonl one.jsonl talk.py talk.01-request.bin talk.04-request.bin \
        other.02-request.bin 02-request.bin
    # None at all, as the messages stand in the fixture now, and then again some.
    "$SOCKFIXTURE" -q -r one.jsonl -o talk.py 2> said
    [ ! -s said ] && [ ! -e talk.01-request.bin ]
    "$SOCKFIXTURE" -r three.jsonl -o talk.py --embed-above 1
    # As long as another fixture loads them they stay.
    "$SOCKFIXTURE" -r three.jsonl -o talk.rs --embed-above 1
    "$SOCKFIXTURE" -r one.jsonl -o talk.py --embed-above 1 2> said
    [ -e talk.02-request.bin ] && [ ! -s said ]
    "$SOCKFIXTURE" -r one.jsonl -o talk.rs --embed-above 1
    [ ! -e talk.02-request.bin ] && [ ! -e talk.03-request.bin ] && [ -e talk.04-request.bin ]
}

@test "files are only removed when a fixture of ours had them" {
    "$tests/compose.py" <<< "$three" > three.jsonl
    "$tests/compose.py" <<< '> b"one"' > one.jsonl
    "$SOCKFIXTURE" -r three.jsonl -o kept.go --embed-above 1
    # Somebody's own program, a link, a folder of that name, and a name that stands in a comment.
    sed 's/sockfixture/somebody/' kept.go > talk.go
    cp kept.02-request.bin talk.02-request.bin
    "$SOCKFIXTURE" -r one.jsonl -o talk.go --embed-above 1
    [ -e talk.02-request.bin ]
    "$SOCKFIXTURE" -r three.jsonl -o talk.go --embed-above 1
    mv talk.go real.go
    ln -s real.go talk.go
    "$SOCKFIXTURE" -r one.jsonl -o talk.go --embed-above 1
    [ -e talk.02-request.bin ]
    "$SOCKFIXTURE" -r three.jsonl -o talk.go --embed-above 1
    rm talk.02-request.bin talk.03-request.bin
    ln -s one.jsonl talk.02-request.bin
    mkdir talk.03-request.bin
    "$SOCKFIXTURE" -r one.jsonl -o talk.go --embed-above 1
    [ -L talk.02-request.bin ] && [ -d talk.03-request.bin ] && [ -s one.jsonl ]
    sed 's/"kept\.03-request\.bin"/kept.03-request.bin/' kept.go > spelt.go
    mv spelt.go kept.go
    "$SOCKFIXTURE" -r one.jsonl -o kept.go --embed-above 1
    [ -e kept.03-request.bin ] && [ ! -e kept.02-request.bin ]
}

@test "files stay when the new fixture cannot be made" {
    "$tests/compose.py" <<< "$three" > three.jsonl
    "$SOCKFIXTURE" -r three.jsonl -o talk.py --embed-above 1
    cp -r . ../before
    run -4 "${sockfixture[@]}" -q -o talk.py --embed-above 1 false
    diff -r . ../before
}

# Names at every place of the blocks that the file is read in.
@test "files that a large fixture loaded are found wherever it names them" {
    local at
    for at in {0..40}; do
        printf '> b"%s"\n< b"y"\n' x{1..9} "$(printf '%*s' "$((at * 7))" '')"
    done | "$tests/compose.py" > many.jsonl
    "$tests/compose.py" <<< '> b"one"' > one.jsonl
    "$SOCKFIXTURE" -r many.jsonl -o many.go --embed-above 1
    [ "$(stat -c %s many.go)" -gt 50000 ]
    [ "$(find . -name 'many.*.bin' | wc -l)" -gt 300 ]
    "$SOCKFIXTURE" -r one.jsonl -o many.go --embed-above 1
    only_files many.jsonl one.jsonl many.go many.01-request.bin
}

@test "messages of several conversations in files" {
    "$tests/compose.py" <<< $'> b"one"\n2> b"two"' > two.jsonl
    "$SOCKFIXTURE" -r two.jsonl -o two.py --embed-above 1
    only_files two.jsonl two.py two.1.01-request.bin two.2.01-request.bin
    # As many as can make two numbers look like another two.
    python3 -c 'for c in range(1, 13):
    for e in range(12):
        print(f"{c}> bytes([{c}, {e}])\n{c}< b\"ok\"")' | "$tests/compose.py" > many.jsonl
    mkdir go
    "$SOCKFIXTURE" -r many.jsonl -o go/many.go --embed-above 1
    equal "$(grep -c '^//go:embed' go/many.go)" 288
    equal "$(gofmt -d go/many.go)" ''
    # What Go embeds it takes for patterns.
    "$SOCKFIXTURE" -r two.jsonl -o 'go/t[w]o].go' --name two --embed-above 1
    (cd go && printf 'module many\n\ngo 1.19\n' > go.mod && go vet ./...)
}

@test "files need a place, and a language that loads them" {
    "$tests/compose.py" <<< '> b"one"' > one.jsonl
    run -2 --separate-stderr "$SOCKFIXTURE" -r one.jsonl --lang go --embed-above 1
    says '--embed-above: no files can stand beside standard output (name a file with -o)'
    run -2 --separate-stderr "$SOCKFIXTURE" -r one.jsonl --lang go -o /dev/null --embed-above 1
    says '--embed-above: no files can stand beside /dev/null (name a file with -o)'
    run -2 --separate-stderr "$SOCKFIXTURE" -r one.jsonl --lang json -o one.json --embed-above 1
    says '--embed-above: json cannot load messages from files'
    run -2 --separate-stderr "$SOCKFIXTURE" -r one.jsonl --lang go --embed-above 1x
    [[ $stderr == *"--embed-above: '1x' is no size"* ]]
    only_files one.jsonl
}

@test "a long message without a file to go to is spelled out" {
    "$tests/compose.py" <<< '> b"\1" * 100000' > long.jsonl
    "$SOCKFIXTURE" -r long.jsonl --lang go > long.go
    equal "$(grep -o 0x01 long.go | wc -l)" 100000
    "$SOCKFIXTURE" -r long.jsonl --lang go -o /dev/stdout | cmp - long.go
}

# Folders

@test "a folder of messages" {
    "$tests/compose.py" > talk.jsonl << 'SCRIPT'
type dgram
> bytes(range(256))
< b"one"
< b""
> b"two"
SCRIPT
    "$SOCKFIXTURE" -r talk.jsonl --lang raw -o corpus/
    equal "$(cd corpus && echo *)" \
        '01-request.bin 01-response-2.bin 01-response.bin 02-request.bin README'
    python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)))' | cmp - corpus/01-request.bin
    equal "$(cat corpus/01-response.bin)" one
    [ -e corpus/01-response-2.bin ] && [ ! -s corpus/01-response-2.bin ]
    grep -q '01-response-2.bin  0 bytes' corpus/README
    only_files talk.jsonl corpus
    # Made again, it is replaced as a whole, and keeps its mode.
    chmod 755 corpus
    "$tests/compose.py" <<< '> b"three"' > talk.jsonl
    "$SOCKFIXTURE" -r talk.jsonl --lang raw -o corpus
    equal "$(cd corpus && echo *)" '01-request.bin README'
    equal "$(cat corpus/01-request.bin)" three
    equal "$(stat -c %a corpus)" 755
    only_files talk.jsonl corpus
}

@test "a folder of several conversations" {
    "$tests/compose.py" <<< $'> b"one"\n2> b"two"' > two.jsonl
    "$SOCKFIXTURE" -r two.jsonl --lang raw -o corpus
    equal "$(cd corpus && find . -type f | sort | xargs)" './1/01-request.bin ./2/01-request.bin ./README'
    "$SOCKFIXTURE" -r two.jsonl --lang raw -o corpus
    equal "$(cat corpus/2/01-request.bin)" two
    only_files two.jsonl corpus
}

@test "a folder that cannot be removed when it is replaced is named" {
    "$tests/compose.py" <<< $'> b"one"\n2> b"two"' > two.jsonl
    "$SOCKFIXTURE" -r two.jsonl --lang raw -o corpus
    chmod 555 corpus/1
    # Without capabilities root may not do what others may not.
    run -0 --separate-stderr setpriv --bounding-set=-all --inh-caps=-all \
        "$SOCKFIXTURE" -q -r two.jsonl --lang raw -o corpus
    says "corpus: what was there before is left as corpus.??????: Permission denied"
    left=$(echo corpus.*)
    [[ $stderr == *" $left: "* ]] || fail "$stderr, and not $left"
    equal "$(cd corpus && find . -type f | sort | xargs)" './1/01-request.bin ./2/01-request.bin ./README'
    chmod 755 "$left/1" # for who cleans up
}

@test "a folder with anything else in it is left alone" {
    local other
    "$tests/compose.py" <<< '> b"one"' > one.jsonl
    "$SOCKFIXTURE" -r one.jsonl --lang raw -o corpus
    for other in notes.txt 1/notes.txt 01-request.bin.orig .git/config 02-request.txt; do
        mkdir -p "corpus/$(dirname "$other")"
        touch "corpus/$other"
        cp -r corpus before
        run -2 --separate-stderr "$SOCKFIXTURE" -r one.jsonl --lang raw -o corpus
        says "corpus: has * which is none of ours (name another folder, or move that away)"
        diff -r corpus before
        rm -r before "corpus/${other%%/*}"
    done
    # A README that is not ours is a folder that is not ours.
    echo mine > corpus/README
    run -2 --separate-stderr "$SOCKFIXTURE" -r one.jsonl --lang raw -o corpus
    rm corpus/README
    run -2 --separate-stderr "$SOCKFIXTURE" -r one.jsonl --lang raw -o corpus
    ln -s corpus link
    run -2 --separate-stderr "$SOCKFIXTURE" -r one.jsonl --lang raw -o link
    says 'link: not a folder (name another, or move that away)'
    cp one.jsonl file
    run -2 --separate-stderr "$SOCKFIXTURE" -r one.jsonl --lang raw -o file
    says 'file: not a folder (name another, or move that away)'
    rm file
    run -2 --separate-stderr "$SOCKFIXTURE" -r one.jsonl --lang raw
    says 'raw: its fixtures are folders (name one with -o)'
    run -2 --separate-stderr "$SOCKFIXTURE" -r one.jsonl --lang raw -o nowhere/corpus
    says 'nowhere/corpus: No such file or directory'
    mkdir empty
    "$SOCKFIXTURE" -r one.jsonl --lang raw -o empty
    equal "$(cd empty && echo *)" '01-request.bin README'
    only_files corpus empty link one.jsonl
}

@test "what has come into a folder, or in its place, while it was recorded is left alone" {
    local come
    for come in 'echo mine > corpus/notes.txt' 'rm -r corpus; echo mine > corpus' \
        'mv corpus aside; ln -s aside corpus'; do
        "${sockfixture[@]}" -q --lang raw -o corpus true
        run -2 --separate-stderr "${sockfixture[@]}" -q -w rec.jsonl --lang raw -o corpus sh -c "$come"
        says "corpus: * [(]name another*, or move that away)"
        [ -s rec.jsonl ]
        case $come in
            *ln*) equal "$(readlink corpus)" aside ;;
            *) equal "$(cat corpus/notes.txt 2> /dev/null || cat corpus)" mine ;;
        esac
        rm -rf corpus aside rec.jsonl
        only_files
    done
}

@test "a recording that failed leaves the folder as it was" {
    "$tests/compose.py" <<< '> b"one"' > one.jsonl
    "$SOCKFIXTURE" -r one.jsonl --lang raw -o corpus
    cp -r corpus before
    run -4 "${sockfixture[@]}" --lang raw -o corpus false
    diff -r corpus before
    sed 's/"length":/"lenght":/' one.jsonl > broken.jsonl
    run -2 "$SOCKFIXTURE" -r broken.jsonl --lang raw -o corpus
    diff -r corpus before
    only_files corpus before one.jsonl broken.jsonl
}
