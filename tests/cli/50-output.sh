# shellcheck shell=sh
# Goal: nothing is settled before it is safe in the output, wherever that is (R1-R3, F1).
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

left_with() {
    code_is "$1" && says err "error: $2" && is_left "${3:-1}"
}
one_message() {
    reset_hub
    enqueue '{"deviceId": "dev1", "messageId": "m1", "body": "hello"}'
}

# ---- Output that works ----

one_message
run c2d-device receive
check 'a file as stdout gets the line, and the message is completed (R1)' \
    is "$(jq -r .body out) $(queued)" 'hello 0'
one_message
c2d-device receive | cat >out
check 'a pipe whose reader takes it completes the message (R1)' \
    is "$(jq -r .body out) $(queued)" 'hello 0'
one_message
echo before >out
c2d-device receive >>out
check 'a file opened for appending keeps what it held (R1)' \
    is "$(head -n 1 out) $(wc -l <out)" 'before 2'
one_message
run c2d-device receive -o new
check '-o makes a file of mode 600 (7.1)' \
    is "$CODE $(stat -c %a new) $(jq -r .body new)" '0 600 hello'
check 'with -o stdout stays empty (7.1)' is_empty out
enqueue '{"deviceId": "dev1", "body": "second"}'
run c2d-device receive -o new
check '-o appends (7.1)' is "$(jq -r .body new | tr '\n' ' ')" 'hello second '
one_message
mkfifo fifo
cat fifo >copy &
PIDS="$PIDS $!"
run c2d-device receive -o fifo
check '-o takes a FIFO (7.1)' is "$CODE $(queued)" '0 0'
until_true test -s copy
check 'and its reader gets the line (7.1)' is "$(jq -r .body copy)" hello

# ---- A torn last line (R2) ----

one_message
{ echo '{"v":1,"whole":1}' && printf '{"v":1,"deviceId":"dev1","messageId":"to'; } >torn
run c2d-device receive -o torn
check 'a torn last line of ours is cut off (R2)' \
    is "$(jq -r '.whole // .body' torn | tr '\n' ' ')$(queued)" '1 hello 0'
one_message
printf '{"v":1,' >torn
run c2d-device receive -o torn
check 'so when it is the only one (R2)' is "$(wc -l <torn) $(jq -r .body torn)" '1 hello'
one_message
printf '{"v"' >torn
run c2d-device receive -o torn
check 'a line torn within its first bytes leaves lines that all parse (R2, J4)' \
    is "$(tail -n 1 torn | jq -r .body)" hello
one_message
printf 'not ours, no newline' >torn
run c2d-device receive -o torn
check 'a last line of others is kept (R2)' \
    is "$(head -n 1 torn) $(tail -n 1 torn | jq -r .body)" 'not ours, no newline hello'
one_message
printf '{"v":1,"torn' >torn
run c2d-device receive -c 1 --format raw -o torn
check 'with raw nothing is cut off (R2)' is "$(cat torn)" '{"v":1,"tornhello'

# ---- Output that fails (R3, F1) ----

one_message
c2d-device receive 2>err >/dev/full
CODE=$?
check 'a full device: 74, nothing is settled, the message is left (R3, F1)' left_with 74 IOERR
one_message
{ c2d-device receive 2>err; echo $? >code; } | true
CODE=$(cat code)
check 'a pipe without a reader: 74 and left (R3, F1)' left_with 74 IOERR
one_message
{ c2d-device receive 2>err; echo $? >code; } | { sleep 0.5; }
CODE=$(cat code)
check 'a reader that dies without reading: 74 and left (R1, F1)' left_with 74 IOERR
one_message
{ c2d-device receive -c 1 --format raw 2>err; echo $? >code; } | { sleep 0.5; }
CODE=$(cat code)
check 'so with raw (R1, F1)' left_with 74 IOERR
one_message
run c2d-device receive -o /dev/full
check '-o /dev/full: 74 and left (R3)' left_with 74 IOERR

head -c 60000 /dev/zero | tr '\0' x >large
reset_hub
c2d-http send dev1 -f large -q
rm -f limited
(
    ulimit -f 8
    exec c2d-device receive -o limited
) >out 2>err
CODE=$?
check 'a file over its size limit: 74 and left, not killed by SIGXFSZ (Q1, R3)' left_with 74 IOERR
check 'what was written of it is undone (R2)' is "$(wc -c <limited)" 0
echo kept >limited
(
    ulimit -f 8
    exec c2d-device receive >>limited
) 2>err
check 'so in a redirected file, whose other lines stay (R2)' is "$(cat limited)" kept

if [ "$(id -u)" -eq 0 ] && mkdir disk && mount -t tmpfs -o size=16k tmpfs disk 2>/dev/null; then
    reset_hub
    c2d-http send dev1 -f large -q
    run c2d-device receive -o disk/file
    check 'a full disk: 74 and left (R3, F1)' left_with 74 IOERR
    check 'and no torn record stays on it (R2)' is "$(wc -c <disk/file)" 0
    run c2d-device receive -o disk/file -c 1 --format raw
    umount disk
fi

# ---- Files that cannot be made (73) ----

one_message
run c2d-device receive -o /nonexistent/file
check 'a file in a folder that is not there: 73 and left' left_with 73 CANTCREAT
check 'before anything was asked (G7)' nothing_was_asked
echo x >plain
run c2d-device receive -o plain/file
check 'a file below a file: 73' left_with 73 CANTCREAT
run c2d-device receive -o .
check 'a folder: 73' left_with 73 CANTCREAT
check 'none of them asked the hub (G7)' nothing_was_asked
run c2d-device receive --trace /nonexistent/trace
check 'a trace that cannot be made: 73 and left' left_with 73 CANTCREAT

# ---- A drain ends at its first failure ----

reset_hub
enqueue '{"deviceId": "dev1", "body": "x", "count": 3}'
c2d-device receive >/dev/full 2>err
CODE=$?
check 'after a failed write nothing more is received (R3)' is "$(requests receive) $CODE" '1 74'
check 'and the messages come again at no delivery count (R3)' \
    is "$(state '[.devices.dev1.queue[].deliveryCount] | add')" 0
reset_hub
for body in a b c; do
    c2d-http send dev1 -f large -i $body -q
done
{ c2d-device receive 2>err; echo $? >code; } | head -c 70000 >part
check 'a reader that leaves in mid-stream: what it took whole is settled, the rest is left (R1)' \
    is "$(cat code) $(requests complete) $(queued)" '74 1 2'

# ---- Forms (7.1) ----

reset_hub
enqueue '{"deviceId": "dev1", "body": "b", "messageId": "m1", "properties": {"k": "v"}}'
run c2d-device receive --format text
check 'text shows body and properties to people (7.1)' says out m1 'k = v' b
enqueue '{"deviceId": "dev1", "body": "b"}'
script -qec 'c2d-device receive' /dev/null </dev/null >out 2>err
check 'on a terminal text is the default (7.1)' says out 'message 1, 1 bytes'
enqueue '{"deviceId": "dev1", "body": "b"}'
script -qec 'c2d-device receive -j' /dev/null </dev/null >out 2>err
check 'on a terminal -j means json (3)' says out '{"v":1,"deviceId":"dev1"'
