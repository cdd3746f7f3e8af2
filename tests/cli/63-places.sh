# shellcheck shell=sh
# Where results are kept: file systems that cannot sync a folder or lock a file, folders of others,
# and errors at the moment when a message changes its place. No copy that is the last one is removed.
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
check 'what was received there is in the file and completed' \
    is "$(jq -r .body out.jsonl) $(queued)" 'hello 0'
one_message
enqueue '{"deviceId": "dev1", "body": "second"}'
run lacking c2d-device receive --spool sp -- true
check 'receive --spool works where a folder cannot be synced, with one warning' \
    succeeds_with_one_warning
check 'what was kept there is handled and completed' is "$(kept new) $(queued)" '0 0'
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
check 'in place of the folder its file system is synced' is "$(grep -c 'syncfs.*= 0' trace)" 1

LACKS_SYNC=EIO
one_message
run lacking c2d-device receive -o out.jsonl
check 'an error in syncing the folder of -o stays one: 73' fails_with 73 CANTCREAT
check 'and the message is left' is_left 1
run lacking c2d-http send --batch one.jsonl --journal journal
check 'an error in syncing the folder of a journal stays one: 74' fails_with 74 IOERR
unset LACKS_SYNC

as_nobody() {
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
cp "$HUB/ca.pem" ca.pem && chmod 644 ca.pem && chmod 755 .
if [ "$user" -eq 0 ] && as_nobody env SSL_CERT_FILE="$PWD/ca.pem" c2d-device -V >/dev/null; then
    mkdir -m 1733 drop
    one_message
    run as_nobody env SSL_CERT_FILE="$PWD/ca.pem" c2d-device receive -o drop/out.jsonl
    check 'receive -o writes into a drop folder that may not be listed, with one warning' \
        succeeds_with_one_warning
    check 'what was received there is in the file' is "$(jq -r .body drop/out.jsonl)" hello
else
    echo '# skipped: a drop folder, which needs root'
fi

# ---- Files that cannot be locked ----

for error in ENOLCK EINVAL; do
    export LACKS_LOCKS="$error"
    one_message
    run lacking c2d-device receive -o out.jsonl
    check "receive -o where no file can be locked ($error): 74" fails_with 74 IOERR
    check "receive -o names --no-lock in the hint ($error)" says err 'hint: ' --no-lock
    check "receive -o asks nothing of the hub before ($error)" nothing_was_asked
    run lacking c2d-device receive -o out.jsonl --no-lock
    check "receive -o --no-lock receives where no file can be locked ($error)" \
        is "$CODE $(jq -r .body out.jsonl) $(queued)" '0 hello 0'

    one_message
    run lacking c2d-device receive --spool sp
    check "receive --spool where no file can be locked ($error): 73" fails_with 73 CANTCREAT
    check "receive --spool names --no-lock in the hint ($error)" says err 'hint: ' --no-lock
    run lacking c2d-device receive --spool sp --no-lock -- true
    check "receive --spool --no-lock receives where no file can be locked ($error)" \
        is "$CODE $(kept new) $(queued)" '0 0 0'

    one_message
    run lacking c2d-http send --batch one.jsonl --journal journal
    check "send --journal where no file can be locked ($error): 74" fails_with 74 IOERR
    check "send --journal names --no-lock in the hint ($error)" says err 'hint: ' --no-lock
    run lacking c2d-http send --batch one.jsonl --journal journal --no-lock
    check "send --journal --no-lock sends where no file can be locked ($error)" code_is 0
    run lacking c2d-http send --batch one.jsonl --journal journal --no-lock
    check "send --journal --no-lock again sends nothing twice ($error)" \
        is "$CODE $(jq .attempts out) $(requests send)" '0 0 1'

    one_message
    run lacking c2d-http feedback -o log
    check "feedback -o where no file can be locked ($error): 74" fails_with 74 IOERR
    check "feedback -o says in the hint that it needs a lock ($error)" \
        says err 'hint: ' 'one that has locks'
    run lacking c2d-http send dev1 -m x --wait 5s --feedback-log log
    check "send --wait where no file can be locked ($error): 74" fails_with 74 IOERR
    check "send --wait says in the hint that it needs a lock ($error)" \
        says err 'hint: ' 'one that has locks'
    check "send --wait sends nothing before ($error)" nothing_was_asked
done
export LACKS_LOCKS=ENOLCK
one_message
start_run env LD_PRELOAD="$C2D_BUILD/lacking.so" c2d-device poll -q -o out.jsonl --no-lock
check 'poll -o --no-lock receives where no file can be locked' until_true has_requests complete 1
kill "$RUN_PID"
finish_run
unset LACKS_LOCKS
run c2d-http send --batch one.jsonl --no-lock
check 'send --no-lock without --journal: 64' fails_with 64 USAGE
run c2d-http send dev1 -m x --no-lock
check 'send --no-lock without --batch: 64' fails_with 64 USAGE

# ---- Spool folders of others ----

is_refused() { # text
    fails_with 73 CANTCREAT && says err "$1" 'hint: ' && is_left 1
}
for folder in '' /tmp /new /failed; do
    one_message
    mkdir -p "sp$folder" && chmod o+w "sp$folder"
    run c2d-device receive --spool sp
    check "a spool in which everybody may write to ./$folder is refused: 73" \
        is_refused "'sp$folder'"
done
one_message
mkdir -p sp/new && chmod 770 sp/new
run c2d-device receive --spool sp
check 'a spool that a group may write to is used' is "$CODE $(kept new)" '0 1'
if [ "$user" -eq 0 ]; then
    for folder in '' /new; do
        one_message
        mkdir -p "sp$folder" && chown 65534 "sp$folder"
        run c2d-device receive --spool sp
        check "a spool in which ./$folder is another user's is refused: 73" is_refused 'id 65534'
    done
else
    echo '# skipped: a folder of another user, which needs root'
fi

# ---- What is kept already ----

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
    check "a message that differs from a kept one of its name is kept, too ($change)" \
        is "$CODE $(kept new) $(queued)" '0 2 0'
    set_sim clock '{"offset": 0}'
done

# ---- Errors while a message changes its place ----

rejected() { # COMMAND...
    "$@" c2d-device receive --spool sp --reject-code 3 -- sh -c 'exit 3'
}
one_message
export LACKS_SYNC='EIO /failed'
run rejected lacking
check 'a rejected message whose move cannot be synced is still kept, and handled again: 74' \
    is "$(fails_with 74 IOERR && kept new) $(kept failed)" '1 0'
unset LACKS_SYNC
run rejected env
check 'the next run sets it aside' is "$CODE $(kept new) $(kept failed)" '0 0 1'

one_message
export LACKS_SYNC='EIO /new'
run lacking c2d-device receive --spool sp -- sh -c 'echo handled'
check 'a message whose file cannot be synced is neither handled nor completed: 74' \
    is "$(fails_with 74 IOERR && is_left 1 && kept new) $(kept tmp)" '0 0'
unset LACKS_SYNC

reset_hub
set_sim devices '{"prefix": "f", "count": 30}'
seq 0 899 | awk '{ printf "{\"deviceId\":\"f%d\",\"body\":\"%d\"}\n", $1 % 30, $1 }' >lines
head -n 1 lines >first
run c2d-http send --batch first --journal journal
export LACKS_SYNC=EIO
run lacking c2d-http send --batch lines --journal journal
check 'a journal whose folder cannot be synced ends the batch before anything is sent: 74' \
    is "$CODE $(requests send)" '74 1'
unset LACKS_SYNC
run c2d-http send --batch lines --journal journal
check 'the same command again sends each line that was not sent, and none twice' \
    is "$CODE $(requests send) $(echo journal*)" '0 900 journal'
