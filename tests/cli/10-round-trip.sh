# shellcheck shell=sh
# Goal: what is sent is what is received, byte for byte, whichever way in and out.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# Each byte value, the last ones not even UTF-8.
all_bytes() {
    awk 'BEGIN { for (i = 0; i < 256; i++) printf "\\%03o", i }' | xargs -0 printf
}

same_bytes() {
    cmp "$1" "$2"
}

# The body of the JSON line in a file, decoded.
decoded() {
    if [ "$(jq -r .bodyEncoding "$1")" = base64 ]; then
        jq -r .body "$1" | base64 -d
    else
        jq -j .body "$1"
    fi
}

all_bytes >bytes
: >empty
printf x >one
head -c 65000 /dev/urandom >large
printf 'gr\303\274\303\237e \360\237\230\200 "\\\n' >text
is "$(wc -c <bytes)" 256 || echo "not ok - the test makes 256 bytes"

for body in bytes empty one large text; do
    run c2d-http send dev1 -f $body
    check "send -f takes the body '$body' (6.1)" code_is 0
    run c2d-device receive -c 1 --format raw
    check "raw gives the body '$body' back byte for byte (7.1, R7)" same_bytes $body out
    c2d-http send dev1 -f - <$body >sent
    run c2d-device receive
    decoded out >back
    check "json gives the body '$body' back byte for byte (J1, R7)" same_bytes $body back
    check "bodySize counts the bytes of '$body' (7.4)" \
        shows ".bodySize == $(wc -c <$body | tr -d ' ')"
done

c2d-http send dev1 <large >sent
run c2d-device receive -c 1 --format raw
check 'stdin without -f is the body (6.1)' same_bytes large out
c2d-http send dev1 -m 'no newline' >sent
run c2d-device receive -c 1 --format raw
check '-m adds no newline (6.1)' is "$(od -An -c out | tr -d ' ')" 'nonewline'
run c2d-http send dev1 -m ''
check "-m '' sends an empty message (6.1)" code_is 0
run c2d-device receive
check 'an empty message is a message, utf8 and 0 bytes (R7, J1)' \
    shows '.bodySize == 0 and .bodyEncoding == "utf8" and .body == ""'

c2d-http send dev1 -f text >sent
run c2d-device receive
check 'valid UTF-8 is shown as utf8 (J1)' shows '.bodyEncoding == "utf8"'
c2d-http send dev1 -f bytes >sent
run c2d-device receive
check 'other bytes are shown as base64 (J1)' shows '.bodyEncoding == "base64"'

# ---- What goes with the body ----

run c2d-http send dev1 -m hi -p 'kind=config' -p Zone=a-b.c -i id-1 --correlation-id corr-1 \
    --user-id user-1 --content-type application/json --content-encoding utf-8 --ttl 10m --ack full
check 'send prints the message id and nothing else (S1)' ends_silently 0 id-1
run c2d-device receive
check 'properties arrive with names and values as they were (6.1, 7.4)' \
    shows '.properties == {"kind": "config", "Zone": "a-b.c"}'
check 'ids, user and ack arrive (6.1, 7.4)' \
    shows '[.messageId, .correlationId, .userId, .ack] == ["id-1", "corr-1", "user-1", "full"]'
check 'content type and encoding arrive (6.1, 7.4)' \
    shows '[.contentType, .contentEncoding] == ["application/json", "utf-8"]'
check 'the message expires when --ttl is over (6.1)' shows \
    '((.expiryTime[0:19] + "Z" | fromdate) - (.receivedTime | fromdate)) | . > 590 and . <= 601'
check 'the lock ends a minute after the request (7.4)' \
    shows '((.lockDeadline | fromdate) - (.receivedTime | fromdate)) == 60'
check 'deviceId is the device, and the sequence number a string (7.4, J2)' \
    shows '.deviceId == "dev1" and (.sequenceNumber | type) == "string" and .deliveryCount == 0'
check 'keys stand in the order of the contract (7.4)' \
    is "$(jq -r 'keys_unsorted | join(" ")' out)" \
    "v deviceId messageId correlationId userId to sequenceNumber enqueuedTime expiryTime \
deliveryCount ack contentType contentEncoding properties lockToken lockDeadline receivedTime \
bodySize bodyEncoding body"

set_sim clock '{"advance": 20}'
run c2d-http feedback
check 'the feedback on it says Success (F1, F2)' shows \
    '.v == 1 and .originalMessageId == "id-1" and .deviceId == "dev1" and .statusCode == "Success"'
run c2d-http feedback
check 'feedback that was read is gone (F1)' ends_silently 0 ''
set_sim clock '{"offset": 0}'

run c2d-http send dev1 -m plain
c2d-device receive >out
check 'absent system headers are absent keys (7.4)' \
    shows 'has("correlationId") or has("userId") or has("contentType") | not'

# ---- Many ----

for i in 1 2 3 4 5 6 7 8 9 10; do
    c2d-http send dev1 -m "$i" -q
done >quiet
check 'send -q prints nothing (S1)' is_empty quiet
run c2d-device receive
check 'one drain takes all that waits, in order (F2)' \
    is "$(jq -r .body out | tr '\n' ' ')" '1 2 3 4 5 6 7 8 9 10 '
check 'after the drain the queue is empty (R1)' is "$(queued)" 0

enqueue '{"deviceId": "dev1", "body": "n", "count": 3}'
run c2d-device receive -c 2
check '-c N takes N messages and leaves the rest (7.1)' is "$(wc -l <out) $(queued)" '2 1'
run c2d-device receive
run c2d-device receive
check 'an empty drain ends with 0 and says nothing (4)' ends_silently 0 ''

# ---- What only other senders send ----

enqueue '{"deviceId": "dev1", "body": "x", "messageId": "", "rawHeaders":
    [["iothub-app-a", "1"], ["iothub-app-a", "2"], ["iothub-sequencenumber", "9007199254740993"]]}'
run c2d-device receive
check 'of a property given twice the last one wins and both are listed (J3)' shows \
    '.properties.a == "2" and .duplicateProperties == [["a", "1"], ["a", "2"]]'
check 'an empty system header is an absent key (7.4)' shows 'has("messageId") | not'
run jq -e . out
check 'every line parses with jq (J4)' code_is 0

# ---- Device ids (F26) ----

# shellcheck disable=SC2016
odd='A-z.0+%_#*?!(),:=@$'\'
set_sim devices "{\"devices\": [{\"deviceId\": \"$odd\", \"key\": \"a2V5\"}]}"
string="HostName=${C2D_SIM_URL#https://};DeviceId=$odd;SharedAccessKey=a2V5"
run c2d-http send "$odd" -m odd
check 'a device id with every legal character is sent to (F26)' code_is 0
run env IOTHUB_DEVICE_CONNECTION_STRING="$string" c2d-device receive
check 'and such a device receives (F26)' shows ".body == \"odd\" and .deviceId == \"$odd\""
check 'and its message is completed (F26)' is "$(queued "$odd")" 0

reset_hub
check 'on a terminal an empty queue is said to be empty' sh -c \
    'script -qec "c2d-device receive" /dev/null | grep -q "no message waits"'
run c2d-device receive
check 'and nowhere else (X3)' ends_silently 0 ''
