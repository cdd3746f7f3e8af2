# shellcheck shell=sh
# An error of a kept connection is no error of the hub. A refusal counts by its status and headers.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
make_cert hub DNS:hub.test
# Unique device ids: other runs on this machine may hold the lock of a device.
key=SharedAccessKey=a2V5
string="HostName=hub.test;DeviceId=dev$$;$key"
policy="HostName=hub.test;SharedAccessKeyName=service;$key"
export SSL_CERT_FILE="$PWD/hub.crt" IOTHUB_DEVICE_CONNECTION_STRING="$string"
export IOTHUB_CONNECTION_STRING="$policy"

hostile_tls() {
    start_hostile --cert hub.crt --key hub.key "$@"
}
receive() {
    run c2d-device receive --connect-to "127.0.0.1:$PORT" "$@"
}
send() {
    run c2d-http send dev1 -m x --connect-to "127.0.0.1:$PORT" "$@"
}
{
    printf 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nETag: "lock"\r\niothub-messageid: m1\r\n'
    printf 'iothub-sequencenumber: 1\r\n\r\nx'
} >message
printf 'HTTP/1.1 204 No Content\r\n\r\n' >no-content
printf 'HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n' >lost
printf '0\r\n\r\n' >late

# ---- A connection that a NAT has forgotten ----

# Its requests get no TCP acknowledgement. To notice takes five seconds, so it runs in background.
mkdir silent
hostile --log silent/log --cert hub.crt --key hub.key deaf:message keep:no-content \
    keep:no-content >silent/ready 2>&1 &
PIDS="$PIDS $!"
until_true grep -q ^ready silent/ready || exit 1
{
    IOTHUB_DEVICE_CONNECTION_STRING="HostName=hub.test;DeviceId=silent$$;$key" \
        c2d-device receive --connect-timeout 1s --timeout 20s >silent/out 2>silent/err \
        --connect-to "127.0.0.1:$(cut -d ' ' -f 2 silent/ready)"
    echo $? >silent/code
} &
SILENT=$!

# Receives in the background from a hub whose response NAME/page never ends.
receive_hanging() { # NAME ARGUMENT...
    name=$1
    shift
    hostile --log "$name/log" --cert hub.crt --key hub.key "hang:$name/page" >"$name/ready" 2>&1 &
    PIDS="$PIDS $!"
    until_true grep -q ^ready "$name/ready" || exit 1
    {
        IOTHUB_DEVICE_CONNECTION_STRING="HostName=hub.test;DeviceId=$name$$;$key" \
            c2d-device receive "$@" >"$name/out" 2>"$name/err" \
            --connect-to "127.0.0.1:$(cut -d ' ' -f 2 "$name/ready")"
        echo $? >"$name/code"
    } &
}

# A refusal whose body stalls and has no length.
mkdir hanging
printf 'HTTP/1.1 403 Forbidden\r\n\r\n<html>' >hanging/page
receive_hanging hanging --timeout 25s
HANGING=$!

# A success whose body stalls.
mkdir stalled
printf 'HTTP/1.1 200 OK\r\nETag: "t"\r\nContent-Length: 100\r\n\r\nhalf' >stalled/page
receive_hanging stalled --timeout 55s --retries 0
STALLED=$!

# A refusal whose body with the error code comes shortly after late headers.
mkdir slow
full='{"Message":{"errorCode":"403004"}}'
printf 'HTTP/1.1 403 Forbidden\r\nContent-Length: %s\r\n\r\n%s' "${#full}" "$full" >slow/full
hostile --log slow/log --cert hub.crt --key hub.key late:slow/full >slow/ready 2>&1 &
PIDS="$PIDS $!"
until_true grep -q ^ready slow/ready || exit 1
{
    c2d-http send dev1 -m x --timeout 25s >slow/out 2>slow/err \
        --connect-to "127.0.0.1:$(cut -d ' ' -f 2 slow/ready)"
    echo $? >slow/code
} &
SLOW=$!

# ---- An idle connection ----

flags=
is_sanitized && flags=-fsanitize=address,undefined
# shellcheck disable=SC2086  # one word for each flag is wanted
cc -shared -fPIC $flags -o preload.so "$C2D_TESTS/64-preload.c" || exit 1
preloaded() {
    ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" LD_PRELOAD="$PWD/preload.so" "$@"
}
hostile_tls deaf:message keep:no-content keep:no-content
JUMP=$PWD/jump preloaded receive --retries 0 -- sh -c "echo 40 >'$PWD/jump'"
check 'receive completes over a new connection after a handler of 40 s' \
    is "$CODE $(heard DELETE) $(wc -c <err)" '0 1 0'

# The sanitizers start threads themselves.
if ! is_sanitized; then
    NO_THREADS=1 preloaded run c2d-device receive --retries 0 --connect-to no.invalid:1
    check 'receive reports that no thread can be started to resolve the host name' \
        says err 'NETWORK: cannot start a thread to look up'
    check 'the hint for a thread that cannot be started names TasksMax' says err 'hint: ' TasksMax
fi

# ---- Late bytes ----

hostile_tls keep:message keep:late keep:no-content keep:no-content
receive --retries 1
check 'receive retries a complete over a new connection after late bytes on a kept one' \
    is "$CODE $(heard DELETE)" '0 2'
hostile_tls keep:message keep:late
receive --retries 0
check 'receive --retries 0 exits 20 for late bytes on a reused connection' \
    is "$CODE $(heard DELETE) $(grep -c 'reused connection' err)" '20 1 1'
hostile_tls keep:message keep:no-content keep:late keep:no-content
receive
check 'receive exits 20 and not 24 for late bytes after a complete' \
    is "$CODE $(heard GET) $(heard DELETE)" '20 3 1'
hostile_tls keep:late keep:no-content
receive
check 'receive exits 24 at the first attempt for bytes that are not HTTP on a new connection' \
    is "$CODE $(heard GET)" '24 1'

# ---- Refusals with each framing and end of the body ----

page='<html><title>Blocked</title></html>'
printf 'HTTP/1.1 403 Forbidden\r\nServer: filter\r\n\r\n%s' "$page" >unframed
printf 'HTTP/1.0 403 Forbidden\r\n\r\n%s' "$page" >old
printf 'HTTP/1.1 403 Forbidden\r\nContent-Length: 1000\r\n\r\n%s' "$page" >short
printf 'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n%s' "$page" >chunk
printf 'HTTP/1.1 403 Forbidden\r\nContent-Length: 1\r\nContent-Length: 9\r\n\r\n%s' "$page" >two
{
    printf 'HTTP/1.1 403 Forbidden\r\nContent-Length: 1048577\r\n\r\n'
    head -c 1048577 /dev/zero
} >huge
refused_once() {
    fails_with 77 AUTH && says err 'HTTP 403' && is "$(heard GET) $(heard POST)" "$1"
}
for body in unframed old short chunk two huge; do
    for end in close notify reset; do
        hostile_tls $end:$body
        receive
        check "receive exits 77 at once for a refusal with the body '$body', then $end" \
            refused_once '1 0'
    done
    hostile_tls close:$body
    send
    check "send exits 77 and not 25 for a refusal with the body '$body'" \
        refused_once '0 1'
done
printf 'HTTP/1.1 403 Forbidden\r\nServer: filter\r\n' >no-end
hostile_tls close:no-end
send --retries 0
check 'send exits 25 for a refusal without the end of its headers' fails_with 25 UNKNOWN_OUTCOME
printf 'HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n' >interim
hostile_tls close:interim
send --retries 0
check 'send exits 25 for an interim response alone' fails_with 25 UNKNOWN_OUTCOME

printf 'HTTP/1.1 429 Busy\r\nRetry-After: 1\r\n\r\nlater' >throttled
hostile_tls close:throttled keep:no-content
receive
check 'receive exits 0 after a 429 that ends with its connection and a 204' \
    is "$CODE $(heard GET)" '0 2'
printf 'HTTP/1.1 401 No\r\nDate: %s\r\n\r\n{"Message":' \
    "$(date -u -d '2 hours ago' '+%a, %d %b %Y %T GMT')" >unauthorized
hostile_tls close:unauthorized keep:no-content
receive
check "receive signs a new token by the Date of a 401 that ends with its connection" \
    is "$CODE $(heard GET) $(grep -c 'warning: .*clock' err)" '0 2 1'

# ---- Refusals that may follow an applied request ----

printf 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\ngone' >gateway
hostile_tls close:gateway keep:no-content
send -j
check 'send -j reports maybeDuplicate after a 502 of a gateway' \
    shows '.status == "enqueued" and .attempts == 2 and .maybeDuplicate'
hostile_tls close:gateway close:gateway
send --retries 1
check 'send exits 25 when each attempt gets a 502 of a gateway' fails_with 25 UNKNOWN_OUTCOME
check 'the error for a send in doubt names the 502 of the gateway' says err 'HTTP 502'
hostile_tls keep:message close:gateway keep:lost keep:no-content
receive
check 'receive warns when a complete gets 412 after a 502 of a gateway' \
    says err 'warning: '
check 'receive asks for the next message after a 502 of a gateway to a complete' is "$(heard GET)" 2

# ---- Results of the runs in the background ----

wait "$SLOW"
check 'send exits 12 for a refusal whose body comes shortly after late headers' \
    is "$(cat slow/code) $(grep -c 'QUEUE_FULL' slow/err)" '12 1'
wait "$SILENT"
check 'receive completes over a new connection when the kept one gets no TCP acknowledgement' \
    is "$(cat silent/code) $(grep -ac '^DELETE' silent/log) $(wc -l <silent/out)" '0 1 1'
wait "$STALLED"
check 'receive exits 20 when no byte of a body has come for 30 s' \
    is "$(cat stalled/code) $(grep -c 'no data for 30 s' stalled/err) $(grep -ac '^GET' stalled/log)" \
    '20 1 1'
wait "$HANGING"
check 'receive exits 77 for a refusal whose body never ends' \
    is "$(cat hanging/code) $(grep -ac '^GET' hanging/log)" '77 1'
