# shellcheck shell=sh
# What a spool keeps is on the disk before the hub forgets it (P1), and leaves it only when it was
# handled (P2).
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

# ---- Keeping (P1) ----

afresh one two
run c2d-device receive --spool sp
check 'kept and completed, with nothing on stdout' ends_silently 0 ''
check 'each message is a file of its own' is "$(counts) $(bodies)" '[2,0,0,0] one two'
check 'a name is hub and device, sequence number and time' is \
    "$(find sp/new -type f | grep -cE '/[0-9a-f]{16}-0{19}[12]-[0-9]{13}\.json$')" 2
check 'folders are 700 and files 600' is \
    "$(stat -c %a sp sp/new sp/tmp sp/failed sp/new/* | sort | xargs)" '600 600 700 700 700 700'
check 'nothing stays unfinished' is "$(kept tmp)" 0
check 'a file is the line that receive prints' is \
    "$(jq -c '[.v, .deviceId, .bodySize, (.lockToken | length > 0)]' sp/new/* | uniq)" \
    '[1,"dev1",3,true]'


afresh one
fault '{"operation": "complete", "drop": "before"}'
run c2d-device receive --spool sp --retries 0
check 'kept, but not completed: 20' is "$CODE $(kept) $(queued)" '20 1 1'
set_sim clock '{"advance": 61}'
run c2d-device receive --spool sp
check 'what comes again and is kept already is completed, and not kept twice' \
    is "$CODE $(kept) $(queued)" '0 1 0'
set_sim clock '{"offset": 0}'

afresh one
fault '{"operation": "complete", "drop": "before"}'
run c2d-device receive --spool sp --retries 0
file=$(find sp/new -type f)
jq -c '.body = "other" | .bodySize = 5' "$file" >changed && cp changed "$file"
set_sim clock '{"advance": 61}'
run c2d-device receive --spool sp
check 'under the same name another body gets a name of its own, and replaces nothing' \
    is "$CODE $(bodies)" '0 other one'
set_sim clock '{"offset": 0}'

afresh one
mkdir -p sp/tmp
owner=$(basename "$file" | cut -d - -f 1)
touch "sp/tmp/$owner-torn" sp/tmp/of-others
run c2d-device receive --spool sp
check 'what a killed run left unfinished is removed, and nothing of others' \
    is "$(find sp/tmp -type f)" sp/tmp/of-others

enqueue '{"deviceId": "dev1", "messageId": "../../up", "body": "x",
    "properties": {"../p": "/etc/passwd"}}'
run c2d-device receive --spool sp
check 'nothing of what a sender wrote is in a name' \
    is "$CODE $(find . -name '*up*' -o -name '*passwd*' | wc -l)" '0 0'
enqueue '{"deviceId": "dev1", "body": "x", "properties": {"Message Type": "odd", "a/b": "1"}}'
run c2d-device receive --spool sp -- sh -c 'echo "$C2D_PROP_MESSAGE_TYPE $C2D_PROP_A_B"'
check 'a property that no header should be called like is read all the same (wire 6)' \
    is "$CODE $(tail -n 1 out)" '0 odd 1'

# Without a number nothing says that two are one.
reset_hub
rm -rf sp
enqueue '{"deviceId": "dev1", "body": "same", "count": 3}'
fault '{"operation": "receive", "omit": ["iothub-sequencenumber", "iothub-enqueuedtime"],
    "count": -1}'
run c2d-device receive --spool sp
check 'messages that the hub does not number are all kept' is "$CODE $(kept) $(counts)" \
    '0 3 [3,0,0,0]'

afresh one
run c2d-device receive --spool sp
enqueue '{"deviceId": "dev1", "body": "two"}'
start_run c2d-device poll --spool sp --interval 300ms -q
until_true requests_are_more receive 2
run c2d-device receive --spool sp --no-lock
check '--no-lock does not care about the lock of a spool' code_is 0
# Another network namespace has another lock socket.
run unshare -mn sh -c 'mount -t tmpfs none /run/lock && exec c2d-device receive --spool sp'
check 'one instance for a device in a spool, also where the lock of the device is another: 26' \
    ends_silently 26 ''
kill -TERM "$RUN_PID"
finish_run

# ---- Keeping that fails: nothing is settled (R3) ----

afresh one
: >plain
run c2d-device receive --spool plain/sp
check 'a folder that cannot be made: 73, and nothing was asked' fails_with 73 CANTCREAT
check 'so with one that is no folder' is "$(c2d-device receive --spool plain 2>/dev/null; echo $?) \
$(all_requests)" '73 0'
if [ "$(id -u)" -eq 0 ] && mkdir disk && mount -t tmpfs -o size=24k tmpfs disk 2>/dev/null; then
    head -c 60000 /dev/zero | tr '\0' x >large
    reset_hub
    c2d-http send dev1 -f large -q
    run c2d-device receive --spool disk/sp
    check 'a full disk: 74, nothing is settled, nothing is left of it' \
        is "$(fails_with 74 IOERR && is_left 1 && find disk -type f ! -name '*.lock' | wc -l)" 0
    afresh one
    mount -o remount,ro disk
    run c2d-device receive --spool disk/sp
    check 'a read-only folder: 73, and the message is left' \
        is "$(fails_with 73 CANTCREAT && is_left 1 && echo left)" left
    umount disk
else
    echo '# skipped: a full disk, for want of the right to mount one'
fi

# ---- Handling (P2) ----

reset_hub
rm -rf sp
head -c 60000 /dev/urandom >body
c2d-http send dev1 -f body -p 'Kind=a' -i id1 -q
enqueue '{"deviceId": "dev1", "messageId": "second", "body": "2"}'
run c2d-device receive --spool sp -j -- sh -c 'cat >taken.$C2D_SEQUENCE_NUMBER
    env >seen.$C2D_SEQUENCE_NUMBER; echo "$C2D_MESSAGE_ID"'
check 'kept messages are handled in order, each once' is "$CODE $(xargs <out)" '0 id1 second'
check 'with the body on stdin, byte for byte' cmp body taken.1
check 'and the environment of any handler (H2)' says seen.1 C2D_PROP_KIND=a C2D_BODY_SIZE=60000
check 'what was handled leaves the folder' is "$(kept) $(kept failed) $(counts)" '0 0 [2,0,0,0]'
check 'each has a result line (H3)' is \
    "$(jq -r '[.messageId, .handlerExit, .settled] | join(" ")' err | xargs)" \
    'id1 0 complete second 0 complete'

afresh one two three
run c2d-device receive --spool sp -- sh -c 'test "$C2D_MESSAGE_ID" != two'
check 'a message whose handler failed stays, and those behind it are handled' \
    is "$CODE $(bodies)" '22 two'
check 'it costs no delivery: the hub has long forgotten it (F4)' is "$(counts)" '[3,0,0,0]'
run c2d-device receive --spool sp -- true
check 'the next run handles it' is "$CODE $(kept)" '0 0'

afresh one two
run c2d-device receive --spool sp -- sh -c 'exit 75'
check '75 ends the run, and all stay' is "$CODE $(bodies)" '22 one two'
run c2d-device receive --spool sp -- ./missing
check 'a handler that is missing stops it at once: 71' is "$CODE $(bodies)" '71 one two'
check 'and says what becomes of the message' says err 'nothing is lost'
run c2d-device receive --spool sp --handler-timeout 1s -- sleep 30
check 'a handler that takes too long is stopped, and its message stays' \
    is "$CODE $(bodies)" '22 one two'
run c2d-device receive --spool sp --reject-code 3 -- sh -c 'exit 3'
check 'the code of --reject-code sets a message aside' \
    is "$CODE $(kept) $(kept failed)" '0 0 2'

afresh one two
run c2d-device receive --spool sp
printf '{"torn' >"$(find sp/new -type f | sort | head -n 1)"
set_sim faults '{"operation": "receive", "status": 503}'
run c2d-device receive --spool sp --retries 0 -- sh -c 'echo "$C2D_MESSAGE_ID"'
check 'what is kept is handled although the hub is out of reach' is "$(cat out)" two
check 'a file that holds no message stays, and is named' says err 'cannot be handled'
check 'the worst of it is the exit code (X1)' is "$CODE $(kept)" '22 1'

afresh one two
run c2d-device receive --spool sp
start_run c2d-device receive --spool sp -- \
    sh -c 'trap "exit 0" TERM; : >started; while :; do sleep 0.1; done'
until_true test -e started
kill -TERM "$RUN_PID"
finish_run
check 'a signal ends the handling; a handler that then ends with 0 is done (Q2)' \
    is "$CODE $(bodies)" '143 two'

afresh one two
fault '{"operation": "complete", "status": 412, "errorNumber": 412002}'
run c2d-device receive --spool sp -- sh -c 'echo "$C2D_MESSAGE_ID" >>once'
set_sim clock '{"advance": 61}'
run c2d-device receive --spool sp -- sh -c 'echo "$C2D_MESSAGE_ID" >>once'
check 'what the hub has not let go waits for the next run, and is handled once' \
    is "$CODE $(kept) $(xargs <once)" '0 0 two one'
set_sim clock '{"offset": 0}'

afresh one
run c2d-device receive --spool sp
for file in sp/new/*; do
    mv "$file" "sp/new/0000000000000000-${file#*-}"
done
run c2d-device receive --spool sp -- true
check 'files of another device stay, and are told of' \
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
check 'poll handles a message again that its handler failed on (R5)' is "$(kept)" 0

# ---- A completion in doubt ----

afresh one
fault '{"operation": "complete", "drop": "before"}'
run c2d-device receive --spool sp --retries 0 -- sh -c 'echo run >>runs'
check 'a message whose completion got no response is kept and not handled yet' \
    is "$CODE $(kept) $(test -e runs; echo $?)" '20 1 1'
run c2d-device receive --spool sp -- sh -c 'echo run >>runs'
check 'nor is it by the next run while its lock may hold: 20' \
    is "$CODE $(kept) $(test -e runs; echo $?)" '20 1 1'
check 'which says that it waits for the end of the lock' says err 'in doubt until its lock expires'
set_sim clock '{"advance": 61}'
find sp/new -type f -exec touch -d '1 minute ago' '{}' +
run c2d-device receive --spool sp -- sh -c 'echo run >>runs'
check 'once the hub has delivered it again it is completed and handled, once' \
    is "$CODE $(kept) $(wc -l <runs) $(queued)" '0 0 1 0'
set_sim clock '{"offset": 0}'

for wrong in '-o f' '--format json' '--keep'; do
    # shellcheck disable=SC2086  # several words are wanted
    run c2d-device receive --spool sp $wrong
    check "what does not go together is 64: receive --spool sp $wrong" fails_with 64 USAGE
done
rm -rf sp
run c2d-device receive --spool sp -n --handler-timeout 2m -- true
check 'a dry run makes no folder, and takes a time that only a spool allows' \
    is "$CODE $(test -e sp; echo $?)" '0 1'
