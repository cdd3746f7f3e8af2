# shellcheck shell=sh
# File systems that cannot sync a folder or lock a file, folders of other users, and errors while a
# message is moved. The last copy of a message is never removed.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
start_sim --device dev1 --device dev2
user=$(id -u)

one_message() {
    reset_hub
    rm -rf sp out.jsonl journal log
    enqueue '{"deviceId": "dev1", "messageId": "m1", "body": "hello"}'
}
kept() {
    find "sp/$1" -type f | wc -l
}
succeeds_with_one_warning() { # of a folder
    code_is 0 && is "$(grep -c 'cannot be synced' err) $(wc -l <err)" '1 1'
}
echo '{"deviceId": "dev1", "body": "1"}' >one.jsonl

# ---- Folders that cannot be synced ----

export LACKS_SYNC=EINVAL
one_message
run lacking c2d-device receive -o out.jsonl
check 'receive -o works where a folder cannot be synced, with one warning' \
    succeeds_with_one_warning
check 'receive -o in a folder that cannot be synced writes and completes the message' \
    is "$(jq -r .body out.jsonl) $(queued)" 'hello 0'
one_message
enqueue '{"deviceId": "dev1", "body": "second"}'
run lacking c2d-device receive --spool sp -- true
check 'receive --spool works where a folder cannot be synced, with one warning' \
    succeeds_with_one_warning
check 'receive --spool in a folder that cannot be synced handles and completes the messages' \
    is "$(kept new) $(queued)" '0 0'
one_message
run lacking c2d-http send --batch one.jsonl --journal journal
check 'send --journal works where a folder cannot be synced, with one warning' \
    succeeds_with_one_warning
run lacking c2d-http feedback -o log
check 'feedback -o works where a folder cannot be synced, with one warning' \
    succeeds_with_one_warning
one_message
ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0"
run_traced -e trace=syncfs env LD_PRELOAD="$C2D_BUILD/lacking.so" c2d-device receive -o out.jsonl
check 'receive -o syncs the file system when the folder cannot be synced' \
    is "$(grep -c 'syncfs.*= 0' trace)" 1

LACKS_SYNC=EIO
one_message
run lacking c2d-device receive -o out.jsonl
check 'receive -o exits 73 when the sync of its folder fails with EIO' fails_with 73 CANTCREAT
check 'receive -o leaves the message when the sync of its folder fails' is_left 1
run lacking c2d-http send --batch one.jsonl --journal journal
check 'send --journal exits 74 when the sync of its folder fails with EIO' fails_with 74 IOERR
unset LACKS_SYNC

as_nobody() {
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
cp "$HUB/ca.pem" ca.pem && chmod 644 ca.pem && chmod 755 .
if [ "$user" -eq 0 ] && as_nobody env SSL_CERT_FILE="$PWD/ca.pem" c2d-device -V >/dev/null; then
    mkdir -m 1733 drop
    one_message
    run as_nobody env SSL_CERT_FILE="$PWD/ca.pem" c2d-device receive -o drop/out.jsonl
    check 'receive -o writes to a folder that may not be listed, with one warning' \
        succeeds_with_one_warning
    check 'the message is in the file of a folder that may not be listed' \
        is "$(jq -r .body drop/out.jsonl)" hello
else
    echo '# skipped: a drop folder, which needs root'
fi

# ---- Files that cannot be locked ----

for error in ENOLCK EINVAL; do
    export LACKS_LOCKS="$error"
    one_message
    run lacking c2d-device receive -o out.jsonl
    check "receive -o exits 74 where no file can be locked ($error)" fails_with 74 IOERR
    check "receive -o names --no-lock in the hint ($error)" says err 'hint: ' --no-lock
    check "receive -o sends no request where no file can be locked ($error)" nothing_was_asked
    run lacking c2d-device receive -o out.jsonl --no-lock
    check "receive -o --no-lock receives where no file can be locked ($error)" \
        is "$CODE $(jq -r .body out.jsonl) $(queued)" '0 hello 0'

    one_message
    run lacking c2d-device receive --spool sp
    check "receive --spool exits 73 where no file can be locked ($error)" fails_with 73 CANTCREAT
    check "receive --spool names --no-lock in the hint ($error)" says err 'hint: ' --no-lock
    run lacking c2d-device receive --spool sp --no-lock -- true
    check "receive --spool --no-lock receives where no file can be locked ($error)" \
        is "$CODE $(kept new) $(queued)" '0 0 0'

    one_message
    run lacking c2d-http send --batch one.jsonl --journal journal
    check "send --journal exits 74 where no file can be locked ($error)" fails_with 74 IOERR
    check "send --journal names --no-lock in the hint ($error)" says err 'hint: ' --no-lock
    run lacking c2d-http send --batch one.jsonl --journal journal --no-lock
    check "send --journal --no-lock sends where no file can be locked ($error)" code_is 0
    run lacking c2d-http send --batch one.jsonl --journal journal --no-lock
    check "send --journal --no-lock run again sends nothing where no file can be locked ($error)" \
        is "$CODE $(jq .attempts out) $(requests send)" '0 0 1'

    one_message
    run lacking c2d-http feedback -o log
    check "feedback -o exits 74 where no file can be locked ($error)" fails_with 74 IOERR
    check "feedback -o says in the hint that it needs a lock ($error)" \
        says err 'hint: ' 'one that has locks'
    run lacking c2d-http send dev1 -m x --wait 5s --feedback-log log
    check "send --wait exits 74 where no file can be locked ($error)" fails_with 74 IOERR
    check "send --wait says in the hint that it needs a lock ($error)" \
        says err 'hint: ' 'one that has locks'
    check "send --wait sends no request where no file can be locked ($error)" nothing_was_asked
done
export LACKS_LOCKS=ENOLCK
one_message
start_run env LD_PRELOAD="$C2D_BUILD/lacking.so" c2d-device poll -q -o out.jsonl --no-lock
check 'poll -o --no-lock receives where no file can be locked' until_true has_requests complete 1
kill "$RUN_PID"
finish_run
unset LACKS_LOCKS
run c2d-http send --batch one.jsonl --no-lock
check 'send --batch --no-lock without --journal exits 64' fails_with 64 USAGE
run c2d-http send dev1 -m x --no-lock
check 'send --no-lock without --batch exits 64' fails_with 64 USAGE

# ---- Spool folders of other users ----

is_refused() { # text
    fails_with 73 CANTCREAT && says err "$1" 'hint: ' && is_left 1
}
for folder in '' /tmp /new /failed; do
    one_message
    mkdir -p "sp$folder" && chmod o+w "sp$folder"
    run c2d-device receive --spool sp
    check "receive exits 73 for a spool in which everybody may write to ./$folder" \
        is_refused "'sp$folder'"
done
one_message
mkdir -p sp/new && chmod 770 sp/new
run c2d-device receive --spool sp
check 'receive uses a spool that a group may write to' is "$CODE $(kept new)" '0 1'
if [ "$user" -eq 0 ]; then
    for folder in '' /new; do
        one_message
        mkdir -p "sp$folder" && chown 65534 "sp$folder"
        run c2d-device receive --spool sp
        check "receive exits 73 for a spool in which another user owns ./$folder" \
            is_refused 'id 65534'
    done
else
    echo '# skipped: a folder of another user, which needs root'
fi

# ---- Messages that are in the spool already ----

for change in '.messageId = "m2"' '.correlationId = "c"' '.properties.p = "2"'; do
    reset_hub
    rm -rf sp
    enqueue '{"deviceId": "dev1", "messageId": "m1", "body": "x", "properties": {"p": "1"}}'
    fault '{"operation": "complete", "drop": "before"}'
    run c2d-device receive --spool sp --retries 0
    file=$(find sp/new -type f)
    jq -c "$change" "$file" >changed && cp changed "$file"
    set_sim clock '{"advance": 61}'
    run c2d-device receive --spool sp
    check "receive --spool keeps a message that differs from the kept one of its name ($change)" \
        is "$CODE $(kept new) $(queued)" '0 2 0'
    set_sim clock '{"offset": 0}'
done

# ---- File systems that cannot rename without replacing ----

one_message
fault '{"operation": "complete", "drop": "before"}'
run_traced -e inject=renameat2:error=EINVAL c2d-device receive --spool sp --retries 0
check 'receive --spool keeps a message on a file system without renameat2(2)' is "$(kept new)" 1
file=$(find sp/new -type f)
echo mine >"$file"
set_sim clock '{"advance": 61}'
run_traced -e inject=renameat2:error=EINVAL c2d-device receive --spool sp
check 'receive --spool replaces no file on a file system without renameat2(2)' \
    is "$CODE $(kept new) $(queued) $(cat "$file")" '0 2 0 mine'
one_message
run_traced -e inject=renameat2:error=EIO c2d-device receive --spool sp
check 'receive --spool exits 74 and leaves the message when the rename fails' \
    is "$(fails_with 74 IOERR && is_left 1 && kept new) $(kept tmp)" '0 0'

# ---- Errors while a message is moved ----

rejected() { # COMMAND...
    "$@" c2d-device receive --spool sp --reject-code 3 -- sh -c 'exit 3'
}
one_message
export LACKS_SYNC='EIO /failed'
run rejected lacking
check 'receive --spool exits 74 and keeps a rejected message whose move cannot be synced' \
    is "$(fails_with 74 IOERR && kept new) $(kept failed)" '1 0'
unset LACKS_SYNC
run rejected env
check 'the next run moves the rejected message to failed' \
    is "$CODE $(kept new) $(kept failed)" '0 0 1'

one_message
export LACKS_SYNC='EIO /new'
run lacking c2d-device receive --spool sp -- sh -c 'echo handled'
check 'receive --spool exits 74 and does not handle or complete a message that cannot be synced' \
    is "$(fails_with 74 IOERR && is_left 1 && kept new) $(kept tmp)" '0 0'
unset LACKS_SYNC

reset_hub
set_sim devices '{"prefix": "f", "count": 30}'
seq 0 899 | awk '{ printf "{\"deviceId\":\"f%d\",\"body\":\"%d\"}\n", $1 % 30, $1 }' >lines
head -n 1 lines >first
run c2d-http send --batch first --journal journal
export LACKS_SYNC=EIO
run lacking c2d-http send --batch lines --journal journal
check 'a batch exits 74 before it sends a line when the folder of its journal cannot be synced' \
    is "$CODE $(requests send)" '74 1'
unset LACKS_SYNC
run c2d-http send --batch lines --journal journal
check 'a batch run again after a failed sync sends each remaining line once' \
    is "$CODE $(requests send) $(echo journal*)" '0 900 journal'
