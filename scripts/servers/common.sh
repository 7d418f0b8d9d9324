# shellcheck shell=bash
# Sourced by the servers beside it: the life of a private server in a folder of its own.
#
# Whoever starts one reads two lines from it, its folder and, once it can be used, its URL, and holds its standard
# input. A word on that, a line each, is obeyed and answered with `done`: `stop` ends the server as an administrator
# does, `kill` as a crash does, `start` starts it again at the same place. When the standard input ends, however that
# came about, the server ends and its folder goes.
#
# A server says in functions what it is: `prepare` makes what its folder needs, once; `choose_ports` finds them;
# `launch` starts it in the background and sets `server` to its process; `answers` asks whether it can be used;
# `furnish` makes what its users find in it, once; `url` prints where it is; `clean_up` ends what it needs beside itself.
# `STOP` and `KILL` are its signals.
set -euo pipefail

# How long a server may take to start, in seconds, on a machine that is busy with tests.
PATIENCE=120

name=$(basename "$0")
folder=
server=
chosen=()

# free_port VARIABLE: a port of loopback at which nobody listens. It lies below those that the system gives to whoever
# asks for any, so that nobody gets it by chance before the server does.
free_port() {
    local from candidate
    read -r from _ < /proc/sys/net/ipv4/ip_local_port_range
    from=$((from > 32000 ? from - 12000 : 20000))
    while :; do
        candidate=$((from + RANDOM % 12000))
        [[ " ${chosen[*]} " != *" $candidate "* ]] || continue
        (exec 3<> "/dev/tcp/127.0.0.1/$candidate") 2> /dev/null || break
    done
    chosen+=("$candidate")
    printf -v "$1" '%s' "$candidate"
}

# A password that fits into a URL.
random_password() { head -c 18 /dev/urandom | base64 | tr '+/' '-_'; }

fail() {
    [ ! -s "$folder/log" ] || tail -n 30 "$folder/log" | sed 's/^/    /' >&2
    echo "$name: $*" >&2
    exit 3
}

runs() { [ -n "$server" ] && kill -0 "$server" 2> /dev/null; }

start() {
    local until=$((SECONDS + PATIENCE))
    launch
    until answers; do
        runs || return 1
        [ "$SECONDS" -lt "$until" ] || fail "it did not come up within $PATIENCE s"
        sleep 0.1
    done
}

halt() {
    runs || return 0
    kill -"$1" "$server" 2> /dev/null || true
    wait "$server" 2> /dev/null || true
    server=
}

# Somebody else may have taken a port meanwhile; then others do.
start_somewhere() {
    local try
    for try in 1 2 3; do
        choose_ports
        ! start || return 0
    done
    fail "it ended as soon as it was started, $try times"
}

end() {
    trap '' INT TERM HUP PIPE
    halt "$KILL"
    clean_up
    # A server's helpers end by themselves when they find it gone, and may write until then.
    local try
    for try in {1..100}; do
        ! rm -rf "$folder" 2> /dev/null || return 0
        sleep 0.1
    done
    echo "$name: $folder could not be removed" >&2
}

serve() {
    folder=$(mktemp -d "${TMPDIR:-/tmp}/turnlock-$name-XXXXXX")
    trap end EXIT
    trap 'exit 1' INT TERM HUP PIPE
    echo "$folder"
    cd "$folder"
    prepare
    start_somewhere
    furnish
    url
    local word
    while read -r word; do
        case $word in
            start) start || fail "it does not start again" ;;
            stop) halt "$STOP" ;;
            kill) halt "$KILL" ;;
            *) fail "there is no word \`$word\`: write start, stop or kill" ;;
        esac
        echo 'done'
    done
}
