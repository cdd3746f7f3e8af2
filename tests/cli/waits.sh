# shellcheck shell=sh
# Functions shared by the scenarios of send --wait.

start_over() {
    reset_hub
    set_sim clock '{"offset": 0}'
}
# Sends a message in the background. Its device has not received it yet.
start_wait() { # id, option...
    start_over
    id=$1
    shift
    start_run c2d-http send dev1 -m x -i "$id" --feedback-log log "$@"
    until_true has_requests send 1
}
# Makes the hub deliver the feedback that it has collected.
close_batch() {
    set_sim clock '{"advance": 16}'
}
# Queues the feedback of N messages as one batch. The clock of the hub is set back, so that these
# records are later than a send that follows. With the id of that send, its --wait ends at once.
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
# The number of records with a message id in the log.
records() {
    grep '^{"v":1,' "${2-log}" | jq -r .originalMessageId | grep -cx "$1"
}
outcome_is() { # code, statusCode
    code_is "$1" && shows ".statusCode == \"$2\""
}
