# shellcheck shell=sh
# A whole fleet on one thread, by the example in c2d.h: compiled as it stands there, it receives and
# completes each message once, over no more connections than it may have.
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
check 'the example of c2d.h compiles' ends_silently 0 ''

fleet() { # what a filter says of the hub, whose log would be long
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
check 'each device has its message' is "$(fleet '[.devices[].queue | length] | add')" \
    $((devices + 10))
host=$(sed -n 's/^HostName=\([^;]*\);.*/\1/p' "$HUB/service.conn")
seq $devices | sed "s/.*/HostName=$host;DeviceId=f&;SharedAccessKey=$key/" >fleet.conn
before=$(fleet .connections)
run ./fleet "$HUB/ca.pem" 16 <fleet.conn
after=$(fleet .connections)
check 'the fleet is polled to its end' ends_silently 0
seq $devices | sed 's/.*/f& for f&/' >expected
seq 10 | sed 's/.*/f& for f&/' >>expected
check 'each message is received once' is "$(sort out | sha256sum)" "$(sort expected | sha256sum)"
check 'and completed once: nothing is left, or was settled in another way' is "$(fleet '[.devices[] |
    [(.queue | length), .abandoned, .delivered - .completed] | add] | add')" 0
check 'over 16 connections: one more is the question for their number' is \
    $((after - before - 1)) 16
