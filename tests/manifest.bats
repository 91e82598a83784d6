#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The manifest: what is wrong with it is told with its place; fixtures are made, left alone and checked as it says.

load helper

# The manifest with these fixtures, each an object without its braces.
manifest() { # FIXTURE...
    local fixture comma=
    {
        printf '{"fixtures": ['
        for fixture in "$@"; do
            printf '%s\n    {%s}' "$comma" "$fixture"
            comma=,
        done
        printf '\n]}\n'
    } > sockfixture.json
}

# A fixture that always is the same: a client and a server that say what they always say.
talk() { # NAME [KEYS]
    printf '"name": "%s", "command": ["%s", "--path", "%s", "--exchanges", "2"]%s' \
        "$1" "$programs/talk" "$work/$1.socket" "${2:+, $2}"
}

# With -q only errors are on standard error; output, stderr and status are then run's.
try() { # STATUS ARG...
    run "-$1" --separate-stderr "${sockfixture[@]}" -q "${@:2}"
}

# The wrong manifest is told by this; nothing has run.
refused() { # MESSAGE
    try 2 --update
    says "$1"
    equal "$output" ''
    [ ! -e ran ] || fail 'a command was run'
}

# Keeps all files, to find out what has changed since.
commit() {
    [ -d .git ] || git init -q
    # What tests make beside fixtures.
    printf '%s\n' background.out '*socket*' '!sockfixture*' '*.conf' chrony > .git/info/exclude
    git add -A
    git -c user.name=test -c user.email=test@example.org commit -q -m kept
    files > .git/kept
}

files() {
    git ls-files | xargs stat -c '%n %i %y'
}

# Not even a file that is the same was written anew.
untouched() {
    equal "$(git status --porcelain)" ''
    files | diff .git/kept - || fail 'files were written'
}

no_process() { # PATTERN
    ! pgrep -f -- "$1" > /dev/null || fail "still runs: $(pgrep -af -- "$1")"
}

interrupt_taken() { # PID
    ! grep -qs '^ShdPnd:.*[2367abef]$' "/proc/$1/status"
}

# What a manifest can say

@test "no manifest: where one comes from" {
    try 2 --update
    says 'sockfixture.json: no such manifest*--init*--manifest*'
    try 2 --check --manifest some/where.json
    says 'some/where.json: no such manifest*'
}

@test "text that is no JSON is told with line and column" {
    printf '{\n  "fixtures": [\n    {"name": }\n]}' > sockfixture.json
    refused 'sockfixture.json:3:*'
    printf '{"fixtures": []' > sockfixture.json
    refused 'sockfixture.json:1:*'
    printf '' > sockfixture.json
    refused 'sockfixture.json:1:*'
    printf '{"fixtures": [],\n"$schema": "a\\u0000b"}' > sockfixture.json
    refused 'sockfixture.json:2:*: a byte 0 is in no text'
    printf '{"fixtures": [],\n"a\\u0000b": 1}' > sockfixture.json
    refused 'sockfixture.json:2:*: a byte 0 is in no text'
    printf '{"fixtures": [], "fixtures": []}' > sockfixture.json
    refused 'sockfixture.json:1:*duplicate*'
    printf '{"fixtures":\n [7\0]}' > sockfixture.json
    refused 'sockfixture.json:2:4: a byte 0 is in no text'
    printf '\357\273\277{"fixtures":}' > sockfixture.json
    refused 'sockfixture.json:1:13: *'
}

@test "a manifest may begin with a byte order mark" {
    manifest "$(talk a)"
    sed -i '1s/^/\xef\xbb\xbf/' sockfixture.json
    try 0 --update
    only_files sockfixture.json a.jsonl a.socket
}

@test "a key that there is not is told with its line and the nearest one" {
    printf '{"fixtures": [\n{"name": "a",\n  "command": ["touch", "ran"],\n  "frmae": "line"}\n]}' > sockfixture.json
    refused "sockfixture.json:4:3: fixtures\[0].frmae: there is no such key (did you mean 'frame'?)"
    printf '{"fixtures": [{"name": "a", "command": ["touch", "ran"],\n "emit": [{"output": "x", \n"language": "go"}]}]}' > sockfixture.json
    refused "sockfixture.json:3:1: fixtures\[0].emit\[0].language: there is no such key (did you mean 'lang'?)"
    printf '{"fixtures": [], "zzz": 1}' > sockfixture.json
    refused 'sockfixture.json:1:18: zzz: there is no such key'
}

@test "a key may be spelt in any way that JSON has" {
    printf '{"fixtures": [{"n\\u0061me": "a", "command": [],\n"\\u0066rame": "line"}]}' > sockfixture.json
    refused 'sockfixture.json:1:45: fixtures\[0].command: expected a list of words*'
}

@test "a value that its key does not allow is told with its line" {
    local wrong
    while IFS='|' read -r keys wrong; do
        printf '{"fixtures": [\n{"name": "a", "command": ["touch", "ran"],\n%s}]}' "$keys" > sockfixture.json
        refused "sockfixture.json:3:$wrong"
    done << 'CASES'
"repeat": "three"|11: fixtures\[0].repeat: expected a whole number*
"repeat": 0|11: fixtures\[0].repeat: expected a whole number*
"repeat": 1.5|11: fixtures\[0].repeat: expected a whole number*
"socket": [1]|11: fixtures\[0].socket: expected text, or a list of texts
"no-follow": "yes"|14: fixtures\[0].no-follow: expected true or false
"environment": ["A=b"]|16: fixtures\[0].environment: expected an object*
"environment": {"A=b": "c"}|16: fixtures\[0].environment: expected an object*
"setup": "make"|10: fixtures\[0].setup: expected a list of commands*
"setup": [{"command": ["a"], "background": 1}]|44: fixtures\[0].setup\[0].background: expected true or false
"setup": [{"wait": "x"}]|11: fixtures\[0].setup\[0]: has no 'command'
"setup": [{"command": "a", "timeout": 1}]|28: fixtures\[0].setup\[0].timeout: is for 'wait' and 'until', and there is neither
"teardown": [{"command": ["a"]}]|13: fixtures\[0].teardown: expected a list of commands*
"emit": {"output": "x.go"}|9: fixtures\[0].emit: expected a list of objects
"emit": [{"lang": "go"}]|10: fixtures\[0].emit\[0]: has no 'output'
"duration": -1|13: fixtures\[0].duration: expected a number of seconds
"buffer-size": []|16: fixtures\[0].buffer-size: expected a number of bytes*
"frame": null|10: fixtures\[0].frame: expected text
"user": "root\u0000x"|*byte 0*
"recording": "-"|14: fixtures\[0].recording: is a file, and not standard output
"recording": "x.pcapng"|14: fixtures\[0].recording: a capture is no recording ('emit' can make one of it)
"emit": [{"output": "/dev/stdout"}]|21: fixtures\[0].emit\[0].output: is a file, and not standard output
CASES
    printf '{"fixtures": [{"command": ["touch", "ran"]}]}' > sockfixture.json
    refused "sockfixture.json:1:15: fixtures\[0]: has no 'name'"
    printf '[]' > sockfixture.json
    refused "sockfixture.json:1:1: expected an object*'fixtures'*"
    printf '{}' > sockfixture.json
    refused "sockfixture.json:1:1: has no 'fixtures'"
}

@test "a name that could not be part of a file's" {
    local name
    for name in '' ../a 'a b' -a .a 'a/b' 'ä' 'a\n'; do
        manifest "\"name\": \"$name\", \"command\": [\"touch\", \"ran\"]"
        refused 'sockfixture.json:2:*: fixtures\[0].name: expected a name*'
    done
}

@test "what an option does not allow is told at its key, before anything runs" {
    local keys wrong
    while IFS='|' read -r keys wrong; do
        printf '{"fixtures": [\n{"name": "a", "command": ["touch", "ran"]},\n{"name": "b", "command": ["touch", "ran"],\n%s}]}' "$keys" > sockfixture.json
        refused "sockfixture.json:$wrong"
    done << 'CASES'
"frame": "htpp"|4:10: b: --frame: there is no 'htpp' (did you mean 'http'?)*
"repeat": 1001|4:11: b: --repeat: '1001' is no number*
"backend": "sycall"|4:12: b: --backend: there is no 'sycall'*'syscall'*
"emit": [{"output": "x", "bytes": "octal"}]|4:35: b: --bytes: 'octal' is none of*
"emit": [{"output": "x", "lang": "pyton"}]|4:34: b: *pyton*python*
"emit": [{"output": "x.go", "style": "tset"}]|4:38: b: --style: go has no 'tset' (did you mean 'test'?)
"emit": [{"output": "x", "template": "none.mustache"}]|4:38: b: none.mustache: cannot read the template*
"emit": [{"output": "x.go"}, {"output": "y.go", "embed-above": "much"}]|4:64: b: --embed-above: 'much' is no size*
"volatile": ["RESP:1"]|4:13: b: --volatile: 'RESP:1' is no range*
"socket": "tcp:x"|4:11: b: *tcp:x*
CASES
}

@test "what two would write" {
    manifest '"name": "a", "command": ["touch", "ran"]' '"name": "a", "command": ["touch", "ran"]'
    refused "sockfixture.json:3:*: fixtures\[1].name: there is another 'a'"
    manifest '"name": "a", "command": ["touch", "ran"], "recording": "x/../b.jsonl"' \
        '"name": "b", "command": ["touch", "ran"]'
    refused 'sockfixture.json:3:*: fixtures\[1]: b.jsonl is written twice*'
    manifest '"name": "a", "command": ["touch", "ran"], "emit": [{"output": ".//a.jsonl"}]'
    refused 'sockfixture.json:2:*: fixtures\[0].emit\[0].output: .//a.jsonl is written twice*'
    manifest '"name": "a", "command": ["touch", "ran"], "recording": "./sockfixture.json"'
    refused 'sockfixture.json:2:*: fixtures\[0].recording: ./sockfixture.json is written twice, or is the manifest'
    # Also from the root, and from the folder above.
    manifest '"name": "a", "command": ["touch", "ran"], "emit": [{"output": "'"$PWD"'/sockfixture.json"}]'
    refused 'sockfixture.json:2:*: fixtures\[0].emit\[0].output: /*/sockfixture.json is written twice, or is *'
    manifest '"name": "a", "command": ["touch", "ran"], "recording": "../'"${PWD##*/}"'/b.jsonl"' \
        '"name": "b", "command": ["touch", "ran"]'
    refused 'sockfixture.json:3:*: fixtures\[1]: b.jsonl is written twice*'
    ln -s . link
    manifest '"name": "a", "command": ["touch", "ran"], "recording": "link/b.jsonl"' \
        '"name": "b", "command": ["touch", "ran"]'
    refused 'sockfixture.json:3:*: fixtures\[1]: b.jsonl is written twice*'
    rm link
    # The files of messages beside them, too.
    local above='"embed-above": "4"'
    manifest '"name": "a", "command": ["touch", "ran"], "emit": [{"output": "x/talk.go", '"$above"'}]' \
        '"name": "b", "command": ["touch", "ran"], "emit": [{"output": "x/../x/talk.rs", '"$above"'}]'
    refused 'sockfixture.json:3:*: fixtures\[1].emit\[0].embed-above: x/../x/talk.01-request.bin, as *'
    manifest '"name": "a", "command": ["touch", "ran"], "emit": [{"output": "talk.01-request.bin", "lang": "json"}]' \
        '"name": "b", "command": ["touch", "ran"], "emit": [{"output": "talk.rs", '"$above"'}]'
    refused 'sockfixture.json:3:*: fixtures\[1].emit\[0].embed-above: talk.01-request.bin, as *'
}

@test "outputs of one fixture share the files of messages" {
    manifest "$(talk a '"emit": [{"output": "talk.go", "embed-above": 4}, {"output": "talk.rs", "embed-above": 4}]')" \
        "$(talk b '"emit": [{"output": "talk.py", "embed-above": 0}, {"output": "other.py", "embed-above": 4}]')"
    try 0 --update
    [ -e talk.01-request.bin ] && [ -e other.01-request.bin ]
    try 0 --check
}

@test "a hostile manifest is refused, and does no harm" {
    head -c 2000000 /dev/zero | tr '\0' ' ' > sockfixture.json
    refused 'sockfixture.json: is larger than a manifest can be*'
    head -c 100000 /dev/zero | tr '\0' '[' > sockfixture.json
    refused 'sockfixture.json:1:*'
    { printf '{"fixtures": '; head -c 1000 /dev/zero | tr '\0' '['; head -c 1000 /dev/zero | tr '\0' ']'; printf '}'; } > sockfixture.json
    refused 'sockfixture.json:1:14: fixtures: expected a list of objects'
    printf '{"fixtures": [{"name": "a", "command": ["touch", "ran"], "\033[2Jkey": 1}]}' > sockfixture.json
    refused 'sockfixture.json:1:*'
    printf '{"fixtures": [{"name": "a", "command": ["touch", "ran"], "\\u001b[2Jkey": 1}]}' > sockfixture.json
    refused 'sockfixture.json:1:*\\x1b*no such key*'
    head -c 100000 /dev/urandom > sockfixture.json
    refused 'sockfixture.json:*'
    rm sockfixture.json
    mkdir sockfixture.json
    refused 'sockfixture.json: Is a directory'
}

@test "options that stand in the manifest have no place beside it" {
    manifest "$(talk a)"
    try 2 --update -s /run/x
    says '*stands in the manifest*'
    try 2 --check a --frame line
    says '*is about the manifest*'
    try 2 --update --list
    [[ $stderr == *exclude\ each\ other* ]]
    try 2 --jobs 2 touch ran
    says '*--update*'
    try 2 --update -j 0
    [[ $stderr == *--jobs* ]]
    try 2 --update --diff-format json
    says '*--check*'
    [ ! -e ran ]
}

@test "a name that no fixture has, and a glob of names" {
    manifest "$(talk tracking)" "$(talk sources)" "$(talk sourcestats)"
    try 2 --update trackng
    says "sockfixture.json: there is no fixture 'trackng' (did you mean 'tracking'?)"
    try 0 --update 'sources*'
    [ -e sources.jsonl ] && [ -e sourcestats.jsonl ] && [ ! -e tracking.jsonl ]
}

@test "the list" {
    manifest '"name": "a", "command": ["echo", "a b", "c"]' \
        '"name": "other", "command": "echo $HOME", "recording": "x.jsonl", "emit": [{"output": "x.go"}, {"output": "x.py"}]'
    try 0 --list
    equal "$output" "a      echo 'a b' c  -> a.jsonl
other  echo \$HOME  -> x.jsonl, x.go, x.py"
    try 0 --list other
    equal "$output" 'other  echo $HOME  -> x.jsonl, x.go, x.py'
}

# --init

@test "a first manifest, with what the options say" {
    try 0 --init -s "$path" -x @other -x /run/y -E A=b -E C --repeat 3 --frame line --max-message 64K -T 1.5 \
        -o talk_test.go --style test --package talk "$programs/talk" --path "$path"
    jq -e --arg path "$path" --arg talk "$programs/talk" '. == {fixtures: [{name: "talk",
        command: [$talk, "--path", $path], environment: {A: "b", C: null}, socket: $path,
        exclude: ["@other", "/run/y"], frame: "line", repeat: 3, "max-message": "64K", duration: 1.5,
        recording: "talk.jsonl", emit: [{output: "talk_test.go", package: "talk", style: "test"}]}]}' sockfixture.json
    # It is what --update takes, and it is not written over.
    try 0 --list
    try 2 --init true
    says 'sockfixture.json: is there already*'
    only_files sockfixture.json
}

@test "a first manifest makes its fixture" {
    umask 022
    try 0 --init --manifest my.json "$programs/talk" --path "$path" --exchanges 2
    equal "$(stat -c %a my.json)" 600
    try 0 --update --manifest my.json
    only_files my.json talk-2.jsonl talk-2.json socket
    try 0 --check --manifest my.json
}

@test "a first manifest leaves nothing out that was given" {
    try 0 --init --manifest name.json --name 'größe x' -o x.go true
    equal "$(jq -c '.fixtures[0] | [.name, .emit[0].name]' name.json)" '["fixture","größe x"]'
    rm name.json
    try 0 --init --manifest escaped.json -E 'A\u0042"=1' --max-message 18446744073709551615 true
    equal "$(jq -c '.fixtures[0] | [.environment, ."max-message"]' escaped.json)" \
        '[{"A\\u0042\"":"1"},"18446744073709551615"]'
    rm escaped.json
    # Of --follow and --no-follow the last one counts.
    try 0 --init --manifest follow.json --no-follow --follow true
    jq -e '.fixtures[0] | has("no-follow") | not' follow.json
    try 0 --init --manifest stay.json --follow --no-follow true
    jq -e '.fixtures[0]."no-follow"' stay.json
    rm follow.json stay.json
    try 2 --init
    says '*command*'
    try 2 --init --check true
    try 2 --init -p 1 true
    says '--pid has no place in a manifest'
    try 2 --init --lang go true
    says '*-o*'
    try 2 --init true $'\xff'
    says '*UTF-8*'
    try 2 --init -o - true
    says '*files, and not standard output*'
    try 2 --init -w rec.jsonl --style test true
    says '--style says what a fixture is like, and there is none to write (-o names one)'
    only_files
}

@test "a first manifest is one that --update takes" {
    try 2 --init --frame zzz true
    says "--init: true: --frame: there is no 'zzz'*"
    try 2 --init --volatile zz true
    says "--init: true: --volatile: 'zz' is no range*"
    try 2 --init -o x.go --style zzz true
    says "--init: true: --style: go has no 'zzz'*"
    try 2 --init --manifest none/my.json true
    says 'none/my.json: No such file or directory'
    only_files
    mkdir folder
    try 0 --init --manifest folder/my.json -o x.go true
    try 0 --update --manifest folder/my.json
    [ -e folder/x.go ]
}

@test "a capture is made, left alone, and compared" {
    try 0 --init -w talk.pcapng "$programs/talk" --path "$path"
    equal "$(jq -c '.fixtures[0] | [.recording, .emit]' sockfixture.json)" '["talk.jsonl",[{"output":"talk.pcapng"}]]'
    try 0 --update
    "$SOCKFIXTURE" -q -r talk.jsonl -o direct.pcapng
    cmp talk.pcapng direct.pcapng
    run -0 --separate-stderr "${sockfixture[@]}" --update
    [[ $stderr == *'1 fixture: 1 is as it was' ]]
    try 0 --check
    echo >> talk.pcapng
    try 1 --check
    [[ $output == talk.pcapng:*'not what the recording emits' ]]
    try 0 --update
    cmp talk.pcapng direct.pcapng
}

@test "no fixtures" {
    printf '{"fixtures": []}' > sockfixture.json
    run -0 --separate-stderr "${sockfixture[@]}" --update
    equal "$stderr" 'sockfixture: 0 fixtures'
}

@test "messages that are shown are as they are without a manifest" {
    try 0 --init "$programs/talk" --path "$path"
    run -0 --separate-stderr "${sockfixture[@]}" --update -v
    [[ $stderr == *'talk:         0x0000:  '* ]] || fail "$stderr"
    [[ $stderr != *'\x09'* ]]
}

# Making fixtures

@test "all is made, once; and again only what is not as it would be" {
    manifest "$(talk a '"emit": [{"output": "a_test.go"}, {"output": "a.py", "style": "fromhex", "package": "x"}]')" \
        "$(talk b '"recording": "sub/b.jsonl", "emit": [{"output": "sub/b.json"}]')"
    mkdir sub
    run -0 --separate-stderr "${sockfixture[@]}" --update
    equal "$stderr" 'sockfixture: a: a.jsonl: written
sockfixture: a: a_test.go: written
sockfixture: a: a.py: written
sockfixture: b: sub/b.jsonl: written
sockfixture: b: sub/b.json: written
sockfixture: 2 fixtures: 2 were written'
    grep -q 'fromhex' a.py
    grep -qw A a.py
    commit
    run -0 --separate-stderr "${sockfixture[@]}" --update
    equal "$stderr" 'sockfixture: 2 fixtures: 2 are as they were'
    untouched
    try 0 --check
    untouched
    # One that somebody has changed, and one that is gone.
    echo '// mine' >> a_test.go
    rm sub/b.json
    try 1 --check
    equal "$output" "a_test.go:$(wc -l < a_test.go): not what the recording emits
sub/b.json: not there, though the recording emits it"
    run -0 --separate-stderr "${sockfixture[@]}" --update
    equal "$stderr" 'sockfixture: a: a_test.go: written
sockfixture: b: sub/b.json: written
sockfixture: 2 fixtures: 2 were written'
    equal "$(git status --porcelain)" ''
}

@test "paths are relative to the manifest, wherever it is made from" {
    mkdir -p project/run elsewhere
    cd project
    manifest '"name": "a", "directory": "run", "emit": [{"output": "a.json"}],
        "command": ["'"$programs/talk"'", "--path", "here", "--exchanges", "1"],
        "teardown": [["rm", "here"]]'
    cd ../elsewhere
    try 0 --update --manifest ../project/sockfixture.json
    cd ..
    equal "$(find project elsewhere -type f | sort)" 'project/a.json
project/a.jsonl
project/sockfixture.json'
    # Paths out of it are meant, too, as they are in a Makefile.
    sed -i 's/"a.json"/"..\/elsewhere\/a.json"/' project/sockfixture.json
    try 0 --update --manifest project/sockfixture.json
    [ -s elsewhere/a.json ]
    # A folder that is not there is named before anything fails for want of it.
    sed -i 's/"run"/"walk"/; s/"emit"/"setup": ["true"], "emit"/' project/sockfixture.json
    run -4 --separate-stderr "${sockfixture[@]}" -q --check --manifest project/sockfixture.json
    says 'a: project/sockfixture.json:2:32: directory: walk: No such file or directory'
}

@test "the environment of commands" {
    printf '{"environment": {"ALL": "all", "HOME": null}, "fixtures": [{%s, %s}]}' "$(talk a)" '
        "environment": {"ONE": "one", "ALL": "mine"},
        "setup": ["echo setup $ALL $ONE ${HOME-unset} >> log"],
        "teardown": ["echo teardown $ALL $ONE ${HOME-unset} >> log"]' > sockfixture.json
    sed -i 's|\["'"$programs/talk"'"\(.*\)\], |["sh", "-c", "echo command $ALL $ONE ${HOME-unset} >> log; exec \\"$@\\"", "sh", "'"$programs/talk"'"\1], |' sockfixture.json
    try 0 --update
    equal "$(cat log)" 'setup mine one unset
command mine one unset
teardown mine one unset'
}

@test "-E and --chdir, as a fixture's keys" {
    mkdir folder
    HOME=/root try 0 -E ONE=1 -E HOME --chdir folder -w "$recording" sh -c 'echo "$ONE ${HOME-unset}" > said'
    equal "$(cat folder/said)" '1 unset'
    try 2 --chdir nowhere -w "$recording" true
    says '--chdir nowhere: No such file or directory'
}

# Differences

@test "what differs is told in every format, at its line; and then only that is written" {
    local format
    background "$tests/golden_server.py" serve "$path"
    wait_until 30 test -S "$path"
    echo 'one two three' > "$path.asks"
    manifest "$(talk same)" "\"name\": \"asks\",
        \"command\": [\"$tests/golden_server.py\", \"ask\", \"$path\"], \"repeat\": 3,
        \"emit\": [{\"output\": \"asks_test.go\"}]"
    # The counter's high byte, and those of the time, are the same in three runs in a row.
    sed -i 's/"repeat": 3/"repeat": 3, "volatile": ["RESP:4:10"]/' sockfixture.json
    try 0 --update
    commit
    try 0 --update
    try 0 --update
    untouched
    try 0 --check
    untouched
    printf 'two!' > "$path.two"
    try 1 --check
    [[ $output == 'asks: asks 2: response'*' differs, its length is 18 and was 17'* ]] || fail "it says: $output"
    equal "$(grep -c '^[^ ]' <<< "$output")" 1 'differences'
    try 1 --check --diff-format github
    [[ $output == '::error file=sockfixture.json,line=3,title=asks 2%3A response'* ]] || fail "it says: $output"
    equal "${#lines[@]}" 1 'annotations'
    try 1 --check --diff-format json
    jq -e '.manifest == "sockfixture.json" and (.fixtures | length == 2) and
        .fixtures[0].status == "same" and .fixtures[0].differences == [] and
        .fixtures[1].status == "differs" and .fixtures[1].line == 3 and
        (.fixtures[1].differences | length == 1) and
        .fixtures[1].differences[0].exchange == "asks 2"' <<< "$output"
    try 1 --check --diff-format junit
    python3 - "$output" << 'PYTHON'
import sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.argv[1].encode())
suites = [(s.get("name"), s.get("tests"), s.get("failures")) for s in root]
assert suites == [("same", "2", "0"), ("asks", "3", "1"), ("asks", "1", "0")], suites
assert len(root.findall("./testsuite/testcase/failure")) == 1
PYTHON
    untouched
    try 0 --update
    equal "$(git status --porcelain)" ' M asks.jsonl
 M asks_test.go'
    equal "$(git diff --numstat asks.jsonl | cut -f 1,2)" $'2\t2' 'lines changed in the recording'
    try 0 --check
}

@test "a recording of another command is told in every format" {
    manifest "$(talk a)"
    try 0 --update
    sed -i 's/"--exchanges"/"--exchange"/' sockfixture.json
    try 1 --check
    equal "$output" 'a.jsonl: is a recording of another command'
    try 1 --check --diff-format github
    equal "$output" '::error file=sockfixture.json,line=2,title=a recording is not up to date::a.jsonl: is a recording of another command'
    try 1 --check --diff-format json
    jq -e '.fixtures[0] | .status == "differs" and .differences == [] and
        .outdated == "is a recording of another command"' <<< "$output"
    try 1 --check --diff-format junit
    [[ $output == *'<testsuite name="a" tests="3" failures="1">'* ]] || fail "$output"
}

@test "what could not be compared is told, and the others still are" {
    manifest "$(talk a)" '"name": "b", "command": ["sh", "-c", "echo why; exit 3"]' "$(talk c)"
    try 4 --update
    [[ $stderr == 'sockfixture: b: sh: exited with status 3; nothing was written ("ignore-status": true does)'*'| why' ]] || fail "it says: $stderr"
    only_files sockfixture.json a.jsonl c.jsonl a.socket c.socket
    touch b.jsonl
    try 2 --check b
    rm b.jsonl
    try 2 --check b
    says 'b: b.jsonl: not recorded yet (--update does)'
    try 2 --check --diff-format junit
    python3 -c 'import sys, xml.etree.ElementTree as t
e = t.fromstring(sys.argv[1].encode()).findall("./testsuite/testcase/error")
assert len(e) == 1 and "not recorded yet" in e[0].get("message")' "$output"
    try 2 --check --diff-format github
    equal "$output" '::error file=sockfixture.json,line=3,title=b::b.jsonl: not recorded yet (--update does)'
    try 2 --check --diff-format json
    jq -e '.fixtures[1].status == "failed" and .fixtures[2].status == "same"' <<< "$output"
    cp a.jsonl b.jsonl
    try 4 --check b
    [[ $stderr == 'sockfixture: b: sh: exited with status 3; nothing was compared ("ignore-status": true does)'*'| why' ]] || fail "it says: $stderr"
    rm b.jsonl
    # A difference is told by the status, whatever else there is.
    manifest "$(talk a '"emit": [{"output": "a.json"}]')" '"name": "b", "command": ["false"]'
    try 1 --check
}

@test "what standard output has no room for is told once, and why" {
    local format
    cat > other.py << 'PYTHON'
import os, socket
one, other = socket.socketpair()
for i in range(40):
    one.send(b"ask %d" % i)
    other.recv(100)
    other.send(os.urandom(400))
    one.recv(1000)
PYTHON
    manifest '"name": "one", "command": ["python3", "other.py"]' '"name": "two", "command": ["python3", "other.py"]'
    try 0 --update
    for format in text json junit github; do
        # shellcheck disable=SC2016 # the inner shell's
        run -2 --separate-stderr sh -c '"$@" > /dev/full' sh "${sockfixture[@]}" -q --check --diff-format "$format"
        says 'standard output: No space left on device'
        # shellcheck disable=SC2016
        run -2 --separate-stderr sh -c '"$@" > /dev/full' sh "${sockfixture[@]}" -q --check \
            --diff-format "$format" -w one.jsonl python3 other.py
        says 'standard output: No space left on device'
    done
}

# What runs around a fixture

@test "a daemon is started, waited for and ended; nothing stays" {
    manifest '"name": "asks", "command": ["'"$tests/golden_server.py"'", "ask", "'"$path"'"],
        "socket": "'"$path"'",
        "setup": ["echo one two > '"$path"'.asks", {"command": ["sh", "-c", "'"$tests/golden_server.py"' serve '"$path"' & wait"],
            "background": true, "wait": "socket", "until": ["test", "-S", "socket"]}],
        "teardown": ["test -S socket", ["rm", "socket"]]'
    try 0 --update
    no_process "golden_server.py serve $path"
    [ ! -e "$path" ]
    equal "$(jq -r 'select(.data) | .direction' asks.jsonl | sort | uniq -c | tr -s ' \n' ' ')" ' 2 request 2 response '
}

@test "a daemon that ignores SIGTERM is ended all the same" {
    manifest "$(talk a '"setup": [{"command": ["sh", "-c", "trap \"\" TERM; touch up; while :; do sleep 1; done"],
        "background": true, "until": ["test", "-e", "up"]}]')"
    try 0 --update
    no_process 'touch up; while'
}

@test "a setup that fails: what it said, no recording, and all is put away" {
    manifest "$(talk a '"setup": ["touch up", "echo the reason >&2; exit 7", "touch never"],
        "teardown": ["exit 1", "rm up"]')"
    try 4 --update
    [[ $stderr == 'sockfixture: a: setup: echo the reason >&2; exit 7: exited with status 7
sockfixture: a: teardown: exit 1: exited with status 1
    | the reason' ]] || fail "it says: $stderr"
    only_files sockfixture.json
}

@test "a daemon that ends, is not there, or never comes" {
    manifest "$(talk a '"setup": [{"command": "exit 3", "background": true, "wait": "nowhere"}]')"
    try 4 --update
    says 'a: setup: exit 3: exited with status 3, and was to stay'
    manifest "$(talk a '"setup": [{"command": ["no-such-daemon"], "background": true, "wait": "nowhere"}]')"
    try 4 --update
    says 'a: setup: no-such-daemon: command not found'
    manifest "$(talk a '"setup": [{"command": ["sleep", "1000"], "background": true, "wait": "nowhere", "timeout": 0.2}]')"
    try 4 --update
    says 'a: setup: nowhere: no server has come there*"timeout"*'
    manifest "$(talk a '"setup": [{"command": ["sh", "-c", "sleep 0.3; touch up; exec sleep 1000"], "background": true, "until": "test -e up",
        "timeout": 1e300}, {"command": ["sh", "-c", "exit 1"]}]')"
    try 4 --update
    says 'a: setup: sh: exited with status 1*'
    rm up
    manifest "$(talk a '"setup": [{"command": ["true"], "until": "echo try; exit 1", "timeout": 2}]')"
    try 4 --update
    [[ $stderr == 'sockfixture: a: setup: echo try; exit 1: has not succeeded in '*'| try' ]] || fail "it says: $stderr"
    equal "$(grep -c '| try' <<< "$stderr")" 1 'shown tries'
}

@test "more daemons than there can be" {
    local stays='{"command": ["sleep", "10064"], "background": true}'
    manifest "$(talk a "\"setup\": [$stays$(printf ", $stays%.0s" {1..64})]")"
    try 4 --update
    says 'a: setup: sleep: more than 64 commands are to stay in the background'
    no_process 'sleep 10064'
}

@test "a daemon that is not as it is to be: what it said; a try that does not end is ended" {
    manifest "$(talk a '"setup": [{"command": "echo begin; while sleep 0.1; do echo on; done", "background": true,
        "until": "echo try; exit 1", "timeout": 1}]')"
    try 4 --update
    [[ $stderr == 'sockfixture: a: setup: echo try; exit 1: has not succeeded in '*' tries ("timeout"'*'| begin'*'| on'*'| try'* ]] ||
        fail "it says: $stderr"
    equal "$(grep -c '| try' <<< "$stderr")" 1 'shown tries'
    manifest "$(talk a '"setup": [{"command": ["true"], "until": "echo asked; exec sleep 1000", "timeout": 0.3}]')"
    try 4 --update
    [[ $stderr == 'sockfixture: a: setup: echo asked; exec sleep 1000: has not succeeded in 1 try, and the last one did not end ("timeout"'*'| asked' ]] ||
        fail "it says: $stderr"
    no_process 'sleep 1000'
}

@test "what commands print is kept where one opens its output anew, and of daemons up to their end" {
    local again='echo anew > /dev/stderr'
    cat > talks << SH
echo command; $again; exec $programs/talk --path $work/a.socket --exchanges 2
SH
    cat > sockfixture.json << JSON
{"setup": ["echo 1; $again; echo 2"], "teardown": ["echo 3; false"], "fixtures": [{"name": "a", "command": ["sh", "talks"],
    "setup": ["echo first; $again; echo second",
        {"command": "trap '$again; echo farewell; exit' TERM; echo daemon; touch up; while :; do sleep 0.1; done", "background": true,
            "until": "echo try; $again; [ -e up ] || exit 1; { while [ ! -e talked ]; do sleep 0.1; done; echo left; touch left; } &"}],
    "teardown": ["touch talked; while [ ! -e left ]; do sleep 0.1; done; $again; false"]}]}
JSON
    try 4 --update
    grep '^    | ' <<< "$stderr" > printed
    # What is left behind goes a longer way.
    equal "$(grep -c '| left' printed)" 1
    printf '    | %s\n' first anew second daemon try anew command anew anew anew farewell 1 anew 2 3 | diff - <(grep -v '| left' printed)
    no_process 'echo daemon; touch up'
}

# The pipe holds 64 KiB.
@test "a daemon that prints much does not wait for anybody" {
    manifest "$(talk a '"setup": [{"command": "seq 100000; touch up; trap \"seq 100000 200000; touch down; exit\" TERM; while :; do sleep 0.1; done",
        "background": true, "until": "seq 100000 -1 1; test -e up"}], "teardown": ["exit 1"]')"
    try 4 --update
    [ -e down ]
    [[ $stderr == *'the last 50 lines of 300001:'*'| 199951'*'| 199999'*'| 200000' ]] || fail "it says: $stderr"
}

@test "a socket that nobody listens at any more is waited for" {
    python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("stale")'
    manifest "$(talk a '"setup": [{"command": ["true"], "wait": "stale", "timeout": 0.2}]')"
    try 4 --update
    says 'a: setup: stale: no server has come there*'
    # Bound is not yet listening.
    manifest "$(talk a '"setup": [{"command": ["python3", "-c", "import socket, time; s = socket.socket(socket.AF_UNIX); s.bind(\"bound\"); time.sleep(1000)"],
        "background": true, "wait": "bound", "timeout": 5}]')"
    try 4 --update
    says 'a: setup: bound: no server has come there*'
    rm bound
    sed -i 's/s.bind(\\"bound\\");/& s.listen();/; s/"timeout": 5/"timeout": 60/' sockfixture.json
    try 0 --update
}

@test "commands are given no descriptor of ours" {
    local fds='ls /proc/self/fd | sort | xargs echo'
    printf '{"setup": ["%s > all"], "fixtures": [{%s}]}' "$fds" \
        "$(talk a '"setup": [{"command": "'"$fds"' > one", "until": "'"$fds"' > try"}], "teardown": ["'"$fds"' > last"]')" > sockfixture.json
    sh -c "$fds > expected" < /dev/null
    try 0 --update
    for file in all one try last; do
        equal "$(< "$file")" "$(< expected)" "$file"
    done
}

@test "what is set up for all of them" {
    printf '{"setup": ["touch up"], "teardown": ["rm up"], "fixtures": [{%s, "setup": [["test", "-e", "up"]]}, {%s, "teardown": [["test", "-e", "up"]]}]}' \
        "$(talk a)" "$(talk b)" > sockfixture.json
    try 0 --update -j 2
    only_files sockfixture.json a.jsonl b.jsonl a.socket b.socket
    sed -i 's/touch up/touch up; echo so; false/' sockfixture.json
    try 4 --update
    [[ $stderr == 'sockfixture: setup: touch up; echo so; false: exited with status 1
    | so' ]] || fail "it says: $stderr"
    [ ! -e up ]
    # Who reads the report of a check is told of each that could not be compared.
    try 4 --check --diff-format json b
    equal "$(jq -c '[.fixtures[] | .name, .status, .words[:15]]' <<< "$output")" \
        '["b","failed","setup: touch up"]'
    try 4 --check --diff-format junit
    equal "$(grep -c '<error message="setup: ' <<< "$output")" 2
    try 4 --check --diff-format github
    equal "$(grep -c '^::error file=sockfixture.json,line=1,title=[ab]::setup: ' <<< "$output")" 2
}

@test "Ctrl-C: what runs is ended, what was set up is put away, nothing is written" {
    local signal
    for signal in INT TERM; do
        manifest "$(talk a '"setup": [{"command": ["sleep", "12345"], "background": true}, "touch up"],
            "teardown": ["rm up", "touch away"]')" "$(talk b)"
        sed -i '2s/"command": \["[^]]*\]/"command": ["sh", "-c", "touch runs; sleep 12346"]/' sockfixture.json
        background "${sockfixture[@]}" --update
        wait_until 60 test -e runs
        kill "-$signal" "$pid"
        wait_until 60 ended "$pid"
        wait "$pid" && fail 'it ended well'
        no_process 'sleep 1234[56]'
        grep -q 'interrupted; nothing was written' background.out
        grep -q '1 was not made' background.out
        rm background.out runs away
        only_files sockfixture.json
    done
}

@test "a signal that comes twice in a moment, as from timeout, does not end the teardown" {
    manifest "$(talk a '"setup": ["touch up"]')"
    sed -i 's/^{/{"teardown": ["sleep 0.4; rm up; touch away"], /
        2s/"command": \["[^]]*\]/"command": ["sh", "-c", "touch runs; sleep 12349"]/' sockfixture.json
    background "${sockfixture[@]}" --update
    wait_until 60 test -e runs
    kill -TERM "$pid"
    sleep 0.1
    kill -TERM "$pid"
    wait_until 60 ended "$pid"
    wait "$pid" && fail 'it ended well'
    [ -e away ] || fail "$(cat background.out)"
}

@test "Ctrl-C during a teardown: that goes on, and nothing begins; a second one ends it" {
    manifest "$(talk a '"teardown": ["touch runs; while [ -e runs ]; do sleep 0.05; done; touch away"]')" "$(talk b)"
    background "${sockfixture[@]}" --update
    wait_until 60 test -e runs
    kill -INT "$pid"
    wait_until 60 interrupt_taken "$pid"
    rm runs
    wait_until 60 ended "$pid"
    wait "$pid" && fail 'it ended well'
    [ -e away ] || fail "$(cat background.out)"
    grep -q '1 was written, 1 was not made' background.out
    rm away
    background "${sockfixture[@]}" --update
    wait_until 60 test -e runs
    kill -INT "$pid"
    sleep 0.4 # sooner, it is the same one
    kill -INT "$pid"
    wait_until 60 ended "$pid"
    wait "$pid" && fail 'it ended well'
    grep -q 'a: teardown: .*interrupted' background.out
    [ ! -e away ] || fail 'it went on'
}

@test "killed, it leaves nothing running either" {
    manifest "$(talk a '"setup": [{"command": ["sleep", "12347"], "background": true}]')"
    sed -i '2s/"command": \["[^]]*\]/"command": ["sh", "-c", "touch runs; exec sleep 12348"]/' sockfixture.json
    background "${sockfixture[@]}" --update
    wait_until 60 test -e runs
    kill -KILL "$pid"
    wait_until 60 no_process 'sleep 1234[78]'
}

# Side by side

@test "-j makes independent ones side by side, and tells of them in their order" {
    local i fixtures=()
    # Each waits until all are there, so they must run at the same time.
    for i in 1 2 3 4; do
        fixtures+=("$(talk "f$i" "\"setup\": [{\"command\": [\"touch\", \"up$i\"], \"until\": \"test -e up1 -a -e up2 -a -e up3 -a -e up4\"}]")")
    done
    manifest "${fixtures[@]}"
    run -0 --separate-stderr "${sockfixture[@]}" --update -j 4
    equal "$stderr" 'sockfixture: f1: f1.jsonl: written
sockfixture: f2: f2.jsonl: written
sockfixture: f3: f3.jsonl: written
sockfixture: f4: f4.jsonl: written
sockfixture: 4 fixtures: 4 were written'
}

@test "-j makes no more at a time than there may be open files for" {
    local i fixtures=()
    for i in {1..40}; do
        fixtures+=("\"name\": \"f$i\", \"command\": [\"sleep\", \"0.2\"]")
    done
    manifest "${fixtures[@]}"
    ulimit -n 128
    run -0 --separate-stderr "${sockfixture[@]}" --update -j 40
    [[ $stderr == *'sockfixture: 40 fixtures: 40 were written' ]] || fail "$stderr"
}

@test "those that wait for the same socket, or are to be alone, are not made side by side" {
    local i fixtures=() keys waits=(socket "$path" link/socket)
    echo one > "$path.asks"
    ln -s . link
    for i in 1 2 3; do
        keys="\"setup\": [[\"mkdir\", \"lock\"], {\"command\": [\"$tests/golden_server.py\", \"serve\", \"$path\"],
            \"background\": true, \"wait\": \"${waits[i - 1]}\"}], \"teardown\": [[\"rmdir\", \"lock\"], [\"rm\", \"socket\"]]"
        fixtures+=("\"name\": \"f$i\", \"command\": [\"$tests/golden_server.py\", \"ask\", \"$path\"], $keys")
    done
    manifest "${fixtures[@]}"
    try 0 --update -j 3
    for i in 1 2 3; do
        fixtures[i - 1]=$(talk "f$i" '"alone": true, "setup": [["mkdir", "lock"]], "teardown": [["rmdir", "lock"]]')
    done
    manifest "${fixtures[@]}"
    try 0 --update -j 3
}

@test "a progress line on a terminal, and none elsewhere" {
    manifest "$(talk first)" "$(talk second)"
    run -0 script -qec "TERM=xterm ${sockfixture[*]} --update 2>&1" /dev/null
    [[ $output == *'0 of 2 fixtures, now first'* && $output == *'1 of 2 fixtures, now second'* ]] || fail "it shows: $output"
    try 0 --update
    equal "$stderr" ''
}

# A live server

@test "chronyd: three updates in a row, then another stratum" {
    local chrony=$work/chrony/chronyd.sock
    mkdir -m 0750 chrony
    printf '%s\n' 'port 0' 'cmdport 0' 'local stratum 5' "bindcmdaddress $chrony" "pidfile $work/chrony/pid" > chrony.conf
    manifest "\"name\": \"tracking\", \"command\": [\"chronyc\", \"-n\", \"-h\", \"$chrony\", \"-m\", \"activity\", \"tracking\"],
        \"socket\": \"chrony/chronyd.sock\", \"repeat\": 3, \"volatile\": [\"2:RESP:56:12\"],
        \"setup\": [{\"command\": [\"chronyd\", \"-n\", \"-x\", \"-u\", \"root\", \"-f\", \"chrony.conf\"], \"background\": true,
            \"wait\": \"chrony/chronyd.sock\", \"until\": \"chronyc -n -h $chrony tracking | grep -q 'Stratum *: [1-9]'\"}],
        \"emit\": [{\"output\": \"tracking_test.go\", \"style\": \"mask\"}, {\"output\": \"tracking.py\"}]"
    try 0 --update
    commit
    try 0 --update
    untouched
    try 0 --update
    untouched
    try 0 --check
    sed -i 's/stratum 5/stratum 7/' chrony.conf
    try 1 --check
    equal "$(grep '^[^ ]' <<< "$output")" 'tracking: tracking 2: response[53:54] differs' 'what differs'
    untouched
    try 0 --update
    equal "$(git status --porcelain)" ' M tracking.jsonl
 M tracking.py
 M tracking_test.go'
    equal "$(git diff --numstat tracking.jsonl | cut -f 1,2)" $'2\t2' 'lines changed in the recording'
    try 0 --check
}

@test "the schema refuses what the program refuses, and takes what it takes" {
    "$tests/manifests.py" "$SOCKFIXTURE" "$tests/../capture/manifest/sockfixture.schema.json"
}

@test "where /tmp and /var/tmp cannot be written, TMPDIR says what can, as for what is recorded" {
    bare() { # STATUS ARG...
        # shellcheck disable=SC2016 # what is inside is expanded there
        run "-$1" --separate-stderr unshare --mount sh -c '
            mount --bind "$PWD" "$PWD" && mount --rbind /tmp /tmp && mount -o remount,bind,ro /tmp &&
                mount -t tmpfs -o ro none /var/tmp && cd "$PWD" && exec "$@"' - "${@:2}"
    }
    manifest "$(talk one)"
    mkdir temporary
    bare 0 env TMPDIR="$work/temporary" "${sockfixture[@]}" -q --update
    bare 0 env TMPDIR="$work/temporary" "${sockfixture[@]}" -q --check
    equal "$(ls temporary)" ''
    [ -s one.jsonl ]
    bare 2 env TMPDIR=/var/tmp "$SOCKFIXTURE" --check
    says 'sockfixture.json: no room for temporary files (let TMPDIR name a folder that has some)'
}
