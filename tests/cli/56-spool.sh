# shellcheck shell=sh
# A message is on the disk of a spool before it is completed at the hub. It leaves the spool only
# after it was handled.
# shellcheck disable=SC2016  # the shells of the handlers expand what is theirs
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

counts() { # completed, rejected, abandoned, still queued
    state '.devices.dev1 | [.completed, .rejected, .abandoned, (.queue | length)] | tostring'
}
kept() {
    find "sp/${1:-new}" -type f | wc -l
}
requests_are_more() { # operation, than
    [ "$(requests "$1")" -gt "$2" ]
}
bodies() {
    find sp/new -name '*.json' | sort | xargs -r jq -r .body | xargs
}
afresh() { # message bodies
    reset_hub
    rm -rf sp
    for body in "$@"; do
        enqueue "{\"deviceId\": \"dev1\", \"messageId\": \"$body\", \"body\": \"$body\"}"
    done
}

# ---- Keeping ----

afresh one two
run c2d-device receive --spool sp
check 'receive --spool exits 0 and prints nothing' ends_silently 0 ''
check 'receive --spool completes each message and writes it to a separate file' \
    is "$(counts) $(bodies)" '[2,0,0,0] one two'
check 'the name of a spool file holds hub and device, sequence number and time' is \
    "$(find sp/new -type f | grep -cE '/[0-9a-f]{16}-0{19}[12]-[0-9]{13}\.json$')" 2
check 'a spool has folders of mode 700 and files of mode 600' is \
    "$(stat -c %a sp sp/new sp/tmp sp/failed sp/new/* | sort | xargs)" '600 600 700 700 700 700'
check 'receive --spool leaves no file in tmp' is "$(kept tmp)" 0
check 'a spool file holds the JSON line that receive prints' is \
    "$(jq -c '[.v, .deviceId, .bodySize, (.lockToken | length > 0)]' sp/new/* | uniq)" \
    '[1,"dev1",3,true]'


afresh one
fault '{"operation": "complete", "drop": "before"}'
run c2d-device receive --spool sp --retries 0
check 'receive --spool keeps a message whose complete fails and exits 20' \
    is "$CODE $(kept) $(queued)" '20 1 1'
set_sim clock '{"advance": 61}'
run c2d-device receive --spool sp
check 'a message that is in the spool already is completed and not written twice' \
    is "$CODE $(kept) $(queued)" '0 1 0'
set_sim clock '{"offset": 0}'

afresh one
fault '{"operation": "complete", "drop": "before"}'
run c2d-device receive --spool sp --retries 0
file=$(find sp/new -type f)
jq -c '.body = "other" | .bodySize = 5' "$file" >changed && cp changed "$file"
set_sim clock '{"advance": 61}'
run c2d-device receive --spool sp
check 'a message with another body than the spool file of its name gets its own file' \
    is "$CODE $(bodies)" '0 other one'
set_sim clock '{"offset": 0}'

afresh one
mkdir -p sp/tmp
owner=$(basename "$file" | cut -d - -f 1)
touch "sp/tmp/$owner-torn" sp/tmp/of-others
run c2d-device receive --spool sp
check 'receive --spool removes from tmp an unfinished file of an earlier run and no other' \
    is "$(find sp/tmp -type f)" sp/tmp/of-others

enqueue '{"deviceId": "dev1", "messageId": "../../up", "body": "x",
    "properties": {"../p": "/etc/passwd"}}'
run c2d-device receive --spool sp
check 'the name of a spool file holds no text of the sender' \
    is "$CODE $(find . -name '*up*' -o -name '*passwd*' | wc -l)" '0 0'
enqueue '{"deviceId": "dev1", "body": "x", "properties": {"Message Type": "odd", "a/b": "1"}}'
run c2d-device receive --spool sp -- sh -c 'echo "$C2D_PROP_MESSAGE_TYPE $C2D_PROP_A_B"'
check 'a handler gets properties whose names are not valid header names' \
    is "$CODE $(tail -n 1 out)" '0 odd 1'

# Without a sequence number two deliveries cannot be recognised as one message.
reset_hub
rm -rf sp
enqueue '{"deviceId": "dev1", "body": "same", "count": 3}'
fault '{"operation": "receive", "omit": ["iothub-sequencenumber", "iothub-enqueuedtime"],
    "count": -1}'
run c2d-device receive --spool sp
check 'receive --spool keeps each of three equal messages without a sequence number' \
    is "$CODE $(kept) $(counts)" '0 3 [3,0,0,0]'

afresh one
run c2d-device receive --spool sp
enqueue '{"deviceId": "dev1", "body": "two"}'
start_run c2d-device poll --spool sp --interval 300ms -q
until_true requests_are_more receive 2
run c2d-device receive --spool sp --no-lock
check 'receive --spool --no-lock exits 0 beside another instance' code_is 0
# Another network namespace has another lock socket.
run unshare -mn sh -c 'mount -t tmpfs none /run/lock && exec c2d-device receive --spool sp'
check 'a second instance with the same spool in another namespace exits 26' \
    ends_silently 26 ''
kill -TERM "$RUN_PID"
finish_run

# ---- Errors while a message is written: nothing is settled ----

afresh one
: >plain
run c2d-device receive --spool plain/sp
check 'receive --spool with a folder that cannot be created exits 73' fails_with 73 CANTCREAT
check 'receive --spool with a file as the folder exits 73 and sends no request' \
    is "$(c2d-device receive --spool plain 2>/dev/null; echo $?) $(all_requests)" '73 0'
if [ "$(id -u)" -eq 0 ] && mkdir disk && mount -t tmpfs -o size=24k tmpfs disk 2>/dev/null; then
    head -c 60000 /dev/zero | tr '\0' x >large
    reset_hub
    c2d-http send dev1 -f large -q
    run c2d-device receive --spool disk/sp
    check 'receive --spool on a full disk exits 74, settles nothing and leaves no file' \
        is "$(fails_with 74 IOERR && is_left 1 && find disk -type f ! -name '*.lock' | wc -l)" 0
    afresh one
    mount -o remount,ro disk
    run c2d-device receive --spool disk/sp
    check 'receive --spool in a read-only folder exits 73 and leaves the message' \
        is "$(fails_with 73 CANTCREAT && is_left 1 && echo left)" left
    umount disk
else
    echo '# skipped: a full disk, for want of the right to mount one'
fi

# ---- Handling ----

reset_hub
rm -rf sp
head -c 60000 /dev/urandom >body
c2d-http send dev1 -f body -p 'Kind=a' -i id1 -q
enqueue '{"deviceId": "dev1", "messageId": "second", "body": "2"}'
run c2d-device receive --spool sp -j -- sh -c 'cat >taken.$C2D_SEQUENCE_NUMBER
    env >seen.$C2D_SEQUENCE_NUMBER; echo "$C2D_MESSAGE_ID"'
check 'receive --spool handles each message once and in order' \
    is "$CODE $(xargs <out)" '0 id1 second'
check 'a handler of a spool gets the body on stdin byte for byte' cmp body taken.1
check 'a handler of a spool gets the message in its environment' \
    says seen.1 C2D_PROP_KIND=a C2D_BODY_SIZE=60000
check 'a handled message leaves the spool' is "$(kept) $(kept failed) $(counts)" '0 0 [2,0,0,0]'
check 'receive --spool -j prints a result line for each handled message' is \
    "$(jq -r '[.messageId, .handlerExit, .settled] | join(" ")' err | xargs)" \
    'id1 0 complete second 0 complete'

afresh one two three
run c2d-device receive --spool sp -- sh -c 'test "$C2D_MESSAGE_ID" != two'
check 'a message whose handler failed stays in the spool, and the later ones are handled' \
    is "$CODE $(bodies)" '22 two'
check 'a failed handler of a spool does not abandon the message at the hub' \
    is "$(counts)" '[3,0,0,0]'
run c2d-device receive --spool sp -- true
check 'the next run handles a message whose handler failed' is "$CODE $(kept)" '0 0'

afresh one two
run c2d-device receive --spool sp -- sh -c 'exit 75'
check 'a handler of a spool that exits 75 ends the run with 22, and all messages stay' \
    is "$CODE $(bodies)" '22 one two'
run c2d-device receive --spool sp -- ./missing
check 'a handler of a spool that does not exist ends the run with 71, and all messages stay' \
    is "$CODE $(bodies)" '71 one two'
check 'the error for a missing handler of a spool says that nothing is lost' \
    says err 'nothing is lost'
run c2d-device receive --spool sp --handler-timeout 1s -- sleep 30
check 'a handler of a spool that exceeds its time-out is stopped, and the messages stay' \
    is "$CODE $(bodies)" '22 one two'
run c2d-device receive --spool sp --reject-code 3 -- sh -c 'exit 3'
check 'a handler of a spool that exits with the --reject-code moves its message to failed' \
    is "$CODE $(kept) $(kept failed)" '0 0 2'

afresh one two
run c2d-device receive --spool sp
printf '{"torn' >"$(find sp/new -type f | sort | head -n 1)"
set_sim faults '{"operation": "receive", "status": 503}'
run c2d-device receive --spool sp --retries 0 -- sh -c 'echo "$C2D_MESSAGE_ID"'
check 'receive --spool handles a kept message although the hub answers 503' is "$(cat out)" two
check 'receive --spool reports a file that holds no message' says err 'cannot be handled'
check 'receive --spool exits 22 and keeps the file that holds no message' is "$CODE $(kept)" '22 1'

afresh one two
run c2d-device receive --spool sp
start_run c2d-device receive --spool sp -- \
    sh -c 'trap "exit 0" TERM; : >started; while :; do sleep 0.1; done'
until_true test -e started
kill -TERM "$RUN_PID"
finish_run
check 'TERM ends receive --spool after its handler, whose message leaves the spool' \
    is "$CODE $(bodies)" '143 two'

afresh one two
fault '{"operation": "complete", "status": 412, "errorNumber": 412002}'
run c2d-device receive --spool sp -- sh -c 'echo "$C2D_MESSAGE_ID" >>once'
set_sim clock '{"advance": 61}'
run c2d-device receive --spool sp -- sh -c 'echo "$C2D_MESSAGE_ID" >>once'
check 'a message whose lock was lost is handled once, by the next run' \
    is "$CODE $(kept) $(xargs <once)" '0 0 two one'
set_sim clock '{"offset": 0}'

afresh one
run c2d-device receive --spool sp
for file in sp/new/*; do
    mv "$file" "sp/new/0000000000000000-${file#*-}"
done
run c2d-device receive --spool sp -- true
check 'receive --spool leaves the files of another device and reports them' \
    is "$CODE $(kept) $(grep -c 'another hub or device' err)" '0 1 1'

afresh one
start_run c2d-device poll --spool sp --interval 300ms -q -- sh -c 'test -e mended'
until_true says err "ended with 1"
touch mended
nothing_is_kept() {
    is "$(kept)" 0
}
until_true nothing_is_kept
enqueue '{"deviceId": "dev1", "body": "more"}'
until_true has_requests complete 2
until_true nothing_is_kept
kill -TERM "$RUN_PID"
finish_run
check 'poll --spool retries a message whose handler failed' is "$(kept)" 0

# ---- A completion in doubt ----

afresh one
fault '{"operation": "complete", "drop": "before"}'
run c2d-device receive --spool sp --retries 0 -- sh -c 'echo run >>runs'
check 'a message whose completion got no response is kept and not handled yet' \
    is "$CODE $(kept) $(test -e runs; echo $?)" '20 1 1'
run c2d-device receive --spool sp -- sh -c 'echo run >>runs'
check 'the next run exits 20 and does not handle a message in doubt before its lock expires' \
    is "$CODE $(kept) $(test -e runs; echo $?)" '20 1 1'
check 'the report on a message in doubt says that it waits for its lock expiry' \
    says err 'in doubt until its lock expires'
set_sim clock '{"advance": 61}'
find sp/new -type f -exec touch -d '1 minute ago' '{}' +
run c2d-device receive --spool sp -- sh -c 'echo run >>runs'
check 'a message in doubt that is delivered again is completed and handled once' \
    is "$CODE $(kept) $(wc -l <runs) $(queued)" '0 0 1 0'
set_sim clock '{"offset": 0}'

for wrong in '-o f' '--format json' '--keep'; do
    # shellcheck disable=SC2086  # several words are wanted
    run c2d-device receive --spool sp $wrong
    check "receive --spool together with $wrong exits 64" fails_with 64 USAGE
done
rm -rf sp
run c2d-device receive --spool sp -n --handler-timeout 2m -- true
check 'a dry run of receive --spool creates no folder and accepts a handler time-out of 2 m' \
    is "$CODE $(test -e sp; echo $?)" '0 1'
