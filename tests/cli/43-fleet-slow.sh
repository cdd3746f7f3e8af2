# shellcheck shell=sh
# The example of c2d.h with a hub that takes longer for all receives of a fleet than a lock lasts.
# Settlements go first, and no lock is lost.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/fleet.sh
. "$C2D_TESTS/fleet.sh"
# A lock lasts 2 s.
start_sim --time-scale 30

devices=1000
! is_sanitized || devices=300
compile_fleet
seq $devices | add_fleet
seq $devices | sed 's/.*/{"deviceId":"f&","body":"for f&"}/' | c2d-http send --batch - -P 16 -q
seq $devices | fleet_strings >fleet.conn
fault '{"operation": "receive", "delayMs": 25, "count": -1}'
run ./fleet "$HUB/ca.pem" 4 <fleet.conn
check 'a fleet whose receives take longer than a lock lasts reports no error' ends_silently 0
check 'each message of a slow fleet is completed at its first delivery' is \
    "$(sim GET 'state?log=0' | jq -c '[[.devices[].delivered], [.devices[].completed]] | map(add)')" \
    "[$devices,$devices]"
