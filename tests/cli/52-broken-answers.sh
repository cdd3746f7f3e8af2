# shellcheck shell=sh
# Goal: an answer that is not whole, or not a hub's, counts for nothing: nothing of it is used and
# nothing is settled (N0-N2, R6, R7, F14, F15, F31, F33, F34, F36).
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

# A whole answer first: else none of the failures below would prove anything.
hostile_tls keep:first.http keep:no-content keep:no-content
device_at_hostile receive
check 'a whole answer of the hostile server is a message (N0)' shows '.body == "first"'
check 'and is completed by its lock token' \
    says hostile.log 'DELETE /devices/dev1/messages/deviceBound/lock-first'

# ---- Cut answers (N0, F33) ----

lost_and_left() {
    fails_with 20 NETWORK && is_empty out && is "$(heard DELETE) $(heard POST)" '0 0'
}
whole=$(wc -c <first.http)
for cut in 1 8 15 17 30 40 60 $((whole - 7)) $((whole - 6)) $((whole - 5)) $((whole - 1)); do
    for end in notify close reset; do
        head -c $cut first.http >part.http
        hostile_tls $end:part.http
        device_at_hostile receive --retries 0
        check "an answer cut after $cut of $whole bytes, then $end, is lost (N0, F33)" lost_and_left
    done
done
sed 's/^Content-Length.*/X-No-Length: 1\r/' first.http >unframed
for end in notify close; do
    hostile_tls $end:unframed
    device_at_hostile receive --retries 0
    check "a body without length, then $end, is lost (N0, F33)" lost_and_left
done
hostile_tls close:
device_at_hostile receive --retries 0
check 'no answer at all is lost' lost_and_left
printf 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: "t"\r\n\r\n5\r\nhel' >part.http
hostile_tls close:part.http
device_at_hostile receive --retries 0
check 'a cut chunk is lost (N0)' lost_and_left
{
    printf 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: "t"\r\n\r\n'
    printf '3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n'
} >chunked
hostile_tls keep:chunked keep:no-content keep:no-content
device_at_hostile receive
check 'a chunked answer that is whole is a message (N0)' shows '.body == "hello"'

head -c $((whole - 2)) first.http >part.http
hostile_tls close:part.http keep:other.http keep:no-content keep:no-content
device_at_hostile receive
check 'a broken answer and a good one after it never mix (F31)' shows \
    '.body == "other" and .messageId == "other" and .properties == {"of": "other"}'
check 'only the whole one is completed (F31)' \
    is "$(grep -a '^DELETE' hostile.log | grep -ao 'lock-[a-z]*')" lock-other

# ---- An answer that was lost may have locked a message (R6, F36) ----

reset_hub
enqueue '{"deviceId": "dev1", "body": "x"}'
fault '{"operation": "receive", "drop": "after"}'
run c2d-device receive
check 'a lost answer, then 204: 20 and not an empty queue (R6, F36)' fails_with 20 NETWORK
check 'it says that a message may be locked for a minute (R6, F36)' says err 'locked for a minute'
check 'nothing was settled' is_left 1
reset_hub
enqueue '{"deviceId": "dev1", "body": "x", "count": 2}'
fault '{"operation": "receive", "drop": "after"}'
run c2d-device receive
check 'what came behind it is received and completed all the same (R6)' \
    is "$CODE $(wc -l <out) $(queued)" '20 1 1'

# ---- One request for one try (N0, F34) ----

hostile_tls keep:first.http close: keep:no-content keep:no-content
device_at_hostile receive --retries 0
check 'a complete on a dead kept connection goes over the wire once (F34)' is "$(heard DELETE)" 1
check 'and ends as a lost answer' is "$CODE $(wc -l <out)" '20 1'
hostile_tls keep:first.http close: keep:no-content keep:no-content
device_at_hostile receive --retries 1
check 'with one retry it goes twice, and that is a warning (F34, R4)' \
    is "$CODE $(heard DELETE)" '0 2'
hostile_tls keep:first.http close: keep:lost keep:no-content
device_at_hostile receive --retries 1
check 'then 412: it was our first try, 0 and a warning (R4)' \
    is "$CODE $(heard DELETE) $(grep -c warning err)" '0 2 1'
hostile_tls keep:busy close: keep:no-content
send_to_hostile --retries 1
check 'a send on a dead kept connection goes over the wire once for each try (F34)' \
    is "$CODE $(heard POST)" '25 2'
hostile_tls keep:busy close: keep:no-content
send_to_hostile --retries 2 -j
check 'each of three tries is counted (F34)' shows '.attempts == 3 and .maybeDuplicate'
check 'and heard once' is "$(heard POST)" 3

# ---- Not a hub's answers (24) ----

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
strange '200 without ETag: 24 and nothing is settled (R7)' \
    '{"operation": "receive", "omit": ["ETag"]}'
strange "a login portal's page: 24 and nothing is settled (F14)" \
    '{"operation": "receive", "html": true}'
strange 'bytes that are not HTTP: 24 and nothing is settled (4)' \
    '{"operation": "receive", "garbage": true}'
strange 'an answer that no hub gives: 24' '{"operation": "receive", "status": 206}'
long=$(head -c 70000 /dev/zero | tr '\0' y)
strange 'a header block over 128 KiB: 24 (N2)' \
    "{\"operation\": \"receive\", \"headers\": [[\"X\", \"$long\"], [\"Y\", \"$long\"]]}"
strange 'over 1000 headers: 24 (N2)' "{\"operation\": \"receive\", \"headers\":
    [$(awk 'BEGIN { for (i = 0; i < 1000; i++) printf "[\"h%d\",\"\"],", i }')[\"Y\", \"\"]]}"
{
    printf 'HTTP/1.1 200 OK\r\nETag: "t"\r\nContent-Length: 1048577\r\n\r\n'
    head -c 1048577 /dev/zero
} >huge
hostile_tls keep:huge
device_at_hostile receive --retries 0
check 'a body over 1 MiB: 24 and nothing is settled (N2)' \
    is "$CODE $(heard DELETE) $(wc -c <out)" '24 0 0'
printf 'HTTP/1.1 200 OK\r\nETag: "t"\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!' >two
hostile_tls keep:two
device_at_hostile receive --retries 0
check 'an answer with two lengths: refused, nothing is settled (N0)' \
    is "$(heard DELETE) $(wc -c <out)" '0 0'
check 'with a code that says so' not is "$CODE" 0

# ---- Odd, but fine ----

reset_hub
enqueue '{"deviceId": "dev1", "body": "x", "messageId": "m", "properties": {"Kind": "K"}}'
fault '{"operation": "any", "count": -1, "lowerCase": true}'
run c2d-device receive
check 'lower-case header names are read (F15)' shows '.messageId == "m" and .properties.kind == "K"'
check 'and the message is completed (F15)' is "$(queued)" 0
fault '{"clear": true}'
enqueue '{"deviceId": "dev1", "body": "slowly", "messageId": "m"}'
fault '{"operation": "receive", "trickle": true}'
run c2d-device receive
check 'an answer that comes byte by byte is whole in the end (N0)' shows '.body == "slowly"'
