# shellcheck shell=sh
# Goal: send reports the outcome of the message, never sends what the wire cannot carry, and never
# hides that a message may be queued twice.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

refuses() {
    sentence=$1
    wanted=$2
    name=$3
    shift 3
    text=$1
    shift
    run c2d-http send "$@"
    check "$sentence" refused_unsent "$wanted" "$name" "$text"
}
refused_unsent() {
    fails_with "$1" "$2" && says err "$3" && is_empty out && nothing_was_asked
}

# ---- Results ----

run c2d-http send dev1 -m hi
check 'send prints a random UUID as the message id' \
    grep -qxE '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}' out
check 'send prints nothing but the message id' ends_silently 0 "$(head -n 1 out)"
id=$(cat out)
run c2d-http send dev1 -m hi
check 'two sends without an id get different message ids' not is "$id" "$(cat out)"
run c2d-http send dev1 -m hi -j -i id-7
check 'send -j prints the result as one object' shows 'del(.ms) == {"v": 1, "deviceId": "dev1",
    "messageId": "id-7", "status": "enqueued", "httpStatus": 204, "attempts": 1,
    "maybeDuplicate": false} and (.ms | type) == "number"'
IOTHUB_DEVICE_ID=dev1 run c2d-http send -m 'by environment' -q
check 'send without a device uses IOTHUB_DEVICE_ID' is "$CODE $(queued dev1)" '0 4'
run c2d-http send dev1 -m hi -p 'Zone=a=b c' -n
check 'send splits a property at its first =' says out 'iothub-app-Zone: a=b c'
printf 'GET\n' >file
run c2d-http send dev1 -f file -n
check 'a dry run shows a curl command that takes the body from the file' \
    says out "'curl'" "'--data-binary' '@file'" "'Authorization: <output of c2d-http sas>'"
check 'a dry run of send sends nothing' is "$(requests send)" 4
run c2d-http send dev1 -m hi -p "it=a'b" -n
check 'a dry run of send quotes every word for the shell' says out "a'\\''b"
reset_hub

# ---- Messages that are refused before a request ----

refuses 'the error for a property name with a space names the character and its position' 65 DATA \
    'a space at position 8' dev1 -m x -p 'Message Type=1'
refuses 'the error for a property name with a space names the property' \
    65 DATA 'Message Type' dev1 -m x -p 'Message Type=1'
refuses 'an empty property name is refused' 65 DATA property dev1 -m x -p =1
refuses 'a property name with a colon is refused' 65 DATA "':'" dev1 -m x -p a:b=1
refuses 'two properties whose names differ only in case are refused' 65 DATA Kind \
    dev1 -m x -p kind=1 -p Kind=2
refuses 'a property value with a leading space is refused' 65 DATA space dev1 -m x -p 'a= b'
refuses 'a property value that is not ASCII is refused' 65 DATA U+00E9 dev1 -m x -p 'a=é'
refuses 'a content type that is not ASCII is refused' \
    65 DATA 'content type' dev1 -m x --content-type 'é'
for device in 'a b' 'a/b' . .. 'é' "$(printf '%0129d' 0)"; do
    refuses "the device id '$device' is refused" 65 DATA device "$device" -m x
done
broken="a$(printf '\r\nX-Injected: 1')"
for option in "-p n=$broken" "-i $broken" "--correlation-id $broken" "--user-id $broken" \
    "--content-type $broken" "--content-encoding $broken" "-p $broken=1"; do
    refuses "CR and LF are refused in ${option%% *}" 65 DATA 0x0d \
        dev1 -m x "${option%% *}" "${option#* }"
done
refuses 'CR and LF are refused in a device id' 65 DATA 0x0d "$broken" -m x
refuses 'a message id over 128 characters is refused' \
    65 DATA 128 dev1 -m x -i "$(printf '%0129d' 0)"
head -c 70000 /dev/zero >big
refuses 'a body of 70 KB is refused before a request' 17 TOO_LARGE 65536 dev1 -f big
head -c 65536 /dev/zero >full
refuses 'a body of 64 KiB together with its headers is refused as too large' \
    17 TOO_LARGE 65 dev1 -f full
refuses 'send -f with a file that does not exist exits 66 and names it' \
    66 NOINPUT /nonexistent dev1 -f /nonexistent
refuses 'send -f with a folder exits 66' 66 NOINPUT "$HUB" dev1 -f "$HUB"
run c2d-http send dev1 -m x --api-version "$broken"
check 'send refuses CR and LF in --api-version' not is "$CODE" 0
check 'a send that was refused for its --api-version causes no request' nothing_was_asked

# ---- Messages that the hub refuses ----

enqueue '{"deviceId": "dev1", "body": "x", "count": 50}'
run c2d-http send dev1 -m 51
check 'send to a full queue exits 12' fails_with 12 QUEUE_FULL
check 'the error for a full queue names the device, the hub code and purge' says err \
    "c2d-http: error: QUEUE_FULL: device 'dev1' already holds 50 messages" \
    '(HTTP 403, hub code 403004)' \
    'c2d-http: hint: let the device receive, or run: c2d-http purge dev1'
reset_hub
run c2d-http send nobody -m x
check 'send to an unknown device exits 14' fails_with 14 NOT_FOUND
check 'the error for an unknown device quotes its id' says err "'nobody'"

# ---- Lost responses ----

reset_hub
fault '{"operation": "send", "drop": "after"}'
run c2d-http send dev1 -m once -j
check 'a send whose response was lost is retried, with maybeDuplicate in its result' \
    shows '.maybeDuplicate and .attempts == 2 and .status == "enqueued"'
check 'send -j reports a possible duplicate as a warning' jq -e '.level == "warning"' err
check 'both attempts of a send carry the same message id' is "$(state '[.log[]
    | select(.operation == "send") | .headers[] | select(.[0] == "iothub-messageid") | .[1]]
    | "\(length) \(unique | length)"')" '2 1'
run c2d-device receive
check 'receive prints the message id of a retried send for both copies' \
    is "$(jq -r .messageId out | sort -u | wc -l) $(wc -l <out)" '1 2'
reset_hub
fault '{"operation": "send", "drop": "after", "count": -1}'
run c2d-http send dev1 -m once --retries 1 -i lost-1
check 'send exits 25 when no attempt gets a response' fails_with 25 UNKNOWN_OUTCOME
check 'the error for a send in doubt names the message id' says err lost-1
check 'send --retries 1 sends two requests' has_requests send 2
reset_hub
fault '{"operation": "send", "drop": "after", "count": -1}'
run c2d-http send dev1 -m once --retries 0
check 'send --retries 0 exits 25 after one lost response' \
    is "$CODE $(requests send) $(queued dev1)" '25 1 1'
reset_hub
fault '{"operation": "send", "delayMs": 3000}'
run c2d-http send dev1 -m slow --timeout 300ms
check 'send exits 25 when its request gets no response within --timeout' \
    fails_with 25 UNKNOWN_OUTCOME
reset_hub
fault '{"operation": "send", "status": 503, "count": 1}'
run c2d-http send dev1 -m again -j
check 'a send after a 503 is retried without maybeDuplicate' \
    shows '.attempts == 2 and (.maybeDuplicate | not)'
check 'a send that is retried after a 503 prints no warning' is_empty err

# ---- The older form of the request ----

reset_hub
fault '{"operation": "send", "status": 405}'
run c2d-http send dev1 -m older
check 'send uses the older form of the request after a 405 without a hub error code' \
    is "$CODE $(state .log[-1].target | cut -d '?' -f 1) $(queued dev1)" '0 /messages/deviceBound 1'
check 'the older form of a send names the device in iothub-to' \
    is "$(sent_header send iothub-to)" /devices/dev1/messages/deviceBound

# ---- Output that fails after the hub has the message ----

reset_hub
c2d-http send dev1 -m x -i queued >/dev/full 2>err
CODE=$?
check 'send to a full disk exits 74 after the message is queued' is "$CODE $(queued)" '74 1'
check 'send to a full disk says that the message is queued' says err "message 'queued' is queued, but"
c2d-http send dev1 -m x -i queued -j >/dev/full 2>err
check 'send -j to a full disk names the message that is queued in its error' \
    is "$(jq -r .messageId err)" queued
c2d-http purge dev1 --force >/dev/full 2>err
CODE=$?
check 'purge to a full disk exits 74 after the messages are removed' is "$CODE $(queued)" '74 0'
check 'purge to a full disk says how many messages it has removed' \
    says err "2 messages of device 'dev1' are removed, but"
