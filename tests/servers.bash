# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What .bats files load that record servers of known protocols; it wants helper.bash before it.

# Real servers, at $path.

start_redis() {
    background redis-server --port 0 --unixsocket "$path" --save '' --appendonly no --dir "$work" \
        --enable-debug-command yes
    wait_until 30 redis-cli -s "$path" ping
    redis=(redis-cli -s "$path")
}

start_dbus() {
    cat > bus.conf << CONF
<busconfig>
    <type>session</type>
    <listen>unix:path=$path</listen>
    <auth>EXTERNAL</auth>
    <policy context="default">
        <allow send_destination="*"/>
        <allow receive_sender="*"/>
        <allow own="*"/>
    </policy>
</busconfig>
CONF
    background dbus-daemon --config-file="$work/bus.conf" --nofork --nopidfile
    wait_until 30 test -S "$path"
    dbus_send=(dbus-send --bus="unix:path=$path")
}

start_http() {
    background "$tests/http_server.py" "$path"
    wait_until 30 curl -s --unix-socket "$path" http://x/
    curl=(curl -sS --unix-socket "$path")
}

# PostgreSQL refuses to be root, and its user must get at its files. Its port is $port.
start_postgres() { # [OPTION...]
    local bin directory
    bin=$(dirname "$(find /usr/lib/postgresql -name initdb | sort | tail -n 1)")
    data=$BATS_FILE_TMPDIR/postgres
    for directory in "$BATS_RUN_TMPDIR" "${BATS_FILE_TMPDIR%/*}" "$BATS_FILE_TMPDIR"; do
        chmod o+x "$directory"
    done
    if [ ! -e "$data" ]; then
        install -d -m 700 -o postgres "$data"
        runuser -u postgres -- "$bin/initdb" -D "$data" -A trust --no-sync --no-locale
        openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost \
            -keyout "$data/server.key" -out "$data/server.crt" 2> /dev/null
        printf '%s\n' 'local all secret scram-sha-256' 'local all all trust' \
            'host all all 127.0.0.1/32 trust' > "$data/pg_hba.conf"
        chown postgres "$data"/server.*
    fi
    port=$(free_port)
    background runuser -u postgres -- "$bin/postgres" -D "$data" -k "$data" -p "$port" \
        -c fsync=off "$@"
    path=$data/.s.PGSQL.$port
    export PGHOST=$data PGPORT=$port PGUSER=postgres
    wait_until 60 psql -c 'select 1'
    psql=(psql -X -q -A -t)
    pgbench=("$bin/pgbench")
}
