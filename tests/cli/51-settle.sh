# shellcheck shell=sh
# Goal: a lock is ended as asked and once, and what became of it is said (R4, 7.2).
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

messages() {
    reset_hub
    enqueue "{\"deviceId\": \"dev1\", \"body\": \"hello\", \"count\": $1}"
}
kept() {
    messages "$1"
    c2d-device receive --keep -c "$1" >kept
    token=$(head -n 1 kept | jq -r .lockToken)
}
count_of() {
    is "$(state ".devices.dev1.$1")" "$2"
}

# ---- --keep and the three commands ----

kept 2
check '--keep prints what waits (7.1)' is "$(wc -l <kept)" 2
check '--keep settles nothing (7.1)' is_left 2
run c2d-device receive
check 'a kept message is locked: it does not come twice (7.1)' ends_silently 0 ''
run c2d-device complete "$token"
check 'complete TOKEN removes the message and says nothing (7.2)' ends_silently 0 ''
check 'it was completed (7.2)' count_of completed 1
check 'on the wire a complete is a DELETE without reject (F28)' is "$(state '.log[-1] | .method
    + " " + (.target | test("reject") | tostring)')" 'DELETE false'
run c2d-device complete "$token"
check 'a second complete of one lock: 13 (7.2, 4)' fails_with 13 LOCK_LOST

kept 1
run c2d-device reject "$token"
check 'reject TOKEN destroys the message (7.2)' count_of rejected 1
check 'on the wire a reject has the reject flag (wire 3.2)' \
    is "$(state '.log[-1].target | test("[?&]reject")')" true
kept 1
run c2d-device abandon "$token"
check 'abandon TOKEN puts the message back (7.2)' is "$CODE $(queued)" '0 1'
check 'at one delivery count more (wire 3.2)' is "$(state .devices.dev1.queue[0].deliveryCount)" 1
check 'an abandon is a POST with Content-Length 0 (wire 3.2)' \
    is "$(sent_header abandon content-length)" 0

kept 3
jq -r .lockToken kept | c2d-device complete - 2>err
check 'complete - reads tokens, one a line (7.2)' is "$? $(queued)" '0 0'
kept 3
c2d-device complete - <kept 2>err
check 'complete - reads the lines that receive --keep wrote (7.2)' is "$? $(queued)" '0 0'
kept 2
{ head -n 1 kept && echo && jq -r .lockToken kept | tail -n 1; } | c2d-device reject - 2>err
check 'both forms may be mixed, with empty lines between (7.2)' \
    is "$? $(state .devices.dev1.rejected)" '0 2'
kept 2
run c2d-device complete "$token" 00000000-0000-0000-0000-000000000000 \
    "$(tail -n 1 kept | jq -r .lockToken)"
check 'of several tokens one failed: 11, and the others are completed (7.2)' \
    is "$CODE $(state .devices.dev1.completed)" '11 2'
kept 2
run c2d-device complete - <<END
not a { token
{"lockToken": 5}
$token
END
check 'lines that are no token fail alone (7.2, 11)' \
    is "$CODE $(state .devices.dev1.completed)" '11 1'
run c2d-device complete x y
check 'when all fail alike that is the code (7.2)' code_is 13
run c2d-device complete - </dev/null
check 'no line is nothing to do (7.2)' ends_silently 0 ''
reset_hub
run c2d-device complete "a$(printf '\r\n')X: 1"
check 'CR and LF in a token are refused: nothing is sent (wire 8)' not is "$CODE" 0
check 'and nothing was asked (wire 8)' nothing_was_asked
run c2d-device complete '../../dev2/messages/deviceBound/x?reject'
check 'a token is opaque: it cannot change the request (wire 3.1, F28)' \
    is "$(state '[.log[] | select(.operation == "reject")] | length')" 0

# ---- A lock that was lost (R4) ----

messages 2
fault '{"operation": "complete", "status": 412, "errorNumber": 412002, "errorCode":
    "DeviceMessageLockLost"}'
run c2d-device receive
check 'a complete that answers 412: the drain goes on and ends with 13 (R4, F5)' \
    is "$CODE $(wc -l <out) $(state .devices.dev1.completed)" '13 2 1'
check 'with a warning that it is in the output and may come again (R4)' says err 'warning: ' 'lost'
check 'and no error line (R4, E1)' lacks err 'error: '
messages 1
fault '{"operation": "complete", "drop": "after"}'
run c2d-device receive
check 'a complete whose answer was lost, then 412: 0 and a warning (R4)' \
    is "$CODE $(grep -c 'warning: ' err) $(state .devices.dev1.completed)" '0 1 1'
check 'two requests for it went over the wire (F34)' has_requests complete 2
kept 1
fault '{"operation": "complete", "drop": "after"}'
run c2d-device complete "$token"
check 'complete TOKEN whose response was lost, then 412: 13, as nobody knows how long the lock held' \
    fails_with 13 LOCK_LOST
check 'its text says that the message may have been settled' \
    says err 'an attempt got no response: the message may have been settled'
messages 2
fault '{"operation": "complete", "status": 400, "errorNumber": 400004}'
run c2d-device receive
check 'a complete that is refused ends the drain (R3)' \
    is "$CODE $(wc -l <out) $(requests receive)" '24 1 1'
