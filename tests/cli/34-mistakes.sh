# shellcheck shell=sh
# What people type by mistake: a secret where a file or a word belongs is refused, and not repeated.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

SECRET='HostName=h.azure-devices.net;DeviceId=d;SharedAccessKey=Y2FuYXJ5LWtleQ=='

run c2d-device receive -v -C "$SECRET"
check 'a connection string instead of its file is refused: 64 (C1)' fails_with 64 USAGE
check 'the hint names the file form' says err 'pass -C FILE'
check 'and the string is not repeated (C7)' lacks err Y2FuYXJ5

run c2d-http "$SECRET"
check 'a connection string instead of a command is refused: 64' fails_with 64 USAGE
check 'and not repeated either (C7)' lacks err Y2FuYXJ5

for command in send status purge; do
    run c2d-http $command "$SECRET"
    check "a connection string instead of a device is refused: $command (C1)" \
        grep -q 'no argument' err
    check "and not repeated: $command (C7)" lacks err Y2FuYXJ5
done

for first in '#' '"' "'"; do
    printf '%s\n' "$first$SECRET" >conn && chmod 600 conn
    run c2d-device receive -C conn
    check "a file that begins with $first is 78" fails_with 78 CONFIG
    check "and told what it should hold: $first" says err 'give only the string'
done

# Those that cannot be read are told before anything is connected (G7).
while read -r code proxy; do
    run env NO_PROXY= no_proxy= https_proxy="$proxy" c2d-device receive --retries 0 --trace - -v
    check "the password of a proxy in the environment is in no output (C7): $proxy" \
        lacks err CANARY
    check "and the run fails for the proxy's sake: $proxy" code_is "$code"
done <<'END'
20 http://u:CANARY#PW@127.0.0.1:1
20 http://u:CANARY@127.0.0.1:1
20 u:CANARY@127.0.0.1:1
78 foo://u:CANARY@127.0.0.1:1
78 http://u:CANARY@127.0.0.1:99999
78 http://u:CANARY
END

run c2d-http status dev1 'bad/id'
check 'every device id is checked before the first request (G7)' fails_with 65 DATA
run c2d-device complete token ' '
check 'every lock token is checked before the first request (G7)' fails_with 65 DATA
check 'nothing was asked of the hub' nothing_was_asked

for option in '--connect-to localhost:0' '--connect-to :5' '--proxy http://' \
    '--proxy socks4://h' '--timeout 0'; do
    # shellcheck disable=SC2086  # two words are wanted
    run c2d-device receive $option
    check "an option that cannot be is 64 and named (G6): $option" fails_with 64 USAGE
    check "by its name: $option" says err "${option%% *}"
done

run c2d-http receive
check 'the other program is named where a command is its own' says err 'one of c2d-device'
run c2d-http send --mesage x
check 'an unknown option points to the help of its command' says err 'c2d-http help send'

mkfifo pipe
sleep 20 >pipe &
PIDS="$PIDS $!"
start_run c2d-http send dev1 -f pipe
sleep 0.3
kill -TERM "$RUN_PID"
finish_run
check 'a signal ends the wait for a body, in silence (Q2)' ends_silently 143 ''
