# shellcheck shell=sh
# Functions shared by the scenarios. A scenario runs in an empty folder, with the programs first in
# PATH and nothing else in its environment, and prints "ok - SENTENCE" or "not ok - SENTENCE".
#
# A run leaves its stdout in the file out, its stderr in err and its exit code in CODE.

HUB=$PWD/hub
PIDS=
CODE=
RUN_PID=
HOSTILE_PID=
export PORT=

# ---- Checks ----

# check SENTENCE CONDITION...: prints "ok" if the command CONDITION succeeds. A sentence stands
# alone in a log: what is done to what, and what is expected.
check() {
    checked=$1
    shift
    if "$@" >got 2>&1; then
        echo "ok - $checked"
        return
    fi
    echo "not ok - $checked"
    {
        echo "condition: $*"
        cat got
        echo "exit code: $CODE"
        for file in out err; do
            [ ! -s "$file" ] || { echo "$file:" && head -c 1500 "$file"; }
        done
    } | cat -v | cut -c 1-400 | sed 's/^/    # /'
}

is() {
    [ "$1" = "$2" ] || { echo "got '$1', expected '$2'"; return 1; }
}

code_is() {
    is "$CODE" "$1"
}

# FILE holds each TEXT.
says() {
    file=$1
    shift
    for text in "$@"; do
        grep -qF -e "$text" "$file" || { echo "$file does not say '$text'"; return 1; }
    done
}

# FILE holds none of the TEXTs.
lacks() {
    file=$1
    shift
    for text in "$@"; do
        ! grep -qF -e "$text" "$file" || { echo "$file says '$text'"; return 1; }
    done
}

is_empty() {
    [ ! -s "$1" ]
}

not() {
    ! "$@"
}

# Ends the scenario; the runner shows why.
skip() {
    echo "# skipped: $1"
    exit
}

# has PROGRAM WHAT: true if PROGRAM is installed; else the log says that WHAT is skipped.
has() {
    command -v "$1" >/dev/null || { echo "# skipped: $2, which needs $1" && return 1; }
}

# True if libcurl or the system finds names below .localhost; else the log says that they are skipped.
has_localhost_names() {
    curl -s --noproxy '*' http://hub.localhost:1
    [ $? -ne 6 ] || { echo '# skipped: names below .localhost, which this libcurl does not find' && return 1; }
}

# fails_with CODE NAME: the run exited with CODE, and stderr has one error line, with NAME.
fails_with() {
    code_is "$1" || return 1
    is "$(grep -c '^c2d-[a-z]*: error: ' err)" 1 || return 1
    grep -q "^c2d-[a-z]*: error: $2: ." err || { echo "no error line with $2"; return 1; }
}

# ends_silently CODE [OUTPUT]: the run exited with CODE, printed nothing to stderr and OUTPUT to
# stdout.
ends_silently() {
    code_is "$1" && is_empty err && { [ $# -lt 2 ] || is "$(cat out)" "$2"; }
}

# The only line on stdout is JSON for which the jq filter is true.
shows() {
    is "$(wc -l <out)" 1 && jq -e "$1" out >/dev/null
}

# ---- Runs ----

run() {
    "$@" >out 2>err
    CODE=$?
}

# A run under strace, without the leak check, which does not work there.
run_traced() {
    run env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" strace -qq -o trace "$@"
}

# lacking COMMAND...: runs COMMAND without what the variables LACKS_... name, see
# tests/support/lacking.c.
lacking() {
    env ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" \
        LD_PRELOAD="$C2D_BUILD/lacking.so" "$@"
}

# Starts a run in the background that reacts to INT, which background commands of a shell ignore.
start_run() {
    env --default-signal=INT,TERM,HUP "$@" >out 2>err &
    RUN_PID=$!
    PIDS="$PIDS $RUN_PID"
}

finish_run() {
    CODE=0
    wait "$RUN_PID" 2>/dev/null || CODE=$?
}

# Waits until the condition holds, for at most ten seconds.
until_true() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || return 1
        sleep 0.05
    done
}

# ---- The hub ----

# Starts c2d-sim with the options and exports its variables.
start_sim() {
    rm -f sim.ready # of an earlier hub
    c2d-sim --dir "$HUB" "$@" >sim.ready 2>sim.err &
    PIDS="$PIDS $!"
    until_true grep -q ^ready sim.ready || { cat sim.err && exit 1; }
    # shellcheck source=/dev/null
    . "$HUB/env"
    unset no_proxy # so that a scenario has to change NO_PROXY only
}

# sim GET|POST COMMAND [JSON]: prints the response; a refusal fails and is not printed.
sim() {
    printf %s "${3-}" | curl -sS --fail --noproxy '*' --cacert "$HUB/ca.pem" -X "$1" \
        --data-binary @- "$C2D_SIM_URL/_sim/$2"
}

set_sim() {
    sim POST "$@" >/dev/null || echo "not ok - the hub takes $1 $(printf %.200s "$2")"
}

fault() {
    set_sim faults "$1"
}

enqueue() {
    set_sim enqueue "$1"
}

reset_hub() {
    set_sim reset '{}'
}

# The result of a jq filter over the state of the hub.
state() {
    sim GET state | jq -r "$1"
}

# The number of requests of an operation that reached the hub.
requests() {
    state "[.log[] | select(.operation == \"$1\")] | length"
}

# The number of all requests that reached the hub.
all_requests() {
    state '.log | length'
}

queued() {
    state ".devices[\"${1:-dev1}\"].queue | length"
}

# The value of a header in the last request of the operation.
sent_header() {
    state "[.log[] | select(.operation == \"$1\")][-1].headers
           | map(select(.[0] | ascii_downcase == (\"$2\" | ascii_downcase)))[-1][1]"
}

has_requests() {
    is "$(requests "$1")" "$2"
}

# True if nothing was settled and the device still has its messages.
is_left() {
    is "$(requests complete) $(requests reject) $(requests abandon)" '0 0 0' \
        && is "$(queued dev1)" "${1:-1}"
}

nothing_was_asked() {
    is "$(all_requests)" 0
}

# True if the programs were built with sanitizers.
is_sanitized() {
    grep -q __asan_init "$C2D_BUILD/c2d-http"
}

# ---- Hostile servers ----

# make_cert NAME SUBJECT-ALT-NAME: creates NAME.crt, self-signed, and NAME.key.
make_cert() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" \
        -out "$1.crt" -subj "/CN=$1 issuer" -addext "subjectAltName=$2" -days 30 2>/dev/null
}

# make_dated_cert NAME SUBJECT-ALT-NAME START END: the same, valid between these times, for the key
# NAME.key, which exists. Only openssl ca takes times in all versions; 3.5 refuses -days -1.
make_dated_cert() {
    mkdir "$1.ca"
    touch "$1.ca/index"
    cat >"$1.ca/conf" <<END
[ca]
default_ca = own
[own]
database = $1.ca/index
new_certs_dir = $1.ca
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
END
    openssl req -new -key "$1.key" -subj "/CN=$1 issuer" -addext "subjectAltName=$2" \
        -out "$1.ca/request"
    openssl ca -batch -notext -selfsign -config "$1.ca/conf" -keyfile "$1.key" \
        -in "$1.ca/request" -startdate "$3" -enddate "$4" -out "$1.crt" 2>"$1.ca/err" \
        || { cat "$1.ca/err" && exit 1; }
}

# make_expired_cert NAME SUBJECT-ALT-NAME: the same for a certificate that expired yesterday.
make_expired_cert() {
    make_dated_cert "$1" "$2" 20200101000000Z "$(date -u -d yesterday +%Y%m%d%H%M%SZ)"
}

# start_hostile OPTION... HOW:REPLY...: see tests/support/hostile.c; sets PORT.
start_hostile() {
    stop_hostile
    rm -f hostile.log hostile.ready
    hostile --log hostile.log "$@" >hostile.ready 2>hostile.err &
    HOSTILE_PID=$!
    PIDS="$PIDS $HOSTILE_PID"
    until_true grep -q ^ready hostile.ready || { cat hostile.err && exit 1; }
    PORT=$(cut -d ' ' -f 2 hostile.ready)
    touch hostile.log
}

stop_hostile() {
    [ -z "$HOSTILE_PID" ] || { kill "$HOSTILE_PID" && wait "$HOSTILE_PID"; } 2>/dev/null
    HOSTILE_PID=
}

# The number of requests of a method that reached the hostile server.
heard() {
    grep -aoE "$1 [^ ]* HTTP/1.1" hostile.log | wc -l
}

clean_up() {
    trap - EXIT
    for pid in $PIDS; do
        kill "$pid" 2>/dev/null
    done
    wait
}

trap clean_up EXIT
trap 'exit 1' INT TERM HUP
