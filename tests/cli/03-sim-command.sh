# shellcheck shell=sh
# c2d-sim -- COMMAND: the command gets each signal once, nothing outlives the hub, and two hubs
# do not share files.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"

cc -o counting "$C2D_TESTS/03-sim-command.c" || exit 1
# True if the process has ended; it may still be a zombie.
is_gone() {
    ! grep -qs ') [^Z]' "/proc/$1/stat"
}
clear_trace() {
    rm -f signals ready pid
}

# ---- Signals ----

clear_trace
start_run c2d-sim -- ./counting
until_true test -s ready
kill -TERM "$RUN_PID"
finish_run
check 'a signal to the hub reaches the command once' is "$CODE $(cat signals)" '5 TERM'
clear_trace
start_run setsid c2d-sim -- ./counting
until_true test -s ready
kill -s INT -- "-$RUN_PID"
kill -INT "$RUN_PID"
finish_run
check 'a signal to the hub and to its process group reaches the command once' \
    is "$CODE $(cat signals)" '5 INT'
clear_trace
start_run timeout -s HUP 100 c2d-sim -- ./counting
until_true test -s ready
kill -s ALRM "$RUN_PID" # as when its time is over
finish_run
check 'the signal of timeout(1) reaches the command once' is "$CODE $(cat signals)" '124 HUP'
# The terminal's own signal, from Ctrl-C.
clear_trace
mkfifo keys
env --default-signal=INT script -qec 'c2d-sim -- ./counting' /dev/null <keys >screen 2>&1 &
RUN_PID=$!
PIDS="$PIDS $RUN_PID"
exec 3>keys
until_true test -s ready
printf '\003' >&3
finish_run
exec 3>&-
check 'Ctrl-C on a terminal reaches the command once' is "$CODE $(cat signals)" '5 INT'
script -qec "c2d-sim -- sh -c 'read -r line && echo \"got \$line\"'" /dev/null <<END >screen 2>&1
words
END
check 'the command of c2d-sim can read from the terminal' says screen 'got words'
run c2d-sim -- sh -c 'kill -KILL $$'
check 'c2d-sim exits with 128 plus the number of the signal that ended its command' code_is 137
run c2d-sim -- ./nonsense
check 'a command that does not exist ends c2d-sim with 71' fails_with 71 OS

# ---- What is left ----

# shellcheck disable=SC2016
run c2d-sim -- sh -c 'sleep 100 & echo $!'
check 'c2d-sim ends a background process that its command has left' until_true is_gone "$(cat out)"
clear_trace
mkdir tmp
TMPDIR=$PWD/tmp start_run c2d-sim -- ./counting
until_true test -s ready
kill -KILL "$RUN_PID"
finish_run
check 'the command of a killed hub ends with the hub' until_true is_gone "$(cat pid)"
folders() {
    find tmp -mindepth 1 -maxdepth 1 | wc -l
}
check 'a killed hub leaves its temporary folder' is "$(folders)" 1
TMPDIR=$PWD/tmp start_run c2d-sim
until_true grep -q ^ready out
check 'the next start removes the folder of a killed hub and creates its own' \
    is "$(folders) $(cut -d ' ' -f 3 out)" "1 $(find "$PWD/tmp" -mindepth 1 -maxdepth 1)"
ready=$(cat out)
TMPDIR=$PWD/tmp c2d-sim -- true
check 'the start of a second hub leaves the folder of a running hub' test -e "${ready##* }/env"
kill "$RUN_PID"
finish_run
check 'a hub ended by a signal removes its temporary folder' is "$(folders)" 0
mkdir tmp/c2d-sim-abcdef tmp/c2d-sim-ghijkl && touch tmp/c2d-sim-abcdef/notes tmp/c2d-sim-abcdef/env
TMPDIR=$PWD/tmp c2d-sim -- true
check 'a start removes only folders without foreign files' is "$(find tmp -type f) $(folders)" \
    'tmp/c2d-sim-abcdef/notes 1'

# ---- Its files ----

start_sim --device dev1
run c2d-sim --dir "$HUB" -- true
check 'a second hub in the same folder exits 73' fails_with 73 CANTCREAT
check 'the error of a second hub says that another c2d-sim uses the folder' \
    says err 'another c2d-sim uses it'
check 'the first hub still responds after a second one was refused its folder' \
    is "$(sim GET faults)" '{"faults":[]}'
kill "${PIDS##* }" && wait "${PIDS##* }" 2>/dev/null
run c2d-sim --dir "$HUB" -- true
check 'a hub can use the folder of a hub that has ended' ends_silently 0 ''

# shellcheck disable=SC2016
run c2d-sim -- sh -c 'env; cat "${SSL_CERT_FILE%/*}/env"'
for name in CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS SSL_CERT_FILE; do
    check "$name names the CA file for the command and in the file env" \
        is "$(grep -cE "^(export )?$name='?/.*/ca.pem'?$" out)" 2
done
exceptions() {
    # shellcheck disable=SC2016
    env -u NO_PROXY -u no_proxy "$@" c2d-sim --name hub.test -- sh -c 'echo "$no_proxy $NO_PROXY"'
}
check 'NO_PROXY and no_proxy both hold the host names of the hub' \
    is "$(exceptions)" 'localhost,hub.test localhost,hub.test'
check 'NO_PROXY and no_proxy both keep what the environment had in either' is \
    "$(exceptions NO_PROXY=a) $(exceptions no_proxy=b)" \
    'a,localhost,hub.test a,localhost,hub.test b,localhost,hub.test b,localhost,hub.test'
cat >source.sh <<'X'
set -eu
. ./hub/env
. ./hub/env
echo "$no_proxy|$NO_PROXY|$IOTHUB_DEVICE_ID"
X
c2d-sim --dir hub --device "it's" -- true
for shell in sh bash; do
    run $shell source.sh
    check "$shell can source the file env twice under set -u" says out ",localhost" "|it's"
done
if command -v fish >/dev/null; then
    # shellcheck disable=SC2016
    run fish -c 'source ./hub/env; echo "$NO_PROXY|$IOTHUB_DEVICE_ID"'
    check 'fish can source the file env' says out ",localhost|it's"
else
    echo '# skipped: fish is not installed'
fi
