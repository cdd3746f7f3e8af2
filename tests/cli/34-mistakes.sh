# shellcheck shell=sh
# A secret typed in the place of a file or a word is refused, and not repeated.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

SECRET='HostName=h.azure-devices.net;DeviceId=d;SharedAccessKey=Y2FuYXJ5LWtleQ=='

run c2d-device receive -v -C "$SECRET"
check '-C with a connection string instead of a file exits 64' fails_with 64 USAGE
check 'the hint for a connection string given to -C names -C FILE' says err 'pass -C FILE'
check 'the error for a connection string given to -C does not repeat its key' lacks err Y2FuYXJ5

run c2d-http "$SECRET"
check 'a connection string in place of the command exits 64' fails_with 64 USAGE
check 'the error for a connection string in place of the command does not repeat its key' \
    lacks err Y2FuYXJ5

for command in send status purge; do
    run c2d-http $command "$SECRET"
    check "$command refuses a connection string in place of the device" \
        grep -q 'not an argument' err
    check "$command does not repeat the key of a connection string given as device" \
        lacks err Y2FuYXJ5
done

for first in '#' '"' "'"; do
    printf '%s\n' "$first$SECRET" >conn && chmod 600 conn
    run c2d-device receive -C conn
    check "a connection string file that begins with $first exits 78" fails_with 78 CONFIG
    check "the error for a file that begins with $first says that the string stands alone" \
        says err 'give only the string'
done

# Proxies that cannot be parsed (78) are reported before the program connects.
while read -r code proxy; do
    run env NO_PROXY= no_proxy= https_proxy="$proxy" c2d-device receive --retries 0 --trace - -v
    check "the password of the proxy $proxy in the environment is in no output" \
        lacks err CANARY
    check "receive with the proxy $proxy in the environment exits $code" code_is "$code"
done <<'END'
20 http://u:CANARY#PW@127.0.0.1:1
20 http://u:CANARY@127.0.0.1:1
20 u:CANARY@127.0.0.1:1
78 foo://u:CANARY@127.0.0.1:1
78 http://u:CANARY@127.0.0.1:99999
78 http://u:CANARY
END

run c2d-http status dev1 'bad/id'
check 'every device id is checked before the first request' fails_with 65 DATA
run c2d-device complete token ' '
check 'every lock token is checked before the first request' fails_with 65 DATA
check 'an invalid proxy, device id or lock token causes no request to the hub' nothing_was_asked

for option in '--connect-to localhost:0' '--connect-to :5' '--proxy http://' \
    '--proxy socks4://h' '--timeout 0'; do
    # shellcheck disable=SC2086  # two words are wanted
    run c2d-device receive $option
    check "the invalid option $option exits 64" fails_with 64 USAGE
    check "the error for the invalid option $option names the option" says err "${option%% *}"
done

run c2d-http receive
check 'the error for a command of c2d-device given to c2d-http names c2d-device' \
    says err 'a command of c2d-device'
run c2d-http send --mesage x
check 'an unknown option points to the help of its command' says err 'c2d-http help send'

mkfifo pipe
sleep 20 >pipe &
PIDS="$PIDS $!"
start_run c2d-http send dev1 -f pipe
sleep 0.3
kill -TERM "$RUN_PID"
finish_run
check 'TERM while send waits for its body exits 143 and prints nothing' ends_silently 143 ''
mkfifo fifo
for options in '-f fifo' '-m x -C fifo' '-m x --trace fifo' '-m x --proxy-user-file fifo'; do
    # shellcheck disable=SC2086  # words are wanted
    start_run c2d-http send dev1 --proxy http://proxy $options
    sleep 0.3
    kill -TERM "$RUN_PID"
    finish_run
    check "TERM while send $options waits for the other end of a pipe exits 143 and prints nothing" \
        ends_silently 143 ''
done
