#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Captures: what we write, as tshark, tcpdump and capinfos read it, and what tcpdump wrote, as we do.

load helper
load servers

# Records a command as a capture, which no reader finds anything wrong with.
capture() { # [OPTION...] COMMAND...
    "${sockfixture[@]}" -q -o capture.pcapng "$@"
    sound capture.pcapng
}

sound() { # FILE
    run -0 --separate-stderr capinfos "$1"
    equal "$stderr" '' 'what capinfos complains of'
    equal "$(read_as -Y '_ws.malformed || _ws.expert.severity >= 0x600000' "$1")" ''
    tcpdump -nr "$1" > /dev/null 2> tcpdump.errors || fail "$(cat tcpdump.errors)"
}

# The packets as tshark decodes them, which says on standard error only that we are root.
read_as() { # [OPTION...] FILE
    tshark "${@:1:$#-1}" -r "${@: -1}" 2> /dev/null
}

# What a field is in each packet.
field() { # FIELD FILE
    read_as -T fields -e "$1" "$2"
}

# The fixture of a recording or a capture.
fixture_of() { # STATUS FILE [OPTION...]
    local status=0
    "$SOCKFIXTURE" -q --lang json -r "$2" "${@:3}" 2> said || status=$?
    equal "$status" "$1" "the status of reading $2, and the one expected,"
}

# The same of both, which is as much as there is to compare: every byte of every exchange.
same_fixtures() { # STATUS ONE OTHER [OPTION...]
    fixture_of "$1" "$2" "${@:4}" > one.json
    fixture_of "$1" "$3" "${@:4}" > other.json
    diff one.json other.json | cut -c 1-200
    cmp one.json other.json
    [ "$(jq '[.conversations[].exchanges[]] | length' one.json)" -gt 0 ] || fail 'nothing was said'
}

# The same but for the server's address, which --as has given another one.
same_but_server() { # ONE OTHER
    fixture_of 0 "$1" | jq 'del(.conversations[].server)' > one.json
    fixture_of 0 "$2" | jq 'del(.conversations[].server)' > other.json
    diff one.json other.json | cut -c 1-200
    cmp one.json other.json
}

# What is written

@test "pmc: PTP management messages, decoded" {
    start_ptp4l
    capture --dissector ptp "${pmc[@]}" 'GET CURRENT_DATA_SET' 'GET DEFAULT_DATA_SET'
    equal "$(field ptp.v2.mm.managementId capture.pcapng | sort | paste -s)" \
        $'8192\t8192\t8193\t8193'
    equal "$(field frame.interface_name capture.pcapng | sort -u)" "$ptp"
    equal "$(field frame.packet_flags_direction capture.pcapng | sort | uniq -c | xargs)" \
        '2 0x00000001 2 0x00000002'
    field frame.interface_description capture.pcapng | grep -qE '^conversation 1: pmc \([0-9]+\) with ptp4l \([0-9]+\)$'
    field frame.comment capture.pcapng | grep -qx 'exchange 1, response'
    capinfos capture.pcapng | grep -q '^Capture comment: .*"pmc"'
}

@test "dbus-send: D-Bus calls, decoded" {
    start_dbus
    capture --frame dbus "${dbus_send[@]}" --print-reply --dest=org.freedesktop.DBus \
        /org/freedesktop/DBus org.freedesktop.DBus.ListNames
    field dbus.member capture.pcapng | grep -qx ListNames
    read_as capture.pcapng | grep -q 'ListNames() @ /org/freedesktop/DBus'
    field text capture.pcapng | grep -q 'AUTH EXTERNAL'
}

@test "redis-cli: RESP, decoded" {
    start_redis
    capture --frame resp "${redis[@]}" set key value
    equal "$(read_as -T fields -e _ws.col.Info capture.pcapng)" $'Request: set key value\nResponse: OK'
    equal "$(field resp.bulk_string.value capture.pcapng | head -n 1)" "$(printf %s set,key,value |
        tr , '\n' | while read -r word || [ -n "$word" ]; do printf %s "$word" | xxd -p; done | paste -sd,)"
}

@test "psql: PostgreSQL, decoded" {
    start_postgres
    capture --frame postgres "${psql[@]}" -c 'select 40 + 2 as answer'
    equal "$(field pgsql.query capture.pcapng | grep .)" 'select 40 + 2 as answer'
    equal "$(field pgsql.val.data capture.pcapng | grep .)" 3432
}

@test "curl: HTTP, decoded, and in TCP with --as" {
    start_http
    capture --frame http "${curl[@]}" -o /dev/null http://x/
    field http.request.uri capture.pcapng | grep -qx /
    field http.response.code capture.pcapng | grep -qx 200
    capture --as tcp:80 "${curl[@]}" -o /dev/null http://x/
    field http.response.code capture.pcapng | grep -qx 200
}

@test "what the server's port says of an internet socket" {
    start_chronyd
    capture chronyc -n -h 127.0.0.1 -p "$chrony_port" tracking
    equal "$(field exported_pdu.ipv4_dst capture.pcapng | sort -u)" 127.0.0.1
    field exported_pdu.dst_port capture.pcapng | grep -qx "$chrony_port"
    field exported_pdu.dis_table_name capture.pcapng | sort -u | grep -qx udp.port
}

# A conversation of every kind of message that there is.
compose_all() {
    "$tests/compose.py" > recording.jsonl << 'SCRIPT'
command talk 'to "them"'
> b"HELO\r\n"
< b"250 hi\r\n"
passes socket file
< b"more"
credentials 1 1000 100
> b"x" * 300000
< b""
missing 20
lost 3
> b"after"
type dgram
server @abstract
2> b"PING"
2< b""
2< b"y" * 300000
missing 7
2> b""
passes pipe
type seqpacket
server /run/seq
3> b"one"
3> b"two"
3< b"both"
SCRIPT
}

@test "a capture reads back into the recording it was made of" {
    compose_all
    run -3 "$SOCKFIXTURE" -q -r recording.jsonl --lang pcapng -o whole.pcapng
    sound whole.pcapng
    same_fixtures 3 recording.jsonl whole.pcapng
    run -3 "$SOCKFIXTURE" -q -r whole.pcapng -w back.jsonl
    equal "$(jq -c 'del(.lost)' <(head -n 1 recording.jsonl))" \
        "$(jq -c 'del(.lost)' <(head -n 1 back.jsonl))"
    equal "$(tail -n 1 recording.jsonl | jq -c .end.lost)" "$(tail -n 1 back.jsonl | jq -c .end.lost)"
}

@test "of a message in several packets that were cut, what is behind the cut is missing" {
    "$tests/compose.py" > recording.jsonl << 'SCRIPT'
type seqpacket
> b"x" * 300000 + b"y" * 300000
< b"ok"
SCRIPT
    "$SOCKFIXTURE" -q -r recording.jsonl -o whole.pcapng
    editcap -s 1000 whole.pcapng cut.pcapng
    run -3 "$SOCKFIXTURE" -q -r cut.pcapng -w back.jsonl
    equal "$(jq -r 'select(.direction == "request") | .length' back.jsonl)" 600000
    jq -r 'select(.direction == "request") | .data' back.jsonl | base64 -d > there
    equal "$(tr -d x < there | wc -c)" 0
    equal "$(jq 'select(.direction == "request") | .missing' back.jsonl)" "$((600000 - $(wc -c < there)))"
}

@test "of a message in several packets of which one was taken away nothing is read, and that is said" {
    local packet
    "$tests/compose.py" > recording.jsonl << 'SCRIPT'
type seqpacket
> b"x" * 600000
< b"z" * 600000
SCRIPT
    "$SOCKFIXTURE" -q -r recording.jsonl -o whole.pcapng
    for packet in 1 2 3; do
        editcap whole.pcapng less.pcapng "$packet"
        fixture_of 3 less.pcapng > less.json
        grep -q 'less.pcapng: incomplete: 2 packets are parts of messages of which other parts' said
        equal "$(jq -c '[.conversations[].exchanges[] | .requests[], .responses[] | .length]' less.json)" '[600000]'
    done
    editcap whole.pcapng less.pcapng 2 3 4
    fixture_of 3 less.pcapng > less.json
    grep -q 'incomplete: 3 packets are parts of messages' said
    editcap -r whole.pcapng less.pcapng 1
    fixture_of 3 less.pcapng > less.json
    grep -q 'incomplete: 1 packet is part of a message of which other parts' said
}

@test "a framed capture reads back, framed and not" {
    "$tests/compose.py" > recording.jsonl << 'SCRIPT'
> b"one\r\ntw"
> b"o\r\n"
< b"1\r\n2"
passes socket
< b"\r\n3\r\n"
> b"four\r\n"
< b"4\r\n"
SCRIPT
    run -0 "$SOCKFIXTURE" -q --frame crlf -r recording.jsonl -o framed.pcapng
    equal "$(read_as framed.pcapng | wc -l)" 7
    same_fixtures 0 recording.jsonl framed.pcapng
    same_fixtures 0 recording.jsonl framed.pcapng --frame crlf
}

@test "a frame of many calls, each of which passed a descriptor, reads back with all of them" {
    local i
    {
        for ((i = 0; i < 100; i++)); do
            printf '> b"x"\npasses pipe\n'
        done
        printf '> b"\\n"\n< b"ok\\n"\n'
    } | "$tests/compose.py" > recording.jsonl
    run -0 "$SOCKFIXTURE" -q --frame line -r recording.jsonl -o framed.pcapng
    run -0 "$SOCKFIXTURE" -q -r framed.pcapng -w back.jsonl
    equal "$(grep -c '"descriptors"' back.jsonl)" 100
    same_fixtures 0 recording.jsonl framed.pcapng
    # What was lost before such a frame, or is missing behind it, is so once.
    printf '%s\n' '> b"\6ab"' 'passes pipe' '> b"cd"' 'passes pipe' 'missing 2' '< b"\2ok"' |
        "$tests/compose.py" > recording.jsonl
    run -3 "$SOCKFIXTURE" -q --frame len:0:1 -r recording.jsonl -o framed.pcapng
    same_fixtures 3 recording.jsonl framed.pcapng
    printf '%s\n' 'lost 2' '> b"a"' 'passes pipe' '> b"b\n"' 'passes pipe' '< b"ok\n"' |
        "$tests/compose.py" > recording.jsonl
    run -3 "$SOCKFIXTURE" -q --frame line -r recording.jsonl -o framed.pcapng
    same_fixtures 3 recording.jsonl framed.pcapng
}

@test "what is lost, cut and missing is in the capture, too" {
    compose_all
    run -3 "$SOCKFIXTURE" -q -r recording.jsonl -o lossy.pcapng
    equal "$(read_as -T fields -e frame.comment lossy.pcapng | grep -c 'incomplete: 3 messages were lost')" 1
    equal "$(read_as -T fields -e frame.drop_count lossy.pcapng | grep .)" 3
    equal "$(read_as -Y 'frame.cap_len < frame.len' lossy.pcapng | grep -c .)" 2
}

@test "captures of the test programs read back, whatever the socket" {
    local type
    for type in dgram seqpacket stream; do
        observe both talk --family unix --type $type --path "$path"
        "$SOCKFIXTURE" -q -r "$recording" -o $type.pcapng
        sound $type.pcapng
        same_fixtures 0 "$recording" $type.pcapng
    done
}

@test "--as tcp: a connection that any tool takes, with its checksums right" {
    start_redis
    head -c 200000 /dev/urandom > long
    capture -w recording.jsonl --as tcp:6379 sh -c "redis-cli -s '$path' -x set long < long;
        redis-cli -s '$path' get long > back"
    equal "$(read_as -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -T fields \
        -e tcp.checksum.status -e ip.checksum.status capture.pcapng | sort -u)" $'1\t1'
    equal "$(read_as -Y tcp.analysis.flags capture.pcapng)" ''
    read_as -q -z follow,tcp,raw,1 capture.pcapng | grep -qx "$(printf '*2\r\n$3\r\nget\r\n$4\r\nlong\r\n' | xxd -p | tr -d '\n')"
    same_but_server recording.jsonl capture.pcapng
}

@test "--as udp: datagrams, with their checksums right" {
    start_chronyd
    capture -w recording.jsonl --as udp:323 chronyc -n -h "$chrony" ntpdata
    equal "$(read_as -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE -T fields \
        -e udp.checksum.status -e ip.checksum.status capture.pcapng | sort -u)" $'1\t1'
    equal "$(field udp.dstport capture.pcapng | head -n 1)" 323
    same_but_server recording.jsonl capture.pcapng
}

@test "--as udp: what no datagram can hold is cut, and said" {
    "$tests/compose.py" > recording.jsonl << 'SCRIPT'
type dgram
> b"z" * 70000
< b"fits"
SCRIPT
    run -3 --separate-stderr "$SOCKFIXTURE" -q -r recording.jsonl --as udp:9 -o cut.pcapng
    says 'incomplete: 1 message is longer than a UDP packet can be, and was cut (--as)'
    sound cut.pcapng
    "$SOCKFIXTURE" -q -r recording.jsonl --as tcp:9 -o whole.pcapng
    sound whole.pcapng
    # Of a stream it is as many as it takes.
    "$tests/compose.py" > recording.jsonl <<< '> b"z" * 70000'
    run -0 --separate-stderr "$SOCKFIXTURE" -q -r recording.jsonl --as udp:9 -o several.pcapng
    equal "$stderr" ''
    equal "$(field udp.length several.pcapng | paste -sd' ')" '65515 4501'
}

@test "--as tcp: lost bytes and messages are gaps in the connection" {
    "$tests/compose.py" > recording.jsonl << 'SCRIPT'
> b"ask"
missing 100
> b"again"
< b"first"
lost 2
< b"second"
SCRIPT
    run -3 "$SOCKFIXTURE" -q -r recording.jsonl --as tcp:9 -o gaps.pcapng
    equal "$(read_as -Y tcp.analysis.lost_segment gaps.pcapng | grep -c .)" 1
    fixture_of 3 gaps.pcapng > gaps.json
    equal "$(jq -c '[.conversations[].exchanges[] | .requests, .responses | .[].missing]' gaps.json)" \
        '[100,0,1,0]'
    # More than one packet could have had.
    printf '%s\n' '> b"ask"' 'missing 200000' '> b"again"' '< b"first"' | "$tests/compose.py" > recording.jsonl
    run -3 "$SOCKFIXTURE" -q -r recording.jsonl --as tcp:9 -o gaps.pcapng
    fixture_of 3 gaps.pcapng > gaps.json
    equal "$(jq -c '[.conversations[].exchanges[].requests[] | [.text, .missing]]' gaps.json)" \
        '[["ask",200000],["again",0]]'
}

# Live

@test "-w - streams: a packet is there before the recording ends" {
    start_redis
    cat > live << LIVE
"\$1" -q --lang pcapng -s "$path" -w - | tshark -l -i - > seen 2> tshark.log
LIVE
    background sh live "${SOCKFIXTURE}"
    wait_until 60 grep -q Capturing tshark.log
    asked() {
        "${redis[@]}" ping
        [ "$(wc -l < seen)" -ge 2 ]
    }
    wait_until 60 asked
}

@test "a capture is nothing for a terminal" {
    run -2 script -qec "'$SOCKFIXTURE' -q --lang pcapng true" /dev/null
    [[ $output == *"a capture is nothing for a terminal"* ]]
}

@test "pcapng is a language as the others" {
    run -0 --separate-stderr "$SOCKFIXTURE" --list-langs
    [[ $output == *$'\npcapng       .pcapng '*'[built in]'* ]]
    run -2 --separate-stderr "$SOCKFIXTURE" --as tcp:1 --lang go -o x.go true
    says '--as is for captures (--lang pcapng)'
    run -2 --separate-stderr "$SOCKFIXTURE" --as tcp:1 -w x.jsonl true
    says '--as is for captures (--lang pcapng)'
    run -2 --separate-stderr "$SOCKFIXTURE" --dissector ptp true
    says '--dissector is for captures (--lang pcapng)'
    run -2 --separate-stderr "$SOCKFIXTURE" --lang pcapng --as tcp:0 true
    [[ $stderr == *"--as: 'tcp:0' is neither udp:PORT nor tcp:PORT"* ]]
    run -2 --separate-stderr "$SOCKFIXTURE" --style bytes -w x.pcapng true
    says '--style: there is no such thing in a capture (--lang pcapng)'
    run -2 --separate-stderr "$SOCKFIXTURE" --bytes hex -w x.pcapng true
    says '--bytes: there is no such thing in a capture (--lang pcapng)'
    run -2 --separate-stderr "$SOCKFIXTURE" --package talk -o x.pcapng true
    says '--package: there is no such thing in a capture (--lang pcapng)'
    run -2 --separate-stderr "$SOCKFIXTURE" --dissector ptp --as udp:319 -w x.pcapng true
    says '--dissector: with --as Wireshark goes by the port (leave out one of them)'
    run -2 --separate-stderr "$SOCKFIXTURE" -w x.pcapng -o x.go true
    says 'a capture is a fixture, and there is one besides (make both of one recording)*'
    only_files
    "${sockfixture[@]}" -q -w empty.pcapng true
    sound empty.pcapng
    equal "$(fixture_of 0 empty.pcapng | jq -c .conversations)" '[]'
}

# What is read

# Records a command while tcpdump does, on loopback, until it has as many bytes as we have.
both() { # PORT COMMAND...
    background tcpdump -i lo -U --immediate-mode -w dump.pcap "port $1"
    tcpdump=$pid
    wait_until 60 grep -q 'listening on' background.out
    "${sockfixture[@]}" -q -w recording.jsonl "${@:2}" > /dev/null
    captured() {
        read_as -T fields -e tcp.len -e udp.length dump.pcap |
            awk -F '\t' -v all="$1" '{ sum += $1 + ($2 ? $2 - 8 : 0) } END { exit sum < all }'
    }
    wait_until 60 captured "$(jq -s 'map(.length // 0) | add' recording.jsonl)"
    kill -INT "$tcpdump"
    finish "$tcpdump"
}

@test "tcpdump beside us: redis-cli pipelining over TCP" {
    port=$(free_port)
    background redis-server --port "$port" --save '' --appendonly no --dir "$work"
    wait_until 30 redis-cli -p "$port" ping
    printf 'SET a 1\nINCR a\nLRANGE none 0 -1\nGET a\n' > in
    both "$port" sh -c "redis-cli -p $port --pipe < in"
    same_fixtures 0 recording.jsonl dump.pcap --frame resp --command "sh -c 'redis-cli --pipe'" --name same
    editcap -F pcapng dump.pcap dump.pcapng
    same_fixtures 0 dump.pcap dump.pcapng --command 'redis-cli --pipe' --name same
}

@test "tcpdump beside us: redis-cli, a request each" {
    port=$(free_port)
    background redis-server --port "$port" --save '' --appendonly no --dir "$work"
    wait_until 30 redis-cli -p "$port" ping
    both "$port" redis-cli -p "$port" command
    jq -r '.command | @sh' <(head -n 1 recording.jsonl) > command
    same_fixtures 0 recording.jsonl dump.pcap --command "$(cat command)"
}

@test "tcpdump beside us: chronyc over UDP" {
    start_chronyd
    both "$chrony_port" chronyc -n -h 127.0.0.1 -p "$chrony_port" -m tracking sources
    jq -r '.command | @sh' <(head -n 1 recording.jsonl) > command
    same_fixtures 0 recording.jsonl dump.pcap --command "$(cat command)"
}

# The fixtures of what these saw of what we recorded, at the same time.
all_same() { # 'FILE...' [OPTION...]
    local lang file
    for lang in json go c; do
        for file in recording.jsonl $1; do
            "$SOCKFIXTURE" -q -r "$file" --command 'the same' "${@:2}" --lang "$lang" -o "$file.$lang"
            cmp "recording.jsonl.$lang" "$file.$lang"
        done
        [ "$lang" != json ] ||
            [ "$(jq '[.conversations[].exchanges[]] | length' "$file.json")" -gt 0 ] || fail 'nothing was said'
    done
}

@test "strace and tcpdump beside us: chronyc over UDP" {
    start_chronyd
    both "$chrony_port" strace -f -s 65536 -o trace \
        chronyc -n -h 127.0.0.1 -p "$chrony_port" -m tracking sources
    all_same 'trace dump.pcap'
}

@test "strace and tcpdump beside us: redis-cli pipelining over TCP" {
    port=$(free_port)
    background redis-server --port "$port" --save '' --appendonly no --dir "$work"
    wait_until 30 redis-cli -p "$port" ping
    for ((i = 0; i < 300; i++)); do printf 'SET key%d %d\r\nGET key%d\r\n' $i $i $i; done > in
    both "$port" strace -f -s 65536 -o trace sh -c "redis-cli -p $port --pipe < in"
    all_same 'trace dump.pcap' --frame resp
    # Where an answer crosses the next request, the wire has another order than the client.
    all_same trace
}

# What was said, as one line; the bytes that are missing behind a message are a number.
conversation_of() { # STATUS CASE [LINK [OPTION...]]
    "$tests/capture.py" "$2" "$2.pcap" "${3:-ethernet}"
    fixture_of "$1" "$2.pcap" "${@:4}" | jq -c '[.conversations[] | .exchanges[]
        | [.requests, .responses | .[] | .text[:4] + (.missing | if . > 0 then tostring else "" end)]]'
}

@test "link layers: Ethernet, VLAN, loopback, Linux cooked, raw IP" {
    local link
    for link in ethernet vlan qinq null loop sll sll2 raw; do
        equal "$(conversation_of 0 whole $link)" '[["PING","PONG"]]' "$link"
        equal "$(conversation_of 0 version6 $link)" '[["PING","PONG"]]' "$link, IPv6"
    done
    equal "$(conversation_of 0 extended | tr -d '\n')" \
        '[["PING","PONG"],["PING","PONG"],["PING","PONG"],["PING","PONG"]]'
    equal "$(conversation_of 0 unsized raw)" '[["PING","PONG"],["PING","PONG"],["PING","PONG"]]'
    equal "$(conversation_of 0 datagrams)" '[["PING","PONG"]]'
}

@test "TCP is put together: reordered, sent again, overlapping, round the end of numbers" {
    local case
    for case in reordered retransmitted overlapping around reset reset_early refused_first \
        end_before confirmed_first opened_late kept_alive_first; do
        equal "$(conversation_of 0 $case)" '[["PING","PONG"]]' "$case"
        equal "$(cat said)" '' "what is said of $case"
    done
    equal "$(conversation_of 0 far_ahead)" '[["PNNN","PONG"]]'
    for case in port_again port_again_late; do
        equal "$(conversation_of 0 $case)" '[["PING","PONG"],["PING","PONG"]]' "$case"
        equal "$(cat said)" '' "what is said of $case"
    done
    equal "$(conversation_of 0 opened_unseen)" '[["HELL"],["PING","PONG"]]'
    equal "$(conversation_of 0 port_again_unseen)" \
        '[["PING","PONG"],["PING","PONG"],["PING","PONG"]]'
    equal "$(conversation_of 0 begun)" '[["PING","PONG"]]'
    grep -q '1 connection had begun before the capture did' said
    equal "$(conversation_of 0 begun_between)" '[["ONE","TWO"],["PING","PONG"]]'
    equal "$(conversation_of 0 kept_alive)" '[["PING","PONG"]]'
    equal "$(conversation_of 0 kept_alive_unasked)" '[["PING","PONG"]]'
    equal "$(conversation_of 0 others)" '[["PING","PONG"]]'
    grep -q '1 packet is neither TCP nor UDP' said
}

@test "a datagram that was captured at several interfaces stands once" {
    local said_once='1 datagram was captured at several places on its way, and is taken once'
    equal "$(conversation_of 0 copies any)" '[["PING","PONG","PONG"]]'
    grep -q '3 datagrams were captured at several places on their way, and are taken once each' said
    equal "$(conversation_of 0 copies sll2)" \
        '[["PING","PING","PONG","PONG","PONG","PONG"]]' 'one interface'
    equal "$(conversation_of 0 passed_on nine)" '[["PING","PING"]]' 'the first 8 interfaces are kept in mind'
    "$tests/capture.py" datagrams one.pcap
    editcap -t 0.001 one.pcap other.pcap
    mergecap -I none -w both.pcapng one.pcap other.pcap
    equal "$(fixture_of 0 both.pcapng | jq '[.conversations[].exchanges[]] | length')" 1 merged
    grep -q '2 datagrams were captured' said
    editcap -t 3 one.pcap later.pcap
    mergecap -I none -w both.pcapng one.pcap later.pcap
    equal "$(fixture_of 0 both.pcapng | jq '[.conversations[].exchanges[]] | length')" 2 'later'
    equal "$(cat said)" ''
    editcap -r one.pcap first.pcap 1
    editcap -t 0.001 first.pcap other.pcap
    mergecap -I none -w both.pcapng one.pcap other.pcap
    fixture_of 0 both.pcapng > /dev/null
    grep -q "$said_once" said
}

@test "a capture: where the server is, as -s takes it" {
    local server
    "$tests/capture.py" answered answered.pcap
    for server in tcp:10.0.0.2:7000 'tcp:10.0.0.2:*' :7000 'tcp:*:7000'; do
        equal "$(fixture_of 0 answered.pcap --server "$server" |
            jq -c '.conversations[] | [.server, .exchanges[].responses[].text]')" \
            '["tcp:10.0.0.2:7000","PONG"]' "$server"
    done
    fixture_of 2 answered.pcap --server tcp:10.0.0.2
    grep -q 'answered.pcap: --server tcp:10.0.0.2: an internet address is tcp:HOST:PORT' said
}

@test "what a capture lacks is told: segments, fragments, cut packets" {
    equal "$(conversation_of 3 missing)" '[["PI4","NG","PONG"]]'
    equal "$(conversation_of 3 missing_first)" '[["1","ONG"],["PING"]]'
    equal "$(conversation_of 3 missing_end)" '[["PI2","PONG"]]'
    equal "$(conversation_of 3 missing_before_end)" '[["PING","PO2"]]'
    equal "$(conversation_of 3 confirmed_end)" '[["PIN","PONG"]]'
    grep -q 'incomplete: 1 stream lacks its end, which was confirmed, or a last byte' said
    equal "$(conversation_of 3 snaplen)" '[["0123200","PONG"],["0123200"]]'
    equal "$(conversation_of 3 snaplen_again)" '[["0123296","0123","PONG"]]'
    equal "$(conversation_of 3 headers)" '[["PING","PONG"]]'
    grep -q 'incomplete: 1 packet was cut before what it carries (snaplen)' said
    conversation_of 3 fragments
    grep -q 'incomplete: 3 fragments of IP packets are not put together here' said
}

@test "packets that were dropped, as the capture says of itself" {
    local dropped
    "$tests/capture.py" whole whole.pcap
    editcap -F pcapng whole.pcap whole.pcapng
    fixture_of 0 whole.pcapng > /dev/null
    # Blocks of statistics: interface 0, no time, 5 packets dropped, and later 9 in all.
    for dropped in 5 9; do
        printf '%08x%08x%024x%08x%02x%06x%08x%08x%08x' 0x05000000 0x28000000 0 0x05000800 $dropped 0 0 0 \
            0x28000000 | xxd -r -p >> whole.pcapng
    done
    # And one that says nothing of drops.
    printf '%08x%08x%024x%08x' 0x05000000 0x18000000 0 0x18000000 | xxd -r -p >> whole.pcapng
    fixture_of 3 whole.pcapng > /dev/null
    grep -q 'incomplete: 9 packets were dropped when it was captured' said
}

@test "what sockdump captures: USER0, with the server and its side as asked" {
    equal "$(conversation_of 0 user0 '' --type stream)" '[["PING","PONG"]]'
    equal "$(conversation_of 0 user0 '' --type dgram --server /run/x.sock)" '[["PING","PO","NG"]]'
    equal "$(fixture_of 0 user0.pcap --type stream --server /run/x.sock | jq -r '.conversations[].server')" \
        /run/x.sock
    equal "$(conversation_of 0 user0 '' --type stream --client 100)" '[["PING"],["PONG"]]'
    run -2 --separate-stderr "$SOCKFIXTURE" -q -r user0.pcap
    [[ $stderr == *'of what type the sockets were (--type'* ]]
    equal "$(conversation_of 0 unconnected '' --type dgram)" '[["PING","PONG"],["PING","PONG"]]'
    "$tests/capture.py" third third.pcap
    run -2 --separate-stderr "$SOCKFIXTURE" -q --type dgram -r third.pcap
    says 'third.pcap: with process 300 there are more than two, *'
    # Packets of a network say all that themselves.
    "$tests/capture.py" whole whole.pcap
    local option
    for option in --type=stream --client=left --server=/run/x.sock; do
        run -2 --separate-stderr "$SOCKFIXTURE" -q $option -r whole.pcap
        says "whole.pcap: ${option%%=*}* is for what sockdump captures (--server tcp:HOST:PORT *"
    done
}

@test "a capture that ends in the middle is read as far as it goes" {
    "$tests/capture.py" whole whole.pcap
    head -c -30 whole.pcap > short.pcap
    fixture_of 3 short.pcap > /dev/null
    grep -q 'short.pcap: incomplete: truncated dump file' said
    compose_all
    run -3 "$SOCKFIXTURE" -q -r recording.jsonl -o whole.pcapng
    head -c -30 whole.pcapng > short.pcapng
    fixture_of 3 short.pcapng > /dev/null
    grep -q 'short.pcapng: incomplete: it ends within a block' said
    grep -q 'short.pcapng: incomplete: it ends before its statistics' said
}

@test "what is no capture, or of no network" {
    printf '\xd4\xc3\xb2\xa1' > short.pcap
    run -2 --separate-stderr "$SOCKFIXTURE" -r short.pcap
    says '*short.pcap: *truncated*'
    printf '\x0a\x0d\x0d\x0a%0100d' 0 > wrong.pcapng
    run -2 --separate-stderr "$SOCKFIXTURE" -r wrong.pcapng
    says '*wrong.pcapng: no pcapng: a section has no byte order'
    "$tests/capture.py" whole whole.pcap
    editcap -T ieee-802-11 whole.pcap wifi.pcap 2> /dev/null
    run -2 --separate-stderr "$SOCKFIXTURE" -r wifi.pcap
    says '*wifi.pcap: captured on a link of type IEEE802_11 (105), of which packets are not read here'
    "$tests/capture.py" user0 user0.pcap
    editcap -T user0 whole.pcap other.pcap 2> /dev/null
    run -2 --separate-stderr "$SOCKFIXTURE" -q -r other.pcap
    [[ $stderr == *"not sockdump's"* ]]
}

@test "libpcap is loaded to read a capture, and for nothing else" {
    mkdir libraries
    touch libraries/libpcap.so.{0.8,1} # that is no library
    printf '\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0' > empty.pcap
    run -0 --separate-stderr "$SOCKFIXTURE" -r empty.pcap
    export LD_LIBRARY_PATH=$work/libraries
    run -2 --separate-stderr "$SOCKFIXTURE" -r empty.pcap
    says 'empty.pcap: needs libpcap: *libpcap.so*'
    run -0 --separate-stderr "$SOCKFIXTURE" --version
    equal "$stderr" ''
}

@test "a capture from a pipe" {
    "$tests/capture.py" whole whole.pcap
    fixture_of 0 whole.pcap --command talk > file.json
    # shellcheck disable=SC2002 # a pipe it shall be
    cat whole.pcap | "$SOCKFIXTURE" -q --lang json --command talk -r - > pipe.json
    diff file.json pipe.json
}
