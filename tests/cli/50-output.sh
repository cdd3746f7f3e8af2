# shellcheck shell=sh
# Goal: no message is settled before its output is safe, whatever the output is.
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
check 'receive to a file as stdout prints the line and completes the message' \
    is "$(jq -r .body out) $(queued)" 'hello 0'
one_message
c2d-device receive | cat >out
check 'receive to a pipe whose reader reads completes the message' \
    is "$(jq -r .body out) $(queued)" 'hello 0'
one_message
echo before >out
c2d-device receive >>out
check 'receive to a file opened for appending keeps the lines in it' \
    is "$(head -n 1 out) $(wc -l <out)" 'before 2'
one_message
run c2d-device receive -o new
check 'receive -o creates a file of mode 600' \
    is "$CODE $(stat -c %a new) $(jq -r .body new)" '0 600 hello'
check 'receive -o prints nothing to stdout' is_empty out
enqueue '{"deviceId": "dev1", "body": "second"}'
run c2d-device receive -o new
check 'receive -o appends to a file' is "$(jq -r .body new | tr '\n' ' ')" 'hello second '
one_message
mkfifo fifo
cat fifo >copy &
PIDS="$PIDS $!"
run c2d-device receive -o fifo
check 'receive -o to a FIFO completes the message' is "$CODE $(queued)" '0 0'
until_true test -s copy
check 'the reader of a FIFO gets the line of receive -o' is "$(jq -r .body copy)" hello

# ---- A torn last line ----

one_message
{ echo '{"v":1,"whole":1}' && printf '{"v":1,"deviceId":"dev1","messageId":"to'; } >torn
run c2d-device receive -o torn
check 'receive -o cuts off a torn last record' \
    is "$(jq -r '.whole // .body' torn | tr '\n' ' ')$(queued)" '1 hello 0'
one_message
printf '{"v":1,' >torn
run c2d-device receive -o torn
check 'receive -o cuts off a torn record that is the only line' \
    is "$(wc -l <torn) $(jq -r .body torn)" '1 hello'
one_message
printf '{"v"' >torn
run c2d-device receive -o torn
check 'a line torn within its first bytes leaves lines that all parse' \
    is "$(tail -n 1 torn | jq -r .body)" hello
one_message
printf 'not ours, no newline' >torn
run c2d-device receive -o torn
check 'receive -o keeps a last line that is no record' \
    is "$(head -n 1 torn) $(tail -n 1 torn | jq -r .body)" 'not ours, no newline hello'
one_message
printf '{"v":1,"torn' >torn
run c2d-device receive -c 1 --format raw -o torn
check 'receive -o --format raw cuts off nothing' is "$(cat torn)" '{"v":1,"tornhello'

# ---- Output that fails ----

one_message
c2d-device receive 2>err >/dev/full
CODE=$?
check 'receive to a full device exits 74 and leaves the message' left_with 74 IOERR
one_message
{ c2d-device receive 2>err; echo $? >code; } | true
CODE=$(cat code)
check 'receive to a pipe without a reader exits 74 and leaves the message' left_with 74 IOERR
one_message
{ c2d-device receive 2>err; echo $? >code; } | { sleep 0.5; }
CODE=$(cat code)
check 'receive to a reader that ends without reading exits 74 and leaves the message' \
    left_with 74 IOERR
one_message
{ c2d-device receive -c 1 --format raw 2>err; echo $? >code; } | { sleep 0.5; }
CODE=$(cat code)
check 'receive --format raw to a reader that ends without reading exits 74 and leaves the message' \
    left_with 74 IOERR
one_message
run c2d-device receive -o /dev/full
check 'receive -o /dev/full exits 74 and leaves the message' left_with 74 IOERR

head -c 60000 /dev/zero | tr '\0' x >large
reset_hub
c2d-http send dev1 -f large -q
rm -f limited
(
    ulimit -f 8
    exec c2d-device receive -o limited
) >out 2>err
CODE=$?
check 'receive -o over the file size limit exits 74 and leaves the message' left_with 74 IOERR
check 'receive -o over the file size limit removes the partial record' is "$(wc -c <limited)" 0
echo kept >limited
(
    ulimit -f 8
    exec c2d-device receive >>limited
) 2>err
check 'receive to a redirected file over its size limit keeps only the other lines' \
    is "$(cat limited)" kept

if [ "$(id -u)" -eq 0 ] && mkdir disk && mount -t tmpfs -o size=16k tmpfs disk 2>/dev/null; then
    reset_hub
    c2d-http send dev1 -f large -q
    run c2d-device receive -o disk/file
    check 'receive -o on a full disk exits 74 and leaves the message' left_with 74 IOERR
    check 'receive -o on a full disk removes the partial record' is "$(wc -c <disk/file)" 0
    run c2d-device receive -o disk/file -c 1 --format raw
    umount disk
fi

# ---- Files that cannot be created (73) ----

one_message
run c2d-device receive -o /nonexistent/file
check 'receive -o in a folder that does not exist exits 73 and leaves the message' \
    left_with 73 CANTCREAT
check 'receive -o in a folder that does not exist sends no request' nothing_was_asked
echo x >plain
run c2d-device receive -o plain/file
check 'receive -o below a file exits 73 and leaves the message' left_with 73 CANTCREAT
run c2d-device receive -o .
check 'receive -o with a folder exits 73 and leaves the message' left_with 73 CANTCREAT
check 'an output file that cannot be created causes no request' nothing_was_asked
run c2d-device receive --trace /nonexistent/trace
check 'receive with a --trace that cannot be created exits 73 and leaves the message' \
    left_with 73 CANTCREAT

# ---- A drain ends at its first failure ----

reset_hub
enqueue '{"deviceId": "dev1", "body": "x", "count": 3}'
c2d-device receive >/dev/full 2>err
CODE=$?
check 'receive ends with 74 after the first failed write' is "$(requests receive) $CODE" '1 74'
check 'a failed write of receive leaves the delivery count of all messages at 0' \
    is "$(state '[.devices.dev1.queue[].deliveryCount] | add')" 0
reset_hub
for body in a b c; do
    c2d-http send dev1 -f large -i $body -q
done
{ c2d-device receive 2>err; echo $? >code; } | head -c 70000 >part
check 'receive completes the one record that its reader took whole and leaves the rest' \
    is "$(cat code) $(requests complete) $(queued)" '74 1 2'

# ---- Formats ----

reset_hub
enqueue '{"deviceId": "dev1", "body": "b", "messageId": "m1", "properties": {"k": "v"}}'
run c2d-device receive --format text
check 'receive --format text prints the body and the properties' says out m1 'k = v' b
enqueue '{"deviceId": "dev1", "body": "b"}'
script -qec 'c2d-device receive' /dev/null </dev/null >out 2>err
check 'receive on a terminal prints text by default' says out 'message 1, 1 bytes'
enqueue '{"deviceId": "dev1", "body": "b"}'
script -qec 'c2d-device receive -j' /dev/null </dev/null >out 2>err
check 'receive -j on a terminal prints JSON' says out '{"v":1,"deviceId":"dev1"'
