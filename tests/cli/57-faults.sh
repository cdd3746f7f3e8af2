# shellcheck shell=sh
# Goal: what the kernel refuses is told by its own name and leaves the messages: no other trouble is
# taken for it, and nothing is destroyed because of it (R3).
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
# Leaks cannot be looked for in a traced process.
export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"

one_message() {
    reset_hub
    enqueue '{"deviceId": "dev1", "body": "hello"}'
}

# with_failing CALL PATTERN ERROR COMMAND...: COMMAND, of which the last call that looks like PATTERN
# in an undisturbed run fails.
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
check 'a lock file that cannot be locked is not taken for another instance: the socket is enough' \
    is "$CODE $(requests complete)" '0 1'
with_failing socket 'AF_UNIX, SOCK_STREAM[|]SOCK_CLOEXEC[|]SOCK_NONBLOCK, 0' EMFILE c2d-device receive
check 'a lock socket that cannot be made for now: 73' fails_with 73 CANTCREAT
check 'without a lock socket nothing is asked' nothing_was_asked
with_failing socket 'AF_UNIX, SOCK_STREAM[|]SOCK_CLOEXEC[|]SOCK_NONBLOCK, 0' EAFNOSUPPORT c2d-device receive
check 'where Unix sockets are forbidden the lock file is enough: exit 0' \
    is "$CODE $(requests complete)" '0 1'
run c2d-device receive --spool spool # makes its folders
with_failing openat '[0-9a-f]{16}[.]lock' EACCES c2d-device receive --spool spool
check "a spool's lock that is not ours to open is not taken for another instance: 73, said" \
    fails_with 73 CANTCREAT
with_failing fcntl OFD_SETLK ENOLCK c2d-http feedback -o collected
check 'so the lock of a file that is collected into: 74' fails_with 74 IOERR

with_failing fcntl 'F_SETFL, .*NONBLOCK' ENOLCK c2d-device receive
check 'a connection whose mode libcurl cannot set does not block: what waits is received' \
    is "$CODE $(requests complete)" '0 1'

printf '#!/bin/sh\nsleep 0.3\necho done >>handled\n' >handler
chmod +x handler
with_failing poll 'POLLIN}], 2, (1000|9[0-9]{2})[)]' ENOMEM c2d-device receive -- ./handler
check 'a handler that cannot be watched for a moment is not stopped, nor its message abandoned' \
    is "$CODE $(requests abandon) $(requests complete)" '0 0 1'

one_message
head -c 60000 /dev/zero | tr '\0' x >large
c2d-http send dev1 -f large -q
strace -o calls -e trace=write c2d-device receive 2>err | cat >out
check 'a pipe gets each record in one piece, which no kill can tear (Q3)' \
    is "$(grep -c '^write(1,' calls) $(jq -r .bodySize out | xargs)" '2 5 60000'
