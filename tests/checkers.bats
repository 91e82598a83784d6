#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The tests' own judges find what they are there to find: a changed recording never passes.

load helper

refuses() { # COMMAND...
    run -1 "$@"
    [ -n "$output" ] || fail "no reason was given by: $*"
}

# Every change of the good recording in $recording is refused by a command, in which FILE is it.
refuses_changes() { # COMMAND...
    local change swap=${SWAP:-'4{h;d};5{G}'}
    cp "$recording" good.jsonl
    for change in 4d "$swap" 4p '4s/"request"/"response"/' \
        '6s/"data":"\(.\)\(.\)/"data":"\2\1/' '$d' '1d' '4s/"length":\([0-9]*\)/"length":1\1/' \
        '4s/"conversation":1/"conversation":2/' "$EXTRA_CHANGE"; do
        sed "$change" good.jsonl > "$recording"
        run -1 cmp -s good.jsonl "$recording"
        # The number of messages is right again, so that the change itself has to be found.
        sed -i "\$s/\"messages\":[0-9]*/\"messages\":$(($(wc -l < "$recording") - 2))/" "$recording"
        echo "the change is: $change" >&2
        refuses "$@"
    done
    cp good.jsonl "$recording"
    "$@"
}

@test "witness.py" {
    observe both talk --path "$path" --type dgram --exchanges 4 --send send --recv recv
    # Two requests, as an answer can come before the call that it answers has returned.
    EXTRA_CHANGE='4s/"tid":\([0-9]*\)/"tid":9\1/' SWAP='4{h;d};6{G}' \
        refuses_changes "$tests/witness.py" both "$log" "$recording"
    refuses "$tests/witness.py" client "$log" "$recording"
}

@test "witness.py, of ancillary data" {
    local change
    observe client ancillary together --path "$path"
    cp "$recording" good.jsonl
    for change in 's/"pipe"/"file"/' 's/\["pipe"\]/["pipe","pipe"]/' 's/\["pipe"\]/["tube"]/' \
        's/\["pipe"\]/[]/' 's/"uid":/"uid":9/' 's/,"gid":[0-9]*//' \
        's/"ancillary":.*"data"/"data"/' 's/"ancillary":/"ancillary_cut":true,&/'; do
        sed "$change" good.jsonl > "$recording"
        run -1 cmp -s good.jsonl "$recording"
        echo "the change is: $change" >&2
        refuses "$tests/witness.py" client "$log" "$recording"
    done
}

@test "check_many.py, of recordings" {
    "${sockfixture[@]}" -q -w "$recording" "$programs/many" --path "$path" --clients 1 --exchanges 9
    EXTRA_CHANGE='4s/"send"/"receive"/' \
        refuses_changes "$tests/check_many.py" recording "$recording" 1 9
    refuses "$tests/check_many.py" recording "$recording" 1 8
    refuses "$tests/check_many.py" recording "$recording" 2 9
    sed 4d "$recording" > cut.jsonl
    refuses "$tests/check_many.py" lossy-recording cut.jsonl 1 9
}

@test "check_many.py, of fixtures" {
    record 0 -q "$programs/many" --path "$path" --clients 2 --exchanges 9
    "$tests/check_many.py" fixture "$work/fixture.json" 2 9
    refuses "$tests/check_many.py" fixture "$work/fixture.json" 3 9
    refuses "$tests/check_many.py" fixture "$work/fixture.json" 2 8
    sed '0,/"base64": "\(..\)\(..\)/s//"base64": "\2\1/' fixture.json > bad.json
    refuses "$tests/check_many.py" fixture bad.json 2 9
    sed '0,/"requests"/s//"responses"/' fixture.json > bad.json
    refuses "$tests/check_many.py" fixture bad.json 2 9
}

@test "strace_messages.py" {
    strace -f -yy -xx -s 65536 -o trace "$programs/talk" --path "$path" --type dgram --exchanges 3 \
        --log "$log"
    python3 - "$log" > expected << 'PYTHON'
import sys
for side in "client", "server":
    for line in open(f"{sys.argv[1]}.{side}"):
        fields = line.split()
        print(fields[6], fields[9])
PYTHON
    python3 - "$tests" trace > seen << 'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
from strace_messages import read_strace
for sent, data in read_strace(sys.argv[2], ""):
    print("sent" if sent else "received", data.hex())
PYTHON
    diff <(sort expected) <(sort seen)
}

@test "rows.py" {
    record 0 "$programs/awkward" pipelined-dgram --path "$path"
    equal "$("$tests/rows.py" recording "$recording")" '6f6e65,74776f,7468726565 31,32,33'
    same_rows
    sed -i '0,/"hex": "/s//"hex": "00/' fixture.json
    run -1 same_rows
}
