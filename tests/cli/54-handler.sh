# shellcheck shell=sh
# The exit status of a handler determines the disposition of its message. A handler sees no secret.
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

ending 'a handler that exits 0 completes its message' 0 '[1,0,0,0]' -- true
ending 'a handler that exits 1 abandons its message once' 22 '[0,0,1,1]' -- false
ending 'a handler that a signal kills abandons its message' 22 '[0,0,1,1]' -- sh -c "kill -9 \$\$"
ending 'a handler that exits with the --reject-code rejects its message' \
    0 '[0,1,0,0]' --reject-code 3 -- sh -c 'exit 3'
ending 'a handler that exits 3 without --reject-code abandons its message' \
    22 '[0,0,1,1]' -- sh -c 'exit 3'
ending 'a handler that exits 75 leaves its message' 22 '[0,0,0,1]' -- sh -c 'exit 75'
ending 'a handler that does not exist ends receive with 71 and leaves the message' \
    71 '[0,0,0,1]' -- ./missing
check 'the hint for a handler that does not exist says when the message comes again' \
    says err 'hint: nothing is lost: the message comes again in a minute'
ending 'a handler that exits 127 ends receive with 71 and leaves the message' \
    71 '[0,0,0,1]' -- sh -c 'exit 127'
: >not-executable
ending 'a handler that is not executable ends receive with 71 and leaves the message' \
    71 '[0,0,0,1]' -- ./not-executable
ending 'a handler that exceeds --handler-timeout is stopped and abandons its message' \
    22 '[0,0,1,1]' --handler-timeout 1s -- sleep 30
ending 'a handler that ignores TERM after --handler-timeout is killed and abandons its message' \
    22 '[0,0,1,1]' --handler-timeout 1s -- sh -c 'trap "" TERM; sleep 8; : >survived; sleep 60'
ending 'a child of a handler that ignores TERM after --handler-timeout is killed' 22 '[0,0,1,1]' \
    --handler-timeout 1s -- sh -c '(trap "" TERM; sleep 8; : >late) & wait'
check 'no handler or child goes on after it was killed' \
    is "$(sleep 3; find . -name survived -o -name late)" ''
ending 'receive does not wait for a daemon that a handler started and that holds stdout' \
    0 '[1,0,0,0]' -- sh -c 'until test -e over; do sleep 0.2; done & exit 0'
check 'receive does not stop a daemon that a handler started' \
    is "$(pgrep -f 'until test -e over' | wc -l)" 1
: >over
one
run env --ignore-signal=CHLD c2d-device receive -- sh -c 'exit 0'
check 'receive waits for its handler although CHLD was ignored at start' \
    is "$CODE $(counts)" '0 [1,0,0,0]'
one
run_traced -e trace=pidfd_open -e inject=pidfd_open:error=EMFILE \
    c2d-device receive --handler-timeout 1s -- sleep 30
check 'a handler that exceeds --handler-timeout is stopped when pidfd_open fails' \
    is "$CODE $(counts)" '22 [0,0,1,1]'

reset_hub
set_sim enqueue '{"deviceId": "dev1", "messageId": "bad", "body": "bad"}'
set_sim enqueue '{"deviceId": "dev1", "messageId": "good", "body": "good"}'
run c2d-device receive -j -- sh -c 'grep -q good'
check 'a message whose handler fails does not hold up the next one' \
    is "$CODE $(counts)" '22 [1,0,1,1]'
check 'receive abandons a failed message after all others are handled' is \
    "$(state '[.log[] | select(.operation != "receive").operation] | join(" ")')" 'complete abandon'
check 'receive -j prints one result line on stderr for each handled message' is \
    "$(jq -r 'select(.settled) | [.messageId, .handlerExit, .settled] | join(" ")' err | xargs)" \
    'good 0 complete bad 1 abandon'

reset_hub
head -c 60000 /dev/urandom >body
c2d-http send dev1 -f body -p 'Kind=a' -p 'x-y=1' -p 'x.y=2' -p C2D=3 -i id1 -q
export C2D_PROP_OLD=stale CANARY=kept https_proxy='http://u:CANARYPW@127.0.0.1:1'
run c2d-device receive -- sh -c 'cat >taken; env >seen; ls /proc/self/fd >fds; pwd'
unset https_proxy C2D_PROP_OLD
check 'a handler gets the body on stdin byte for byte' cmp body taken
check 'a handler gets the message in its environment' \
    says seen C2D_MESSAGE_ID=id1 C2D_BODY_SIZE=60000 \
    C2D_DEVICE_ID=dev1 C2D_PROP_KIND=a C2D_PROP_C2D=3 C2D_SEQUENCE_NUMBER=1 C2D_DELIVERY_COUNT=0
check 'two properties with the same variable name are absent from the environment of a handler' \
    lacks seen C2D_PROP_X_Y
check 'a handler inherits the environment of receive' says seen CANARY=kept
check 'a handler does not inherit a C2D_* variable' lacks seen C2D_PROP_OLD
check 'the environment of a handler holds no secret' \
    lacks seen SharedAccessKey CANARYPW CONNECTION_STRING
check 'the environment of a handler has the proxy without its password' \
    says seen https_proxy=http://127.0.0.1:1
check 'a handler inherits no descriptor above 3' is "$(grep -cvE '^[0123]$' fds)" 0
check 'C2D_MESSAGE_JSON is the message without its body' is \
    "$(sed -n 's/^C2D_MESSAGE_JSON=//p' seen | jq -c '[.messageId, .bodySize, .body]')" \
    '["id1",60000,null]'

# The handler of the last message takes so long that all locks expire.
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
check 'receive does not handle a message twice that is delivered again' \
    is "$(xargs <handled)" 'bad good slow'
check 'receive abandons a failed message once by its newest lock token' \
    is "$(requests abandon) $(state '[.devices.dev1.queue[].deliveryCount] | tostring')" '1 [1]'
check 'receive completes a handled message by its newest lock token and reports the lost lock' \
    is "$CODE $(counts) $(grep -c 'lock of message .slow. was lost' err)" '22 [2,0,1,1] 1'
set_sim clock '{"offset": 0}'

one
run c2d-device receive -- sh -c 'cd / && pwd'
check 'a handler may change its directory' is "$CODE $(counts)" '0 [1,0,0,0]'
c2d-http send dev1 -f body -q
run c2d-device receive -- sh -c 'head -c 30000 >half'
check 'a handler may read half of its body' is "$CODE $(wc -c <half) $(queued)" '0 30000 0'

reset_hub
enqueue '{"deviceId": "dev1", "body": "x", "properties": [["k", "first"], ["k", "last"]]}'
run c2d-device receive -- env
check 'a handler gets the last value of a repeated property' \
    is "$(grep ^C2D_PROP_K= out)" C2D_PROP_K=last

reset_hub
head -c 32000 /dev/zero | tr '\0' x >long
for name in a b c d; do
    echo "\"$name\": \"$(cat long)\""
done | paste -sd , >properties
enqueue "{\"deviceId\": \"dev1\", \"body\": \"x\", \"properties\": {$(cat properties)}}"
run c2d-device receive -- env
check 'a handler environment over 120 KiB lacks the properties and has C2D_TRUNCATED=1' is \
    "$CODE $(grep -cE '^C2D_(MESSAGE_JSON|PROP_)' out) $(grep ^C2D_TRUNCATED= out)" \
    '0 0 C2D_TRUNCATED=1'

one
run c2d-device receive -- head -c 0
check 'a handler may leave its body unread' is "$CODE $(counts)" '0 [1,0,0,0]'

one
start_run c2d-device receive -- sh -c 'trap "exit 0" TERM; : >started; while :; do sleep 0.1; done'
until_true test -e started
kill -TERM "$RUN_PID"
finish_run
check 'receive passes TERM on, and a handler that then exits 0 completes its message' \
    is "$CODE $(counts)" '143 [1,0,0,0]'

rm -f started
one
start_run c2d-device receive -- sh -c 'trap "exit 1" TERM; : >started; while :; do sleep 0.1; done'
until_true test -e started
kill -TERM "$RUN_PID"
finish_run
check 'a handler that exits 1 after TERM leaves its message' is "$CODE $(counts)" '143 [0,0,0,1]'

for wrong in '--' '-o f -- true' '--format json -- true' '--keep -- true' '--reject-code 3' 'true' \
    '--handler-timeout 55s -- true'; do
    # shellcheck disable=SC2086  # several words are wanted
    run c2d-device receive $wrong
    check "receive $wrong exits 64" fails_with 64 USAGE
done
