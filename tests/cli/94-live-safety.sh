# shellcheck shell=sh
# Goal: scripts/live touches nothing but its own messages, can be stopped at any time, and shows no
# secret, neither in its report nor in an argument of a program.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
! is_sanitized || exit 0 # tests a shell script

LIVE=$C2D_TESTS/../../scripts/live
start_sim --name hub.localhost --device thermostat-7
SERVICE=$HUB/service.conn
DEVICE=$HUB/device-thermostat-7.conn

live() {
    run "$LIVE" -S "$SERVICE" -D "$DEVICE" "$@"
}

# What the device's queue holds: bodies, and how often each was delivered.
bodies() {
    state '[.devices["thermostat-7"].queue[] | "\(.bodyBase64 | @base64d):\(.deliveryCount)"]
        | join(" ")'
}

run "$LIVE" -S "$SERVICE"
check 'scripts/live without a device exits 2 and shows its usage' is "$CODE $(head -n 1 err)" \
    '2 usage: c2d-live -S FILE -D FILE [OPTIONS]'
live --list
check 'scripts/live --list prints the checks' says out 'settle-no-lock '
live --only no-such-check
check 'scripts/live refuses the name of a check that does not exist' is "$CODE $(cat err)" \
    "2 c2d-live: there is no check 'no-such-check'"

# ---- What is not its own ----

enqueue '{"deviceId": "thermostat-7", "body": "own"}'
live --only send-message-id
check 'scripts/live refuses a device that has messages' is \
    "$CODE $(grep -c '^c2d-live: the device has messages' err)" '2 1'
check 'scripts/live leaves the message of such a device, uncounted' is "$(bodies)" own:0
live --only send-message-id --registry "$HUB/iothubowner.conn"
check 'scripts/live --registry refuses a device with a locked message' is "$CODE $(cat err)" \
    '2 c2d-live: the device has 1 messages: give one of its own, and empty'
check 'scripts/live writes no report if it refuses the device' not test -e live-report.json

reset_hub
fault '{"operation": "send", "delayMs": 1500}'
start_run "$LIVE" -S "$SERVICE" -D "$DEVICE" --only send-message-id,send-ids,purge-right
until_true has_requests send 1
enqueue '{"deviceId": "thermostat-7", "body": "stranger"}'
finish_run
check 'scripts/live ends if something else sends to the device' is \
    "$CODE $(grep -c 'something else sends' err) $(jq -c '[.complete, (.checks | length)]' \
        live-report.json)" '2 1 [false,1]'
check 'scripts/live leaves the message of the other sender' is "$(bodies)" stranger:0

# ---- Stopped ----

reset_hub
start_run "$LIVE" -S "$SERVICE" -D "$DEVICE" --only send-message-id,receive-lapsed-lock
until_true is "$(queued thermostat-7)" 1
is_waiting() {
    state '.devices["thermostat-7"] | "\(.enqueued) \(.queue[0].state)"' | grep -q '^2 locked'
}
until_true is_waiting
kill -TERM "$RUN_PID"
finish_run
check 'scripts/live ends by TERM while it waits' code_is 143
check 'scripts/live that is stopped removes its message' is "$(bodies)" ''
check 'scripts/live that is stopped reports the checks that it has made' is \
    "$(jq -c '[.complete, .checks[].name]' live-report.json)" '[false,"send-message-id"]'
check 'scripts/live leaves no temporary folder' is "$(find . -maxdepth 1 -name 'tmp.*')" ''

# ---- Secrets ----

reset_hub
mkdir shims
for program in curl jq openssl sed grep; do
    cat >"shims/$program" <<SHIM
#!/bin/sh
printf '%s\n' "\$@" >>"$PWD/arguments"
exec $(command -v $program) "\$@"
SHIM
done
chmod +x shims/*
PATH=$PWD/shims:$PATH live --quick --registry "$HUB/iothubowner.conn"
check 'scripts/live --quick finds c2d-sim as assumed' ends_silently 0
check 'scripts/live --quick leaves out what has to wait' is "$(jq -r '[.checks[]
    | select(.found | startswith("it has to wait")) | .name] | length' live-report.json)" \
    "$(grep -c '| slow |' "$C2D_TESTS/../live/checks.txt")"
keys() {
    for name in service iothubowner device-thermostat-7; do
        sed -n 's/.*SharedAccessKey=//p' "$HUB/$name.conn"
    done
}
holds_no_secret() { # FILE
    test -s "$1" || return 1
    for key in $(keys); do
        lacks "$1" "$key" || return 1
    done
    not grep -E 'sig=[A-Za-z0-9%]{8}' "$1"
}
check 'scripts/live passes no secret in an argument' holds_no_secret arguments
check 'the report of scripts/live holds no secret' holds_no_secret live-report.json
check 'the report of scripts/live names neither hub nor device' lacks live-report.json \
    hub.localhost thermostat-7

# ---- The feedback of others ----

reset_hub
c2d-http send thermostat-7 -m x --ack full -q
c2d-device receive >received
set_sim clock '{"advance": 16}'
live --only feedback-success --i-own-the-feedback
check 'scripts/live --i-own-the-feedback finds its own record among others' is \
    "$CODE $(jq -r '.checks[0].verdict' live-report.json)" '0 as assumed'
check 'scripts/live leaves a feedback batch with records of others in the queue' is \
    "$(state '[.feedback.batches[].size] | tostring')" '[1]'
