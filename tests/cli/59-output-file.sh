# shellcheck shell=sh
# Goal: a file that is written to over a long time keeps every record: when it is rotated, when its
# last line is incomplete, and when others may write to it.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

message() { # body
    enqueue "{\"deviceId\": \"dev1\", \"body\": \"$1\"}"
}
bodies() { # file
    jq -r .body "$1" | tr '\n' ' '
}
completed() {
    [ "$(state .devices.dev1.completed)" -ge "$1" ]
}

# ---- Rotation ----

start_run timeout 20 c2d-device poll --interval 100ms -q -o log
message one
until_true completed 1
mv log log.1
message two
until_true completed 2
check 'poll -o writes to a new file of mode 600 after its file was moved away' \
    is "$(bodies log.1)$(bodies log) $(stat -c %a log)" 'one two  600'
rm log
message three
until_true completed 3
check 'poll -o writes to a new file after its file was removed' is "$(bodies log)" 'three '
: >other
mv other log
message four
until_true completed 4
check 'poll -o appends to a file that has replaced its own' \
    is "$(bodies log)" 'four '
rm log
mkdir log
message five
finish_run
check 'poll -o exits 73 when a folder has replaced its file' \
    is "$CODE $(grep -c CANTCREAT err)" '73 1'
check 'poll -o leaves the message when a folder has replaced its file' \
    is "$(queued) $(requests complete)" '1 4'
rmdir log

# The file is removed while the record is written: the second fsync is that of the record.
reset_hub
message late
start_run env ASAN_OPTIONS=detect_leaks=0 strace -qq -o trace -e trace=fsync \
    -e inject=fsync:delay_enter=700000:when=2 c2d-device receive -o log
until_true test -s log
rm log
finish_run
check 'receive -o writes a record to a new file when its file is removed before the fsync' \
    is "$CODE $(bodies log)$(requests complete)" '0 late 1'

# The lock expires during the second fsync.
flags=
is_sanitized && flags=-fsanitize=address,undefined
# shellcheck disable=SC2086  # one word for each flag is wanted
cc -shared -fPIC $flags -o preload.so "$C2D_TESTS/64-preload.c" || exit 1
reset_hub
message slow
rm -f log
start_run env ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0 strace -qq -o trace \
    -e trace=fsync -e inject=fsync:delay_enter=700000:when=2 -E LD_PRELOAD="$PWD/preload.so" \
    -E JUMP="$PWD/jump" c2d-device receive -o log
until_true test -s log
echo 70 >jump
finish_run
check 'receive -o exits 74 and removes a record whose lock expired during the fsync' \
    is "$CODE $(wc -c <log) $(requests complete) $(queued)" '74 0 0 1'
check 'the error for a lock that expired during the fsync says Connection timed out' \
    says err 'Connection timed out'

# ---- The last line ----

# ends_in TEXT: receives a message to a file that ends in TEXT without a newline.
ends_in() {
    reset_hub
    message new
    printf %s "$1" >log
    run c2d-device receive -o log
}
whole='{"v":1,"deviceId":"dev1","properties":{"a":"\"}{\\"},"body":"old"}'
ends_in "$whole"
check 'receive -o keeps a complete record without a newline and prints no warning' \
    is "$CODE $(bodies log)$(wc -l <log) $(wc -c <err)" '0 old new 2 0'
ends_in "$(printf '%s\r' "$whole")"
check 'receive -o keeps a complete record with a CR in place of its newline' \
    is "$CODE $(bodies log)" '0 old new '
torn=${whole%\"\}}
ends_in "$torn"
check 'receive -o cuts off an incomplete last record with a warning' \
    is "$CODE $(bodies log)$(wc -l <log) $(grep -c "warning: 'log' ended with" err)" '0 new 1 1'
ends_in "$(printf '%s' "$whole" | head -c 48)"
check 'receive -o cuts off a record that ends within a text with quotes and braces' \
    is "$(bodies log)$(grep -c 'its 48 bytes were cut off' err)" 'new 1'
for text in "$whole garbage" '{"v":2,"body":"x' 'a line of others'; do
    ends_in "$text"
    check "receive -o ends the last line '$text' with a newline and prints no warning" \
        is "$(head -n 1 log) $(tail -n 1 log | jq -r .body) $(wc -c <err)" "$text new 0"
done

# ---- A trace ----

# A device node of the test: the /dev/null of the machine must not change.
mkfifo fifo
chmod 622 fifo
cat fifo >copy &
PIDS="$PIDS $!"
run c2d-http send dev1 -m x -q --trace fifo
check 'send --trace to a FIFO keeps the mode of the FIFO' \
    is "$CODE $(stat -c %a fifo)" '0 622'
until_true grep -q '^< HTTP 204' copy
check 'the reader of a FIFO gets the trace' says copy '< HTTP 204'
: >mine
chmod 644 mine
run c2d-http send dev1 -m x -q --trace mine
check 'send --trace sets the mode of a file of the same user to 600' is "$CODE $(stat -c %a mine)" '0 600'
if [ "$(id -u)" -eq 0 ]; then
    if mknod null c 1 3 2>/dev/null; then
        chmod 666 null
        run c2d-http send dev1 -m x -q --trace null
        check 'send --trace to a device keeps the mode of the device' \
            is "$CODE $(stat -c %a null)" '0 666'
    fi
    echo theirs >theirs
    chown 65534 theirs
    chmod 622 theirs
    reset_hub
    run c2d-http send dev1 -m x --trace theirs
    check "send --trace to a file of another user exits 73 before a request" \
        eval 'fails_with 73 CANTCREAT && nothing_was_asked'
    check "send --trace leaves a file of another user alone and says whose it is" \
        eval "is \"\$(stat -c %a theirs) \$(cat theirs)\" '622 theirs' && says err 'another user'"
fi

# ---- Suspended time ----

run_traced -e trace=timerfd_create,timerfd_settime c2d-device receive --wait 300ms --interval 200ms
check 'the wait between two polls counts the time in which the machine is suspended' \
    says trace 'timerfd_create(CLOCK_BOOTTIME' 'TFD_TIMER_ABSTIME'
