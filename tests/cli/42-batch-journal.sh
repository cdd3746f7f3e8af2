# shellcheck shell=sh
# With a journal the same command again resumes and retries (B4): killed at any point, every line is
# enqueued at least once in the end, and twice only under the same message id, at most one for each
# connection.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
afresh() {
    reset_hub
    set_sim devices '{"prefix": "f", "count": 20}'
    rm -f journal
}
afresh
for i in $(seq 1 5); do
    seq -f '{"deviceId":"f%.0f","body":"round '"$i"'"}' 0 19
done >hundred

results() { # how many of each status with these attempts
    jq -r '"\(.status):\(.attempts)"' out | sort | uniq -c | xargs
}
# Messages that the hub has, distinct ids among them, and how many ids it has twice.
sent() {
    state '[.devices[].queue[].messageId] | sort | [length, (unique | length),
        (group_by(.) | map(select(length > 1)) | length)] | join(" ")'
}

# ---- Again ----

run c2d-http send --batch hundred --journal journal
check 'a journal is made with mode 600' is "$CODE $(stat -c %a journal) $(sent)" '0 600 100 100 0'
jq -r '"\(.line) \(.messageId)"' out | sort -n >first
run c2d-http send --batch hundred --journal journal
check 'the same command again sends nothing, and says enqueued (B4)' \
    is "$CODE $(results) $(sent)" '0 100 enqueued:0 100 100 0'
jq -r '"\(.line) \(.messageId)"' out | sort -n >second
check 'under the same ids (B4)' cmp first second

{ echo '{"deviceId":"f1","body":"new"}' && cat hundred && sed -n 3p hundred; } >edited
run c2d-http send --batch edited --journal journal
check 'a line that is new, or comes once more, is sent; lines that moved are not (B4)' \
    is "$CODE $(results)" '0 100 enqueued:0 2 enqueued:1'
run c2d-http send --batch edited --journal journal
check 'and then it is done, too' is "$CODE $(results)" '0 102 enqueued:0'

afresh
fault '{"operation": "send", "device": "f3", "errorNumber": 400006, "count": 1}'
run c2d-http send --batch hundred --journal journal
check 'a line that failed leaves the others' is "$CODE $(results)" '11 99 enqueued:1 1 failed:1'
jq -r 'select(.status == "failed").messageId' out >id
run c2d-http send --batch hundred --journal journal
check 'the same command again sends it (B4)' is "$CODE $(results)" '0 99 enqueued:0 1 enqueued:1'
check 'under the same id (B4)' is "$(jq -r 'select(.attempts == 1).messageId' out)" "$(cat id)"
run c2d-http send --batch hundred --journal journal -n
check '-n leaves the journal alone' ends_silently 0 ''

# ---- Files that are no journal ----

echo 'something else that is longer than a header of a journal would be, and then some' >other
run c2d-http send --batch hundred --journal other
check 'a file that is no journal: 65, and it is left alone' \
    is "$(fails_with 65 DATA && head -c 9 other)" something
printf 'c2d-journal 1\n\0\0\0binary' >old
run c2d-http send --batch hundred --journal old
check 'a journal of an older form: 65' fails_with 65 DATA
check 'the text says that it is of an older version' says err 'the form of an older version'
before=$(requests send)
IOTHUB_CONNECTION_STRING='HostName=other.test;SharedAccessKeyName=service;SharedAccessKey=a2V5' \
    run c2d-http send --batch hundred --journal journal
check 'the journal of another hub: 65' fails_with 65 DATA
check 'the text names both hubs' says err "belongs to the hub 'localhost" "this is 'other.test'"
check 'nothing was sent' is "$(($(requests send) - before))" 0
run c2d-http send --batch hundred --journal .
check 'a folder: 73' fails_with 73 CANTCREAT
run c2d-http send --batch hundred --journal /dev/null
check 'a device: 73, in one line' is "$(fails_with 73 CANTCREAT && wc -l <err)" 1
truncate -s -20 journal
run c2d-http send --batch hundred --journal journal
check 'a torn last line is ignored: its message is sent again under the same id' \
    is "$CODE $(results) $(sent | cut -d ' ' -f 2)" '0 99 enqueued:0 1 enqueued:1 100'
run c2d-http send --batch hundred --journal journal
check 'and what was appended after the torn line counts' is "$CODE $(results)" '0 100 enqueued:0'
c2d-http send --batch hundred --journal journal2 --rate 1/s >slow 2>&1 &
RUN_PID=$!
PIDS="$PIDS $RUN_PID"
until_true test -s slow
run c2d-http send --batch hundred --journal journal2
check 'a journal in use: 26, in silence (X3)' ends_silently 26 ''
kill -TERM "$RUN_PID"
finish_run
if [ "$(id -u)" -eq 0 ] && mkdir disk && mount -t tmpfs -o size=16k tmpfs disk 2>/dev/null; then
    before=$(requests send)
    run c2d-http send --batch hundred --journal disk/journal
    check 'a disk without room for it is told before anything is sent: 74' \
        is "$CODE $(($(requests send) - before))" '74 0'
    umount disk
fi

afresh
fault '{"operation": "send", "device": "f1", "drop": "after", "count": 2}'
run c2d-http send --batch hundred --journal journal --retries 1
doubted='select(.maybeDuplicate) | "\(.deviceId) \(.status) \(.attempts)"'
check 'what got no answer is unknown, and may be there' is "$CODE $(jq -r "$doubted" out)" \
    '11 f1 unknown 2'
run c2d-http send --batch hundred --journal journal
check 'sent by the next run it may be there twice (B1, B4)' is "$CODE $(jq -r "$doubted" out)" \
    '0 f1 enqueued 1'
run c2d-http send --batch hundred --journal journal
check 'and the run after that still knows' is "$CODE $(jq -r "$doubted" out)" '0 f1 enqueued 0'

afresh
for i in $(seq 1 50); do
    seq -f '{"deviceId":"f%.0f","body":"round '"$i"'"}' 0 19
done >thousand
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=32k tmpfs disk 2>/dev/null; then
    run c2d-http send --batch thousand --journal disk/journal
    check 'a disk without room for it to grow ends the batch: 74' fails_with 74 IOERR
    run c2d-http send --batch thousand --journal disk/journal
    check 'and so does the same command again' fails_with 74 IOERR
    umount disk
    afresh
fi
run c2d-http send --batch thousand --journal journal
check 'a journal takes each line that is enqueued' is "$CODE $(results)" \
    "0 1000 enqueued:1"
check 'its first line names the hub' is "$(head -n 1 journal | cut -d ' ' -f 1-3)" \
    "c2d-journal 2 ${C2D_SIM_URL#https://}"
check 'each message has one line: key, message id, state' \
    is "$(grep -cE '^[0-9a-f]{24} [0-9a-f-]{36} enqueued$' journal) $(wc -l <journal)" '1000 1001'
check 'a message is found by its id' \
    is "$(grep -c "$(head -n 1 out | jq -r .messageId)" journal)" 1
run c2d-http send --batch thousand --journal journal
check 'and forgets none' is "$CODE $(results)" '0 1000 enqueued:0'

# Two records that a full disk has made one line say nothing of either message.
afresh
head -n 2 hundred >two
fault '{"operation": "send", "device": "f0", "drop": "before"}'
run c2d-http send --batch two --journal journal --retries 0 -P 1
awk '/ unknown$/ { printf "%s", substr($0, 1, length($0) - 2); next } { print }' journal >joined
cat joined >journal
run c2d-http send --batch two --journal journal
check 'of two records that became one line neither counts: both messages are sent' \
    is "$CODE $(results) $(queued f0)" '0 2 enqueued:1 1'

# Without the lock two runs may write to one journal.
afresh
seq -f '{"deviceId":"f%.0f","body":"other"}' 0 9 >ten
head -n 10 hundred >first
c2d-http send --batch ten --journal journal --no-lock --rate 10/s -q >/dev/null &
RUN_PID=$!
PIDS="$PIDS $RUN_PID"
until_true test -s journal
run c2d-http send --batch first --journal journal --no-lock -q
wait "$RUN_PID"
check 'of two runs with --no-lock neither cuts off what the other has noted' \
    is "$CODE $(grep -c ' enqueued$' journal)" '0 20'

# What the journal knows of a line outlives the expiry in it.
afresh
soon=$(date -u -d '+2 seconds' +%Y-%m-%dT%H:%M:%SZ)
printf '{"deviceId":"f1","body":"a","expiry":"%s"}\n{"deviceId":"f2","body":"b","expiry":"%s"}\n' \
    "$soon" "$soon" >expiring
fault '{"operation": "send", "device": "f2", "drop": "after"}'
run c2d-http send --batch expiring --journal journal --retries 0
check 'one line is enqueued, and one is in doubt' is "$(jq -r .status out | sort | xargs)" \
    'enqueued unknown'
sleep 2
run c2d-http send --batch expiring --journal journal
check 'after the expiry what was enqueued is so still, and what was in doubt may be a duplicate' \
    is "$(jq -r '"\(.deviceId) \(.status) \(.maybeDuplicate)"' out | sort | xargs)" \
    'f1 enqueued false f2 failed true'
check 'the summary says that it is in doubt' says err '1 of the 2 lines read are in doubt'

afresh
mkdir place
: >place/kept
chmod 640 place/kept
[ "$(id -u)" -ne 0 ] || chown 12345:54321 place/kept
ln -s place/kept linked
before=$(stat -c '%i %u %g %a' place/kept)
run c2d-http send --batch thousand --journal linked
check 'a journal that grows stays behind its link, with its owner, group and mode' \
    is "$CODE $(stat -c '%i %u %g %a' place/kept) $(readlink linked)" "0 $before place/kept"
run c2d-http send --batch thousand --journal place/kept
check 'and is the same by its other name' is "$CODE $(results)" '0 1000 enqueued:0'

# ---- Kills ----

# After a kill the same command once more: is all there, and not too much?
survives() { # connections
    run c2d-http send --batch hundred --journal journal -P "$1" -q
    # shellcheck disable=SC2046
    set -- "$1" $(sent)
    echo "exit code $CODE, messages: $2, ids $3, twice $4"
    [ "$CODE" -eq 0 ] && [ "$3" -eq 100 ] && [ "$4" -le "$1" ]
}

for call in sendto write read poll fallocate fdatasync fsync ftruncate; do
    for nth in 1 2 7 40; do
        afresh
        run_traced -e trace="$call" -e "inject=$call:signal=KILL:when=$nth" \
            c2d-http send --batch hundred --journal journal -P 4
        check "killed at $call $nth: all is sent in the end, twice at most one a connection (B4)" \
            survives 4
    done
done
for pause in 0.01 0.02 0.03 0.05 0.08; do
    afresh
    fault '{"operation": "send", "delayMs": 3, "count": -1}'
    c2d-http send --batch hundred --journal journal -P 8 >out 2>err &
    RUN_PID=$!
    sleep $pause
    kill -9 "$RUN_PID" 2>/dev/null
    wait "$RUN_PID" 2>/dev/null
    check "killed after $pause s: so, too (B4)" survives 8
done
