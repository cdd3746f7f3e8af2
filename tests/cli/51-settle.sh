# shellcheck shell=sh
# Goal: each lock is settled once, as requested, and the outcome is reported.
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
check 'receive --keep prints the queued messages' is "$(wc -l <kept)" 2
check 'receive --keep settles no message' is_left 2
run c2d-device receive
check 'receive prints nothing while --keep has locked the messages' ends_silently 0 ''
run c2d-device complete "$token"
check 'complete TOKEN exits 0 and prints nothing' ends_silently 0 ''
check 'complete TOKEN completes the message at the hub' count_of completed 1
check 'complete sends a DELETE without reject' is "$(state '.log[-1] | .method
    + " " + (.target | test("reject") | tostring)')" 'DELETE false'
run c2d-device complete "$token"
check 'a second complete of the same lock exits 13' fails_with 13 LOCK_LOST

kept 1
run c2d-device reject "$token"
check 'reject TOKEN destroys the message' count_of rejected 1
check 'reject sends the reject flag' \
    is "$(state '.log[-1].target | test("[?&]reject")')" true
kept 1
run c2d-device abandon "$token"
check 'abandon TOKEN puts the message back' is "$CODE $(queued)" '0 1'
check 'abandon increments the delivery count of the message' \
    is "$(state .devices.dev1.queue[0].deliveryCount)" 1
check 'an abandon is a POST with Content-Length 0' \
    is "$(sent_header abandon content-length)" 0

kept 3
jq -r .lockToken kept | c2d-device complete - 2>err
check 'complete - reads one token a line' is "$? $(queued)" '0 0'
kept 3
c2d-device complete - <kept 2>err
check 'complete - reads the lines that receive --keep wrote' is "$? $(queued)" '0 0'
kept 2
{ head -n 1 kept | sed 's/^/ \t/' && echo && jq -r .lockToken kept | tail -n 1; } \
    | c2d-device reject - 2>err
check 'reject - reads tokens, lines of receive --keep and empty lines' \
    is "$? $(state .devices.dev1.rejected)" '0 2'
kept 2
run c2d-device complete "$token" 00000000-0000-0000-0000-000000000000 \
    "$(tail -n 1 kept | jq -r .lockToken)"
check 'complete of three tokens of which one fails exits 11 and completes the others' \
    is "$CODE $(state .devices.dev1.completed)" '11 2'
kept 2
run c2d-device complete - <<END
not a { token
{"lockToken": 5}
$token
END
check 'complete - with two invalid lines exits 11 and completes the valid token' \
    is "$CODE $(state .devices.dev1.completed)" '11 1'
run c2d-device complete x y
check 'complete of two tokens that both fail with 13 exits 13' code_is 13
run c2d-device complete - </dev/null
check 'complete - with an empty stdin exits 0' ends_silently 0 ''
reset_hub
run c2d-device complete "a$(printf '\r\n')X: 1"
check 'complete refuses CR and LF in a token' not is "$CODE" 0
check 'complete with CR and LF in its token sends no request' nothing_was_asked
run c2d-device complete '../../dev2/messages/deviceBound/x?reject'
check 'complete of a token with a path and ?reject does not reject' \
    is "$(state '[.log[] | select(.operation == "reject")] | length')" 0

# ---- Lost locks ----

messages 2
fault '{"operation": "complete", "status": 412, "errorNumber": 412002, "errorCode":
    "DeviceMessageLockLost"}'
run c2d-device receive
check 'receive goes on after a complete that gets 412 and exits 13' \
    is "$CODE $(wc -l <out) $(state .devices.dev1.completed)" '13 2 1'
check 'receive warns of a lost lock' says err 'warning: ' 'lost'
check 'receive prints no error line for a lost lock' lacks err 'error: '
messages 1
fault '{"operation": "complete", "drop": "after"}'
run c2d-device receive
check 'receive exits 0 with a warning when a complete is lost and its retry gets 412' \
    is "$CODE $(grep -c 'warning: ' err) $(state .devices.dev1.completed)" '0 1 1'
check 'receive sends a complete twice when its first response is lost' has_requests complete 2
kept 1
fault '{"operation": "complete", "drop": "after"}'
run c2d-device complete "$token"
check 'complete TOKEN exits 13 when its first response is lost and the retry gets 412' \
    fails_with 13 LOCK_LOST
check 'the error of complete after a lost response says that the message may have been settled' \
    says err 'an attempt got no response from the hub: the message may have been settled'
messages 2
fault '{"operation": "complete", "status": 400, "errorNumber": 400004}'
run c2d-device receive
check 'receive ends with 24 when a complete is refused' \
    is "$CODE $(wc -l <out) $(requests receive)" '24 1 1'
