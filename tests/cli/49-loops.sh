# shellcheck shell=sh
# c2d_fd() in the loops of poll(), libevent and GLib. In each a back end sends to a fleet, whose
# devices receive and complete at the same time, beside a timer.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/fleet.sh
. "$C2D_TESTS/fleet.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

ROOT=$C2D_TESTS/../..
devices=1000
flags=
if is_sanitized; then
    devices=100
    flags=-fsanitize=address,undefined
fi
{
    cat "$HUB/service.conn"
    seq $devices | fleet_strings
} >fleet.conn
seq $devices | sed 's/.*/f& f&/' | sort >expected

fleet() { # the result of a filter over the state of the hub, without its log
    sim GET 'state?log=0' | jq "$1"
}

# count NAME: the value of a counter of the loop.
count() {
    sed -n "s/^operations.*/ &/; s/.* $1=\([0-9]*\).*/\1/p" out
}

# at_most A B: A is not more than B.
at_most() {
    [ "$1" -le "$2" ] || { echo "$1 is more than $2"; tail -n 1 out; return 1; }
}

# try_loop KIND [PACKAGE]: compiles and runs a loop, and checks its results.
try_loop() {
    # shellcheck disable=SC2046,SC2086  # one word for each flag is wanted
    run cc -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror $flags -o "loop-$1" \
        -I "$ROOT/include" "$C2D_TESTS/49-loop-$1.c" "$C2D_TESTS/49-loop-work.c" \
        "$C2D_BUILD/libc2d.a" $(pkg-config --cflags --libs libcurl libssl libcrypto libcjson ${2-})
    check "$1: the loop compiles" ends_silently 0 ''
    reset_hub
    seq $devices | add_fleet
    # With a lost wake-up the loop would wait forever.
    run timeout 120 "./loop-$1" "$HUB/ca.pem" 16 <fleet.conn
    check "$1: the loop runs to its end" ends_silently 0
    check "$1: each device has received its message once" is \
        "$(grep -v '^operations' out | sort | sha256sum)" "$(sha256sum <expected)"
    check "$1: each device has completed its message once, and none is left or abandoned" is \
        "$(fleet '[.devices | to_entries[] | select(.key | startswith("f")).value |
            [.delivered, .completed, .abandoned, (.queue | length)]] | unique | tostring')" \
        '"[[1,1,0,0]]"'
    check "$1: the timer ticks while operations are under way" at_most 2 "$(count busy_ticks)"
    check "$1: an operation takes few calls of c2d_wait()" at_most "$(count calls)" \
        $((4 * $(count operations)))
    check "$1: an operation takes few events of the descriptor" at_most "$(count events)" \
        $((3 * $(count operations)))
    check "$1: an idle client causes no event" is \
        "$(count idle_ticks) $(count idle_events)" '30 0'
}

try_loop poll
try_loop event libevent
pkg-config --exists glib-2.0 || skip 'the loop of GLib needs the package libglib2.0-dev'
try_loop glib glib-2.0
