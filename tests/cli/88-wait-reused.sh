# shellcheck shell=sh
# Goal: send --wait with a message id that was used before does not take the record of the earlier
# message, by the hub's clock.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/waits.sh
. "$C2D_TESTS/waits.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

# An earlier message was received, and its record waits at the hub: it is AGE seconds old.
send_earlier() { # id, AGE
    c2d-http send dev1 -m x -i "$1" --ack full -q
    c2d-device receive >/dev/null
    set_sim clock "{\"advance\": $2}"
}
# Sends once more under the same id, and that message is rejected. Both records come to the log.
reject_later() { # id
    before=$(requests send)
    start_run c2d-http send dev1 -m x -i "$1" --feedback-log log --wait 30s
    until_true not has_requests send "$before"
    c2d-device reject "$(c2d-device receive --keep | jq -r .lockToken)"
    close_batch
    c2d-http feedback -o log
    finish_run
}
is_rejected() { # id
    is "$CODE $(jq -r .statusCode out)" '19 Rejected' && is "$(records "$1")" 2
}

start_over
send_earlier again 20
reject_later again
check 'the record of an earlier message with the same id is kept, but not taken: 19' \
    is_rejected again

# By its own clock this machine would find all records too old.
reset_hub
set_sim clock '{"offset": -7200}'
send_earlier ahead 20
reject_later ahead
check 'so it is where the clock of this machine is two hours ahead' is_rejected ahead

# By its own clock it would find the earlier record new.
reset_hub
set_sim clock '{"offset": 1800}'
send_earlier behind 20
reject_later behind
check 'and where it is half an hour behind' is_rejected behind

# What is not known is no reason to wait for ever.
start_over
send_earlier dateless 20
fault '{"operation": "send", "omit": ["Date"]}'
run c2d-http send dev1 -m x -i dateless --feedback-log log --wait 1s
check 'without a Date in the response to the send the first record is taken' outcome_is 0 Success
start_over
times_are() { # text...
    for text in "$@"; do
        jq -nc --arg time "$text" '{originalMessageId: "odd", enqueuedTimeUtc: $time,
            deviceId: "dev1", statusCode: "Success", description: $time}'
    done | jq -sc '{operation: "feedback", body: tostring}'
}
an_hour_ago=$(date -ud '+1 hour' +%Y-%m-%dT%H:%M:%S.0000000+02:00)
fault "$(times_are "$an_hour_ago" soon)"
add_batch any 1
run c2d-http send dev1 -m x -i odd --feedback-log log --wait 1s
check 'a record of an hour ago in another zone is not taken, one whose time cannot be read is' \
    is "$CODE $(jq -r .description out)" '0 soon'
