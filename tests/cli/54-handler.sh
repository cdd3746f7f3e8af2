# shellcheck shell=sh
# A handler's end says what becomes of its message (7.3, H1-H3, R6), and it sees no secret.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

counts() { # completed, rejected, abandoned, still queued
    state '.devices.dev1 | [.completed, .rejected, .abandoned, (.queue | length)] | tostring'
}

one() {
    reset_hub
    enqueue '{"deviceId": "dev1", "messageId": "m", "body": "x"}'
}

# ending SENTENCE CODE COUNTS HANDLER...
ending() {
    sentence=$1 code=$2 expected=$3
    shift 3
    one
    run c2d-device receive "$@"
    check "$sentence" is "$CODE $(counts)" "$code $expected"
}

ending 'a handler that ends with 0 completes' 0 '[1,0,0,0]' -- true
ending 'a handler that ends with 1 abandons, once' 22 '[0,0,1,1]' -- false
ending 'a handler that dies of a signal abandons (F4)' 22 '[0,0,1,1]' -- sh -c "kill -9 \$\$"
ending 'the code of --reject-code rejects' 0 '[0,1,0,0]' --reject-code 3 -- sh -c 'exit 3'
ending 'no code rejects unless it is named' 22 '[0,0,1,1]' -- sh -c 'exit 3'
ending 'a handler that ends with 75 leaves' 22 '[0,0,0,1]' -- sh -c 'exit 75'
ending 'a handler that is missing leaves, and stops (F7)' 71 '[0,0,0,1]' -- ./missing
ending 'a handler that ends with 127 leaves, and stops' 71 '[0,0,0,1]' -- sh -c 'exit 127'
: >not-executable
ending 'a handler that cannot be executed leaves, and stops' 71 '[0,0,0,1]' -- ./not-executable
ending 'a handler that takes too long is stopped, and abandons (F5)' 22 '[0,0,1,1]' \
    --handler-timeout 1s -- sleep 30
ending 'a handler that ignores TERM is killed' 22 '[0,0,1,1]' \
    --handler-timeout 1s -- sh -c 'trap "" TERM; sleep 8; : >survived; sleep 60'
ending 'so is what it has started, when it has ended itself' 22 '[0,0,1,1]' \
    --handler-timeout 1s -- sh -c '(trap "" TERM; sleep 8; : >late) & wait'
check 'neither is left to go on while its message is handed out again' \
    is "$(sleep 3; find . -name survived -o -name late)" ''
ending 'a handler that leaves a daemon behind, which holds stdout, is not waited for' \
    0 '[1,0,0,0]' -- sh -c 'until test -e over; do sleep 0.2; done & exit 0'
check 'nor stopped' is "$(pgrep -f 'until test -e over' | wc -l)" 1
: >over
one
run env --ignore-signal=CHLD c2d-device receive -- sh -c 'exit 0'
check 'where CHLD was ignored at start a handler is waited for all the same' \
    is "$CODE $(counts)" '0 [1,0,0,0]'
one
run_traced -e trace=pidfd_open -e inject=pidfd_open:error=EMFILE \
    c2d-device receive --handler-timeout 1s -- sleep 30
check 'a handler that cannot be watched is stopped in time, too' is "$CODE $(counts)" '22 [0,0,1,1]'

reset_hub
set_sim enqueue '{"deviceId": "dev1", "messageId": "bad", "body": "bad"}'
set_sim enqueue '{"deviceId": "dev1", "messageId": "good", "body": "good"}'
run c2d-device receive -j -- sh -c 'grep -q good'
check 'a failed message does not hold up those behind it (R6, F3, F35)' \
    is "$CODE $(counts)" '22 [1,0,1,1]'
check 'it is abandoned after the drain' is \
    "$(state '[.log[] | select(.operation != "receive").operation] | join(" ")')" 'complete abandon'
check 'each message has a result line on stderr (H3)' is \
    "$(jq -r 'select(.settled) | [.messageId, .handlerExit, .settled] | join(" ")' err | xargs)" \
    'good 0 complete bad 1 abandon'

reset_hub
head -c 60000 /dev/urandom >body
c2d-http send dev1 -f body -p 'Kind=a' -p 'x-y=1' -p 'x.y=2' -p C2D=3 -i id1 -q
export C2D_PROP_OLD=stale CANARY=kept https_proxy='http://u:CANARYPW@127.0.0.1:1'
run c2d-device receive -- sh -c 'cat >taken; env >seen; ls /proc/self/fd >fds; pwd'
unset https_proxy C2D_PROP_OLD
check 'the body is on stdin, byte for byte (H1)' cmp body taken
check 'the message is in the environment (H2)' says seen C2D_MESSAGE_ID=id1 C2D_BODY_SIZE=60000 \
    C2D_DEVICE_ID=dev1 C2D_PROP_KIND=a C2D_PROP_C2D=3 C2D_SEQUENCE_NUMBER=1 C2D_DELIVERY_COUNT=0
check 'of two properties that clash neither is (H2)' lacks seen C2D_PROP_X_Y
check 'our own environment is inherited, but for C2D_*' says seen CANARY=kept
check 'a stale C2D_* variable is not' lacks seen C2D_PROP_OLD
check 'no secret is in it (C7)' lacks seen SharedAccessKey CANARYPW CONNECTION_STRING
check 'the proxy is, without its password' says seen https_proxy=http://127.0.0.1:1
check 'other files are closed (H1)' is "$(grep -cvE '^[0123]$' fds)" 0
check 'C2D_MESSAGE_JSON is the message without its body' is \
    "$(sed -n 's/^C2D_MESSAGE_JSON=//p' seen | jq -c '[.messageId, .bodySize, .body]')" \
    '["id1",60000,null]'

# The handler of the last message takes so long that all locks lapse.
reset_hub
for id in bad good slow; do
    set_sim enqueue "{\"deviceId\": \"dev1\", \"messageId\": \"$id\", \"body\": \"$id\"}"
done
cat >slow.sh <<'X'
echo "$C2D_MESSAGE_ID" >>handled
[ "$C2D_MESSAGE_ID" != good ] || exec sleep 0
[ "$C2D_MESSAGE_ID" != slow ] || exec curl -sS --cacert "$SSL_CERT_FILE" \
    -d '{"advance": 61}' "$URL/_sim/clock"
exit 1
X
export URL="$C2D_SIM_URL"
run c2d-device receive -- sh slow.sh
check 'what comes again within the drain is not handled again (R6)' \
    is "$(xargs <handled)" 'bad good slow'
check 'a failed message is abandoned once, by its newest lock token (R6)' \
    is "$(requests abandon) $(state '[.devices.dev1.queue[].deliveryCount] | tostring')" '1 [1]'
check 'one that is done is completed by its newest one, and the lost lock is told (R4)' \
    is "$CODE $(counts) $(grep -c 'lock of message .slow. was lost' err)" '22 [2,0,1,1] 1'
set_sim clock '{"offset": 0}'

one
run c2d-device receive -- sh -c 'cd / && pwd'
check 'a handler may change its directory' is "$CODE $(counts)" '0 [1,0,0,0]'
c2d-http send dev1 -f body -q
run c2d-device receive -- sh -c 'head -c 30000 >half'
check 'and read half of its body (H1)' is "$CODE $(wc -c <half) $(queued)" '0 30000 0'

reset_hub
enqueue '{"deviceId": "dev1", "body": "x", "properties": [["k", "first"], ["k", "last"]]}'
run c2d-device receive -- env
check 'of a property given twice the last one counts, for every reader (J3)' \
    is "$(grep ^C2D_PROP_K= out)" C2D_PROP_K=last

reset_hub
head -c 32000 /dev/zero | tr '\0' x >long
for name in a b c d; do
    echo "\"$name\": \"$(cat long)\""
done | paste -sd , >properties
enqueue "{\"deviceId\": \"dev1\", \"body\": \"x\", \"properties\": {$(cat properties)}}"
run c2d-device receive -- env
check 'an environment over 120 KiB is cut, and says so (H2)' is \
    "$CODE $(grep -cE '^C2D_(MESSAGE_JSON|PROP_)' out) $(grep ^C2D_TRUNCATED= out)" \
    '0 0 C2D_TRUNCATED=1'

one
run c2d-device receive -- head -c 0
check 'a handler may leave its body unread (H1)' is "$CODE $(counts)" '0 [1,0,0,0]'

one
start_run c2d-device receive -- sh -c 'trap "exit 0" TERM; : >started; while :; do sleep 0.1; done'
until_true test -e started
kill -TERM "$RUN_PID"
finish_run
check 'a signal is passed on, and a handler that ends with 0 then completes (Q2)' \
    is "$CODE $(counts)" '143 [1,0,0,0]'

rm -f started
one
start_run c2d-device receive -- sh -c 'trap "exit 1" TERM; : >started; while :; do sleep 0.1; done'
until_true test -e started
kill -TERM "$RUN_PID"
finish_run
check 'any other end after a signal leaves the message (Q2)' is "$CODE $(counts)" '143 [0,0,0,1]'

for wrong in '--' '-o f -- true' '--format json -- true' '--keep -- true' '--reject-code 3' 'true' \
    '--handler-timeout 55s -- true'; do
    # shellcheck disable=SC2086  # several words are wanted
    run c2d-device receive $wrong
    check "what does not go together is 64: receive $wrong" fails_with 64 USAGE
done
