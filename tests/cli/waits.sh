# shellcheck shell=sh
# What the scenarios of send --wait share.

start_over() {
    reset_hub
    set_sim clock '{"offset": 0}'
}
# A message is sent in the background, and its device has not received it yet.
start_wait() { # id, option...
    start_over
    id=$1
    shift
    start_run c2d-http send dev1 -m x -i "$id" --feedback-log log "$@"
    until_true has_requests send 1
}
# The hub gives out what feedback it has collected.
close_batch() {
    set_sim clock '{"advance": 16}'
}
# Messages end at the hub, and their feedback waits as one batch. With one of the id that is sent
# next, whoever waits for it need not do so for long: the hub's clock is set back, so that these
# records are later than that send.
add_batch() { # id, N [, device]
    enqueue "{\"deviceId\": \"${3-dev1}\", \"messageId\": \"$1\", \"ack\": \"full\", \"count\": $2}"
    if [ "${3-dev1}" = dev1 ]; then
        c2d-device receive >/dev/null
    else
        c2d-device receive -C "$HUB/device-$3.conn" >/dev/null
    fi
    close_batch
    sim GET 'state?log=0' >/dev/null # closes it now
    set_sim clock '{"advance": -46}'
}
# How many records with that message id are in the log.
records() {
    grep '^{"v":1,' "${2-log}" | jq -r .originalMessageId | grep -cx "$1"
}
outcome_is() { # code, statusCode
    code_is "$1" && shows ".statusCode == \"$2\""
}
