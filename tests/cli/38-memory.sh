# shellcheck shell=sh
# Secrets leave the memory of a running program as soon as they are not needed any more: what is
# left is the key's bytes, which sign the next token.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
[ "$(id -u)" -eq 0 ] || skip 'only root may read the memory of a program that holds secrets'
! is_sanitized || skip 'sanitizers keep what was freed'
# shellcheck disable=SC2119  # no options are wanted
start_sim
umask 077

raw='canary-key-canary-key-canary-key'
key=$(printf %s "$raw" | base64)
set_sim devices "{\"devices\": [{\"deviceId\": \"dev1\", \"key\": \"$key\"}]}"
string="${IOTHUB_CONNECTION_STRING%%;*};DeviceId=dev1;SharedAccessKey=$key"
echo "$string" >file.conn
echo 'user:CANARY-FILE-PW' >proxy.user

# All that the process may write to, its environment among it.
read_memory() {
    awk '$2 ~ /^rw/ { print $1 }' "/proc/$1/maps" | while IFS=- read -r start end; do
        dd if="/proc/$1/mem" bs=65536 iflag=skip_bytes,count_bytes skip="$((0x$start))" \
            count="$((0x$end - 0x$start))" 2>/dev/null
    done
}

holds_none() {
    for text in "$@"; do
        ! grep -aqF -e "$text" memory || { echo "$text is in memory"; return 1; }
    done
}

# polling SENTENCE COMMAND...: looks at a poll that waits for the next time.
polling() {
    what=$1
    shift
    before=$(requests receive)
    start_run "$@"
    until_true not has_requests receive "$before"
    sleep 0.2 # the response is at the program, too
    read_memory "$RUN_PID" >memory
    check "$what: the memory of the running poll could be read" grep -aqF "$raw" memory
    check "$what: neither the base64 key nor the connection string is left in it" \
        holds_none "$key" SharedAccessKey= DeviceId=dev1
    check "$what: no proxy's password is left in it, as none is used" \
        holds_none CANARY-PW CANARY-FILE-PW
    kill "$RUN_PID"
    finish_run
}

export https_proxy='http://user:CANARY-PW@127.0.0.1:1'
IOTHUB_DEVICE_CONNECTION_STRING=$string polling 'a string in the environment' c2d-device poll
unset IOTHUB_DEVICE_CONNECTION_STRING
polling 'a string in a file' c2d-device poll -C file.conn --proxy-user-file proxy.user
IOTHUB_DEVICE_CONNECTION_STRING=$string polling 'a string in a file, and one in the environment' \
    c2d-device poll -C file.conn
