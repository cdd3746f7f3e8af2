# shellcheck shell=sh
# Goal: the command line is read as documented, and a mistake in it is reported in one line before
# any request to a hub.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# True if the run exited 64 with one error line that holds each text, and at most one hint line.
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

# ---- Help and version ----

for program in c2d-http c2d-device; do
    run $program --version
    check "$program --version prints to stdout alone and exits 0" \
        ends_silently 0 "$(cat out)"
    check "$program --version names program and version" grep -qE "^$program [0-9]" out
    check "$program --version names the versions of libcurl, its TLS back end, OpenSSL and cJSON" \
        grep -qE ', libcurl [0-9.]+ \(.*OpenSSL/[0-9a-z.]+.*\), OpenSSL [0-9a-z.]+, cJSON [0-9.]+\)$' out
    run $program -V
    check "$program -V prints what --version prints" grep -qE "^$program [0-9]" out
    for help in --help -h help; do
        run $program $help
        check "$program $help prints to stdout alone and exits 0" \
            is "$CODE $(wc -c <err)" '0 0'
        check "$program $help names the commands" says out 'usage:' sas '--timeout'
    done
    run $program
    check "$program without a command exits 64" code_is 64
    check "$program without a command leaves stdout empty" is_empty out
    check "$program without a command prints its usage to stderr" says err 'usage:'
done
for command in send feedback purge status sas; do
    run c2d-http help $command
    check "c2d-http help $command shows its usage" says out "c2d-http $command"
    run c2d-http $command --help
    check "c2d-http $command --help shows its usage and exits 0" \
        is "$CODE $(head -c 6 out)" '0 usage:'
done
for command in receive complete abandon reject sas; do
    run c2d-device help $command
    check "c2d-device help $command shows its usage" says out "c2d-device $command"
done

for command in send feedback purge status sas doctor; do
    c2d-http help $command >text
    check "c2d-http help $command has two examples" is "$(grep -c "^  c2d-http $command" text)" 2
done
for command in receive poll complete abandon reject; do
    c2d-device help $command >text
    check "c2d-device help $command has two examples" is "$(grep -c "^  c2d-device $command" text)" 2
done
c2d-http help send >text
check 'the help of send has a heading for one message, for waiting and for batches' is \
    "$(grep -c ':$' text) $(grep -n '^waiting' text | cut -d: -f1)" \
    "4 $(($(grep -n -- '--wait D' text | cut -d: -f1) - 1))"
run c2d-sim help
check 'c2d-sim help exits 0 and prints what --help prints' ends_silently 0 "$(c2d-sim --help)"

# ---- Forms of an option ----

for form in '--message hi' '--message=hi' '-m hi' '-mhi'; do
    # shellcheck disable=SC2086
    run c2d-http send dev1 $form
    check "send accepts $form" code_is 0
done
run c2d-http -j --timeout 5s send dev1 -m hi
check 'common options are accepted before the command' shows '.status == "enqueued"'
run c2d-http send --timeout 5s dev1 -m hi -j
check 'common options are accepted after the command' shows '.status == "enqueued"'
run c2d-http send -qm hi dev1
check 'short options can share a word and stand before the arguments' ends_silently 0 ''
check 'each send with another form of -m has queued its message' \
    is "$(c2d-device receive | jq -r .body | sort | uniq -c | tr -s ' ')" ' 7 hi'
run c2d-http send dev1 -m first -m second
check 'the last value of a repeated option wins' \
    is "$(c2d-device receive | jq -r .body)" second
run c2d-http send -m x -- dev1
check 'send accepts the device after --' code_is 0
refuses '-m after -- is refused as an argument' "'-m'" c2d-http send dev1 -- -m

# ---- Errors ----

reset_hub
refuses 'an abbreviated option is refused' '--mess' c2d-http send dev1 --mess hi
refuses 'an unknown option is named' "'--frobnicate'" c2d-http send dev1 --frobnicate
refuses 'an unknown option after other options is named' --nope \
    c2d-http send dev1 -m x -p a=b --nope
refuses 'an unknown short option is named' "'-Z'" c2d-http -Z send dev1
refuses 'an unknown command is named' "'sned'" c2d-http sned dev1
refuses 'help on an unknown command is refused' "'sned'" c2d-http help sned
refuses 'an exchange of two letters is recognised' "did you mean 'send'?" c2d-http sned dev1
refuses 'a missing letter is recognised' "did you mean 'feedback'?" c2d-http fedback
refuses 'two mistakes in a long word are recognised' "did you mean 'receive'?" c2d-device recieves
refuses 'an abbreviated command is recognised' "did you mean 'receive'?" c2d-device rec
refuses 'a near miss in help is recognised' "did you mean 'status'?" c2d-http help statsu
refuses 'a near miss of an option is recognised' "did you mean '--journal'?" \
    c2d-http send --batch - --jornal file
refuses 'an abbreviated option is recognised' "did you mean '--message'?" \
    c2d-http send dev1 --mess hi
run c2d-http frobnicate
check 'no command is suggested if none is near' lacks err 'did you mean'
run c2d-http send dev1 --frobnicate
check 'no option is suggested if none is near' lacks err 'did you mean'
refuses 'a body that is given as an argument is refused with the option for it' '-m TEXT' \
    c2d-http send dev1 hello
refuses 'a flag with a value is refused' '--json' c2d-http send dev1 -m x --json=yes
refuses 'an option without its value is refused' '--message' c2d-http send dev1 --message
refuses 'a short option without its value is refused' '-m' c2d-http send dev1 -m
refuses 'send with both -m and -f is refused' '-m' c2d-http send dev1 -m x -f /dev/null
refuses 'send without a device is refused' 'device' env -u IOTHUB_DEVICE_ID c2d-http send -m x
refuses 'send with two devices is refused' "'dev2'" c2d-http send dev1 dev2 -m x
refuses 'a property without = is refused' "'kind'" c2d-http send dev1 -m x -p kind
refuses 'an unknown --ack is refused' "'maybe'" c2d-http send dev1 -m x --ack maybe
refuses 'send without a body and with an empty stdin is refused' '-m' c2d-http send dev1
refuses 'purge without --force and without a terminal is refused' \
    --force c2d-http purge dev1
refuses 'purge takes no device from the environment' device c2d-http purge --force
refuses 'status without a device is refused' device c2d-http status
refuses 'feedback with an argument is refused' "'dev1'" c2d-http feedback dev1
refuses 'receive with an argument is refused' "'now'" c2d-device receive now
refuses 'an unknown format is refused' "'xml'" c2d-device receive --format xml
refuses 'raw without -c 1 is refused' '-c 1' c2d-device receive --format raw
refuses 'raw with -c 2 is refused' '-c 1' c2d-device receive --format raw -c 2
refuses 'complete without a lock token is refused' token c2d-device complete
refuses 'abandon without a lock token is refused' token c2d-device abandon
refuses 'reject without a lock token is refused' token c2d-device reject
for value in 5x -1 '' 1.5 ' 5' +5 0x10 99999999999999999999 5M; do
    refuses "the duration '$value' is refused, with option and range" \
        '--timeout takes a duration from' \
        c2d-http send dev1 -m x --timeout "$value"
    refuses "the number '$value' is refused, with option and range" \
        '--retries takes a number from 0 to' \
        c2d-http send dev1 -m x --retries "$value"
done
refuses 'receive -c 0 is refused' '--count' c2d-device receive -c 0
refuses 'a --ttl over two days is refused' '--ttl' c2d-http send dev1 -m x --ttl 49h
refuses 'a --ttl of 0 is refused' '--ttl' c2d-http send dev1 -m x --ttl 0
for option in --connection-string --connection-string=HostName=h --login --sas-token --password; do
    refuses "$option is refused, with the form that takes a file" '--connection-string-file' \
        c2d-http send dev1 -m x $option
done
refuses 'a password in --proxy is refused' '--proxy-user-file' \
    c2d-http send dev1 -m x --proxy http://me:secret@proxy:3128
check 'a password in --proxy is not repeated on stderr' lacks err secret
refuses 'an unknown proxy scheme is refused' '--proxy' c2d-http send dev1 -m x --proxy ftp://p:1
refuses '--connect-to without a port is refused' \
    '--connect-to' c2d-http send dev1 -m x --connect-to h
for unit in 1000ms 5s 1m 1h 1d 5; do
    run c2d-http send dev1 -n -m x --timeout $unit
    check "--timeout accepts the duration $unit" code_is 0
done
check 'an invalid command line causes no request to the hub' nothing_was_asked

# ---- Closed descriptors ----

run_closed() {
    "$@" >&- 2>err
    CODE=$?
}
for command in 'c2d-http send dev1 -m x' 'c2d-http feedback' 'c2d-http status dev1' \
    'c2d-device receive' 'c2d-http purge dev1 --force' 'c2d-http sas' 'c2d-device receive -n'; do
    # shellcheck disable=SC2086
    run_closed $command
    check "$command with stdout closed ends with 74" code_is 74
    check "$command with stdout closed says IOERR" says err 'error: IOERR'
done
check 'a command that fails for its closed stdout sends no request' nothing_was_asked
c2d-http send dev1 -m 'no stderr' >out 2>&-
check 'send with stderr closed exits 0' is "$?" 0
c2d-http send dev1 --cacert /nonexistent -m x >out 2>&-
check 'send with stderr closed does not write its error to stdout' is "$? $(wc -c <out)" '78 0'
c2d-http send dev1 -f - <&- >out 2>err
check 'send -f - with stdin closed sends an empty body' is "$?" 0
c2d-device receive <&- >out 2>&-
check 'receive with stdin and stderr closed prints the queued messages' is "$? $(wc -l <out)" '0 2'
asked=$(all_requests)
c2d-http send dev1 -m x --trace trace <&- >&- 2>&-
check 'send --trace with stdin, stdout and stderr closed exits 74 and sends no request' \
    is "$? $(all_requests)" "74 $asked"
c2d-http send dev1 -m 'to a file' -q
run_closed c2d-device receive -o file
check 'receive -o FILE with stdout closed writes the message to FILE' \
    is "$CODE $(jq -r .body file 2>&1)" '0 to a file'
c2d-http send dev1 -m kept -q
token=$(c2d-device receive -c 1 --keep | jq -r .lockToken)
run_closed c2d-device complete "$token"
check 'complete with stdout closed exits 0' code_is 0
# musl opens files by open(2), glibc by openat(2).
run_traced -P /dev/null -e trace='?open,openat' -e inject='?open,openat:error=EMFILE' \
    sh -c 'exec c2d-device receive <&-'
check 'receive with stdin closed and /dev/null not available exits 71 with an error' \
    fails_with 71 OS
