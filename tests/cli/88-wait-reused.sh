# shellcheck shell=sh
# Goal: send --wait with a message id that was used before compares times by the clock of the hub,
# and does not take the record of the earlier message.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/waits.sh
. "$C2D_TESTS/waits.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

# Sends and receives an earlier message, whose record is queued at the hub and AGE seconds old.
send_earlier() { # id, AGE
    c2d-http send dev1 -m x -i "$1" --ack full -q
    c2d-device receive >/dev/null
    set_sim clock "{\"advance\": $2}"
}
# Sends a second message under the same id and rejects it. Both records go to the log.
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
check 'send --wait ignores the record of an earlier message with the same id' \
    is_rejected again

# By the local clock all records would be too old.
reset_hub
set_sim clock '{"offset": -7200}'
send_earlier ahead 20
reject_later ahead
check 'send --wait ignores an earlier record when the local clock is two hours ahead' \
    is_rejected ahead

# By the local clock the earlier record would be new.
reset_hub
set_sim clock '{"offset": 1800}'
send_earlier behind 20
reject_later behind
check 'send --wait ignores an earlier record when the local clock is half an hour behind' \
    is_rejected behind

# An unknown time does not make send wait forever.
start_over
send_earlier dateless 20
fault '{"operation": "send", "omit": ["Date"]}'
run c2d-http send dev1 -m x -i dateless --feedback-log log --wait 1s
check 'send --wait takes the first record when the response to the send has no Date' \
    outcome_is 0 Success
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
check 'send --wait ignores an old record in another time zone and takes one without a valid time' \
    is "$CODE $(jq -r .description out)" '0 soon'
