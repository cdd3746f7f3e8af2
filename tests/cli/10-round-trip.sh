# shellcheck shell=sh
# Goal: a message is received byte for byte as it was sent, with every input and output format.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# Each byte value; those over 0x7f are not valid UTF-8.
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
    check "send -f sends the body '$body'" code_is 0
    run c2d-device receive -c 1 --format raw
    check "receive --format raw prints the body '$body' byte for byte" same_bytes $body out
    c2d-http send dev1 -f - <$body >sent
    run c2d-device receive
    decoded out >back
    check "receive prints the body '$body' as JSON without loss" same_bytes $body back
    check "bodySize counts the bytes of '$body'" \
        shows ".bodySize == $(wc -c <$body | tr -d ' ')"
done

c2d-http send dev1 <large >sent
run c2d-device receive -c 1 --format raw
check 'send without -m and -f sends stdin as the body' same_bytes large out
c2d-http send dev1 -m 'no newline' >sent
run c2d-device receive -c 1 --format raw
check 'send -m adds no newline to the body' is "$(od -An -c out | tr -d ' ')" 'nonewline'
run c2d-http send dev1 -m ''
check "send -m '' exits 0" code_is 0
run c2d-device receive
check 'receive prints an empty message with bodyEncoding utf8 and 0 bytes' \
    shows '.bodySize == 0 and .bodyEncoding == "utf8" and .body == ""'

c2d-http send dev1 -f text >sent
run c2d-device receive
check 'receive prints a body of valid UTF-8 with bodyEncoding utf8' shows '.bodyEncoding == "utf8"'
c2d-http send dev1 -f bytes >sent
run c2d-device receive
check 'receive prints a body that is not UTF-8 with bodyEncoding base64' \
    shows '.bodyEncoding == "base64"'

# ---- Properties and system headers ----

run c2d-http send dev1 -m hi -p 'kind=config' -p Zone=a-b.c -i id-1 --correlation-id corr-1 \
    --user-id user-1 --content-type application/json --content-encoding utf-8 --ttl 10m --ack full
check 'send prints the message id and nothing else' ends_silently 0 id-1
run c2d-device receive
check 'the properties of a send are received with the same names and values' \
    shows '.properties == {"kind": "config", "Zone": "a-b.c"}'
check 'the message id, correlation id, user id and ack of a send are received' \
    shows '[.messageId, .correlationId, .userId, .ack] == ["id-1", "corr-1", "user-1", "full"]'
check 'the content type and encoding of a send are received' \
    shows '[.contentType, .contentEncoding] == ["application/json", "utf-8"]'
check 'the expiryTime of a received message is its send time plus --ttl' shows \
    '((.expiryTime[0:19] + "Z" | fromdate) - (.receivedTime | fromdate)) | . > 590 and . <= 601'
check 'lockDeadline is one minute after receivedTime' \
    shows '((.lockDeadline | fromdate) - (.receivedTime | fromdate)) == 60'
check 'a received message has its deviceId, a string as sequenceNumber and a deliveryCount of 0' \
    shows '.deviceId == "dev1" and (.sequenceNumber | type) == "string" and .deliveryCount == 0'
check 'the keys of a received message have the documented order' \
    is "$(jq -r 'keys_unsorted | join(" ")' out)" \
    "v deviceId messageId correlationId userId to sequenceNumber enqueuedTime expiryTime \
deliveryCount ack contentType contentEncoding properties lockToken lockDeadline receivedTime \
bodySize bodyEncoding body"

set_sim clock '{"advance": 20}'
run c2d-http feedback
check 'the feedback on a completed message has the statusCode Success' shows \
    '.v == 1 and .originalMessageId == "id-1" and .deviceId == "dev1" and .statusCode == "Success"'
run c2d-http feedback
check 'a second run of feedback prints nothing' ends_silently 0 ''
set_sim clock '{"offset": 0}'

run c2d-http send dev1 -m plain
c2d-device receive >out
check 'a system header that the message lacks is no key of the JSON line' \
    shows 'has("correlationId") or has("userId") or has("contentType") | not'

# ---- Several messages ----

for i in 1 2 3 4 5 6 7 8 9 10; do
    c2d-http send dev1 -m "$i" -q
done >quiet
check 'send -q prints nothing' is_empty quiet
run c2d-device receive
check 'receive prints all queued messages in their order' \
    is "$(jq -r .body out | tr '\n' ' ')" '1 2 3 4 5 6 7 8 9 10 '
check 'the queue is empty after a receive of all messages' is "$(queued)" 0

enqueue '{"deviceId": "dev1", "body": "n", "count": 3}'
run c2d-device receive -c 2
check 'receive -c N takes N messages and leaves the rest' is "$(wc -l <out) $(queued)" '2 1'
run c2d-device receive
run c2d-device receive
check 'receive from an empty queue exits 0 and prints nothing' ends_silently 0 ''

# ---- Headers that only other senders use ----

enqueue '{"deviceId": "dev1", "body": "x", "messageId": "", "rawHeaders":
    [["iothub-app-a", "1"], ["iothub-app-a", "2"], ["iothub-sequencenumber", "9007199254740993"]]}'
run c2d-device receive
check 'receive takes the last value of a repeated property and lists all in duplicateProperties' \
    shows '.properties.a == "2" and .duplicateProperties == [["a", "1"], ["a", "2"]]'
check 'an empty system header is no key of the JSON line' shows 'has("messageId") | not'
check 'a line with a repeated property and a large sequence number parses with jq' jq -e . out
check 'receive prints a large sequence number digit by digit' \
    shows '.sequenceNumber == "9007199254740993"'

# ---- Device ids ----

# shellcheck disable=SC2016
odd='A-z.0+%_#*?!(),:=@$'\'
set_sim devices "{\"devices\": [{\"deviceId\": \"$odd\", \"key\": \"a2V5\"}]}"
string="HostName=${C2D_SIM_URL#https://};DeviceId=$odd;SharedAccessKey=a2V5"
run c2d-http send "$odd" -m odd
check 'send to a device id of all legal special characters exits 0' code_is 0
run env IOTHUB_DEVICE_CONNECTION_STRING="$string" c2d-device receive
check 'receive of a device id of all legal special characters prints its message' \
    shows ".body == \"odd\" and .deviceId == \"$odd\""
check 'receive of a device id of all legal special characters completes its message' \
    is "$(queued "$odd")" 0

reset_hub
check 'receive on a terminal reports an empty queue' sh -c \
    'script -qec "c2d-device receive" /dev/null | grep -q "no message waits"'
run c2d-device receive
check 'receive without a terminal does not report an empty queue' ends_silently 0 ''
