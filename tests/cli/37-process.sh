# shellcheck shell=sh
# shellcheck disable=SC2016  # what stands in single quotes is for the handler's shell
# The process environment: signals that a parent left blocked or ignored, running as process 1 of a
# container, and what a handler inherits.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

one() {
    reset_hub
    enqueue '{"deviceId": "dev1", "messageId": "m", "body": "x"}'
}

counts() { # completed, rejected, abandoned, still queued
    state '.devices.dev1 | [.completed, .rejected, .abandoned, (.queue | length)] | tostring'
}

# ---- Signals that were blocked or ignored at start ----

for pair in INT:130 TERM:143 HUP:129; do
    reset_hub
    start_run env --block-signal="${pair%:*}" c2d-device receive --wait 20 --interval 10
    until_true has_requests receive 1
    kill -s "${pair%:*}" "$RUN_PID"
    finish_run
    check "${pair%:*} ends receive with ${pair#*:} although the parent had blocked it" \
        code_is "${pair#*:}"
done
# Ignores the signals that the C library uses for threads, as some parents do, then executes.
cat >ignore.c <<'X'
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char **words)
{
    const unsigned long ignored[8] = { 1 };

    for (int number = 32; number <= 33; number++)
        syscall(SYS_rt_sigaction, number, ignored, NULL, 8L);
    return count > 1 ? execvp(words[1], words + 1) : 1;
}
X
cc -o ignore ignore.c
one
run ./ignore env --block-signal=TERM,USR1,CHLD --ignore-signal=USR2,QUIT,TSTP,PIPE,HUP \
    c2d-device receive -- grep '^Sig' /proc/self/status
check 'no signal is blocked in a handler' says out "$(printf 'SigBlk:\t0000000000000000')"
check 'no signal is ignored in a handler' says out "$(printf 'SigIgn:\t0000000000000000')"

# ---- The first process of a container ----

# Starts c2d-device with the options as process 1 of a new namespace, and sets RUN_PID to it.
start_first() {
    start_run unshare --pid --fork --mount-proc c2d-device "$@"
    UNSHARE=$RUN_PID
    until_true pgrep -P "$UNSHARE"
    RUN_PID=$(pgrep -P "$UNSHARE")
}
finish_first() {
    RUN_PID=$UNSHARE
    finish_run
}
children_are() {
    is "$(pgrep -P "$1" | wc -l)" "$2"
}

if [ "$(id -u)" -eq 0 ] && unshare --pid --fork --mount-proc true 2>/dev/null; then
    reset_hub
    start_first receive --wait 20 --interval 10
    until_true has_requests receive 1
    kill -s TERM "$RUN_PID"
    finish_first
    check 'TERM ends process 1 of a container with 143' code_is 143
    reset_hub
    enqueue '{"deviceId": "dev1", "body": "hello"}'
    fault '{"operation": "complete", "delayMs": 4000}'
    start_first receive -v
    until_true has_requests complete 1
    kill -s INT "$RUN_PID"
    sleep 0.2
    kill -s INT "$RUN_PID"
    finish_first
    check 'a second INT ends process 1 of a container with 130' code_is 130
    check 'a second INT ends receive without the response to its DELETE' lacks err DELETE
    one
    start_first poll -- sh -c 'for i in 1 2 3; do sh -c "sleep 0.2; : >ended-$i" & done; exit 0'
    until_true test -e ended-1 -a -e ended-2 -a -e ended-3
    until_true children_are "$RUN_PID" 0
    check 'process 1 of a container collects the orphans of its handlers' children_are "$RUN_PID" 0
    kill "$RUN_PID"
    finish_first
else
    echo '# skipped: process 1 of a container, which needs root'
fi
one
start_run sh -c 'sh -c ": >ended" & exec c2d-device poll -- true'
until_true has_requests complete 1
until_true children_are "$RUN_PID" 0
check 'poll collects a child that was started before exec' children_are "$RUN_PID" 0
check 'poll waits for its handler beside an older child and completes the message' \
    is "$(counts)" '[1,0,0,0]'
kill "$RUN_PID"
finish_run

# ---- What a handler inherits ----

one
run_traced -f -e trace=close_range -e inject=close_range:error=ENOSYS \
    c2d-device receive -- sh -c 'ls /proc/self/fd >fds' 9<"$HUB/env"
check 'a handler inherits no descriptor, also on a kernel without close_range(2)' \
    is "$CODE $(xargs <fds)" '0 0 1 2 3'
one
run_traced -e trace=socket c2d-device receive
check 'receive opens every connection with SOCK_CLOEXEC' is \
    "$(grep SOCK_STREAM trace | grep -cv SOCK_CLOEXEC) $(grep -q 'AF_INET.*SOCK_CLOEXEC' trace && echo TCP)" \
    '0 TCP'

one
run c2d-device receive -- sh -c 'echo $$ $(cut -d " " -f 5,6 /proc/$$/stat)'
check 'a handler leads a new session and process group' \
    is "$(tr ' ' '\n' <out | sort -u | wc -l)" 1

# Limits arguments and environment to a megabyte and fills all of it but 70 KiB.
filled() {
    fill=$(head -c 95000 /dev/zero | tr '\0' f)
    set -- env "$@"
    for number in 1 2 3 4 5 6 7 8 9 10; do
        set -- env "FILL_$number=$fill" "$@"
    done
    set -- env "FILL=$(head -c $((1048576 - 70000 - 10 * 95000 - 1500)) /dev/zero | tr '\0' f)" "$@"
    run prlimit --stack=4194304 "$@"
}
property() {
    reset_hub
    enqueue "$(head -c "$1" /dev/zero | tr '\0' p \
        | jq -Rc '{deviceId: "dev1", messageId: "m", body: "x", properties: {long: .}}')"
}
property 45000
filled c2d-device receive -- sh -c 'env | cut -c 1-40 >seen'
check 'a handler whose environment is too large is started without C2D_MESSAGE_JSON' is \
    "$CODE $(grep -c C2D_MESSAGE_JSON seen) $(grep -c C2D_PROP_LONG=p seen) $(grep TRUNC seen)" \
    '0 0 1 C2D_TRUNCATED=1'
property 85000
filled c2d-device receive --spool spool -- sh -c 'env | cut -c 1-40 >seen'
check 'a handler whose environment is still too large is started without the properties' is \
    "$CODE $(grep -c C2D_PROP_ seen) $(grep TRUNC seen) $(find spool/new -type f | wc -l)" \
    '0 0 C2D_TRUNCATED=1 0'

if ! is_sanitized; then
    reset_hub
    seq 900 | jq -sc '{deviceId: "dev1", body: "x",
        properties: map({"\("x" * 95)\(.)": "v"}) | add}' >many
    enqueue "$(cat many)"
    # The second line of times(1) is the time of the children.
    run sh -c 'c2d-device receive -- sh -c "env | grep -c ^C2D_PROP_"; times'
    check 'a handler gets all 900 properties of a message' is "$(head -n 1 out)" 900
    check 'a handler with 900 properties costs less than 0.2 s of processor time' awk -F '[ms ]+' \
        'NR == 3 { exit !($1 * 60 + $2 + $3 * 60 + $4 < 0.2) }' out
fi

# ---- Handlers that cannot be found ----

refused_script() { # SHOWN FIRST-LINE TEXT...
    one
    first=$1
    # shellcheck disable=SC2059  # the line has escapes
    printf "$2\n" >script
    chmod 755 script
    shift 2
    run c2d-device receive -- ./script
    check "the error for a handler with the first line $first says $*" says err "$@"
    check "a handler with the first line $first exits 71 and leaves its message" \
        is "$CODE $(counts)" '71 [0,0,0,1]'
}
refused_script '#!/bin/sh CR' '#!/bin/sh\r\nexit 0\r' 'CR LF' "sed -i 's/\\r\$//' ./script"
refused_script '#!/usr/bin/env sh CR' '#!/usr/bin/env sh\r\nexit 0\r' 'CR LF'
refused_script '#!/no/such' '#!/no/such -x' "interpreter of its first line, '/no/such'"
mkdir folder
printf '#!/bin/sh\r\n' >folder/crlf-handler
chmod 755 folder/crlf-handler
one
PATH=$PATH:$PWD/folder run c2d-device receive -- crlf-handler
check 'the error for a handler in PATH with a CR in its first line names its path' \
    says err 'CR LF' "$PWD/folder/crlf-handler"
one
run c2d-device receive -- ./missing
check 'the error for a handler that does not exist says No such file' \
    says err 'No such file' '(127)'

# ---- Handlers that are stopped ----

one
start_run c2d-device receive --handler-timeout 2s -- sh -c \
    'trap ": >got-term; exit" TERM; kill -STOP $$; while :; do sleep 0.1; done'
finish_run
check 'receive warns once about a handler that was stopped by a signal' \
    is "$(grep -c "handler of message 'm' was stopped by signal 19" err)" 1
check 'a stopped handler gets TERM and is continued when its time-out is over' \
    is "$CODE $(counts) $(find . -name got-term)" '22 [0,0,1,1] ./got-term'
one
rm err
start_run c2d-device receive -- sh -c 'kill -STOP $$; exit 0'
until_true grep -q 'was stopped' err
kill -CONT "$(sed -n 's/.*kill -CONT \([0-9]*\) .*/\1/p' err)"
finish_run
check 'a stopped handler that is continued completes its message' is "$CODE $(counts)" '0 [1,0,0,0]'
