# shellcheck shell=sh
# A middlebox that delivers one message again and again does not keep receive busy forever.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
make_cert hub DNS:repeats.test

device_at_hostile() {
    IOTHUB_DEVICE_CONNECTION_STRING='HostName=repeats.test;DeviceId=dev1;SharedAccessKey=a2V5' \
        SSL_CERT_FILE=$PWD/hub.crt run c2d-device "$@" --connect-to "127.0.0.1:$PORT"
}

# Exit code and name of the one error line; records were printed before.
fails_with_output() {
    code_is "$1" && is "$(grep -c "^c2d-device: error: $2: " err)" 1
}

printf 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nETag: "t1"\r\niothub-messageid: m1\r\n%s\r\n\r\nx' \
    'iothub-sequencenumber: 7' >message
printf 'HTTP/1.1 204 No Content\r\n\r\n' >no-content

# More responses than receive should ask for.
start_hostile --cert hub.crt --key hub.key keep:message keep:no-content keep:message keep:no-content \
    keep:message keep:no-content keep:message keep:no-content keep:message keep:no-content
device_at_hostile receive
check 'a message that comes back twice before its lock can expire ends receive with 24' \
    fails_with_output 24 PROTOCOL
check 'the error for a repeated message names it and how often it was delivered' \
    says err "message 'm1' was delivered 2 times more before its lock could expire"
check 'receive prints a repeated message once' is "$(wc -l <out)" 1
check 'receive asks three times when a message is repeated' is "$(heard GET)" 3

start_hostile --cert hub.crt --key hub.key keep:message keep:message keep:message keep:message
device_at_hostile receive --keep
check 'a message that comes back twice before its lock can expire ends receive --keep with 24' \
    fails_with_output 24 PROTOCOL
check 'receive --keep prints a repeated message once and settles nothing' \
    is "$(wc -l <out) $(heard DELETE)" '1 0'

# ---- Feedback ----

records='[{"originalMessageId":"m1","deviceId":"dev1","statusCode":"Success"}]'
printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\nETag: "b1"\r\n\r\n%s' "${#records}" "$records" \
    >batch.http
start_hostile --cert hub.crt --key hub.key keep:batch.http keep:no-content keep:batch.http keep:no-content \
    keep:batch.http keep:no-content keep:batch.http keep:no-content keep:batch.http keep:no-content
IOTHUB_CONNECTION_STRING='HostName=repeats.test;SharedAccessKeyName=service;SharedAccessKey=a2V5' \
    SSL_CERT_FILE=$PWD/hub.crt run c2d-http feedback --connect-to "127.0.0.1:$PORT"
check 'a feedback batch that comes back twice before its lock can expire ends feedback with 24' \
    is "$CODE $(grep -c 'error: PROTOCOL: a batch of 1 records was delivered 2 times' err)" '24 1'
check 'feedback asks three times when a batch is repeated' is "$(heard GET)" 3

# The batch comes twice, and twice more after its lock has expired: a hub may do that.
flags=
is_sanitized && flags=-fsanitize=address,undefined
# shellcheck disable=SC2086  # one word for each flag is wanted
cc -shared -fPIC $flags -o preload.so "$C2D_TESTS/64-preload.c" || exit 1
start_hostile --cert hub.crt --key hub.key keep:batch.http keep:no-content keep:batch.http \
    keep:no-content keep:no-content keep:batch.http keep:no-content keep:batch.http \
    keep:no-content keep:no-content
IOTHUB_CONNECTION_STRING='HostName=repeats.test;SharedAccessKeyName=service;SharedAccessKey=a2V5' \
    SSL_CERT_FILE=$PWD/hub.crt JUMP=$PWD/jump LD_PRELOAD=$PWD/preload.so \
    ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" \
    start_run c2d-http feedback --follow --interval 1s --connect-to "127.0.0.1:$PORT"
heard_gets() {
    [ "$(heard GET)" -ge "$1" ]
}
until_true heard_gets 3
echo 100 >jump
until_true heard_gets 6
check 'a batch that comes back after its lock expired is not counted as repeated' \
    lacks err 'delivered 2 times'
kill -TERM "$RUN_PID"
finish_run

# ---- Messages that are in the spool already ----

{
    printf 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nETag: "t1"\r\niothub-messageid: m1\r\n'
    printf 'iothub-app-gr\366: x\r\niothub-sequencenumber: 7\r\n\r\nx'
} >latin1
start_hostile --cert hub.crt --key hub.key close:latin1
device_at_hostile receive --spool sp --retries 0
start_hostile --cert hub.crt --key hub.key keep:latin1 keep:no-content keep:no-content
device_at_hostile receive --spool sp
check 'a message with a property name that is not UTF-8 is not kept twice' \
    is "$CODE $(find sp/new -type f | wc -l)" '0 1'
