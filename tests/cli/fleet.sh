# shellcheck shell=sh
# A fleet: devices with one key, "f" and a number. Sourced after lib.sh.

# shellcheck source=tests/cli/manuals.sh
. "$C2D_TESTS/manuals.sh"

FLEET_KEY=$(printf 'key of the whole fleet' | base64)

# add_fleet: adds the devices whose numbers are the lines of stdin.
add_fleet() {
    set_sim devices "$(jq -nc --arg key "$FLEET_KEY" \
        '{devices: [inputs | {deviceId: "f\(.)", key: $key}]}')"
}

# fleet_strings: prints the connection strings of the devices whose numbers are the lines of stdin.
fleet_strings() {
    host=$(sed -n 's/^HostName=\([^;]*\);.*/\1/p' "$HUB/service.conn")
    sed "s/.*/HostName=$host;DeviceId=f&;SharedAccessKey=$FLEET_KEY/"
}

# compile_fleet: makes the program fleet of the example in libc2d(3).
compile_fleet() {
    fleet_flags=
    ! is_sanitized || fleet_flags=-fsanitize=address,undefined
    examples libc2d.3 'A fleet' >example.h
    # shellcheck disable=SC2046,SC2086  # one word for each flag is wanted
    run cc -std=c11 -Wall -Wextra -Werror $fleet_flags -o fleet \
        -I "$C2D_TESTS/../../include" -I . "$C2D_TESTS/43-fleet.c" "$C2D_BUILD/libc2d.a" \
        $(pkg-config --cflags --libs libcurl libssl libcrypto libcjson)
}
