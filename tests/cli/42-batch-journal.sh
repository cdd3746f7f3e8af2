# shellcheck shell=sh
# With a journal the same command resumes a batch and retries its failed lines. After a kill at any
# point each line is enqueued at least once in the end. At most one line for each connection is
# enqueued twice, under the same message id.
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

# ---- The same command again ----

run c2d-http send --batch hundred --journal journal
check 'send --journal creates the journal with mode 600' \
    is "$CODE $(stat -c %a journal) $(sent)" '0 600 100 100 0'
jq -r '"\(.line) \(.messageId)"' out | sort -n >first
run c2d-http send --batch hundred --journal journal
check 'the same batch again sends nothing and reports each line as enqueued' \
    is "$CODE $(results) $(sent)" '0 100 enqueued:0 100 100 0'
jq -r '"\(.line) \(.messageId)"' out | sort -n >second
check 'the same batch again reports the same message ids' cmp first second
for device in dev1 ''; do
    run env IOTHUB_DEVICE_ID="$device" c2d-http send --batch hundred --journal journal
    check "the same batch again sends nothing if IOTHUB_DEVICE_ID has become '$device'" \
        is "$CODE $(results) $(sent)" '0 100 enqueued:0 100 100 0'
done

{ echo '{"deviceId":"f1","body":"new"}' && cat hundred && sed -n 3p hundred; } >edited
run c2d-http send --batch edited --journal journal
check 'a batch with a journal sends new and repeated lines, and not lines that moved' \
    is "$CODE $(results)" '0 100 enqueued:0 2 enqueued:1'
run c2d-http send --batch edited --journal journal
check 'an edited batch that was sent sends nothing when it is run again' \
    is "$CODE $(results)" '0 102 enqueued:0'

afresh
fault '{"operation": "send", "device": "f3", "errorNumber": 400006, "count": 1}'
run c2d-http send --batch hundred --journal journal
check 'a batch with one failed line enqueues the other 99' \
    is "$CODE $(results)" '11 99 enqueued:1 1 failed:1'
jq -r 'select(.status == "failed").messageId' out >id
run c2d-http send --batch hundred --journal journal
check 'the same batch again sends the line that failed' \
    is "$CODE $(results)" '0 99 enqueued:0 1 enqueued:1'
check 'the line that failed is sent again under the same message id' \
    is "$(jq -r 'select(.attempts == 1).messageId' out)" "$(cat id)"
run c2d-http send --batch hundred --journal journal -n
check 'a dry run of a batch with a journal exits 0' ends_silently 0 ''

# ---- Files that are no journal ----

echo 'something else that is longer than a header of a journal would be, and then some' >other
run c2d-http send --batch hundred --journal other
check 'send --journal with another file exits 65 and leaves the file alone' \
    is "$(fails_with 65 DATA && head -c 9 other)" something
printf 'c2d-journal 1\n\0\0\0binary' >old
run c2d-http send --batch hundred --journal old
check 'send --journal with a journal of an older version exits 65' fails_with 65 DATA
check 'the error for an old journal says that it has the form of an older version' \
    says err 'the form of an older version'
before=$(requests send)
IOTHUB_CONNECTION_STRING='HostName=other.test;SharedAccessKeyName=service;SharedAccessKey=a2V5' \
    run c2d-http send --batch hundred --journal journal
check 'send --journal with the journal of another hub exits 65' fails_with 65 DATA
check 'the error for the journal of another hub names both hubs' \
    says err "belongs to the hub 'localhost" "this is 'other.test'"
check 'an unusable journal causes no request' is "$(($(requests send) - before))" 0
run c2d-http send --batch hundred --journal .
check 'send --journal with a folder exits 73' fails_with 73 CANTCREAT
run c2d-http send --batch hundred --journal /dev/null
check 'send --journal with a device exits 73 with one line on stderr' \
    is "$(fails_with 73 CANTCREAT && wc -l <err)" 1
truncate -s -20 journal
run c2d-http send --batch hundred --journal journal
check 'the message of a torn last journal line is sent again under the same id' \
    is "$CODE $(results) $(sent | cut -d ' ' -f 2)" '0 99 enqueued:0 1 enqueued:1 100'
run c2d-http send --batch hundred --journal journal
check 'journal records appended after a torn line count' is "$CODE $(results)" '0 100 enqueued:0'
c2d-http send --batch hundred --journal journal2 --rate 1/s >slow 2>&1 &
RUN_PID=$!
PIDS="$PIDS $RUN_PID"
until_true test -s slow
run c2d-http send --batch hundred --journal journal2
check 'send --journal with a journal in use exits 26 and prints nothing' ends_silently 26 ''
kill -TERM "$RUN_PID"
finish_run
if [ "$(id -u)" -eq 0 ] && mkdir disk && mount -t tmpfs -o size=16k tmpfs disk 2>/dev/null; then
    before=$(requests send)
    run c2d-http send --batch hundred --journal disk/journal
    check 'send --journal on a full disk exits 74 before it sends a message' \
        is "$CODE $(($(requests send) - before))" '74 0'
    umount disk
fi

afresh
fault '{"operation": "send", "device": "f1", "drop": "after", "count": 2}'
run c2d-http send --batch hundred --journal journal --retries 1
doubted='select(.maybeDuplicate) | "\(.deviceId) \(.status) \(.attempts)"'
check 'a batch line without a response is unknown with maybeDuplicate' \
    is "$CODE $(jq -r "$doubted" out)" '11 f1 unknown 2'
run c2d-http send --batch hundred --journal journal
check 'a line in doubt that the next run sends keeps maybeDuplicate' \
    is "$CODE $(jq -r "$doubted" out)" '0 f1 enqueued 1'
run c2d-http send --batch hundred --journal journal
check 'a line that was in doubt keeps maybeDuplicate in each later run' \
    is "$CODE $(jq -r "$doubted" out)" '0 f1 enqueued 0'

afresh
for i in $(seq 1 50); do
    seq -f '{"deviceId":"f%.0f","body":"round '"$i"'"}' 0 19
done >thousand
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=32k tmpfs disk 2>/dev/null; then
    run c2d-http send --batch thousand --journal disk/journal
    check 'a batch whose journal fills the disk exits 74' fails_with 74 IOERR
    run c2d-http send --batch thousand --journal disk/journal
    check 'the same batch again on the full disk exits 74' fails_with 74 IOERR
    umount disk
    afresh
fi
run c2d-http send --batch thousand --journal journal
check 'a batch of 1000 lines with an empty journal file sends each line' is "$CODE $(results)" \
    "0 1000 enqueued:1"
check 'the first line of a journal names the hub' is "$(head -n 1 journal | cut -d ' ' -f 1-3)" \
    "c2d-journal 2 ${C2D_SIM_URL#https://}"
check 'a journal has one line with key, message id and state for each message' \
    is "$(grep -cE '^[0-9a-f]{24} [0-9a-f-]{36} enqueued$' journal) $(wc -l <journal)" '1000 1001'
check 'a journal line holds the message id of the result' \
    is "$(grep -c "$(head -n 1 out | jq -r .messageId)" journal)" 1
run c2d-http send --batch thousand --journal journal
check 'a batch of 1000 lines sends nothing when it is run again' \
    is "$CODE $(results)" '0 1000 enqueued:0'

# Two records that a full disk has joined to one line count for neither message.
afresh
head -n 2 hundred >two
fault '{"operation": "send", "device": "f0", "drop": "before"}'
run c2d-http send --batch two --journal journal --retries 0 -P 1
awk '/ unknown$/ { printf "%s", substr($0, 1, length($0) - 2); next } { print }' journal >joined
cat joined >journal
run c2d-http send --batch two --journal journal
check 'a batch sends both messages whose journal records were joined to one line' \
    is "$CODE $(results) $(queued f0)" '0 2 enqueued:1 1'

# Without the lock two runs can write to one journal.
afresh
seq -f '{"deviceId":"f%.0f","body":"other"}' 0 9 >ten
head -n 10 hundred >first
c2d-http send --batch ten --journal journal --no-lock --rate 10/s -q >/dev/null &
RUN_PID=$!
PIDS="$PIDS $RUN_PID"
until_true test -s journal
run c2d-http send --batch first --journal journal --no-lock -q
wait "$RUN_PID"
check 'two runs with --no-lock keep the journal records of each other' \
    is "$CODE $(grep -c ' enqueued$' journal)" '0 20'

# The journal keeps the state of a line after the expiry of its message.
afresh
soon=$(date -u -d '+2 seconds' +%Y-%m-%dT%H:%M:%SZ)
printf '{"deviceId":"f1","body":"a","expiry":"%s"}\n{"deviceId":"f2","body":"b","expiry":"%s"}\n' \
    "$soon" "$soon" >expiring
fault '{"operation": "send", "device": "f2", "drop": "after"}'
run c2d-http send --batch expiring --journal journal --retries 0
check 'a batch with one lost response has one line enqueued and one unknown' \
    is "$(jq -r .status out | sort | xargs)" 'enqueued unknown'
sleep 2
run c2d-http send --batch expiring --journal journal
check 'after the expiry an enqueued line stays so and a line in doubt fails with maybeDuplicate' \
    is "$(jq -r '"\(.deviceId) \(.status) \(.maybeDuplicate)"' out | sort | xargs)" \
    'f1 enqueued false f2 failed true'
check 'the summary of a batch counts an expired line in doubt' \
    says err '1 of the 2 lines read are in doubt'

afresh
mkdir place
: >place/kept
chmod 640 place/kept
[ "$(id -u)" -ne 0 ] || chown 12345:54321 place/kept
ln -s place/kept linked
before=$(stat -c '%i %u %g %a' place/kept)
run c2d-http send --batch thousand --journal linked
check 'the target of a link that is used as journal keeps its inode, owner, group and mode' \
    is "$CODE $(stat -c '%i %u %g %a' place/kept) $(readlink linked)" "0 $before place/kept"
run c2d-http send --batch thousand --journal place/kept
check 'a journal that was written through a link is used by its own name' \
    is "$CODE $(results)" '0 1000 enqueued:0'

# ---- Kills ----

# Runs the same command after a kill: true if each line is queued, and few lines twice.
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
        check "a batch killed at $call $nth and run again queues all lines, at most 4 twice" \
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
    check "a batch killed after $pause s and run again queues all lines, at most 8 twice" survives 8
done
