# shellcheck shell=sh
# The example of c2d.h, compiled as it stands, serves a whole fleet on one thread. It receives and
# completes each message once, over no more connections than allowed.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/fleet.sh
. "$C2D_TESTS/fleet.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

devices=10000
! is_sanitized || devices=1000
compile_fleet
check 'the fleet example of c2d.h compiles' ends_silently 0 ''

fleet() { # the result of a filter over the state of the hub, without its log
    sim GET 'state?log=0' | jq "$1"
}
seq $devices | add_fleet
# Two messages for the first ten, one for each other.
{
    seq 10
    seq $devices
} | sed 's/.*/{"deviceId":"f&","body":"for f&"}/' | c2d-http send --batch - -P 16 -q
check 'the hub has queued the messages for each device of the fleet' \
    is "$(fleet '[.devices[].queue | length] | add')" $((devices + 10))
seq $devices | fleet_strings >fleet.conn
before=$(fleet .connections)
run ./fleet "$HUB/ca.pem" 16 <fleet.conn
after=$(fleet .connections)
check 'the fleet example exits 0' ends_silently 0
seq $devices | sed 's/.*/f& for f&/' >expected
seq 10 | sed 's/.*/f& for f&/' >>expected
check 'the fleet example receives each message once' \
    is "$(sort out | sha256sum)" "$(sort expected | sha256sum)"
check 'the fleet example completes each message once, and none is left or abandoned' \
    is "$(fleet '[.devices[] |
    [(.queue | length), .abandoned, .delivered - .completed] | add] | add')" 0
check 'the fleet example uses 16 connections' is \
    $((after - before - 1)) 16
