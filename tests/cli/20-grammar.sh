# shellcheck shell=sh
# Goal: the command line is read as the contract says, and what is wrong with it is said in one line
# before anything is asked of a hub.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# The run ended with 64, one error line with each text, and a hint line at most.
usage_error() {
    fails_with 64 USAGE && is_empty out && says err "$@" \
        && is "$(grep -vc -e ': error: ' -e ': hint: ' err)" 0
}

refuses() {
    sentence=$1
    expected=$2
    shift 2
    run "$@" </dev/null
    check "$sentence" usage_error "$expected"
}

# ---- Help and version (G5) ----

for program in c2d-http c2d-device; do
    run $program --version
    check "$program --version goes to stdout and ends with 0 (G5)" \
        ends_silently 0 "$(cat out)"
    check "$program --version names program and version (G5)" grep -qE "^$program [0-9]" out
    run $program -V
    check "$program -V is --version (G5)" grep -qE "^$program [0-9]" out
    for help in --help -h help; do
        run $program $help
        check "$program $help goes to stdout alone and ends with 0 (G5)" \
            is "$CODE $(wc -c <err)" '0 0'
        check "$program $help names the commands (G5)" says out 'usage:' sas '--timeout'
    done
    run $program
    check "$program without a command says its usage on stderr, 64 (G5)" code_is 64
    check "$program without a command leaves stdout empty (G5)" is_empty out
    check "$program without a command shows the usage (G5)" says err 'usage:'
done
for command in send feedback purge status sas; do
    run c2d-http help $command
    check "c2d-http help $command shows its usage (G5)" says out "c2d-http $command"
    run c2d-http $command --help
    check "c2d-http $command --help does too, with 0 (G5)" is "$CODE $(head -c 6 out)" '0 usage:'
done
for command in receive complete abandon reject sas; do
    run c2d-device help $command
    check "c2d-device help $command shows its usage (G5)" says out "c2d-device $command"
done

# ---- Forms of an option (G1, G3, G4) ----

for form in '--message hi' '--message=hi' '-m hi' '-mhi'; do
    # shellcheck disable=SC2086
    run c2d-http send dev1 $form
    check "send $form is taken (G1)" code_is 0
done
run c2d-http -j --timeout 5s send dev1 -m hi
check 'common options are taken before the command (G1)' shows '.status == "enqueued"'
run c2d-http send --timeout 5s dev1 -m hi -j
check 'common options are taken behind the command (G1)' shows '.status == "enqueued"'
run c2d-http send -qm hi dev1
check 'letters can share a word, and options stand before or behind words (G1)' ends_silently 0 ''
check 'all of these arrived' is "$(c2d-device receive | jq -r .body | sort | uniq -c | tr -s ' ')" \
    ' 7 hi'
run c2d-http send dev1 -m first -m second
check 'of an option given twice the last one wins (G4)' \
    is "$(c2d-device receive | jq -r .body)" second
run c2d-http send -m x -- dev1
check 'what follows -- is no option (G3)' code_is 0
refuses '-- ends the options (G3)' "'-m'" c2d-http send dev1 -- -m

# ---- Errors (G2, G4, G6, C1) ----

reset_hub
refuses 'an abbreviation is refused (G2)' '--mess' c2d-http send dev1 --mess hi
refuses 'an unknown option is named (G2)' "'--frobnicate'" c2d-http send dev1 --frobnicate
refuses 'an unknown option is named, also behind others (G2)' --nope \
    c2d-http send dev1 -m x -p a=b --nope
refuses 'an unknown letter is named (G2)' "'-Z'" c2d-http -Z send dev1
refuses 'an unknown command is named' "'sned'" c2d-http sned dev1
refuses 'help on an unknown command is refused (G5)' "'sned'" c2d-http help sned
refuses 'a flag with a value is refused (G1)' '--json' c2d-http send dev1 -m x --json=yes
refuses 'an option without its value is refused (G1)' '--message' c2d-http send dev1 --message
refuses 'a letter without its value is refused (G1)' '-m' c2d-http send dev1 -m
refuses 'two bodies are refused (G4)' '-m' c2d-http send dev1 -m x -f /dev/null
refuses 'send without a device is refused (6.1)' 'device' env -u IOTHUB_DEVICE_ID c2d-http send -m x
refuses 'two devices are refused (6.1)' "'dev2'" c2d-http send dev1 dev2 -m x
refuses 'a property without = is refused (6.1)' "'kind'" c2d-http send dev1 -m x -p kind
refuses 'an unknown --ack is refused (6.1)' "'maybe'" c2d-http send dev1 -m x --ack maybe
refuses 'an empty stdin is no body (6.1)' '-m' c2d-http send dev1
refuses 'purge without --force and without a terminal is refused (G9, 6.5)' \
    --force c2d-http purge dev1
refuses 'purge takes no device from the environment (6.5)' device c2d-http purge --force
refuses 'status needs a device (6.5)' device c2d-http status
refuses 'feedback takes no word (6.3)' "'dev1'" c2d-http feedback dev1
refuses 'receive takes no word (7.1)' "'now'" c2d-device receive now
refuses 'an unknown format is refused (7.1)' "'xml'" c2d-device receive --format xml
refuses 'raw without -c 1 is refused (7.1)' '-c 1' c2d-device receive --format raw
refuses 'raw with -c 2 is refused (7.1)' '-c 1' c2d-device receive --format raw -c 2
refuses 'complete needs a token (7.2)' token c2d-device complete
refuses 'abandon needs a token (7.2)' token c2d-device abandon
refuses 'reject needs a token (7.2)' token c2d-device reject
for value in 5x -1 '' 1.5 ' 5' +5 0x10 99999999999999999999 5M; do
    refuses "the duration '$value' is refused, with option and range (G6)" \
        '--timeout takes a duration from' \
        c2d-http send dev1 -m x --timeout "$value"
    refuses "the number '$value' is refused, with option and range (G6)" \
        '--retries takes a number from 0 to' \
        c2d-http send dev1 -m x --retries "$value"
done
refuses 'a count of 0 is refused (G6)' '--count' c2d-device receive -c 0
refuses 'a --ttl over two days is refused (6.1, G6)' '--ttl' c2d-http send dev1 -m x --ttl 49h
refuses 'a --ttl of 0 is refused (6.1, G6)' '--ttl' c2d-http send dev1 -m x --ttl 0
for option in --connection-string --connection-string=HostName=h --login --sas-token --password; do
    refuses "$option is refused, with the form that takes a file (C1)" '--connection-string-file' \
        c2d-http send dev1 -m x $option
done
refuses 'a password in --proxy is refused (C1, 3)' '--proxy-user-file' \
    c2d-http send dev1 -m x --proxy http://me:secret@proxy:3128
check 'and it is not repeated on stderr (C7)' lacks err secret
refuses 'an unknown proxy scheme is refused (3)' '--proxy' c2d-http send dev1 -m x --proxy ftp://p:1
refuses '--connect-to without a port is refused (3)' \
    '--connect-to' c2d-http send dev1 -m x --connect-to h
for unit in 1000ms 5s 1m 1h 1d 5; do
    run c2d-http send dev1 -n -m x --timeout $unit
    check "the duration $unit is taken (G6)" code_is 0
done
check 'no wrong command line has asked the hub for anything (G7)' nothing_was_asked

# ---- Closed descriptors (G8) ----

run_closed() {
    "$@" >&- 2>err
    CODE=$?
}
for command in 'c2d-http send dev1 -m x' 'c2d-http feedback' 'c2d-http status dev1' \
    'c2d-device receive' 'c2d-http purge dev1 --force' 'c2d-http sas' 'c2d-device receive -n'; do
    # shellcheck disable=SC2086
    run_closed $command
    check "$command with stdout closed ends with 74 (G8)" code_is 74
    check "$command with stdout closed says IOERR (G8)" says err 'error: IOERR'
done
check 'nothing was asked of the hub with stdout closed (G8)' nothing_was_asked
c2d-http send dev1 -m 'no stderr' >out 2>&-
check 'with stderr closed a message is sent (G8)' is "$?" 0
c2d-http send dev1 --cacert /nonexistent -m x >out 2>&-
check 'with stderr closed an error does not go to stdout (G8, F32)' is "$? $(wc -c <out)" '78 0'
c2d-http send dev1 -f - <&- >out 2>err
check 'with stdin closed an empty body is read (G8)' is "$?" 0
c2d-device receive <&- >out 2>&-
check 'with stdin and stderr closed messages are received (G8)' is "$? $(wc -l <out)" '0 2'
asked=$(all_requests)
c2d-http send dev1 -m x --trace trace <&- >&- 2>&-
check 'with all three closed: 74, and no trace is written to what took their place (G8)' \
    is "$? $(all_requests)" "74 $asked"
c2d-http send dev1 -m 'to a file' -q
run_closed c2d-device receive -o file
check 'with stdout closed receive -o FILE works: its result goes elsewhere (G8)' \
    is "$CODE $(jq -r .body file 2>&1)" '0 to a file'
c2d-http send dev1 -m kept -q
token=$(c2d-device receive -c 1 --keep | jq -r .lockToken)
run_closed c2d-device complete "$token"
check 'with stdout closed complete works: it has no result (G8)' code_is 0
run_traced -P /dev/null -e trace=openat -e inject=openat:error=EMFILE \
    sh -c 'exec c2d-device receive <&-'
check 'with stdin closed and no /dev/null to put there: 71, and stderr says so (G8)' \
    fails_with 71 OS
