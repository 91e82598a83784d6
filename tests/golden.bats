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

# Real servers. A field is NAME:OFFSET:LENGTH, as the protocol's own definition has it.

# Each volatile range of the messages of that number and direction is in one of the fields, each of which has one;
# and in those after `maybe` there may be.
only_volatile() { # RECORDING request|response NUMBER FIELD... [maybe FIELD...]
    python3 - "$@" << 'PYTHON'
import json
import sys

path, direction, number, *fields = sys.argv[1:]
lines = [json.loads(line) for line in open(path)]
said = [line for line in lines if line.get("direction") == direction][int(number) - 1]
maybe, found, allowed = False, set(), {}
must = set()
for field in fields:
    if field == "maybe":
        maybe = True
        continue
    name, offset, length = field.split(":")
    allowed.update(dict.fromkeys(range(int(offset), int(offset) + int(length)), name))
    must |= set() if maybe else {name}
for offset, length, *_ in said.get("volatile", []):
    for at in range(offset, offset + length):
        assert at in allowed, f"{direction} {number}: byte {at} does not change in this protocol"
        found.add(allowed[at])
assert must <= found, f"{direction} {number}: not found: {must - found}"
PYTHON
}

# Asks chronyd when its time of reference is another, so that between two runs everything has changed that can.
# What asks for that goes over UDP, and is not recorded.
ask_chrony() { # FILE [OPTION...] COMMAND
    cat > anew << 'SCRIPT'
heard() { chronyc -n -c -h 127.0.0.1 -p "$1" tracking | cut -d, -f4; }
before=$(cat heard 2> /dev/null)
while now=$(heard "$1"); [ "$now" = "$before" ]; do sleep 0.1; done
echo "$now" > heard
exec chronyc -n -h "$2" "$3"
SCRIPT
    "${sockfixture[@]}" -q -s "$chrony" -w "$1" "${@:2:$#-2}" sh anew "$chrony_port" "$chrony" "${!#}" > out
}

# candm.h of chrony: where the sequence number stands in a request, and where it comes back in a reply.
chrony_echo='[16,4,{"kind":"echo","message":1,"offset":8}]'

# The sequence number is random, and the first range of each reply.
chrony_echoes() { # RECORDING
    equal "$(jq -c 'select(.direction == "request") | .volatile' "$1" | sort -u)" '[[8,4]]'
    equal "$(jq -c 'select(.direction == "response") | .volatile[0]' "$1" | sort -u)" "$chrony_echo"
}

@test "chronyc tracking, sources and ntpdata: what is volatile is what chrony says can change" {
    start_chronyd 0
    wait_until 60 chronyc -n -h "$chrony" waitsync 1 0 0 0.1
    ask_chrony tracking.jsonl --repeat 3 tracking
    chrony_echoes tracking.jsonl
    only_volatile tracking.jsonl response 1 sequence:16:4 ref_time:56:12 current_correction:68:4 \
        last_offset:72:4 rms_offset:76:4 skew_ppm:88:4 root_delay:92:4 root_dispersion:96:4 \
        maybe freq_ppm:80:4 resid_freq_ppm:84:4 last_update_interval:100:4
    ask_chrony sources.jsonl --repeat 3 sources
    chrony_echoes sources.jsonl
    only_volatile sources.jsonl response 1 sequence:16:4
    only_volatile sources.jsonl response 2 sequence:16:4 orig_latest_meas:64:4 latest_meas:68:4 \
        latest_meas_err:72:4 maybe poll:48:2 reachability:58:2 since_sample:60:4
    ask_chrony ntpdata.jsonl --repeat 3 ntpdata
    chrony_echoes ntpdata.jsonl
    only_volatile ntpdata.jsonl response 1 sequence:16:4
    only_volatile ntpdata.jsonl response 3 sequence:16:4 offset:100:4 peer_delay:104:4 \
        response_time:112:4 total_tx_count:124:4 total_rx_count:128:4 total_valid_count:132:4 \
        total_good_count:136:4 maybe poll:74:1 root_dispersion:80:4 ref_time:88:12 peer_dispersion:108:4 \
        jitter_asymmetry:116:4 flags:120:2 total_kernel_tx_ts:140:4 total_kernel_rx_ts:144:4 total_hw_tx_ts:148:4 \
        total_hw_rx_ts:152:4
}

@test "a live chronyd: made again and again nothing changes, another stratum does" {
    start_chronyd 0
    wait_until 60 chronyc -n -h "$chrony" waitsync 1 0 0 0.1
    local made=(-o tracking.go --repeat 3 --volatile RESP:56:48)
    ask_chrony golden.jsonl "${made[@]}" tracking
    keep golden.jsonl tracking.go
    ask_chrony golden.jsonl "${made[@]}" tracking
    ask_chrony golden.jsonl "${made[@]}" tracking
    ask_chrony golden.jsonl --check -o tracking.go tracking
    unchanged golden.jsonl tracking.go
    # Its source says that it is of another stratum, so it is itself: bytes 52 and 53 of the reply.
    sed -i 's/local stratum 5/local stratum 7/' source.conf
    kill "$source"
    finish "$source" || true
    background chronyd -n -x -u root -f "$work/source.conf"
    stratum_is_8() { [ "$(chronyc -n -c -h 127.0.0.1 -p "$chrony_port" tracking | cut -d, -f3)" = 8 ]; }
    wait_until 60 stratum_is_8
    local status=0
    ask_chrony golden.jsonl --check -o tracking.go tracking || status=$?
    equal "$status" 1
    equal "$(grep -v '^ ' out)" "sh anew $chrony_port tracking 1: response[53:54] differs"
    unchanged golden.jsonl tracking.go
    ask_chrony golden.jsonl "${made[@]}" tracking
    equal "$(diff kept/golden.jsonl golden.jsonl | grep -c '^>')" 2
    equal "$(jq -c 'select(.volatile) | .volatile' golden.jsonl)" "$(jq -c 'select(.volatile) | .volatile' kept/golden.jsonl)"
    ask_chrony golden.jsonl --check -o tracking.go tracking
}

@test "pmc GET: its port is its process, and comes back; nothing else differs" {
    start_ptp4l
    # Its port is the master's some seconds after it has begun, which is in PORT_DATA_SET.
    wait_until 60 sh -c '"$@" "GET PORT_DATA_SET" | grep -q MASTER' - "${pmc[@]}"
    local set
    for set in CURRENT_DATA_SET DEFAULT_DATA_SET PARENT_DATA_SET PORT_DATA_SET TIME_PROPERTIES_DATA_SET; do
        rm -f "$recording"
        "${sockfixture[@]}" -q --repeat 3 -w "$recording" "${pmc[@]}" "GET $set" > out
        # IEEE 1588-2008, 13.3.2 and 15.4.1: sourcePortIdentity.portNumber, and where it comes back,
        # targetPortIdentity.portNumber. The sequenceId begins with 0 in each run.
        equal "$(jq -c 'select(.data) | .volatile' "$recording")" '[[28,2,{"kind":"pid","form":"big"}]]
[[42,2,{"kind":"echo","message":1,"offset":28}]]' "$set"
    done
}

# Finding

@test "what is volatile, and what it is" {
    start_server plain many
    echo 'so many: %N, and no more' > "$path.many"
    "${sockfixture[@]}" --repeat 3 -w "$recording" -o fixture.go "${client[@]}" 2> said
    equal "$(ranges "$recording")" 'request 11 [2:6]
response 19 [0:4]=echo=2 [5:6]=counter=big=2 [6:14]=time=big=ns
request 10 [2:6]
response 39 [0:4]=echo=2 [5:6]=counter=big=2 [6:14]=time=big=ns [23:25]=length'
    grep -q '^sockfixture: 3 runs: 9 volatile ranges$' said || fail "$(cat said)"
    python3 -c 'import sys; sys.path.insert(0, sys.argv[1]); import recording; recording.Recording(sys.argv[2])' \
        "$tests" "$recording"
    grep -qxF $'\t\t// response[0:4] echoes request[2:6]' fixture.go
    grep -qxF $'\t\t// response[5:6] counts by 2 (one byte)' fixture.go
    grep -qxF $'\t\t// response[6:14] is the time (nanoseconds, big-endian)' fixture.go
    grep -qxF $'\t\t// response[23:25] varies in length' fixture.go
    equal "$(gofmt -d fixture.go)" ''
}

@test "what is in some runs only" {
    start_server one sometimes two
    cat > ask << 'SCRIPT'
runs=$(cat "$2.runs" 2> /dev/null)
[ "$runs" = "${runs#.}" ] || sed -i '/sometimes/d' "$2.asks"
[ "$runs" = "${runs#..}" ] || echo later >> "$2.asks"
exec "$1" ask "$2"
SCRIPT
    "${sockfixture[@]}" --repeat 3 -w "$recording" -o fixture.json \
        sh ask "$tests/golden_server.py" "$path" 2> said
    grep -q '^sockfixture: 1 exchange of the first run is not in every run$' said || fail "$(cat said)"
    grep -q '^sockfixture: 1 exchange of later runs is not in the first$' said || fail "$(cat said)"
    equal "$(jq -c 'select(.seen) | [.direction, .seen]' "$recording")" '["request",[1,3]]
["response",[1,3]]'
    equal "$(jq -c '[.conversations[].exchanges[] | select(.runs) | [.seen, .runs]]' fixture.json)" '[[1,3]]'
    "$SOCKFIXTURE" -q -r "$recording" --lang raw -o folder
    grep -q 'in 1 of 3 runs only' folder/README || fail "$(cat folder/README)"
    for lang in $("$SOCKFIXTURE" --list-langs | cut -d ' ' -f 1); do
        # raw is above; the other two have no place to say it.
        [[ $lang =~ ^(raw|hexstring|pcapng)$ ]] ||
            "$SOCKFIXTURE" -r "$recording" --lang "$lang" | tr '\n' ' ' |
            grep -qE '[Ii]n 1 of 3 runs only|"?seen"?( =|:) 1,? *"?runs"?( =|:) 3' || fail "$lang"
    done
}

@test "that an exchange has more messages in some runs is said" {
    cat > list.py << 'SCRIPT'
import socket
with open("runs", "a+") as runs:
    runs.write("line\n")
    runs.seek(0)
    lines = runs.read()
client, server = socket.socketpair()
client.sendall(b"list\n")
server.sendall(lines.encode() if server.recv(100) else b"")
client.recv(1000)
SCRIPT
    "${sockfixture[@]}" --frame line --repeat 3 -w "$recording" python3 list.py 2> said
    grep -q '^sockfixture: 1 exchange has another number of messages in some runs, which --check takes for a difference$' \
        said || fail "$(cat said)"
    run -1 "${sockfixture[@]}" -q --frame line --check -w "$recording" python3 list.py
    equal "$output" 'list: has 4 responses, and had 1'
    # In one message it is not the number that varies.
    rm runs
    "${sockfixture[@]}" --repeat 3 -w "$recording" python3 list.py 2> said
    run -1 grep 'number of messages' said
    "${sockfixture[@]}" -q --check -w "$recording" python3 list.py
}

@test "what is in some runs only is so, too, when it has changed" {
    talk() { # ANSWER
        printf '%s\n' '> b"one"' '< b"1"' '> b"sometimes"' 'seen 1 3' "< b\"$1\"" 'seen 1 3' | "$tests/compose.py"
    }
    talk yes > golden.jsonl
    talk no | jq -c 'del(.seen)' > now.jsonl
    head -n 3 now.jsonl > without.jsonl
    echo '{"end":{"messages":2,"lost":{"messages":0,"bytes":0,"cut":0,"unfollowed":0,"foreign":0,"bypassed":0}}}' \
        >> without.jsonl
    "$SOCKFIXTURE" -q -r now.jsonl -w golden.jsonl
    equal "$(jq -c 'select(.seen) | [.text, .seen]' golden.jsonl)" '["sometimes",[1,3]]
["no",[1,3]]'
    "$SOCKFIXTURE" -q --check -r without.jsonl -w golden.jsonl
}

@test "a user knows better" {
    local name
    start_server word
    "${sockfixture[@]}" -q --repeat 3 -w "$recording" -o fixture.json \
        --volatile RESP:14:2 --volatile 'REQ:0:1' --stable 1:RESP:4:2 "${client[@]}"
    equal "$(ranges "$recording")" 'request 10 [0:1] [2:6]
response 18 [0:4]=echo=2 [6:14]=time=big=ns [14:16]'
    # A range has to be there, and be a range.
    run -2 --separate-stderr "${sockfixture[@]}" -q --volatile RESP:18:2 -o none.json "${client[@]}"
    says '--volatile RESP:18:2: there are no such bytes'
    "$SOCKFIXTURE" -q -r "$recording" -o named.json --name other
    name=$(jq -r '[.conversations[].exchanges[].name][0]' named.json)
    [[ $name == other* ]]
    "$SOCKFIXTURE" -q -r "$recording" -o named.json --name other --volatile "$name:RESP:4:2"
    run -2 --separate-stderr "${sockfixture[@]}" -q --stable RESP:2 -o none.json "${client[@]}"
    says "--stable: 'RESP:2' is no range (*)"
    [ ! -e none.json ]
    # What is there already learns it, and nothing else of it changes.
    cp "$recording" before.jsonl
    "${sockfixture[@]}" -q -w "$recording" --stable RESP:14:2 --volatile RESP:4:2 "${client[@]}"
    equal "$(ranges "$recording")" 'request 10 [0:1] [2:6]
response 18 [0:4]=echo=2 [4:6] [6:14]=time=big=ns'
    equal "$(jq 'del(.volatile)' "$recording")" "$(jq 'del(.volatile)' before.jsonl)"
}

@test "of exchanges that are alike, the last is new or missing, or the one that is in some runs only" {
    talk() { # COUNT [THE ONE THAT IS IN SOME RUNS ONLY]
        local number seen
        for number in $(seq "$1"); do
            seen=
            [ "$number" != "${2:-}" ] || seen='seen 1 2'
            printf '%s\n' '> b"GET time"' "$seen" '< b"1700000000"' 'volatile 0 10' "$seen"
        done | "$tests/compose.py"
    }
    local number
    for number in 2 3; do
        talk $number > $number.jsonl
    done
    sed -i 's/MTcwMDAwMDAwM/MTgwMDAwMDAwM/' 3.jsonl
    cp 2.jsonl golden.jsonl
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check -r 3.jsonl -w golden.jsonl
    equal "$output" 'GET time (3): is new'
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check -r 2.jsonl -w 3.jsonl
    equal "$output" 'GET time (3): is missing'
    "$SOCKFIXTURE" -q -r 3.jsonl -w golden.jsonl
    equal "$(jq -r 'select(.direction == "response") | .text' golden.jsonl | xargs)" \
        '1700000000 1700000000 1800000000'
    # It may be any of them that need not be there.
    for number in 1 2 3; do
        talk 3 $number > golden.jsonl
        "$SOCKFIXTURE" -q --check -r 2.jsonl -w golden.jsonl
    done
}

# Regeneration

@test "made again, all stays byte for byte, and what differs alone is written" {
    start_server one two three
    local make=("${sockfixture[@]}" -q --repeat 3 -w golden.jsonl -o golden_test.go --style mask "${client[@]}")
    local check=("${sockfixture[@]}" -q --check --repeat 2 -w golden.jsonl -o golden_test.go --style mask "${client[@]}")
    "${make[@]}"
    keep golden.jsonl golden_test.go
    "${make[@]}"
    "${make[@]}"
    # Without --repeat, too: it is known what is volatile.
    "${sockfixture[@]}" -q -w golden.jsonl "${client[@]}"
    run -0 --separate-stderr "${check[@]}"
    equal "$output$stderr" ''
    unchanged golden.jsonl golden_test.go
    # A truly different answer is told, and nothing is written.
    echo -n tvo > "$path.two"
    run -1 --separate-stderr "${check[@]}"
    equal "$stderr" ''
    equal "$(grep -v '^ ' <<< "$output")" 'golden_server.py ask 2: response[15:16] differs'
    unchanged golden.jsonl golden_test.go
    # Made again, that exchange is another, and no other is.
    "${make[@]}"
    diff <(jq -c 'select(.data) | [.time, .data, .volatile]' kept/golden.jsonl) \
        <(jq -c 'select(.data) | [.time, .data, .volatile]' golden.jsonl) > changes || true
    equal "$(grep -c '^[<>]' changes)" 4
    equal "$(diff kept/golden_test.go golden_test.go | grep '^>' | grep -c 0x76,)" 1
    "${check[@]}"
}

@test "of an exchange that is little but volatile bytes, the rest is compared" {
    local number
    for number in 1 2; do
        "$tests/compose.py" > "$number.jsonl" << SCRIPT
type dgram
> b"id:" + bytes(range(${number}0, ${number}0 + 16))
< b"ok:" + bytes(range(${number}00, ${number}00 + 16))
> b"$number" * ${number}0
volatile 0 ${number}0 {"kind": "length"}
< b"$number"
volatile 0 1
SCRIPT
    done
    "$SOCKFIXTURE" -r 1.jsonl --volatile 1:REQ:3:16 --volatile 1:RESP:3:16 -w golden.jsonl
    keep golden.jsonl
    "$SOCKFIXTURE" --check -r 2.jsonl -w golden.jsonl || fail "what is volatile differs"
    "$SOCKFIXTURE" -r 2.jsonl -w golden.jsonl
    unchanged golden.jsonl
    sed -i 's/"aWQ6/"aWQ7/' 2.jsonl
    run -1 --separate-stderr "$SOCKFIXTURE" --check -r 2.jsonl -w golden.jsonl
    equal "$(grep -v '^ ' <<< "$output")" 'talk 1: request[2:3] differs'
}

@test "a recording of one run learns from several what is volatile, and keeps its bytes" {
    start_server word
    local before make=("${sockfixture[@]}" -q --repeat 3 -w golden.jsonl -o golden.json "${client[@]}")
    "${sockfixture[@]}" -q -w golden.jsonl -o golden.json "${client[@]}"
    before=$(jq 'del(.volatile)' golden.jsonl)
    keep golden.jsonl golden.json
    # Only to check changes nothing, and what is volatile now is no difference.
    run -0 --separate-stderr "${sockfixture[@]}" -q --check --repeat 3 -w golden.jsonl -o golden.json "${client[@]}"
    equal "$output$stderr" ''
    unchanged golden.jsonl golden.json
    "${make[@]}"
    equal "$(ranges golden.jsonl)" 'request 10 [2:6]
response 18 [0:4]=echo=2 [5:6]=counter=big=1 [6:14]=time=big=ns'
    equal "$(jq 'del(.volatile)' golden.jsonl)" "$before"
    "${sockfixture[@]}" -q --check -w golden.jsonl -o golden.json "${client[@]}"
    keep golden.jsonl golden.json
    "${make[@]}"
    unchanged golden.jsonl golden.json
    # What is known in part stays as it is.
    "${sockfixture[@]}" -q -w golden.jsonl -o golden.json --stable REQ:3:3 --stable RESP:8:6 "${client[@]}"
    "${make[@]}"
    equal "$(ranges golden.jsonl)" 'request 10 [2:3]
response 18 [0:4]=echo=2 [5:6]=counter=big=1 [6:8]'
}

@test "what is volatile is learned where the first run says what is recorded, too" {
    cat > counter.py << 'SCRIPT'
import socket
with open("runs", "a+") as runs:
    runs.write("x")
    runs.seek(0)
    text = runs.read()
client, server = socket.socketpair()
client.sendall(b"count")
server.sendall(b"%d of %s." % (len(text), text.encode()) if server.recv(100) else b"")
client.recv(1000)
SCRIPT
    "${sockfixture[@]}" -q -w golden.jsonl python3 counter.py
    rm runs
    "${sockfixture[@]}" -q --repeat 3 -w golden.jsonl python3 counter.py
    equal "$(ranges golden.jsonl)" 'request 5
response 7 [0:1]=counter=text=1 [5:5]=length'
    "${sockfixture[@]}" -q --check -w golden.jsonl python3 counter.py
    keep golden.jsonl
    rm runs
    "${sockfixture[@]}" -q --repeat 3 -w golden.jsonl python3 counter.py
    unchanged golden.jsonl
}

@test "what differs is shown side by side" {
    start_server hello there
    echo -n 'general Kenobi!' > "$path.there"
    "${sockfixture[@]}" -q --repeat 3 -w golden.jsonl "${client[@]}"
    echo -n 'general Kenobo!!' > "$path.there"
    run -1 --separate-stderr "${sockfixture[@]}" -q --check -w golden.jsonl "${client[@]}"
    equal "$stderr" ''
    equal "${lines[0]}" 'golden_server.py ask 2: response[27:28] differs, its length is 30 and was 29'
    [[ ${lines[1]} == '    recorded '*'| now' ]] || fail "$output"
    [[ $output == *'0018  6e 6f 62*69*-- 21'*'nobi !'*' | 0018  6e 6f 62*6f*21 21'*'nobo!!'* ]] || fail "$output"
    # Not what is volatile, and nothing that is the same; a terminal shows it in colours.
    [[ $output != *'0000'* ]] || fail "$output"
    run -1 script -qec "${sockfixture[*]} -q --check -w golden.jsonl ${client[*]}" /dev/null
    [[ $output == *$'\033[31m*69\033[m'*$'\033[32m*6f\033[m'* ]] || fail "$output"
}

@test "exchanges that are new, missing, or have other messages" {
    start_server one two three four
    "${sockfixture[@]}" -q --repeat 3 -w golden.jsonl -o fixture.json "${client[@]}"
    keep golden.jsonl fixture.json
    printf '%s\n' one middle two four > "$path.asks"
    run -1 --separate-stderr "${sockfixture[@]}" -q --check -w golden.jsonl -o fixture.json "${client[@]}"
    equal "$output" 'golden_server.py ask 2: is new
golden_server.py ask 3: is missing'
    unchanged golden.jsonl fixture.json
    # Made again, it has the new one at its place; the others are what they were.
    "${sockfixture[@]}" -q -w golden.jsonl -o fixture.json "${client[@]}"
    words() { jq -r 'select(.direction == "request") | .data' "$1" | while read -r data; do base64 -d <<< "$data" | tail -c +7; echo; done; }
    equal "$(words golden.jsonl | xargs)" 'one middle two four'
    jq -c 'select(.data) | [.time, .data, .volatile]' kept/golden.jsonl > before
    jq -c 'select(.data) | [.time, .data, .volatile]' golden.jsonl > after
    equal "$(diff before after | grep -c '^<')" 2
    equal "$(diff before after | grep -c '^>')" 2
}

@test "a server of another type of socket: that is why all is missing, and all is new" {
    "$tests/compose.py" <<< $'> b"a"\n< b"b"' > golden.jsonl
    "$tests/compose.py" <<< $'type seqpacket\n> b"a"\n< b"b"' > now.jsonl
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check -r now.jsonl -w golden.jsonl
    equal "$output" 'a: is missing, as no stream server is asked now
a: is new, as no seqpacket server is asked in the recording'
    sed -e 's/"unix"/"inet"/' -e 's|/run/x.sock|tcp:127.0.0.1:1|' golden.jsonl > now.jsonl
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check --diff-format json -r now.jsonl -w golden.jsonl
    equal "$(jq -r '.differences[].title' <<< "$output")" 'a: is missing, as no stream server is asked now
a: is new, as no tcp server is asked in the recording'
    # Where the same server is asked less often, it is none of another type.
    "$tests/compose.py" <<< $'> b"a"\n< b"b"\n2> b"c"\n2< b"d"' > now.jsonl
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check -r now.jsonl -w golden.jsonl
    equal "$output" 'c: is new'
}

@test "what came back does so no longer" {
    "$tests/compose.py" > golden.jsonl << 'SCRIPT'
type dgram
> b"ask 1234"
volatile 4 4
< b"got 1234"
volatile 4 4 {"kind": "echo", "message": 1, "offset": 4}
SCRIPT
    sed 's/1234/4321/' > talk << 'SCRIPT'
type dgram
> b"ask 1234"
< b"got 1234"
SCRIPT
    "$tests/compose.py" < talk > now.jsonl
    "$SOCKFIXTURE" -q --check -w golden.jsonl -r now.jsonl
    sed -i 's/got 4321/got 4331/' talk
    "$tests/compose.py" < talk > now.jsonl
    run -1 "$SOCKFIXTURE" -q --check -w golden.jsonl -r now.jsonl
    equal "${lines[0]}" 'ask 1234: response[4:8] does not echo the request'
    # It is written as what it is now, and stays so; one that comes from elsewhere is still one.
    "$SOCKFIXTURE" -q -w golden.jsonl -r now.jsonl
    equal "$(ranges golden.jsonl)" $'request 8 [4:8]\nresponse 8 [4:8]'
    "$SOCKFIXTURE" -q --check -w golden.jsonl -r now.jsonl
    "$tests/compose.py" > golden.jsonl << 'SCRIPT'
> b"ask 1234"
volatile 4 4
< b"got 1234"
volatile 4 4 {"kind": "echo", "message": 1, "offset": 4}
SCRIPT
    "$tests/compose.py" <<< $'> b"task 5678"\n< b"got 5678"' > now.jsonl
    "$SOCKFIXTURE" -q -w golden.jsonl -r now.jsonl
    equal "$(ranges golden.jsonl)" $'request 9 [5:9]\nresponse 8 [4:8]=echo=5'
}

@test "of a range without a byte, in a message without any, nothing is compared" {
    local response echo='volatile 0 0 {"kind": "echo", "message": 1, "offset": 0}'
    for response in A ''; do
        printf '%s\n' 'type dgram' '> b""' "< b\"$response\"" > "$response.script"
        "$tests/compose.py" < "$response.script" > "now$response.jsonl"
        { cat "$response.script" && echo "$echo"; } | "$tests/compose.py" > "echo$response.jsonl"
    done
    for golden in now echo nowA echoA; do
        for now in now echo nowA echoA; do
            run --separate-stderr "$SOCKFIXTURE" -q --check -r "$now.jsonl" -w "$golden.jsonl"
            [ "$status" -le 1 ]
            equal "$stderr" ''
            cp "$golden.jsonl" made.jsonl
            run -0 --separate-stderr "$SOCKFIXTURE" -q -r "$now.jsonl" -w made.jsonl
            equal "$stderr" ''
        done
    done
}

@test "what is known of bytes that are left out is left out with them" {
    "$tests/compose.py" > whole.jsonl << 'SCRIPT'
> b"ask"
< b"0123456789"
volatile 2 4 {"kind": "time", "form": "big", "unit": "s"}
volatile 6 1
redacted 8 2
SCRIPT
    "$SOCKFIXTURE" -q -r whole.jsonl --max-message 4 -w cut.jsonl
    equal "$(ranges cut.jsonl)" $'request 3\nresponse 10 [2:4]'
    "$SOCKFIXTURE" -q -r cut.jsonl -o cut.go
}

# A recording of which the one script was written becomes this when the other is said now, and agrees with it then.
becomes() { # SCRIPT SCRIPT EXPECTED OPTION...
    "$tests/compose.py" <<< "$1" > golden.jsonl
    "$tests/compose.py" <<< "$2" > now.jsonl
    "$SOCKFIXTURE" -q "${@:4}" -r now.jsonl -w golden.jsonl
    equal "$(jq -r 'select(.data) | .data' golden.jsonl | base64 -d | xargs)" "$3"
    "$SOCKFIXTURE" -q "${@:4}" --check -r now.jsonl -w golden.jsonl
}

@test "with frames, what each side has said stays in its order" {
    becomes $'> b"A\\n"\n> b"B\\n"\n< b"a\\n"' $'> b"A\\n"\n> b"B\\n"' 'A B' --frame line
    # One that is new among requests that do not wait for their answers.
    becomes $'> b"A\\n"\n> b"B\\n"\n> b"D\\n"\n< b"a\\n"\n< b"b\\n"\n> b"E\\n"' \
        $'> b"A\\n"\n> b"B\\n"\n> b"C\\n"\n> b"D\\n"\n< b"a\\n"\n< b"b\\n"\n> b"E\\n"' 'A B C D a b E' --frame line
    # One before a line without an end, which is a request only when all has been said.
    becomes $'> b"A"\n< b"b\\n"' $'> b"B\\n"\n> b"A"\n< b"b\\n"' 'B Ab' --frame line
}

@test "with frames, an exchange whose answer came as several at once keeps its place and its bytes" {
    local answer
    for answer in a b; do
        "$tests/compose.py" > $answer.jsonl << SCRIPT
> b"list\\n"
< b"one\\ntwo\\n"
< b"three\\n"
> b"get\\n"
< b"$answer\\n"
> b"end\\n"
< b"bye\\nbye\\n"
SCRIPT
    done
    cp a.jsonl golden.jsonl
    sed -i 's/"time": "17/"time": "18/' b.jsonl
    "$SOCKFIXTURE" -q --frame line -r b.jsonl -w golden.jsonl
    equal "$(jq -r 'select(.data) | .time[:2]' golden.jsonl | xargs)" '17 17 17 18 18 17 17'
    equal "$(jq -r 'select(.data) | .data' golden.jsonl | base64 -d | xargs)" \
        'list one two three get b end bye bye'
    "$SOCKFIXTURE" -q --frame line --check -r b.jsonl -w golden.jsonl
}

@test "what framing cuts within a message is written in the order in which it is said now" {
    becomes $'> b"ask\\n"\n< b"first\\n"' $'< b"hello\\nfi"\n> b"ask\\n"\n< b"rst\\n"' \
        'hello fiask rst' --frame line
}

@test "who speaks second has spoken first before" {
    becomes $'< b"hello,\\n"\n< b"you\\n"\n> b"ask\\n"\n< b"answer\\n"' \
        $'> b"begin\\n"\n< b"hello,\\n"\n< b"you\\n"\n> b"ask\\n"\n< b"answer\\n"' 'begin hello, you ask answer'
}

@test "--check complains of what would be written anew" {
    "$tests/compose.py" <<< $'command talk a\n> b"ask PIN 1234"\n< b"ok"' > golden.jsonl
    "$tests/compose.py" <<< $'command talk b\n> b"ask PIN 1234"\n< b"ok"' > other.jsonl
    cp golden.jsonl now.jsonl
    complains() { # WHY OPTION...
        local why=$1
        shift
        run -1 --separate-stderr "$SOCKFIXTURE" -q --check -w golden.jsonl "$@"
        equal "$stderr" ''
        equal "$output" "golden.jsonl: $why"
        # To programs, too.
        run -1 "$SOCKFIXTURE" -q --check -w golden.jsonl --diff-format json "$@"
        equal "$(jq -c '[.differences, .outdated]' <<< "$output")" "[[],\"$why\"]"
        run -1 "$SOCKFIXTURE" -q --check -w golden.jsonl --diff-format junit "$@"
        python3 -c 'import sys, xml.etree.ElementTree as tree
suite = tree.fromstring(sys.argv[1].encode()).find("testsuite")
assert (suite.get("tests"), suite.get("failures"), len(suite)) == ("2", "1", 2), suite.attrib
assert suite.find("testcase/failure").get("message") == "golden.jsonl: " + sys.argv[2]' "$output" "$why"
        run -1 "$SOCKFIXTURE" -q --check -w golden.jsonl --diff-format github "$@"
        equal "$output" \
            "::error file=golden.jsonl,line=1,title=a recording is not up to date::golden.jsonl: $why"
    }
    complains 'is a recording of another command' -r other.jsonl
    complains 'other bytes would be marked as volatile, or redacted' -r now.jsonl --redact 'PIN ([0-9]+)'
    complains 'other bytes would be marked as volatile, or redacted' -r now.jsonl --volatile REQ:8:4
    "$SOCKFIXTURE" -q -w golden.jsonl -r now.jsonl --redact 'PIN ([0-9]+)'
    "$SOCKFIXTURE" -q --check -w golden.jsonl -r now.jsonl --redact 'PIN ([0-9]+)'
    # Not of a range that has no room between two messages that are one request.
    printf '%s\n' '> b"ab"' 'volatile 2 0 {"kind": "length"}' '> b"c"' 'volatile 0 1' '< b"ok"' |
        "$tests/compose.py" > golden.jsonl
    "$SOCKFIXTURE" -q --check -w golden.jsonl -r golden.jsonl
}

@test "a message of which a part is missing now, or was" {
    "$tests/compose.py" <<< '> b"one message"' > whole.jsonl
    "$SOCKFIXTURE" -q -r whole.jsonl --max-message 3 -w cut.jsonl
    run -1 "$SOCKFIXTURE" -q --check -w cut.jsonl -r whole.jsonl
    equal "${lines[0]}" 'one: request[3:3] differs, 0 bytes are missing and 8 were'
    run -1 "$SOCKFIXTURE" -q --check -w whole.jsonl -r cut.jsonl
    equal "${lines[0]}" 'one message: request[3:11] differs, 8 bytes are missing and 0 were'
}

@test "a number that is volatile may get longer, but stays one, and a counter run over" {
    "$tests/compose.py" > golden.jsonl << 'SCRIPT'
type dgram
> b"get"
< b"n=9; and \x01\xff."
volatile 2 1
volatile 10 1 {"kind": "counter", "step": 1, "form": "big"}
SCRIPT
    check() { # RESPONSE
        printf 'type dgram\n> b"get"\n< %s\n' "$1" | "$tests/compose.py" > now.jsonl
        "$SOCKFIXTURE" -q --check -w golden.jsonl -r now.jsonl
    }
    check 'b"n=1234; and \x01\xff."'
    check 'b"n=10; and \x02\x03."'
    run -1 check 'b"n=10; and \x91\xff."'
    equal "${lines[0]}" 'get: response[9:10] differs, its length is 13 and was 12'
    run -1 check 'b"n=; and \x01\xff."'
    equal "${lines[0]}" 'get: response[2:3] differs, its length is 11 and was 12'
    run -1 check 'b"n=none; and \x01\xff."'
    equal "${lines[0]}" 'get: response[2:3] differs, its length is 15 and was 12'
    run -1 check 'b"n=10, and \x01\xff."'
    equal "${lines[0]}" 'get: response[2:4] differs, its length is 13 and was 12'
}

@test "a sign of a volatile number is not told beside what differs" {
    answer() { # BYTES
        printf 'type dgram\n> b"get"\n< %s\n' "$1" | "$tests/compose.py"
    }
    answer 'b"n=12 xy"
volatile 2 2 {"kind": "counter", "form": "text", "step": 1}' > golden.jsonl
    answer 'b"n=-2 xz"' > now.jsonl
    run -1 "$SOCKFIXTURE" -q --check -w golden.jsonl -r now.jsonl
    equal "${lines[0]}" 'get: response[6:7] differs'
    answer 'b"n=-x xz"' > now.jsonl
    run -1 "$SOCKFIXTURE" -q --check -w golden.jsonl -r now.jsonl
    equal "${lines[0]}" 'get: response[2:4] [6:7] differs'
}

@test "volatile numbers of a list may all get shorter" {
    list() { # BYTES
        printf 'type dgram\n> b"get"\n< %s\n' "$1" | "$tests/compose.py"
    }
    list 'b"[100,200,300]"
volatile 1 3
volatile 5 3
volatile 9 3' > golden.jsonl
    for now in 1,2,3333 1,22,333 1,2,3; do
        list "b\"[$now]\"" > now.jsonl
        "$SOCKFIXTURE" -q --check -w golden.jsonl -r now.jsonl
    done
    list 'b"[1,2]"' > now.jsonl
    run -1 "$SOCKFIXTURE" -q --check -w golden.jsonl -r now.jsonl
}

# What a message has beside the bytes that are there

# A conversation of a script, of which nothing is known to be lost but what was not asked for.
tell() { # FILE LINE...
    printf '%s\n' "${@:2}" | "$tests/compose.py" |
        jq -c 'if .end then .end.lost[] = 0 elif .lost | type == "object" then .lost[] = 0 else . end' > "$1"
}

# What differs, in both directions; a recording made again is then what was said.
differs() { # OLD NOW TEXT
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check -w "$1" -r "$2"
    equal "$output" "$3"
    cp "$1" made.jsonl
    "$SOCKFIXTURE" -q -w made.jsonl -r "$2"
    run -0 --separate-stderr "$SOCKFIXTURE" -q --check -w made.jsonl -r "$2"
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check -w made.jsonl -r "$1"
}

same() { # OLD NOW
    run -0 --separate-stderr "$SOCKFIXTURE" -q --check -w "$1" -r "$2"
    equal "$output" ''
}

@test "descriptors that are passed, and credentials, can differ" {
    tell two.jsonl '> b"take them"' 'passes file pipe' '< b"yes"'
    tell none.jsonl '> b"take them"' '< b"yes"'
    tell one.jsonl '> b"take them"' 'passes socket' '< b"yes"'
    tell unknown.jsonl '> b"take them"' 'passes file unknown' '< b"yes"'
    tell root.jsonl '> b"take them"' 'credentials 1 0 0' '< b"yes"'
    tell user.jsonl '> b"take them"' 'credentials 1 1000 100' '< b"yes"'
    tell again.jsonl '> b"take them"' 'credentials 2 1000 100' '< b"yes"'
    differs two.jsonl none.jsonl \
        'take them: request carries nothing, and carried 2 file descriptors (file, pipe)'
    differs two.jsonl one.jsonl \
        'take them: request carries 1 file descriptor (socket), and carried 2 file descriptors (file, pipe)'
    differs root.jsonl user.jsonl \
        'take them: request carries credentials (uid 1000, gid 100), and carried credentials (uid 0, gid 0)'
    differs none.jsonl root.jsonl 'take them: request carries credentials (uid 0, gid 0), and carried nothing'
    # A process has another number each time, and a descriptor can be closed before it is looked at.
    same user.jsonl again.jsonl
    same two.jsonl unknown.jsonl
    cp two.jsonl made.jsonl
    "$SOCKFIXTURE" -q -r one.jsonl -w made.jsonl -o made.txt
    grep -q 'with 1 file descriptor (socket)' made.txt || fail "$(cat made.txt)"
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check --diff-format json -w two.jsonl -r one.jsonl
    equal "$(jq -c '.differences[] | [.kind, .number, .direction, .message, .bytes]' <<< "$output")" \
        '["ancillary",1,"request",1,[]]'
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check --diff-format junit -w two.jsonl -r one.jsonl
    [[ $output == *'failures="1"'*'request carries 1 file descriptor'* ]] || fail "$output"
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check --diff-format github -w two.jsonl -r one.jsonl
    [[ $output == '::error '*'request carries 1 file descriptor'* ]] || fail "$output"
}

@test "descriptors stand where they were sent; with what is read of a stream, chance has them" {
    tell ends.jsonl '> b"one"' '> b"two"' 'passes pipe' '< b"yes"' '< b"no"' 'passes file' 'credentials 1 0 0'
    tell begins.jsonl '> b"one"' 'passes pipe' '> b"two"' '< b"yes"' '< b"no"' 'passes file' 'credentials 1 0 0'
    tell read.jsonl '> b"one"' '> b"two"' 'passes pipe' '< b"yes"' 'credentials 1 0 0' 'passes file' \
        '< b"no"' 'credentials 1 0 0'
    differs ends.jsonl begins.jsonl \
        'onetwo: request carries 1 file descriptor (pipe), and carried 1 file descriptor (pipe) at byte 3'
    same ends.jsonl read.jsonl
    # Where a length varies before it, that moves.
    tell short.jsonl '> b"n=9;"' 'volatile 2 1' '> b"two"' 'passes pipe' '< b"yes"'
    tell long.jsonl '> b"n=1234;"' '> b"two"' 'passes pipe' '< b"yes"'
    same short.jsonl long.jsonl
}

@test "of a message that is cut, its length can differ" {
    tell cut.jsonl '> b"abcd"' 'missing 6'
    tell longer.jsonl '> b"abcd"' 'missing 600'
    tell whole.jsonl '> b"abcd"'
    tell other.jsonl '> b"abcX"' 'missing 600'
    tell varies.jsonl '> b"abcd"' 'missing 6' 'volatile 4 0 {"kind": "length"}'
    differs cut.jsonl longer.jsonl 'abcd: request differs, its length is 604 and was 10'
    differs cut.jsonl whole.jsonl 'abcd: request differs, its length is 4 and was 10'
    differs whole.jsonl cut.jsonl 'abcd: request differs, its length is 10 and was 4'
    same varies.jsonl longer.jsonl
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check -w cut.jsonl -r other.jsonl
    equal "${lines[0]}" 'abcd: request[3:4] differs, its length is 604 and was 10'
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check --diff-format json -w cut.jsonl -r longer.jsonl
    equal "$(jq -c '.differences[] | [.kind, .number, .direction, .message, .bytes]' <<< "$output")" \
        '["length",1,"request",1,[]]'
}

# --check for programs

differing() {
    "$tests/compose.py" > golden.jsonl << 'SCRIPT'
> b"GET /<a>&%\n"
< b"one\n"
> b"QUIT\n"
< b"bye\n"
SCRIPT
    "$tests/compose.py" > now.jsonl << 'SCRIPT'
> b"GET /<a>&%\n"
< b"onE\n"
SCRIPT
}

@test "a recording that is incomplete is replaced, and --check says so before" {
    printf '> b"ask"\n< b"answer"\n' | "$tests/compose.py" > now.jsonl
    head -n 3 now.jsonl > golden.jsonl
    local why='is incomplete, and what was said now is not' format
    for format in text json junit github; do
        run -1 --separate-stderr "$SOCKFIXTURE" -q --check -r now.jsonl -w golden.jsonl --diff-format $format
        [[ $output == *"golden.jsonl: $why"* || $output == *"\"outdated\": \"$why\""* ]] || fail "$format: $output"
    done
    run -0 --separate-stderr "$SOCKFIXTURE" -r now.jsonl -w golden.jsonl
    says 'golden.jsonl: was incomplete, and is replaced'
    run -0 --separate-stderr "$SOCKFIXTURE" -q --check -r now.jsonl -w golden.jsonl
    equal "$output" ''
}

@test "a capture of a recording that stays as it is tells the backend of that" {
    printf '%s\n' '> b"ask"' '< b"answer"' | "$tests/compose.py" > golden.jsonl
    sed '1s/syscall/ptrace/' golden.jsonl > now.jsonl
    "$SOCKFIXTURE" -q -r now.jsonl -w golden.jsonl -o golden.pcapng
    "$SOCKFIXTURE" -q --check -r now.jsonl -w golden.jsonl -o golden.pcapng
    "$SOCKFIXTURE" -q --check -r golden.jsonl -o golden.pcapng
}

@test "a fixture says the same of what is lost, whether it is made or checked" {
    printf '%s\n' '> b"ask"' 'lost 2' '< b"answer"' | "$tests/compose.py" > golden.jsonl
    run -3 "$SOCKFIXTURE" -q -r golden.jsonl -o golden.json
    equal "$(jq -c '[.lost, (.conversations[].exchanges[] | .. | .lost_responses? // empty)]' golden.json)" '[0,2]'
    run -3 "$SOCKFIXTURE" -q --check -r golden.jsonl -w golden.jsonl -o golden.json
    # How many there were in all stands in the last line.
    sed -i '$d' golden.jsonl
    run -3 --separate-stderr "$SOCKFIXTURE" -q -r golden.jsonl --lang json
    equal "$(jq .lost <<< "$output")" 0
}

@test "what was not recorded in full is told in every report, though nothing differs" {
    printf '> b"ask"\n< b"answer"\n' | "$tests/compose.py" > golden.jsonl
    printf '> b"ask"\n< b"answer"\nlost 2\n> b"ask"\n' | "$tests/compose.py" | sed '4d; s/"messages": 3/"messages": 2/' > now.jsonl
    local format
    for format in text json junit github; do
        run -3 --separate-stderr "$SOCKFIXTURE" -q --check -r now.jsonl -w golden.jsonl --diff-format $format
        [[ $output == *'golden.jsonl: what was said now was not recorded in full'* ||
            $output == *'"outdated": "what was said now was not recorded in full'* ]] || fail "$format: $output"
    done
}

@test "--diff-format json" {
    differing
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check --diff-format json -w golden.jsonl -r now.jsonl
    equal "$(jq -c '.differences[] | [.kind, .number, .direction, .bytes]' <<< "$output")" \
        '["bytes",1,"response",[{"offset":2,"recorded":"65","offset_now":2,"now":"45"}]]
["missing",2,null,null]'
    equal "$(jq -r .recording <<< "$output")" golden.jsonl
    run -0 --separate-stderr "$SOCKFIXTURE" -q --check --diff-format json -w golden.jsonl -r golden.jsonl
    equal "$(jq -c . <<< "$output")" '{"recording":"golden.jsonl","differences":[],"outdated":null,"stale_fixture":null}'
}

@test "--diff-format json tells so many spots of a difference, and of all, and how many more there are" {
    local spots='[.differences[] | [(.bytes | length), .more_spots]]'
    "$tests/compose.py" <<< '> bytes(600)' > golden.jsonl
    "$tests/compose.py" <<< '> bytes([0, 1]) * 300' > now.jsonl
    run -1 "$SOCKFIXTURE" -q --check --diff-format json -w golden.jsonl -r now.jsonl
    equal "$(jq -c "$spots" <<< "$output")" '[[256,44]]'
    yes $'> bytes(512)\n< b"ok"' | head -n 140 | "$tests/compose.py" > golden.jsonl
    yes $'> bytes([0, 1]) * 256\n< b"ok"' | head -n 140 | "$tests/compose.py" > now.jsonl
    run -1 "$SOCKFIXTURE" -q --check --diff-format json -w golden.jsonl -r now.jsonl
    equal "$(jq -c "$spots | map(.[0]) | [.[0], .[63], .[64], .[69]]" <<< "$output")" '[256,256,0,0]'
}

@test "--diff-format junit" {
    differing
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check --diff-format junit -w golden.jsonl -r now.jsonl
    python3 - "$output" << 'PYTHON'
import sys
import xml.etree.ElementTree as tree

suite = tree.fromstring(sys.argv[1]).find("testsuite")
assert suite.get("failures") == "2", suite.attrib
failed = {case.get("name"): case.find("failure") for case in suite if case.find("failure") is not None}
assert set(failed) == {"GET /<a>&%", "QUIT"}, failed
assert "recorded" in failed["GET /<a>&%"].text
assert len(suite) == int(suite.get("tests"))
PYTHON
    run -0 "$SOCKFIXTURE" -q --check --diff-format junit -w golden.jsonl -r golden.jsonl
    [[ $output == *'tests="2" failures="0"'* ]] || fail "$output"
    # What is escaped is so once; and of bytes nothing is.
    "$tests/compose.py" <<< '> b"a\\b"' > back.jsonl
    "$tests/compose.py" <<< '> b"a\\c"' > slash.jsonl
    "$SOCKFIXTURE" -q -r back.jsonl -o $'\xff.json'
    echo >> $'\xff.json'
    "$SOCKFIXTURE" -q --check --diff-format junit -w back.jsonl -r slash.jsonl -o $'\xff.json' > report.xml ||
        equal $? 1
    python3 -c 'import xml.etree.ElementTree as tree
failures = tree.parse("report.xml").findall("testsuite/testcase/failure")
assert r"a\b" in failures[0].text and r"a\\b" not in failures[0].text, failures[0].text
assert failures[1].get("message").startswith(r"\xff.json:"), failures[1].get("message")'
    # XML has no place for what is no character.
    cp golden.jsonl $'a\uffff.jsonl'
    "$SOCKFIXTURE" -q --check --diff-format junit -w $'a\uffff.jsonl' -r golden.jsonl > report.xml
    python3 -c 'import sys, xml.etree.ElementTree as tree
assert tree.parse("report.xml").find("testsuite/testcase").get("classname") == r"a\xef\xbf\xbf.jsonl"'
}

@test "--diff-format github" {
    differing
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check --diff-format github -w golden.jsonl -r now.jsonl
    equal "${#lines[@]}" 2
    [[ ${lines[0]} == '::error file=golden.jsonl,line=1,title='*'::'*'GET /<a>&%25: response[2:3] differs'*'%0A'* ]] ||
        fail "$output"
    run -2 --separate-stderr "$SOCKFIXTURE" --check --diff-format html -w golden.jsonl -r now.jsonl
    [[ $stderr == *"--diff-format: 'html' is none of text, json, junit and github"* ]]
}

@test "no line of a report is a command to who runs workflows" {
    "$tests/compose.py" <<< '> b"::warning::x"' > golden.jsonl
    "$tests/compose.py" <<< '> b"::warning::y"' > now.jsonl
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check -w golden.jsonl -r now.jsonl
    equal "${lines[0]}" '\x3a:warning::x: request[11:12] differs'
    "$tests/compose.py" <<< '> b"\xc2\xa0::a ##[add-mask]x"' > golden.jsonl
    "$tests/compose.py" <<< '> b"\xc2\xa0::a ##[add-mask]y"' > now.jsonl
    run -1 --separate-stderr "$SOCKFIXTURE" -q --check -w golden.jsonl -r now.jsonl
    [[ ${lines[0]} == *'\x3a:a \x23#[add-mask]x: '* ]] || fail "${lines[0]}"
    run -1 grep -F '##[' <<< "$output"
}

@test "a fixture that is not what its recording emits" {
    differing
    "$SOCKFIXTURE" -q -r golden.jsonl -o fixture.py
    "$SOCKFIXTURE" -q --check -r golden.jsonl -o fixture.py
    keep fixture.py
    sed -i 's/QUIT/QUOT/' fixture.py
    local line
    line=$(grep -n QUOT fixture.py | head -n 1 | cut -d: -f1)
    run -1 "$SOCKFIXTURE" -q --check -r golden.jsonl -o fixture.py
    equal "$output" "fixture.py:$line: not what the recording emits"
    rm fixture.py
    run -1 "$SOCKFIXTURE" -q --check -w golden.jsonl -r golden.jsonl -o fixture.py
    equal "$output" 'fixture.py: not there, though the recording emits it'
    # One of its files is enough.
    "$SOCKFIXTURE" -q -r golden.jsonl -o fixture.py --embed-above 4
    "$SOCKFIXTURE" -q --check -r golden.jsonl -o fixture.py --embed-above 4
    echo more >> fixture.01-request.bin
    run -1 "$SOCKFIXTURE" -q --check -r golden.jsonl -o fixture.py --embed-above 4
    equal "$output" 'fixture.01-request.bin:2: not what the recording emits'
    "$SOCKFIXTURE" -q -r golden.jsonl --lang raw -o corpus
    "$SOCKFIXTURE" -q --check -r golden.jsonl --lang raw -o corpus
    rm corpus/02-request.bin
    run -1 "$SOCKFIXTURE" -q --check -r golden.jsonl --lang raw -o corpus
    equal "$output" 'corpus/02-request.bin: not there, though the recording emits it'
}

@test "what --check, --repeat and the like need" {
    run -2 --separate-stderr "$SOCKFIXTURE" --check true
    says 'sockfixture.json: no such manifest (*, and a command is checked against -w RECORDING)'
    run -2 --separate-stderr "$SOCKFIXTURE" --check -o x.go true
    says '--check needs the recording (-w) that the fixture was made of*'
    run -2 --separate-stderr "$SOCKFIXTURE" --check -r x
    says '--check needs a recording (-w) or a fixture (-o) to compare with*'
    run -2 --separate-stderr "$SOCKFIXTURE" --check -w x --lang go true
    says '--check compares with the fixture that is there, and -o does not name it*'
    run -2 --separate-stderr "$SOCKFIXTURE" --check --lang go true
    says '--check without -w and -o is about the manifest*'
    run -2 --separate-stderr "$SOCKFIXTURE" --check -w none.jsonl true
    says 'none.jsonl: No such file or directory (without --check, -w writes it)'
    run -2 --separate-stderr "$SOCKFIXTURE" --repeat 0 true
    [[ $stderr == *"--repeat: '0' is no number from 1 to"* ]]
    run -2 --separate-stderr "$SOCKFIXTURE" --diff-format json -r x
    says '--diff-format is how --check tells what differs*'
    echo 'no recording' > other.jsonl
    run -2 --separate-stderr "$SOCKFIXTURE" --check -w other.jsonl true
    says 'other.jsonl:1:*'
    "$tests/compose.py" <<< '> b"one"' > one.jsonl
    run -4 --separate-stderr "${sockfixture[@]}" -q --check -w one.jsonl false
    says 'false: exited with status 1; nothing was compared (--ignore-status does)'
    only_files other.jsonl one.jsonl
}

# Secrets

@test "secrets are replaced before anything is written or shown" {
    "$tests/compose.py" > secret.jsonl << 'SCRIPT'
command curl -H "Authorization: Bearer s3cr3t.token" -u joe:secret --key=swordfish hunter opensesame "open door" localhost
> b"GET / HTTP/1.1\r\nAuthorization: Bearer s3cr3t.token\r\nHost: x\r\n\r\n"
< b"HTTP/1.1 204 No Content\r\n\r\n"
> b"*2\r\n$4\r\nAUTH\r\n$6\r\nhunter\r\n"
< b"+OK\r\n"
> b"c=biws,r=abcdefgh,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
< b"v=rmF9pqV8S7suAoZWja4dJRkFsKQABCDEFGH="
> b"AUTHENTICATE PLAIN AGpvZQBzZWNyZXQ=\r\n"
< b"+OK\r\n"
> b"id=42 key=swordfish"
< b"hello"
> b"AUTH\t1\tPLAIN\tservice=imap\tresp=AGFubgBvcGVuc2VzYW1l\n"
< b"OK\t1\tuser=ann\n"
> b'password "open door"\n'
< b"OK\n"
SCRIPT
    "$SOCKFIXTURE" -v -r secret.jsonl --redact secrets --redact 'key=([a-z]+)' --redact 5:RESP:0:5 \
        -w golden.jsonl -o fixture.go 2> said
    grep -q '^sockfixture: [0-9]* secrets were redacted$' said || fail "$(cat said)"
    local secret
    for secret in s3cr3t hunter AGpvZQ v0X8v3Bz rmF9pqV8 swordfish hello AGFubg; do
        run -1 grep -c "$secret" golden.jsonl fixture.go said
        run -1 grep -c "$(printf '%s' "$secret" | xxd -p | sed 's/../0x&, /g; s/, $//')" fixture.go
        jq -r 'select(.data) | .data' golden.jsonl | while read -r data; do
            ! base64 -d <<< "$data" | grep -a "$secret" || fail "$secret"
        done
    done
    grep -q '"text":"AUTHENTICATE PLAIN XXX' golden.jsonl
    # In the command, too, where they have another shape or none.
    equal "$(head -n 1 golden.jsonl | jq -r '.command | join(" ")')" \
        'curl -H Authorization: Bearer XXXXXXXXXXXX -u joe:XXXXXX --key=XXXXXXXXX XXXXXX XXXXXXXXXX XXXXXXXXX localhost'
    # As long as it was, and it is said where.
    equal "$(jq -c 'select(.data) | .length' golden.jsonl | xargs)" "$(jq -c 'select(.data) | .length' secret.jsonl | xargs)"
    equal "$(jq -c 'select(.redacted) | .redacted' golden.jsonl | sed -n 1p)" '[[38,12]]'
    grep -q '// request\[38:50\] is redacted' fixture.go
    # What is redacted is not what is warned of.
    "$SOCKFIXTURE" -r golden.jsonl -o again.go 2> said
    equal "$(cat said)" ''
}

@test "patterns are matched with what was said, in whatever order they are given" {
    "$tests/compose.py" > secret.jsonl << 'SCRIPT'
command client password=abc&pin=1234
> b"password=abc&pin=1234"
< b"ok"
SCRIPT
    local pattern='[a-z]+=[a-z]+&pin=([0-9]+)'
    "$SOCKFIXTURE" -r secret.jsonl --redact secrets --redact "$pattern" -w first.jsonl 2> said
    "$SOCKFIXTURE" -q -r secret.jsonl --redact "$pattern" --redact secrets -w second.jsonl
    cmp first.jsonl second.jsonl
    equal "$(cat said)" 'sockfixture: 2 secrets were redacted'
    equal "$(jq -c 'select(.redacted) | [.text, .redacted]' first.jsonl)" '["password=XXX&pin=XXXX",[[9,3],[17,4]]]'
    equal "$(head -n 1 first.jsonl | jq -r '.command[1]')" 'password=XXX&pin=XXXX'
    # Where two overlap, what both match is one.
    "$SOCKFIXTURE" -r secret.jsonl --redact 'c&p' --redact 'abc' --redact 1:REQ:10:4 -w third.jsonl 2> said
    grep -qx 'sockfixture: 1 secret was redacted' said || fail "$(cat said)"
    equal "$(jq -c 'select(.redacted) | [.text, .redacted]' third.jsonl)" '["password=XXXXXin=1234",[[9,5]]]'
    # One within another makes that no shorter, and what begins a line is not what is behind it.
    "$SOCKFIXTURE" -q -r secret.jsonl --redact '=abc&pin' --redact 'bc' --redact '^[a-z]' -w fourth.jsonl
    equal "$(jq -c 'select(.redacted) | .text' fourth.jsonl)" $'"XasswordXXXXXXXX=1234"\n"Xk"'
}

@test "hundreds of thousands of redacted bytes before a volatile one are read at once" {
    echo '> b"1." * 200000' | "$tests/compose.py" > digits.jsonl
    "$SOCKFIXTURE" -q -r digits.jsonl --redact '[0-9]' --volatile REQ:399999:1 -w redacted.jsonl
    timeout 60 "$SOCKFIXTURE" -r redacted.jsonl -o fixture.json
    equal "$(jq -c '.conversations[].exchanges[].requests[] | [.text[:4], .volatile]' fixture.json)" \
        '["X.X.",[{"offset":399999,"length":1,"kind":"bytes","text":"request[399999:400000] varies"}]]'
}

@test "what is redacted is not counted as volatile, nor once more for each run" {
    start_server word
    local ask=("${sockfixture[@]}" --repeat 3 --redact word -w golden.jsonl "${client[@]}")
    "${sockfixture[@]}" --repeat 3 -w other.jsonl "${client[@]}" 2>&1 | grep 'ranges$' > plain
    "${ask[@]}" 2> first
    "${ask[@]}" 2> again
    grep -qxFf plain first || fail "$(cat plain first)"
    grep -qx 'sockfixture: 2 secrets were redacted' first || fail "$(cat first)"
    equal "$(cat again)" "$(cat first)"
}

# What becomes of the command when these patterns are redacted from what the script says.
command_redacted() { # SCRIPT PATTERN...
    "$tests/compose.py" <<< "$1" > secret.jsonl
    rm -f redacted.jsonl
    "$SOCKFIXTURE" -q -r secret.jsonl "${@:2}" -w redacted.jsonl
    head -n 1 redacted.jsonl | jq -r '.command | join(" ")'
}

@test "a secret that was said is found in the command in another shape, too" {
    local basic='> b"GET / HTTP/1.1\r\nAuthorization: Basic YWxpY2U6cEBzc3cwcmQ=\r\n\r\n"'
    equal "$(command_redacted "command wget --user alice --password p@ssw0rd x
$basic" --redact secrets)" 'wget --user alice --password XXXXXXXX x'
    equal "$(command_redacted "command curl http://alice:p%40ssw0rd@h/
$basic" --redact 'Authorization: (.*)')" 'curl http://XXXXXXXXXXXXXXXX@h/'
    equal "$(command_redacted 'command curl --data-urlencode password=p@ssw0rd h 100%
> b"password=p%40ssw0rd"' --redact '=(p%40.*)')" 'curl --data-urlencode password=XXXXXXXX h 100%'
    equal "$(command_redacted 'command client --pw=hunter2
> b"AUTH hun"
> b"ter2\r\n"
< b"OK"' --redact secrets)" 'client --pw=XXXXXXX'
    equal "$(command_redacted 'command client hunter2
> b"LOGIN hunter2\r\n"' --redact 'LOGIN (.*)')" 'client XXXXXXX'
}

@test "in the command, too, no secret is hidden by the filler of another" {
    # The pattern matches less of what the command has than of what was said.
    equal "$(command_redacted 'command curl --data-urlencode password=hunter,two h
> b"password=hunter%2Ctwo"' --redact secrets)" 'curl --data-urlencode password=XXXXXXXXXX h'
    equal "$(command_redacted 'command curl http://h/?token=ab%2Btail%3D
> b"token=ab+tail="' --redact 'token=([a-z+/]+=*)')" 'curl http://h/?token=XXXXXXXXXXXX'
    # One secret is the beginning of another.
    local said='command client p=secret%20word
> b"p=secret word"' one='p=(secret)' both='p=([a-z]+ [a-z]+)'
    equal "$(command_redacted "$said" --redact "$one" --redact "$both")" 'client p=XXXXXXXXXXXXX'
    equal "$(command_redacted "$said" --redact "$both" --redact "$one")" 'client p=XXXXXXXXXXXXX'
    # They overlap only in the command.
    equal "$(command_redacted 'command client abcdefgh
> b"a=abcdef b=cdefgh"' --redact '[ab]=([a-h]+)')" 'client XXXXXXXX'
    "$SOCKFIXTURE" -q -r secret.jsonl --redact '[ab]=([a-h]+)' -l json -o fixture.json
    equal "$(jq -r '.name, .command' fixture.json | xargs)" 'client XXXXXXXX client XXXXXXXX'
}

@test "what stands where secrets do and is none stays, and is not warned of" {
    "$tests/compose.py" > open.jsonl << 'SCRIPT'
> b"AUTH EXTERNAL 30\r\n"
< b"OK\r\n"
> b"AUTH EXTERNAL\r\n"
< b"DATA\r\n"
> b"AUTH ANONYMOUS 74657374\r\n"
< b"{\"password\": null, \"user\": 1}\n"
> b"hello"
< b"Access denied for user 'joe'@'localhost' (using password: YES)"
SCRIPT
    run -0 --separate-stderr "$SOCKFIXTURE" -r open.jsonl -o open.json
    equal "$stderr" ''
    "$SOCKFIXTURE" -q --redact secrets -r open.jsonl -o redacted.json
    cmp open.json redacted.json
}

@test "a recording that seems to hold a secret is warned of" {
    "$tests/compose.py" <<< '> b"GET / HTTP/1.1\r\nAuthorization: Bearer s3cr3t.token\r\n\r\n"' > secret.jsonl
    run -0 --separate-stderr "$SOCKFIXTURE" -r secret.jsonl -o fixture.go
    says 'a request seems to hold a bearer token, at \[38:50\] (--redact secrets puts filler there)'
    local line at
    while read -r at line; do
        "$tests/compose.py" <<< "> b'$line'" > mixed.jsonl
        run -0 --separate-stderr "$SOCKFIXTURE" -r mixed.jsonl -o mixed.go
        says "a request seems to hold a password, at \\[$at\\] (--redact secrets puts filler there)"
    done << 'LINES'
5:11 Auth s3cr3t\r\n
9:15 PASSWORD s3cr3t\n
9:15 password s3cr3t
10:17 password "s3 cr3t"\n
10:16 PASSWORD "s3cr3t"\r\n
14:20 AUTHENTICATE "s3cr3t"\r\n
14:22 AUTHENTICATE "s3\\"cr3t"\r\n
13:25 AUTHENTICATE 733363723374\r\n
LINES
    # It is looked for in the first 64 KiB of a message.
    "$tests/compose.py" <<< '> b"PASS s3cr3t\r\n" + bytes(70000) + b"\nAUTH s3cr3t\n"' > mixed.jsonl
    run -0 --separate-stderr "$SOCKFIXTURE" -r mixed.jsonl -o mixed.json
    says 'a request seems to hold a password, at \[5:11\] (--redact secrets puts filler there)'
    # Which mechanism, and that one is asked for it, is no secret.
    for line in 'AUTHENTICATE "PLAIN"' 'AUTHENTICATE "SCRAM-SHA-1"' 'AUTHENTICATE SCRAM-SHA-256' 'AUTH CRAM-MD5' \
        'Password required for joe' 'Password incorrect'; do
        "$tests/compose.py" <<< "> b'$line\\r\\n'" > mixed.jsonl
        run -0 --separate-stderr "$SOCKFIXTURE" -r mixed.jsonl -o mixed.go
        equal "$stderr" ''
    done
    run -0 --separate-stderr "$SOCKFIXTURE" -q -r secret.jsonl -o fixture.go
    equal "$stderr" ''
    run -2 --separate-stderr "$SOCKFIXTURE" --redact '(' -r secret.jsonl
    says "--redact: '(': *"
    run -2 --separate-stderr "$SOCKFIXTURE" --redact '(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)' -r secret.jsonl
    says "--redact: *: it has more than 9 parentheses"
    [ ! -e golden.jsonl ]
}

@test "a long message full of secrets takes no time" {
    "$tests/compose.py" <<< '> b"ab12" * 32768' > secret.jsonl
    "$SOCKFIXTURE" -q -r secret.jsonl --redact 'a((b))' --redact '[0-9]' -w golden.jsonl
    equal "$(jq -r 'select(.data) | .data' golden.jsonl | base64 -d | sort -u)" "$(printf 'aXXX%.0s' {1..32768})"
    # Nor does a command that is full of them.
    "$tests/compose.py" > secret.jsonl << SCRIPT
command client $(printf 'ab12%.0s' {1..32768})
> b"ab12" * 32768
SCRIPT
    "$SOCKFIXTURE" -q -r secret.jsonl --redact ab12 -w full.jsonl
    equal "$(head -n 1 full.jsonl | jq -r '.command[1]' | tr -d X)" ''
}

@test "a long message full of volatile numbers takes no time" {
    numbers() { # PREFIX
        python3 -c 'import sys
print("> b\"ask\"")
print("<", b"".join(sys.argv[1].encode() + b"%06d\n" % i for i in range(60000)))' "$1"
    }
    { numbers 'is '; printf 'volatile %d 6 {"kind": "counter", "form": "big", "step": 1}\n' $(seq 3 10 599993); } |
        "$tests/compose.py" > golden.jsonl
    numbers 'IS ' | "$tests/compose.py" > now.jsonl
    run -1 "$SOCKFIXTURE" -q --check -r now.jsonl -w golden.jsonl
    [[ $output == *'differs'* ]]
    # Nor where both know what is volatile.
    cp golden.jsonl now.jsonl
    "$SOCKFIXTURE" -q -r now.jsonl -w golden.jsonl
}

@test "what changes by the second, however quickly a command is run again" {
    cat > date.py << 'PROGRAM'
import socket, time
client, server = socket.socketpair()
client.sendall(b"GET / HTTP/1.0\r\n\r\n")
server.recv(1024)
server.sendall(time.strftime("HTTP/1.0 204 No Content\r\nDate: %a, %d %b %Y %H:%M:%S GMT\r\n\r\n", time.gmtime()).encode())
client.recv(1024)
PROGRAM
    python3 -c 'import time; time.sleep(1 - time.time() % 1)'
    "${sockfixture[@]}" -q --repeat 2 -w "$recording" python3 date.py
    equal "$(jq -c 'select(.direction == "response") | .volatile | map(.[2].unit)' "$recording")" '["date"]'
    rm "$recording"
    background "${sockfixture[@]}" -q --repeat 2 -w "$recording" touch ran
    wait_until 60 test -e ran
    kill -INT "$pid"
    finish "$pid" || equal "$?" 4 'the status'
    grep -q 'touch: interrupted; nothing was written' background.out
    # Nor between two runs: it comes when the command is gone, and the next one has not begun.
    cat > leave << 'SCRIPT'
(while kill -0 $$; do :; done; sleep 0.01; kill -INT $PPID) > /dev/null 2>&1 &
SCRIPT
    run -4 --separate-stderr "${sockfixture[@]}" -q --repeat 3 -w "$recording" sh leave
    says 'sh: interrupted; nothing was written'
    only_files background.out date.py leave ran
}

@test "a long message full of numbers that vary, or come back, takes no time to look into" {
    cat > numbers.py << 'PROGRAM'
import os, socket, sys
new = os.path.exists("ran")
open("ran", "w").close()
client, server = socket.socketpair()
numbers = b"".join(b"id %05d\n" % (99999 - i if new else i) for i in range(20000))
request, response = (b"ask", numbers) if sys.argv[1:] else (numbers[:39996], numbers[:39996].replace(b"id", b"of"))
for sender, receiver, message in (client, server, request), (server, client, response):
    if os.fork() == 0:
        sender.sendall(message)
        os._exit(0)
    while message:
        message = message[len(receiver.recv(1 << 20)):]
    os.wait()
PROGRAM
    "${sockfixture[@]}" -q --repeat 2 -w "$recording" python3 numbers.py vary
    equal "$(jq -r 'select(.volatile) | .volatile | length' "$recording")" 20000
    rm ran
    "${sockfixture[@]}" -q --repeat 2 -w "$recording" python3 numbers.py
    equal "$(jq -r 'select(.direction == "response") | .volatile | map(select(.[2].kind == "echo")) | length' "$recording")" 4444
}

@test "a recording or a fixture that cannot be read is not taken for another, or for none" {
    "$tests/compose.py" <<< '> b"ask"' > rec.jsonl
    "$SOCKFIXTURE" -q -r rec.jsonl -w golden.jsonl -o golden.json
    # Without capabilities root may not do what others may not.
    local unable=(setpriv --bounding-set=-all --inh-caps=-all "$SOCKFIXTURE" -q -r rec.jsonl)
    chmod 0 golden.json
    run -2 --separate-stderr "${unable[@]}" --check -w golden.jsonl -o golden.json
    says 'golden.json: Permission denied*'
    "$SOCKFIXTURE" -q -r rec.jsonl -o golden.go --embed-above 1
    chmod 0 golden.json golden.*.bin
    run -2 --separate-stderr "${unable[@]}" --check -w golden.jsonl -o golden.go --embed-above 1
    says 'golden.*.bin: Permission denied*'
    # What is made of the recording can be made again.
    "${unable[@]}" -w golden.jsonl -o golden.json
    "$SOCKFIXTURE" -q --check -r rec.jsonl -o golden.json
    rm golden.json
    ln -s golden.json golden.json
    "$SOCKFIXTURE" -q -r rec.jsonl -w golden.jsonl -o golden.json
    "$SOCKFIXTURE" -q --check -r rec.jsonl -o golden.json
    chmod 0 golden.jsonl
    cp golden.jsonl before.jsonl
    run -2 --separate-stderr "${unable[@]}" -w golden.jsonl
    says 'golden.jsonl: Permission denied*'
    cmp golden.jsonl before.jsonl
}

@test "what was to be redacted and is not there is said" {
    "$tests/compose.py" > secret.jsonl << 'SCRIPT'
> b"AUTH s3cr3t\r\n"
< b"+OK hunter\r\n"
SCRIPT
    run -0 --separate-stderr "$SOCKFIXTURE" -r secret.jsonl --redact secret --redact 'h[a-z]+r' -o fixture.go
    [[ $stderr == *"--redact 'secret': that was not found, and nothing was redacted for it"* ]]
    [[ $stderr != *"'h[a-z]+r'"* ]]
    # Nor is what else could be one passed over.
    [[ $stderr == *'a request seems to hold a password, at [5:11] '* ]]
    run -0 --separate-stderr "$SOCKFIXTURE" -r secret.jsonl --redact s3cr3t --redact '[+]OK' -o fixture.go
    equal "$stderr" 'sockfixture: 2 secrets were redacted'
    # What was found with nothing in the parentheses was found; nothing at all is found nowhere.
    run -0 --separate-stderr "$SOCKFIXTURE" -r secret.jsonl --redact 'AUTH ([0-9]*)s' --redact 'z*' --redact s3cr3t -o fixture.go
    equal "$stderr" "sockfixture: 1 secret was redacted
sockfixture: --redact 'z*': that was not found, and nothing was redacted for it"
    for range in 9:REQ:0:2 REQ:99:2; do
        run -2 --separate-stderr "$SOCKFIXTURE" -r secret.jsonl --redact "$range" -o new.go
        says "--redact $range: there are no such bytes"
    done
    [ ! -e new.go ]
}

# Each of two requests and of two responses has volatile bytes of its own, and keeps them.
@test "what is known of a message goes with it through -c" {
    "$tests/compose.py" <<< $'> b"hello"\nvolatile 1 2\n< b"a long response"\nvolatile 6 4\n> b"again"\n< b"and more"' > all.jsonl
    "$SOCKFIXTURE" -q -r all.jsonl -c 2 -w some.jsonl
    equal "$(jq -c 'select(.data) | .volatile' some.jsonl | paste -sd' ')" '[[1,2]] [[6,4]] null null'
    "$SOCKFIXTURE" -q -r some.jsonl -o some.json
}

@test "a recording that is appended to a file begins with its head" {
    "$tests/compose.py" <<< $'> b"hello"\n< b"yes"' > one.jsonl
    : > appended.jsonl
    "$SOCKFIXTURE" -q -r one.jsonl -w - >> appended.jsonl
    "$SOCKFIXTURE" -q -r appended.jsonl -o appended.json
    equal "$(jq '[.conversations[].exchanges[]] | length' appended.json)" 1
}

@test "what is volatile stays so where it is, and nothing else becomes it" {
    become() { # OLD ITS-OFFSET ITS-LENGTH NOW RANGES
        printf '%s\n' '> b"get"' "< b\"$1\"" "volatile $2 $3" | "$tests/compose.py" > golden.jsonl
        printf '%s\n' '> b"get"' "< b\"$4\"" | "$tests/compose.py" > now.jsonl
        "$SOCKFIXTURE" -q -r now.jsonl -w golden.jsonl
        equal "$(ranges golden.jsonl | tail -n 1)" "response ${#4}$5" "the ranges of $4, and those expected,"
    }
    # Something else comes to stand behind it, before it, or in between.
    become 'at=1700000000 end' 3 10 'at=1800000001 note=some end' ' [3:13]'
    become 'at=1700000000' 3 10 'at=1800000001 note=some' ' [3:13]'
    become 'qty=7 at=1700000000 end' 9 10 'qty=70 more=5 at=1800000001 end' ' [17:27]'
    # It is gone, and what had stood beside it, or a byte as it had one, is not it.
    become 'at=1700000000 qty=7' 3 10 'qty=7' ''
    become 'name=widget qty=12345 session=6db8c7c7 price=9' 30 8 'name=widget qty=7 price=9' ''
    # It is longer, or shorter.
    become 'session=6db8c7c7 price=9' 8 8 'session=01e52f90aa price=10' ' [8:18]'
    become 'session=6db8c7c7 price=9' 8 8 'session=01e5 price=10' ' [8:12]'
    become 'visits=100 price=9' 7 3 'visits=10 price=9 end' ' [7:9]'
    # What is gone leaves nothing that grows when something else comes there.
    become 'at=1700000000 qty=7' 3 10 'qty=7' ''
    "$tests/compose.py" <<< $'> b"get"\n< b"serial=5 qty=7"' > now.jsonl
    "$SOCKFIXTURE" -q -r now.jsonl -w golden.jsonl
    equal "$(ranges golden.jsonl | tail -n 1)" 'response 14'
}

# The replies come in another order than the calls, and stay as they are when something else changes.
@test "what did not change keeps its place where answers overtake each other" {
    local flags
    for flags in 0 1; do
        python3 - "$flags" << 'PYTHON' | "$tests/compose.py" > "$flags.jsonl"
import struct, sys

def message(kind, serial, answered=0, flags=0):
    fields = bytes([5, 1]) + b"u\0" + struct.pack("<I", answered)
    if kind == 1: # a call: path and member
        fields = b"\x01\x01o\0\x01\0\0\0/\0\0\0\0\0\0\0\x03\x01s\0\x01\0\0\0M\0"
    head = struct.pack("<cBBBIII", b"l", kind, flags, 1, 0, serial, len(fields)) + fields
    return head + bytes(-len(head) % 8)

print("command talk")
for who, said in ((">", message(1, 1)), (">", message(1, 2)), ("<", message(2, 1, 2)), ("<", message(2, 2, 1)),
                  (">", message(1, 3)), ("<", message(2, 3, 3, int(sys.argv[1])))):
    print(who, said)
PYTHON
    done
    cp 0.jsonl golden.jsonl
    "$SOCKFIXTURE" -q -r 1.jsonl --frame dbus -w golden.jsonl -o golden.json
    run -1 cmp -s 0.jsonl golden.jsonl
    equal "$(jq -c 'select(.data) | .time' golden.jsonl | sort -c 2>&1)" ''
    equal "$(jq -c 'select(.data) | .data' golden.jsonl | head -n 5)" "$(jq -c 'select(.data) | .data' 0.jsonl | head -n 5)"
}

# Masks

# Empty, long enough for a file of its own, readable, one, many, and none in a direction.
masks_script='
    type dgram
    > b""
    < b"x" * 40
    volatile 3 20
    < b"\xff" * 70000
    volatile 69999 1
    > b"a line\nand another\n"
    volatile 2 4
    > b"\1" * 17'

# bats test_tags=compilers
@test "masks are as long as their messages, and left alone by formatters" {
    local name
    "$tests/compose.py" <<< "$masks_script" > many.jsonl
    grep -v '70000\|69999' <<< "$masks_script" | "$tests/compose.py" > one.jsonl
    # A mask whose rows would fit into one.
    "$tests/compose.py" <<< $'> b"\\1" * 17\n< b"x" * 40\nvolatile 3 20' > alone.jsonl
    for recording in "$work"/{many,one,alone}.jsonl; do
        name=$(basename "$recording" .jsonl)
        go_is_clean "$name" --style mask
        rust_is_clean "$name" --style mask
        python_is_clean "$name" --style mask
        python3 - "$name" << 'PYTHON'
import importlib
import sys

sys.path.insert(0, ".")
table = importlib.import_module(sys.argv[1]).TABLE
messages = masks = []
for row in table:
    for side in "request", "response":
        both = [getattr(row, side + suffix, None) for suffix in ("", "_mask")]
        if hasattr(row, "requests"):
            both = [getattr(row, side + suffix) for suffix in ("s", "_masks")]
        else:
            both = [[one] if one is not None else [] for one in both]
        assert [len(one) for one in both[0]] == [len(one) for one in both[1]], both
        messages, masks = messages + both[0], masks + both[1]
at = messages.index(b"x" * 40)
assert masks[at] == b"\xff" * 3 + b"\0" * 20 + b"\xff" * 17
assert {byte for mask in masks for byte in mask} == {0, 255}
PYTHON
    done
}

volatile_right='
    > b"one\x01\x02"
    < b"\x02\x01eno"
    volatile 0 1
    > b"two"
    < b"owt"'
volatile_many='
    type dgram
    > b"one"
    > b"two"
    < b"owt"
    volatile 1 2
    < b"eno"'
volatile_unanswered='
    > b"one"
    < b"eno"
    volatile 2 1
    > b"two"'

# The answers pass that differ where they are volatile, and those do not that differ elsewhere.
passes_masked() { # FUNCTION
    local name script
    for name in right many unanswered; do
        script=volatile_$name
        mkdir "$name"
        recording=$work/$name.jsonl
        "$tests/compose.py" <<< "${!script}" > "$recording"
        "$1" "$name" volatile || fail "$name: answers that differ in volatile bytes do not pass"
        ! "$1" "$name" wrong || fail "$name: wrong answers pass"
    done
}

python_masked() { # NAME volatile|wrong
    emit "$1/test_fixture.py" --lang python --style test,mask --name table --call talk.answer
    black --quiet --check --diff "$1/test_fixture.py" || return 1
    local changed='message'
    case $1-$2 in
        right-volatile) changed='b"\xee" + message[1:]' ;;
        right-wrong) changed='message[:1] + b"\xee" + message[2:]' ;;
        many-volatile) changed='message[:1] + b"XY"' ;;
        unanswered-volatile) changed='message[:2] + b"\xee"' ;;
        *-wrong) changed='b"\xee" + message[1:]' ;;
    esac
    cat > "$1/talk.py" << PYTHON
def change(message):
    return $changed


def answer(request):
    if "$1" == "many":
        return [change(request[1][::-1]), request[0][::-1]]
    if request == b"two":
        return request[::-1] if "$1" == "right" else None
    return change(request[::-1])
PYTHON
    (cd "$1" && python3 -B -m pytest -q -p no:cacheprovider >&2)
}

# bats test_tags=compilers
@test "a test that uses masks in Python" {
    passes_masked python_masked
}

go_masked() { # NAME volatile|wrong
    mkdir -p "$1/talk"
    emit "$1/fixture_test.go" --lang go --style test,mask --name table --call example.org/talk/talk.Answer
    equal "$(gofmt -d "$1/fixture_test.go")" '' 'what gofmt would change' || return 1
    printf 'module example.org/talk\n\ngo 1.19\n' > "$1/go.mod"
    local changed='message'
    case $1-$2 in
        right-volatile) changed='append([]byte{0xee}, message[1:]...)' ;;
        right-wrong) changed='append([]byte{2, 0xee}, message[2:]...)' ;;
        many-volatile) changed='append([]byte{message[0]}, "XY"...)' ;;
        unanswered-volatile) changed='append(message[:2:2], 0xee)' ;;
        *-wrong) changed='append([]byte{0xee}, message[1:]...)' ;;
    esac
    cat > "$1/talk/talk.go" << GO
package talk

func reverse(message []byte) []byte {
	out := []byte{}
	for i := range message {
		out = append(out, message[len(message)-1-i])
	}
	return out
}

func change(message []byte) []byte {
	return $changed
}

GO
    case $1 in
        right) echo 'func Answer(request []byte) []byte {
            if string(request) == "two" { return reverse(request) }
            return change(reverse(request)) }' ;;
        many) echo 'func Answer(requests [][]byte) [][]byte {
            return [][]byte{change(reverse(requests[1])), reverse(requests[0])} }' ;;
        unanswered) echo 'func Answer(request []byte) []byte {
            if string(request) == "two" { return nil }
            return change(reverse(request)) }' ;;
    esac >> "$1/talk/talk.go"
    (cd "$1" && go vet ./... && go test ./... >&2)
}

# bats test_tags=compilers
@test "a test that uses masks in Go" {
    passes_masked go_masked
}

rust_masked() { # NAME volatile|wrong
    emit "$1/fixture.rs" --lang rust --style test,mask --name table --call crate::talk::answer
    rustfmt --check --edition 2021 "$1/fixture.rs" || return 1
    local changed='()' row='request: &[u8]) -> Vec<u8> { match request { b"two" => reverse(request), _ => change(reverse(request)) } }'
    case $1-$2 in
        right-volatile) changed='message[0] = 0xee' ;;
        right-wrong) changed='message[1] = 0xee' ;;
        *-volatile) changed='message[2] = 0xee' ;;
        *-wrong) changed='message[0] = 0xee' ;;
    esac
    case $1 in
        many) row='requests: &[&[u8]]) -> Vec<Vec<u8>> { vec![change(reverse(requests[1])), reverse(requests[0])] }' ;;
        unanswered) row='request: Option<&[u8]>) -> Option<Vec<u8>> { request.filter(|r| r != b"two").map(|r| change(reverse(r))) }' ;;
    esac
    cat > "$1/lib.rs" << RUST
#![deny(warnings)]
pub mod fixture;
pub mod talk {
    fn reverse(message: &[u8]) -> Vec<u8> {
        message.iter().rev().copied().collect()
    }
    #[allow(unused_mut)]
    fn change(mut message: Vec<u8>) -> Vec<u8> {
        $changed;
        message
    }
    pub fn answer($row
}
RUST
    rustc --edition 2021 --test -o "$1/tests" "$1/lib.rs"
    "$1/tests" >&2
}

# bats test_tags=compilers
@test "a test that uses masks in Rust" {
    passes_masked rust_masked
}

# bats test_tags=compilers
@test "a table in Rust can be called as what its tests use" {
    "$tests/compose.py" > one.jsonl << 'SCRIPT'
> b"one"
< b"eno"
SCRIPT
    for name in masked mask one tests; do
        "$SOCKFIXTURE" -r one.jsonl -o fixture.rs --style test,mask --name "$name"
        rustfmt --check --edition 2021 fixture.rs
        printf '#![deny(warnings)]\npub mod fixture;\n' > lib.rs
        printf 'pub fn respond(_: &[u8]) -> Vec<u8> {\n    b"eno".to_vec()\n}\n' >> lib.rs
        rustc --edition 2021 --test -o tests lib.rs
        ./tests >&2
    done
}
