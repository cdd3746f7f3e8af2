# shellcheck shell=sh
# Goal: a system call that fails is reported as such and leaves the messages. It is not taken for
# another error, and no message is lost.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
has strace 'every failing system call' || exit 0
# shellcheck disable=SC2119  # no options are wanted
start_sim
# The leak check does not work in a traced process.
export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"

one_message() {
    reset_hub
    enqueue '{"deviceId": "dev1", "body": "hello"}'
}

# with_failing CALL PATTERN ERROR COMMAND...: runs COMMAND with ERROR for one CALL: the last one
# that matched PATTERN in a run without errors.
with_failing() {
    call=$1
    pattern=$2
    error=$3
    shift 3
    one_message
    strace -o calls -e "trace=$call" "$@" >/dev/null 2>&1
    nth=$(grep -nE "$pattern" calls | tail -n 1 | cut -d : -f 1)
    one_message
    run timeout -k 5 30 strace -o calls -e "trace=$call" -e "inject=$call:error=$error:when=${nth:-0}" "$@"
    grep -q INJECTED calls || echo "not ok - a call looks like $pattern"
}

with_failing fcntl OFD_SETLK ENOLCK c2d-device receive
check 'receive exits 0 with its lock socket alone when the lock file cannot be locked' \
    is "$CODE $(requests complete)" '0 1'
with_failing socket 'AF_UNIX, SOCK_STREAM[|]SOCK_CLOEXEC[|]SOCK_NONBLOCK, 0' EMFILE c2d-device receive
check 'receive exits 73 when its lock socket cannot be created' fails_with 73 CANTCREAT
check 'receive without its lock socket sends no request' nothing_was_asked
with_failing socket 'AF_UNIX, SOCK_STREAM[|]SOCK_CLOEXEC[|]SOCK_NONBLOCK, 0' EAFNOSUPPORT c2d-device receive
check 'receive exits 0 with its lock file alone where Unix sockets are forbidden' \
    is "$CODE $(requests complete)" '0 1'
run c2d-device receive --spool spool # makes its folders
with_failing openat '[0-9a-f]{16}[.]lock' EACCES c2d-device receive --spool spool
check "receive --spool exits 73 and not 26 when the lock of the spool cannot be opened" \
    fails_with 73 CANTCREAT
with_failing fcntl OFD_SETLK ENOLCK c2d-http feedback -o collected
check 'feedback -o exits 74 and not 26 when its file cannot be locked' fails_with 74 IOERR

# A libcurl that finds O_NONBLOCK set makes no second call.
with_failing fcntl 'F_(SETFL, |GETFL).*O_NONBLOCK' ENOLCK c2d-device receive
check 'receive exits 0 when libcurl cannot make a connection non-blocking' \
    is "$CODE $(requests complete)" '0 1'

printf '#!/bin/sh\nsleep 0.3\necho done >>handled\n' >handler
chmod +x handler
with_failing poll 'POLLIN}], 2, (1000|9[0-9]{2})[)]' ENOMEM c2d-device receive -- ./handler
check 'receive completes a message when poll() fails once while its handler runs' \
    is "$CODE $(requests abandon) $(requests complete)" '0 0 1'

one_message
head -c 60000 /dev/zero | tr '\0' x >large
c2d-http send dev1 -f large -q
strace -o calls -e trace=write c2d-device receive 2>err | cat >out
check 'receive writes each record to a pipe with one write()' \
    is "$(grep -c '^write(1,' calls) $(jq -r .bodySize out | xargs)" '2 5 60000'
