# shellcheck shell=sh
# The example of c2d.h, compiled as it stands, serves a whole fleet on one thread. It receives and
# completes each message once, over no more connections than allowed.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

ROOT=$C2D_TESTS/../..
devices=10000
flags=
if is_sanitized; then
    devices=1000
    flags=-fsanitize=address,undefined
fi
sed -n '/^ \*     memset(&next/,/^ \*\/$/s/^ \* //p' "$ROOT/include/c2d.h" >example.h
# shellcheck disable=SC2046,SC2086  # one word for each flag is wanted
run cc -std=c11 -Wall -Wextra -Werror $flags -o fleet -I "$ROOT/include" -I . \
    "$C2D_TESTS/43-fleet.c" "$C2D_BUILD/libc2d.a" \
    $(pkg-config --cflags --libs libcurl libssl libcrypto libcjson)
check 'the fleet example of c2d.h compiles' ends_silently 0 ''

fleet() { # the result of a filter over the state of the hub, without its log
    sim GET 'state?log=0' | jq "$1"
}
key=$(printf 'key of the whole fleet' | base64)
seq $devices | jq -nc --arg key "$key" \
    '{devices: [inputs | {deviceId: "f\(.)", key: $key}]}' >devices.json
set_sim devices "$(cat devices.json)"
# Two messages for the first ten, one for each other.
{
    seq 10
    seq $devices
} | sed 's/.*/{"deviceId":"f&","body":"for f&"}/' | c2d-http send --batch - -P 16 -q
check 'the hub has queued the messages for each device of the fleet' \
    is "$(fleet '[.devices[].queue | length] | add')" $((devices + 10))
host=$(sed -n 's/^HostName=\([^;]*\);.*/\1/p' "$HUB/service.conn")
seq $devices | sed "s/.*/HostName=$host;DeviceId=f&;SharedAccessKey=$key/" >fleet.conn
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
