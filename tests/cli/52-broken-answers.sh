# shellcheck shell=sh
# Goal: a response that is incomplete, or not of a hub, is discarded: nothing of it is used and
# nothing is settled.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim
make_cert hub DNS:hub52.test
string='HostName=hub52.test;DeviceId=dev1;SharedAccessKey=a2V5'
policy='HostName=hub52.test;SharedAccessKeyName=service;SharedAccessKey=a2V5'

# device_at_hostile COMMAND...: against the hostile server instead of the hub.
device_at_hostile() {
    IOTHUB_DEVICE_CONNECTION_STRING=$string SSL_CERT_FILE=$PWD/hub.crt \
        run c2d-device "$@" --connect-to "127.0.0.1:$PORT"
}
send_to_hostile() {
    IOTHUB_CONNECTION_STRING=$policy SSL_CERT_FILE=$PWD/hub.crt \
        run c2d-http send dev1 -m x "$@" --connect-to "127.0.0.1:$PORT"
}
hostile_tls() {
    start_hostile --cert hub.crt --key hub.key "$@"
}

message_answer() {
    printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\nETag: "lock-%s"\r\n' "${#1}" "$1"
    printf 'iothub-messageid: %s\r\niothub-app-of: %s\r\n\r\n%s' "$1" "$1" "$1"
}
message_answer first >first.http
message_answer other >other.http
printf 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n' >no-content
printf 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n' >busy
printf 'HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n' >lost

# A complete response first: it proves that the failures below are due to the cuts.
hostile_tls keep:first.http keep:no-content keep:no-content
device_at_hostile receive
check 'receive prints the message of a complete response of the hostile server' \
    shows '.body == "first"'
check 'receive completes the message of the hostile server by its lock token' \
    says hostile.log 'DELETE /devices/dev1/messages/deviceBound/lock-first'

# ---- Truncated responses ----

lost_and_left() {
    fails_with 20 NETWORK && is_empty out && is "$(heard DELETE) $(heard POST)" '0 0'
}
whole=$(wc -c <first.http)
for cut in 1 8 15 17 30 40 60 $((whole - 7)) $((whole - 6)) $((whole - 5)) $((whole - 1)); do
    for end in notify close reset; do
        head -c $cut first.http >part.http
        hostile_tls $end:part.http
        device_at_hostile receive --retries 0
        check "a response cut after $cut of $whole bytes, then $end, exits 20 and settles nothing" \
            lost_and_left
    done
done
sed 's/^Content-Length.*/X-No-Length: 1\r/' first.http >unframed
for end in notify close; do
    hostile_tls $end:unframed
    device_at_hostile receive --retries 0
    check "a response body without a length, then $end, exits 20 and settles nothing" lost_and_left
done
hostile_tls close:
device_at_hostile receive --retries 0
check 'a connection closed without a response exits 20 and settles nothing' lost_and_left
printf 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: "t"\r\n\r\n5\r\nhel' >part.http
hostile_tls close:part.http
device_at_hostile receive --retries 0
check 'a response cut within a chunk exits 20 and settles nothing' lost_and_left
{
    printf 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: "t"\r\n\r\n'
    printf '3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n'
} >chunked
hostile_tls keep:chunked keep:no-content keep:no-content
device_at_hostile receive
check 'receive prints the message of a complete chunked response' shows '.body == "hello"'

head -c $((whole - 2)) first.http >part.http
hostile_tls close:part.http keep:other.http keep:no-content keep:no-content
device_at_hostile receive
check 'receive does not mix a truncated response with the complete one after it' shows \
    '.body == "other" and .messageId == "other" and .properties == {"of": "other"}'
check 'receive completes only the message of the complete response' \
    is "$(grep -a '^DELETE' hostile.log | grep -ao 'lock-[a-z]*')" lock-other

# ---- A lost response may have locked a message ----

reset_hub
enqueue '{"deviceId": "dev1", "body": "x"}'
fault '{"operation": "receive", "drop": "after"}'
run c2d-device receive
check 'receive exits 20 when a response is lost and the retry gets 204' fails_with 20 NETWORK
check 'the error for a lost response says that a message may be locked for a minute' \
    says err 'locked for a minute'
check 'a receive whose response was lost settles nothing' is_left 1
reset_hub
enqueue '{"deviceId": "dev1", "body": "x", "count": 2}'
fault '{"operation": "receive", "drop": "after"}'
run c2d-device receive
check 'receive completes the message that comes after a lost response and exits 20' \
    is "$CODE $(wc -l <out) $(queued)" '20 1 1'

# ---- One request for each attempt ----

hostile_tls keep:first.http close: keep:no-content keep:no-content
device_at_hostile receive --retries 0
check 'receive --retries 0 sends a complete on a dead kept connection once' is "$(heard DELETE)" 1
check 'receive exits 20 when a complete gets no response on a dead kept connection' \
    is "$CODE $(wc -l <out)" '20 1'
hostile_tls keep:first.http close: keep:no-content keep:no-content
device_at_hostile receive --retries 1
check 'receive --retries 1 sends a complete on a dead kept connection twice and exits 0' \
    is "$CODE $(heard DELETE)" '0 2'
hostile_tls keep:first.http close: keep:lost keep:no-content
device_at_hostile receive --retries 1
check 'receive exits 0 with a warning when the retry of a complete gets 412' \
    is "$CODE $(heard DELETE) $(grep -c warning err)" '0 2 1'
hostile_tls keep:busy close: keep:no-content
send_to_hostile --retries 1
check 'send --retries 1 on a dead kept connection sends one request for each attempt' \
    is "$CODE $(heard POST)" '25 2'
hostile_tls keep:busy close: keep:no-content
send_to_hostile --retries 2 -j
check 'send counts three attempts on a dead kept connection, with maybeDuplicate' \
    shows '.attempts == 3 and .maybeDuplicate'
check 'the server hears each of three attempts of send once' is "$(heard POST)" 3

# ---- Responses that are not of a hub (24) ----

not_used() {
    fails_with 24 PROTOCOL && is_empty out && is_left 1
}
strange() {
    reset_hub
    enqueue '{"deviceId": "dev1", "body": "x"}'
    fault "$2"
    run c2d-device receive --retries 0
    check "$1" not_used
}
strange 'receive exits 24 and settles nothing for a 200 without ETag' \
    '{"operation": "receive", "omit": ["ETag"]}'
strange "receive exits 24 and settles nothing for the page of a login portal" \
    '{"operation": "receive", "html": true}'
strange 'receive exits 24 and settles nothing for bytes that are not HTTP' \
    '{"operation": "receive", "garbage": true}'
strange 'receive exits 24 for a status that no hub sends' '{"operation": "receive", "status": 206}'
long=$(head -c 70000 /dev/zero | tr '\0' y)
strange 'receive exits 24 for a header block over 128 KiB' \
    "{\"operation\": \"receive\", \"headers\": [[\"X\", \"$long\"], [\"Y\", \"$long\"]]}"
strange 'receive exits 24 for over 1000 headers' "{\"operation\": \"receive\", \"headers\":
    [$(awk 'BEGIN { for (i = 0; i < 1000; i++) printf "[\"h%d\",\"\"],", i }')[\"Y\", \"\"]]}"
{
    printf 'HTTP/1.1 200 OK\r\nETag: "t"\r\nContent-Length: 1048577\r\n\r\n'
    head -c 1048577 /dev/zero
} >huge
hostile_tls keep:huge
device_at_hostile receive --retries 0
check 'receive exits 24 and settles nothing for a body over 1 MiB' \
    is "$CODE $(heard DELETE) $(wc -c <out)" '24 0 0'
printf 'HTTP/1.1 200 OK\r\nETag: "t"\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!' >two
hostile_tls keep:two
device_at_hostile receive --retries 0
check 'receive prints and settles nothing for a response with two lengths' \
    is "$(heard DELETE) $(wc -c <out)" '0 0'
check 'receive does not exit 0 for a response with two lengths' not is "$CODE" 0

# ---- Unusual but valid responses ----

reset_hub
enqueue '{"deviceId": "dev1", "body": "x", "messageId": "m", "properties": {"Kind": "K"}}'
fault '{"operation": "any", "count": -1, "lowerCase": true}'
run c2d-device receive
check 'receive reads lower-case header names' shows '.messageId == "m" and .properties.kind == "K"'
check 'receive completes a message with lower-case header names' is "$(queued)" 0
fault '{"clear": true}'
enqueue '{"deviceId": "dev1", "body": "slowly", "messageId": "m"}'
fault '{"operation": "receive", "trickle": true}'
run c2d-device receive
check 'receive reads a response that arrives byte by byte' shows '.body == "slowly"'
