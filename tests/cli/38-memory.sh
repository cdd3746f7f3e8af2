# shellcheck shell=sh
# A running program wipes secrets from its memory as soon as it does not need them. Only the bytes
# of the key, which sign the next token, are left.
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

# The writable memory of the process, which includes its environment.
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

# polling SENTENCE COMMAND...: reads the memory of a poll between two requests.
polling() {
    what=$1
    shift
    before=$(requests receive)
    start_run "$@"
    until_true not has_requests receive "$before"
    sleep 0.2 # until the program has read the response
    read_memory "$RUN_PID" >memory
    check "poll with $what: the test can read the memory of the running poll" \
        grep -aqF "$raw" memory
    check "poll with $what: neither the base64 key nor the connection string is in memory" \
        holds_none "$key" SharedAccessKey= DeviceId=dev1
    check "poll with $what: the password of an unused proxy is not in memory" \
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
