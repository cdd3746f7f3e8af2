# shellcheck shell=sh
# The example of c2d.h with a hub that takes longer for all receives of a fleet than a lock lasts.
# Settlements go first, and no lock is lost.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# A lock lasts 2 s.
start_sim --time-scale 30

ROOT=$C2D_TESTS/../..
devices=1000
flags=
if is_sanitized; then
    devices=300
    flags=-fsanitize=address,undefined
fi
sed -n '/^ \*     memset(&next/,/^ \*\/$/s/^ \* //p' "$ROOT/include/c2d.h" >example.h
# shellcheck disable=SC2046,SC2086  # one word for each flag is wanted
cc -std=c11 $flags -o fleet -I "$ROOT/include" -I . \
    "$C2D_TESTS/43-fleet.c" "$C2D_BUILD/libc2d.a" \
    $(pkg-config --cflags --libs libcurl libssl libcrypto libcjson) || exit 1

key=$(printf 'key of the whole fleet' | base64)
seq $devices | jq -nc --arg key "$key" \
    '{devices: [inputs | {deviceId: "f\(.)", key: $key}]}' >devices.json
set_sim devices "$(cat devices.json)"
seq $devices | sed 's/.*/{"deviceId":"f&","body":"for f&"}/' | c2d-http send --batch - -P 16 -q
host=$(sed -n 's/^HostName=\([^;]*\);.*/\1/p' "$HUB/service.conn")
seq $devices | sed "s/.*/HostName=$host;DeviceId=f&;SharedAccessKey=$key/" >fleet.conn
fault '{"operation": "receive", "delayMs": 25, "count": -1}'
run ./fleet "$HUB/ca.pem" 4 <fleet.conn
check 'a fleet whose receives take longer than a lock lasts reports no error' ends_silently 0
check 'each message of a slow fleet is completed at its first delivery' is \
    "$(sim GET 'state?log=0' | jq -c '[[.devices[].delivered], [.devices[].completed]] | map(add)')" \
    "[$devices,$devices]"
