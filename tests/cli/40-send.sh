# shellcheck shell=sh
# Goal: send says what became of the message, never sends what the wire cannot carry, and never
# hides
# that a message may be queued twice.
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

# ---- What it prints (S1) ----

run c2d-http send dev1 -m hi
check 'send prints a random UUID as the message id (S1)' \
    grep -qxE '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}' out
check 'and nothing else, on either stream (S1, E1)' ends_silently 0 "$(head -n 1 out)"
id=$(cat out)
run c2d-http send dev1 -m hi
check 'the next message has another id (S1)' not is "$id" "$(cat out)"
run c2d-http send dev1 -m hi -j -i id-7
check 'send -j prints the result as one object (S1)' shows 'del(.ms) == {"v": 1, "deviceId": "dev1",
    "messageId": "id-7", "status": "enqueued", "httpStatus": 204, "attempts": 1,
    "maybeDuplicate": false} and (.ms | type) == "number"'
IOTHUB_DEVICE_ID=dev1 run c2d-http send -m 'by environment' -q
check 'IOTHUB_DEVICE_ID names the device (6.1)' is "$CODE $(queued dev1)" '0 4'
run c2d-http send dev1 -m hi -p 'Zone=a=b c' -n
check 'a property is cut at its first = (6.1)' says out 'iothub-app-Zone: a=b c'
printf 'GET\n' >file
run c2d-http send dev1 -f file -n
check 'a dry run shows a curl command that takes the body from the file (3)' \
    says out "'curl'" "'--data-binary' '@file'" "'Authorization: <output of c2d-http sas>'"
check 'a dry run sends nothing (3)' is "$(requests send)" 4
run c2d-http send dev1 -m hi -p "it=a'b" -n
check 'in a dry run every word is quoted for the shell (3)' says out "a'\\''b"
reset_hub

# ---- What is refused before the network (S3, F16, F17, F27) ----

refuses 'a property name with a space is refused, and the character named (S3, F27)' 65 DATA \
    'a space at position 8' dev1 -m x -p 'Message Type=1'
refuses 'the property is named too (S3, F27)' 65 DATA 'Message Type' dev1 -m x -p 'Message Type=1'
refuses 'an empty property name is refused (S3)' 65 DATA property dev1 -m x -p =1
refuses 'a property name with a colon is refused (S3)' 65 DATA "':'" dev1 -m x -p a:b=1
refuses 'two properties that differ in case alone are refused (S3)' 65 DATA Kind \
    dev1 -m x -p kind=1 -p Kind=2
refuses 'a value with an outer space is refused (S3)' 65 DATA space dev1 -m x -p 'a= b'
refuses 'a value that is not ASCII is refused (S3)' 65 DATA U+00E9 dev1 -m x -p 'a=é'
refuses 'a content type that is not ASCII is refused (S3)' \
    65 DATA 'content type' dev1 -m x --content-type 'é'
for device in 'a b' 'a/b' . .. 'é' "$(printf '%0129d' 0)"; do
    refuses "the device id '$device' is refused (S3)" 65 DATA device "$device" -m x
done
broken="a$(printf '\r\nX-Injected: 1')"
for option in "-p n=$broken" "-i $broken" "--correlation-id $broken" "--user-id $broken" \
    "--content-type $broken" "--content-encoding $broken" "-p $broken=1"; do
    refuses "CR and LF are refused in ${option%% *} (S3, wire 8)" 65 DATA 0x0d \
        dev1 -m x "${option%% *}" "${option#* }"
done
refuses 'CR and LF are refused in a device id (S3, wire 8)' 65 DATA 0x0d "$broken" -m x
refuses 'an id over 128 characters is refused (S3)' 65 DATA 128 dev1 -m x -i "$(printf '%0129d' 0)"
head -c 70000 /dev/zero >big
refuses '70 KB are refused before the network (F17)' 17 TOO_LARGE 65536 dev1 -f big
head -c 65536 /dev/zero >full
refuses 'body and ids together count (F17, wire 6)' 17 TOO_LARGE 65 dev1 -f full
refuses 'a file that is not there: 66 and its name' 66 NOINPUT /nonexistent dev1 -f /nonexistent
refuses 'a folder is no file: 66' 66 NOINPUT "$HUB" dev1 -f "$HUB"
run c2d-http send dev1 -m x --api-version "$broken"
check 'CR and LF are refused in --api-version (wire 8)' not is "$CODE" 0
check 'and sent nothing (wire 8)' nothing_was_asked

# ---- A full queue, and what else the hub refuses ----

enqueue '{"deviceId": "dev1", "body": "x", "count": 50}'
run c2d-http send dev1 -m 51
check 'message 51: 12 (F16)' fails_with 12 QUEUE_FULL
check 'it says so in the words of the contract (F16, E3)' says err \
    "c2d-http: error: QUEUE_FULL: device 'dev1' already holds 50 messages" \
    '(HTTP 403, hub code 403004)' \
    'c2d-http: hint: let the device receive, or run: c2d-http purge dev1'
reset_hub
run c2d-http send nobody -m x
check 'an unknown device: 14 and its name (4)' fails_with 14 NOT_FOUND
check 'with the id quoted (E3)' says err "'nobody'"

# ---- Lost answers (S2, F18) ----

reset_hub
fault '{"operation": "send", "drop": "after"}'
run c2d-http send dev1 -m once -j
check 'after a lost answer it is sent again, and maybeDuplicate says so (S2, F18)' \
    shows '.maybeDuplicate and .attempts == 2 and .status == "enqueued"'
check 'a warning says so too (S2, F18)' jq -e '.level == "warning"' err
check 'both tries carried the same message id (S2, F18)' is "$(state '[.log[]
    | select(.operation == "send") | .headers[] | select(.[0] == "iothub-messageid") | .[1]]
    | "\(length) \(unique | length)"')" '2 1'
run c2d-device receive
check 'the id that is received is the one that was printed (S2)' \
    is "$(jq -r .messageId out | sort -u | wc -l) $(wc -l <out)" '1 2'
reset_hub
fault '{"operation": "send", "drop": "after", "count": -1}'
run c2d-http send dev1 -m once --retries 1 -i lost-1
check 'no answer to any try: 25 (S2)' fails_with 25 UNKNOWN_OUTCOME
check 'with the message id (S2)' says err lost-1
check 'and two requests for one retry (S2, F34)' has_requests send 2
reset_hub
fault '{"operation": "send", "drop": "after", "count": -1}'
run c2d-http send dev1 -m once --retries 0
check '--retries 0 ends with 25 after one request (S2)' \
    is "$CODE $(requests send) $(queued dev1)" '25 1 1'
reset_hub
fault '{"operation": "send", "delayMs": 3000}'
run c2d-http send dev1 -m slow --timeout 300ms
check 'a send that was written and not answered within --timeout: 25 (4)' \
    fails_with 25 UNKNOWN_OUTCOME
reset_hub
fault '{"operation": "send", "status": 503, "count": 1}'
run c2d-http send dev1 -m again -j
check 'after a 503 it is sent again without any doubt of a duplicate (S2, N3)' \
    shows '.attempts == 2 and (.maybeDuplicate | not)'
check 'and without a warning (E1)' is_empty err

# ---- The older form of the request (wire 4.1) ----

reset_hub
fault '{"operation": "send", "status": 405}'
run c2d-http send dev1 -m older
check 'after a 405 that is not the hub'"'"'s the older form is tried (wire 4.1)' \
    is "$CODE $(state .log[-1].target | cut -d '?' -f 1) $(queued dev1)" '0 /messages/deviceBound 1'
check 'it names the device in iothub-to (wire 4.1)' \
    is "$(sent_header send iothub-to)" /devices/dev1/messages/deviceBound
