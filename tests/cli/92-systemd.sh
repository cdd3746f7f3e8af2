# shellcheck shell=sh
# The units are valid, and their commands work with a credential, a state folder and the arguments
# of the environment file.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
unset IOTHUB_CONNECTION_STRING IOTHUB_DEVICE_CONNECTION_STRING IOTHUB_DEVICE_ID

mkdir units
for unit in "$C2D_TESTS"/../../src/systemd/*; do
    sed "s|@BINDIR@|$C2D_BUILD|" "$unit" >"units/$(basename "$unit")"
done
if has systemd-analyze 'the analysis of the units'; then
    run systemd-analyze verify --man=no units/*
    check 'systemd-analyze verify reports no error of the units' ends_silently 0 ''
    check 'systemd-analyze security rates the exposure of both services below 2' \
        is "$(systemd-analyze --offline=true security units/*.service |
        awk '/Overall/ && $(NF - 2) < 2' | wc -l)" 2
fi
check 'the timer starts every 25 minutes with a random delay for each device' \
    is "$(grep -cE '^(OnUnitInactiveSec=25min|RandomizedDelaySec=[1-9][0-9]*min)$' \
        units/c2d-receive@.timer)" 2

# The environment that systemd sets up for c2d-UNIT@dev1, in a folder of the test.
mkdir credentials private etc
mkdir private/state private/cache && ln -s private/state state && ln -s private/cache cache
cp "$HUB/device-dev1.conn" credentials/iothub_device_connection_string
chmod 400 credentials/*
printf 'ARGUMENTS=-q --interval 200ms -- %s\n' "$PWD/handle" >etc/dev1.env
printf '#!/bin/sh\ncat >>%s/handled\n' "$PWD" >handle
chmod +x handle
start_unit() { # receive, device
    ARGUMENTS=$(sed -n 's/^ARGUMENTS=//p' etc/dev1.env)
    STATE_DIRECTORY=$PWD/state
    CACHE_DIRECTORY=$PWD/cache
    eval "set -- $(sed -n 's/^ExecStart=//p' "units/c2d-$1@.service")"
    start_run env -i PATH="$PATH" SSL_CERT_FILE="$SSL_CERT_FILE" ARGUMENTS="$ARGUMENTS" \
        CREDENTIALS_DIRECTORY="$PWD/credentials" STATE_DIRECTORY="$STATE_DIRECTORY" \
        CACHE_DIRECTORY="$CACHE_DIRECTORY" "$@"
}

enqueue '{"deviceId": "dev1", "body": "polled "}'
start_unit device
until_true says handled polled
until_true is "$(find state/spool/new -type f | wc -l)" 0
kill -TERM "$RUN_PID"
finish_run
check 'the service c2d-device@ receives and handles a message' is "$CODE $(cat handled) $(queued)" \
    '143 polled  0'

printf 'ARGUMENTS=-- %s\n' "$PWD/handle" >etc/dev1.env
enqueue '{"deviceId": "dev1", "body": "received"}'
start_unit receive
finish_run
check "the service c2d-receive@ handles the queued message and exits 0" \
    is "$CODE $(cat handled) $(queued)" '0 polled received 0'
check 'both services keep one TLS session in a folder of mode 700' \
    is "$(find cache/tls -type f | wc -l) $(stat -c %a cache/tls)" '1 700'
check 'the spool of both services is empty after the messages are handled' \
    is "$(find state/spool/new -type f | wc -l)" 0
