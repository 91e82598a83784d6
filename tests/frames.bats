#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# --frame: each framing with the programs that speak it; what cannot be framed is said.

load helper
load servers

# Records with this framing: the status must be this. Every byte recorded stands in the fixture.
frame() { # STATUS KIND COMMAND...
    record "$1" -q --frame "$2" -s "$path" "${@:3}" 2> "$work/said"
    cat "$work/said" >&2
    "$tests/framed.py" "$work/fixture.json" "$recording"
}

# For jq: a message as text, with a dot for what cannot be printed.
dots='def dots: .text | explode | map(if . < 32 or . > 126 then 46 else . end) | implode;'

# The exchanges of the last one, a line each: requests => responses.
rows() {
    jq -r "$dots"'.conversations[].exchanges[] | [.requests, .responses | [.[] | dots] | join(" + ")]
        | join(" => ")' "$work/fixture.json"
}

# Its rows are these.
are() { # ROW...
    diff <(rows) <(printf '%s\n' "$@")
}

# What we said of it on standard error is these lines.
told() { # LINE...
    diff <(grep -ao 'sockfixture: .*' "$work/said") <(printf 'sockfixture: %s\n' "$@")
}

# Says what stands in a file, or on standard input, and shows what comes back.
talk() { # [FILE]
    echo "socat -t 10 STDIO UNIX-CONNECT:$path${1:+ < $1}"
}

serve() { # PROGRAM: one for each connection, with that for its standard input and output
    printf '%s\n' "$1" > server
    background socat -t 20 "UNIX-LISTEN:$path,fork" "EXEC:sh $work/server"
    wait_until 30 test -S "$path"
}

# The messages of a row of a session, by their types.
types() {
    jq -r '.conversations[-1].exchanges[] | [.requests, .responses | [.[].text[:1]] | join("")]
        | join(" ")' "$work/fixture.json"
}

# The command line

@test "a framing that there is not" {
    run -2 --separate-stderr "${sockfixture[@]}" --frame htpp true
    says "--frame: there is no 'htpp' (did you mean 'http'?); there are line, nul, crlf, len:*"
    run -2 --separate-stderr "${sockfixture[@]}" --frame redis true
    says "--frame: there is no 'redis'; there are line, nul, *, resp (Redis) and postgres"
    run -2 --separate-stderr "${sockfixture[@]}" --frame postgresql true
    says "*(did you mean 'postgres'?)*"
    run -2 --separate-stderr "${sockfixture[@]}" --frame '' true
    says "--frame: there is no ''; there are line,*"
}

@test "a length field that is none" {
    local kind
    for kind in len len:0 len:0:5 len:0:4:me len:0:4:12 len:-1:4 len:0:4:+; do
        run -2 --separate-stderr "${sockfixture[@]}" --frame "$kind" true
        says "--frame: '$kind' is not len:OFFSET:SIZE\[:be|le\]\[:+N\], with an OFFSET up to 65535 and a SIZE of 1, 2, 3, 4 or 8"
    done
    run -2 --separate-stderr "${sockfixture[@]}" --frame http:1.1 true
    says "--frame: 'http:1.1': nothing can follow 'http'"
}

@test "a recording is framed when it is read, and kept as it was" {
    serve 'exec sed -u s/^/=/'
    printf 'one\ntwo\n' > in
    record 0 -q sh -c "$(talk in)"
    are 'one.two. => =one.=two.'
    cp "$recording" before
    "$SOCKFIXTURE" -r "$recording" --frame line -l json -o fixture.json
    are 'one. => =one.' 'two. => =two.'
    "$SOCKFIXTURE" -r "$recording" --frame len:0:1:-1 -l json -o fixture.json || equal $? 3
    cmp before "$recording"
}

@test "in every language a frame that is not whole is marked" {
    serve 'head -c 1; printf "\0\377\377ab"'
    frame 3 len:0:2 sh -c "printf '\0\1x' | $(talk)"
    for language in go rust python; do
        run -3 --separate-stderr "$SOCKFIXTURE" -r "$recording" --frame len:0:2 -l "$language"
        [[ $output == *'; not a whole frame'* ]]
        [[ $output == *'Incomplete: not everything'* ]]
    done
    run -3 --separate-stderr "$SOCKFIXTURE" -r "$recording" --frame len:0:2 -l html
    [[ $output == *'<strong class="carried">not a whole frame</strong>'* ]]
    equal "$(jq '[.. | .unframed? // empty]' -c fixture.json)" '[true]'
    equal "$(jq .incomplete fixture.json)" true
}

# Simple ones

@test "line: sed answers pipelined lines" {
    serve 'exec sed -u s/^/=/'
    printf 'one\ntwo\n\nlast' > in
    frame 0 line sh -c "$(talk in)"
    are 'one. => =one.' 'two. => =two.' '. => =.' 'last => =last'
}

@test "line: a line in many writes is one message" {
    serve 'exec sed -u s/^/=/'
    frame 0 line sh -c "{ for word in a line in pieces; do printf '%s ' \$word; sleep 0.1; done; echo; } | $(talk)"
    are 'a line in pieces . => =a line in pieces .'
}

@test "nul: sed -z" {
    serve 'exec sed -uz s/^/=/'
    frame 0 nul sh -c "printf 'a\nb\0c\0' | $(talk)"
    are 'a.b. => =a.b.' 'c. => =c.'
}

@test "crlf: what redis calls inline" {
    start_redis
    frame 0 crlf sh -c "printf 'PING\r\nSET k v\r\nINCR n\r\n' | $(talk)"
    are 'PING.. => +PONG..' 'SET k v.. => +OK..' 'INCR n.. => :1..'
}

@test "len: ssh-add and ssh-agent" {
    background ssh-agent -D -a "$path"
    wait_until 30 test -S "$path"
    ssh-keygen -q -t ed25519 -N '' -C test -f key
    SSH_AUTH_SOCK=$path frame 0 len:0:4 ssh-add -q key
    # By its type, in hexadecimal: a key, and success.
    equal "$(jq -r '.conversations[].exchanges[] | .requests[].hex[8:10], .responses[].hex[8:10]' \
        fixture.json | tail -n 1)" 06
    cat > three.py << 'PYTHON'
import socket
import sys

client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
client.sendall(b"\0\0\0\1\x0b" b"\0\0\0\1\x13" b"\0\0\0\1\x0b")
answers = client.makefile("rb")
for _ in range(3):
    answers.read(int.from_bytes(answers.read(4), "big"))
PYTHON
    frame 0 len:0:4 python3 three.py "$path"
    # Which keys? Forget them! Which keys?
    equal "$(jq -r '.conversations[].exchanges[] | .requests[0].hex + " " + .responses[0].hex[8:18]' \
        fixture.json)" '000000010b 0c00000001
0000000113 06
000000010b 0c00000000'
}

# Lies

@test "a frame that is longer than what comes" {
    serve 'head -c 5; printf "\377\377\377\377abc"'
    frame 3 len:0:4 sh -c "printf '\0\0\0\1x\0\0\0\1y' | $(talk)"
    told "incomplete: conversation 1 with $path, response, byte 5: the frame says it has 4294967299 \
bytes, and the stream ends after 7 of them; not framed from there on"
    are '....x => ....x' '....y => ....abc'
}

@test "bytes of another protocol" {
    serve 'exec cat'
    frame 3 http sh -c "printf '\26\3\n' | $(talk)"
    told "incomplete: conversation 1 with $path, request, byte 0: not HTTP; not framed from there on" \
        "incomplete: conversation 1 with $path, response, byte 0: not HTTP; not framed from there on"
    are '... => ...'
}

@test "of many that cannot be framed some are told, and the others counted" {
    serve 'exec cat'
    cat > six.py << 'PYTHON'
import socket
import sys

clients = [socket.socket(socket.AF_UNIX) for _ in range(6)]
for client in clients:
    client.connect(sys.argv[1])
    client.sendall(b"no")
    client.recv(2)
PYTHON
    frame 3 dbus python3 six.py "$path"
    equal "$(grep -c ': neither a line of authentication nor a message of D-Bus;' said)" 8
    equal "$(tail -n 1 said)" 'sockfixture: incomplete: 4 more like these'
}

@test "a length of gigabytes costs no memory" {
    serve 'exec cat'
    frame 3 resp sh -c "{ printf '*1\r\n\$7000000000\r\n'; head -c 1000000 /dev/zero; } | $(talk)"
    grep -aq 'request, byte 0: the stream ends after 1000017 bytes of the frame, and 6999000000 more' said
    python3 - "$SOCKFIXTURE" -q -r "$recording" --frame resp -o /dev/null << 'PYTHON'
import resource
import subprocess
import sys

assert subprocess.run(sys.argv[1:]).returncode == 3
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
assert most < 500_000, f"{most} KiB"
PYTHON
}

# Redis

@test "resp: redis-cli, a request each" {
    start_redis
    frame 0 resp "${redis[@]}" set key value
    are '*3..$3..set..$3..key..$5..value.. => +OK..'
    frame 0 resp "${redis[@]}" get nothing
    are '*2..$3..get..$7..nothing.. => $-1..'
    frame 0 resp "${redis[@]}" rpush list a b c
    frame 0 resp "${redis[@]}" lrange list 0 -1
    are '*4..$6..lrange..$4..list..$1..0..$2..-1.. => *3..$1..a..$1..b..$1..c..'
}

@test "resp: a thousand requests at once by redis-cli --pipe" {
    start_redis
    seq 1000 | sed 's/.*/ECHO &\r/' > in
    frame 0 resp sh -c "redis-cli -s '$path' --pipe < in"
    equal "$(rows | head -n 1000 | sed -E 's/^ECHO ([0-9]+)\.\. => \$[0-9]+\.\.([0-9]+)\.\.$/\1 \2/')" \
        "$(seq 1000 | sed 's/.*/& &/')"
    # It closes with an empty line, which is no request, and an ECHO of its own.
    equal "$(rows | tail -n +1001 | cut -c 1-9 | paste -sd ,)" '.. => ,*2..$4..E'
}

@test "resp: every type that version 3 has" {
    start_redis
    { printf 'HELLO 3\r\n'
      printf 'DEBUG PROTOCOL %s\r\n' string integer double null array set map attrib push verbatim \
          true false bignum; } > in
    frame 0 resp sh -c "$(talk in)"
    # By the byte that each response begins with; the push is for no request.
    equal "$(rows | sed -n 's/^\(DEBUG PROTOCOL \)\?\([a-z]*\).* => \(.\).*/\2\3/p' | paste -sd ' ')" \
        '% string$ integer: double, null_ array* set~ map% attrib| push$ verbatim= true# false# bignum( >'
}

@test "resp: nested arrays, by pieces of the smallest" {
    start_redis
    frame 0 resp "${redis[@]}" command
    equal "$(rows | wc -l)" 1
    [[ $(rows) == '*1..$7..command.. => *'* ]]
    frame 0 resp "${redis[@]}" -3 command docs
    equal "$(rows | cut -c 1-22)" '*2..$5..HELLO..$1..3..
*2..$7..command..$4..d'
}

@test "resp: a transaction, and subscriptions in version 2" {
    start_redis
    printf '%s\r\n' MULTI 'SET a 1' 'SUBSCRIBE x' 'INCR a' EXEC 'UNSUBSCRIBE' 'SUBSCRIBE a b' \
        UNSUBSCRIBE UNSUBSCRIBE PING > in
    frame 0 resp sh -c "$(talk in)"
    are 'MULTI.. => +OK..' 'SET a 1.. => +QUEUED..' 'SUBSCRIBE x.. => +QUEUED..' 'INCR a.. => +QUEUED..' \
        'EXEC.. => *3..+OK..*3..$9..subscribe..$1..x..:1..:2..' \
        'UNSUBSCRIBE.. => *3..$11..unsubscribe..$1..x..:0..' \
        'SUBSCRIBE a b.. => *3..$9..subscribe..$1..a..:1.. + *3..$9..subscribe..$1..b..:2..' \
        "$(rows | grep '^UNSUBSCRIBE.. => .* + ')" \
        'UNSUBSCRIBE.. => *3..$11..unsubscribe..$-1..:0..' 'PING.. => +PONG..'
}

@test "resp: what is published comes unasked, in version 2 and 3" {
    start_redis
    frame 0 resp sh -c "{ printf 'SUBSCRIBE c\r\n'
        until redis-cli -s '$path' PUBLISH c hi | grep -qx 1; do sleep 0.1; done
        printf 'PING\r\n'; } | $(talk)"
    equal "$(rows | grep -v PUBLISH | sort)" ' => *3..$7..message..$1..c..$2..hi..
PING.. => *2..$4..pong..$0....
SUBSCRIBE c.. => *3..$9..subscribe..$1..c..:1..'
    frame 0 resp sh -c "printf 'HELLO 3\r\nSUBSCRIBE c\r\nPUBLISH c hi\r\nPING\r\n' | $(talk)"
    equal "$(rows | tail -n +2)" 'SUBSCRIBE c.. => >3..$9..subscribe..$1..c..:1..
PUBLISH c hi.. => :1..
PING.. => +PONG..
 => >3..$7..message..$1..c..$2..hi..'
}

@test "resp: silence, and a protocol error" {
    start_redis
    printf '%s\r\n' 'CLIENT REPLY OFF' 'SET a 1' 'CLIENT REPLY ON' 'CLIENT REPLY SKIP' PING 'GET a' > in
    frame 0 resp sh -c "$(talk in)"
    are 'CLIENT REPLY OFF.. => ' 'SET a 1.. => ' 'CLIENT REPLY ON.. => +OK..' \
        'CLIENT REPLY SKIP.. => ' 'PING.. => ' 'GET a.. => $1..1..'
    frame 3 resp sh -c "printf 'PING\r\n*1\r\n\$x\r\n' | $(talk)"
    are 'PING.. => +PONG..' "*1..\$x.. => -ERR Protocol error: invalid bulk length.."
    told "incomplete: conversation 1 with $path, request, byte 10: not a length; not framed from there on"
}

@test "resp: a replica gets its copy unframed" {
    start_redis
    "${redis[@]}" set key value
    frame 0 resp "${redis[@]}" --rdb copy.rdb
    [[ $(rows | tail -n 1) == *'=> '*REDIS* ]]
}

# D-Bus

@test "dbus: dbus-send calls" {
    start_dbus
    frame 0 dbus "${dbus_send[@]}" --print-reply --dest=org.freedesktop.DBus / \
        org.freedesktop.DBus.ListNames
    equal "$(rows | head -n 4 | cut -c 1-20)" '. => 
AUTH EXTERNAL 30.. =
NEGOTIATE_UNIX_FD.. 
BEGIN.. => '
    # Hello, the signal that goes with it, and the call.
    equal "$(rows | tail -n +5 | grep -o 'Hello.* => l\|^ => .*NameAcquired\|ListNames.* => l' |
        sed 's/[^A-Za-z].*[^A-Za-z]/ /' | sort | paste -sd ,)" ' NameAcquired,Hello l,ListNames l'
}

@test "dbus: an error, and a signal of the client" {
    start_dbus
    frame 0 dbus sh -c "${dbus_send[*]} --print-reply --dest=no.such.name / no.such.Method || true"
    [[ $(rows | grep no.such) == *' => l'*org.freedesktop.DBus.Error.ServiceUnknown* ]]
    frame 0 dbus "${dbus_send[@]}" / some.thing.Happened
    [[ $(rows | grep Happened) == *' => ' ]]
}

@test "dbus: busctl says all of its beginning at once" {
    start_dbus
    frame 0 dbus busctl --address="unix:path=$path" call org.freedesktop.DBus / org.freedesktop.DBus GetId
    equal "$(rows | head -n 5 | sed 's/OK [0-9a-f]*/OK/' | paste -sd ,)" \
        '. => ,AUTH EXTERNAL.. => DATA..,DATA.. => OK..,NEGOTIATE_UNIX_FD.. => AGREE_UNIX_FD..,BEGIN.. => '
    equal "$(rows | grep -c 'GetId.* => l')" 1
}

@test "dbus: calls that wait together get their own replies" {
    start_dbus
    cat > calls.py << 'PYTHON'
import sys
from gi.repository import Gio, GLib

bus = Gio.DBusConnection.new_for_address_sync(
    "unix:path=" + sys.argv[1],
    Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION,
    None, None)
loop = GLib.MainLoop()
names = ["name%d.x" % i for i in range(50)]
left = len(names)

def done(*_):
    global left
    left -= 1
    if not left:
        loop.quit()

for name in names:
    bus.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner",
             GLib.Variant("(s)", (name,)), None, 0, -1, None, done)
loop.run()
PYTHON
    frame 0 dbus python3 calls.py "$path"
    equal "$(rows | grep -c 'NameHasOwner.* => l')" 50
    # A reply's serial is that of its call: bytes 8 to 11, and in the field 5 of the reply.
    jq -r '.conversations[].exchanges[] | select(.requests[0].text // "" | contains("NameHasOwner"))
        | .requests[0].hex[16:24] as $serial | .responses[0].hex | contains("05017500" + $serial)' \
        fixture.json | sort | uniq -c | grep -x ' *50 true'
}

# PostgreSQL

@test "postgres: psql" {
    start_postgres
    frame 0 postgres "${psql[@]}" -c 'select 1' -c 'select 1/0; select 2' -c 'select generate_series(1, 3)' \
        -c "do \$\$ begin raise notice 'hello'; end \$\$" -c ''
    equal "$(types | sed '1s/S*KZ$/KZ/' | paste -sd ,)" '. RKZ,Q TDCZ,Q EZ,Q TDDDCZ,Q NCZ,Q IZ,X '
    equal "$(jq -r '.conversations[].type' fixture.json)" stream
}

@test "postgres: copies in and out" {
    start_postgres
    "${psql[@]}" -c 'create table copied(a int)'
    frame 0 postgres sh -c "seq 3 | ${psql[*]} -c '\\copy copied from stdin' -c '\\copy copied to stdout'"
    equal "$(types | tail -n +2 | paste -sd ,)" 'Q G,dc CZ,Q HdddcCZ,X '
    frame 0 postgres sh -c "seq 100000 | ${psql[*]} -c '\\copy copied from stdin'"
    equal "$(types | sed 's/d\+/d/' | tail -n +2 | paste -sd ,)" 'Q G,dc CZ,X '
    frame 0 postgres sh -c "echo no number | ${psql[*]} -c '\\copy copied from stdin' || true"
    equal "$(types | tail -n +2 | paste -sd ,)" 'Q G,dc EZ,X '
}

@test "postgres: extended queries, prepared ones, and pipelines" {
    start_postgres
    printf '%s\n' '\startpipeline' 'select 1;' 'select 2;' '\endpipeline' > pipeline.sql
    frame 0 postgres "${pgbench[@]}" -n -M extended -t 1 -f pipeline.sql postgres
    equal "$(types | tail -n +2 | paste -sd ,)" \
        'P 1,B 2,D T,E DC,P 1,B 2,D T,E DC,S Z,X '
    printf '%s\n' '\startpipeline' 'select 1;' 'select 1/0;' 'select 2;' '\endpipeline' > pipeline.sql
    frame 0 postgres sh -c "${pgbench[*]} -n -M extended -t 1 -f pipeline.sql postgres || true"
    [[ $(types | tail -n +2 | paste -sd ,) == 'P 1,B 2,D T,E DC,P 1,B E,D ,E ,P ,B ,D ,E ,S'* ]]
    printf 'select 1;' > query.sql
    frame 0 postgres "${pgbench[@]}" -n -M prepared -t 2 -f query.sql postgres
    equal "$(types | tail -n +2 | paste -sd ,)" 'P 1,S Z,B 2,D T,E DC,S Z,B 2,D T,E DC,S Z,X '
}

@test "postgres: a notification is for no query" {
    start_postgres
    frame 0 postgres "${psql[@]}" -c 'listen x' -c 'notify x'
    equal "$(types | tail -n +2 | paste -sd ,)" 'Q CZ,Q CZ, A,X '
}

@test "postgres: a password" {
    start_postgres
    "${psql[@]}" -c "create role secret login password 'word'"
    PGPASSWORD=word frame 0 postgres "${psql[@]}" -U secret -d postgres -c 'select 1'
    equal "$(types | sed 's/S*KZ$/KZ/' | paste -sd ,)" '. R,p R,p RRKZ,Q TDCZ,X '
    PGPASSWORD=other frame 0 postgres sh -c "${psql[*]} -U secret -d postgres -c 'select 1' || true"
    equal "$(types | paste -sd ,)" '. R,p R,p E'
}

@test "postgres: encryption refused" {
    start_postgres -c listen_addresses=127.0.0.1
    path="tcp:127.0.0.1:$port"
    frame 0 postgres "${psql[@]}" "host=127.0.0.1 sslmode=prefer" -c 'select 1'
    equal "$(types | sed '2s/S*KZ$/KZ/' | paste -sd ,)" '. N,. RKZ,Q TDCZ,X '
}

@test "postgres: encryption granted" {
    start_postgres -c listen_addresses=127.0.0.1 -c ssl=on
    path="tcp:127.0.0.1:$port"
    frame 0 postgres "${psql[@]}" "host=127.0.0.1 sslmode=require" -c 'select 1'
    # TLS records begin with their type and version.
    equal "$(jq -r '.conversations[].exchanges[] | [.requests, .responses | .[0].hex[:4]] | join(" ")' \
        fixture.json | head -n 2 | paste -sd ,)" '0000 53,1603 1603'
}

@test "postgres: a query that is cancelled" {
    start_postgres
    background bash -c "until ${psql[*]} -c 'select query from pg_stat_activity' | grep '^select pg_sleep'
        do sleep 0.1; done; kill -INT \$(cat client)"
    frame 0 postgres --ignore-status sh -c \
        "echo \$\$ > client; exec ${psql[*]} -c 'select pg_sleep(60)'"
    equal "$(jq -r '.conversations[0].exchanges[1] | .responses[].text[:1]' fixture.json |
        paste -sd '')" TEZ
    # Another connection, with one message that has no answer.
    equal "$(jq '[.conversations[].exchanges | select(length == 1 and .[0].responses == [])
        | .[0].requests[0].length]' -c fixture.json)" '[16]'
}

# HTTP

# A row for each exchange: the first words of the request, the status and the body of each response.
web() {
    jq -r "$dots"'.conversations[].exchanges[] |
        (.requests | map(dots | split(" ")[:2] | join(" ")) | join("+")) + " => " +
        (.responses | map(dots | .[9:12] + " " + (split("....")[1:] | join("...."))) | join("+"))' \
        fixture.json
}

@test "http: curl keeps the connection" {
    start_http
    frame 0 http "${curl[@]}" http://x/length http://x/chunked http://x/empty http://x/close
    equal "$(jq '.conversations | length' fixture.json)" 1
    equal "$(web)" 'GET /length => 200 /length
GET /chunked => 200 5;first..chunk..2..ed..0..Trailer: yes....
GET /empty => 204 
GET /close => 200 until the end'
}

@test "http: pipelined requests" {
    start_http
    printf 'GET /%s HTTP/1.1\r\nHost: x\r\n\r\n' length chunked empty other > in
    printf 'HEAD /length HTTP/1.1\r\nHost: x\r\n\r\nGET /close HTTP/1.0\r\n\r\n' >> in
    frame 0 http sh -c "$(talk in)"
    equal "$(web)" 'GET /length => 200 /length
GET /chunked => 200 5;first..chunk..2..ed..0..Trailer: yes....
GET /empty => 204 
GET /other => 200 /other
HEAD /length => 200 
GET /close => 200 until the end'
}

@test "http: bodies of requests, with a length, in chunks, and when the server says go on" {
    start_http
    head -c 3000000 /dev/zero > large
    frame 0 http "${curl[@]}" -d some=data http://x/a
    equal "$(web)" 'POST /a => 200 /a'
    frame 0 http "${curl[@]}" -T large http://x/b
    equal "$(web)" 'PUT /b => 100 +200 /b'
    [ "$(jq '.conversations[].exchanges[].requests[].length' fixture.json)" -gt 3000000 ]
    frame 0 http "${curl[@]}" -H 'Transfer-Encoding: chunked' -H 'Expect:' -T large http://x/c
    equal "$(web)" 'PUT /c => 200 /c'
}

@test "http: HEAD, HTTP/1.0, and an upgrade that the server ignores" {
    start_http
    frame 0 http "${curl[@]}" -I http://x/length http://x/chunked
    equal "$(web)" 'HEAD /length => 200 
HEAD /chunked => 200 '
    frame 0 http "${curl[@]}" -0 http://x/close
    equal "$(web)" 'GET /close => 200 until the end'
    frame 0 http "${curl[@]}" --http2 http://x/a http://x/b
    equal "$(web)" 'GET /a => 200 /a
GET /b => 200 /b'
}

@test "http: an upgrade that it grants" {
    start_http
    frame 0 http sh -c "{ printf 'GET /upgrade HTTP/1.1\r\nUpgrade: echo\r\n\r\n'
        timeout 60 sh -c 'until grep -q \"^HTTP/1.1 101 \" reply; do sleep 0.1; done'; echo raw; } | $(talk) > reply"
    are 'GET /upgrade HTTP/1.1..Upgrade: echo.... => '"$(rows | sed 's/.* => //; q')" 'raw. => raw.'
    [[ $(rows) == *'=> HTTP/1.1 101 '* ]]
}

@test "http: what sendfile sends is missing, and the next response in its place" {
    frame 3 http timeout 60 sh -c "$tests/http_server.py '$path' & until curl -s --unix-socket '$path' \
        http://x/file http://x/length > /dev/null; do sleep 0.1; done; kill \$!; wait \$! || true"
    grep -q 'sockfixture: incomplete: 5000 bytes are missing in all' said
    equal "$(web)" 'GET /file => 200 
GET /length => 200 /length'
    equal "$(jq '[.conversations[].exchanges[].responses[].missing]' -c fixture.json)" '[5000,0]'
}

@test "http: a server that sends less than it said" {
    serve "head -n 1 > request; printf 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'"
    frame 3 http --ignore-status curl -sS --unix-socket "$path" http://x/
    equal "$(web)" 'GET / => 200 abc'
    grep -q 'response, byte 0: the frame says it has 140 bytes, and the stream ends after 43 of them' said
}
