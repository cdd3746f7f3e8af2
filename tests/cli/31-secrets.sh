# shellcheck shell=sh
# Goal: the programs write no secret to any output.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim
umask 077

raw='canary-key-canary-key-canary-key'
key=$(printf %s "$raw" | base64)
set_sim devices "{\"devices\": [{\"deviceId\": \"dev1\", \"key\": \"$key\"}]}"
IOTHUB_DEVICE_CONNECTION_STRING="${IOTHUB_CONNECTION_STRING%%;*};DeviceId=dev1;SharedAccessKey=$key"
service_key=${IOTHUB_CONNECTION_STRING##*SharedAccessKey=}

# True if no file here, outside the folder of the hub, holds a key or an unmasked signature.
holds_no_secret() {
    for file in out err trace spare proc; do
        [ -e $file ] || continue
        ! grep -aqF -e "${key%=}" -e "$raw" -e "${service_key%=}" $file ||
            { echo "a key is in $file"; return 1; }
        ! grep -aqE 'sig=[^*&]' $file || { echo "a signature is in $file"; return 1; }
    done
}

secretive() {
    sentence=$1
    shift
    rm -f trace
    run "$@"
    check "$sentence holds no secret" holds_no_secret
}

# ---- Outputs ----

wrong="${IOTHUB_CONNECTION_STRING%SharedAccessKey=*}SharedAccessKey=$key"
for noise in -v -j '-v -j' '--trace -' '--trace trace' -n '-v -j --trace trace'; do
    # shellcheck disable=SC2086
    secretive "send $noise" c2d-http send dev1 -m hi $noise
    # shellcheck disable=SC2086
    secretive "receive $noise" c2d-device receive $noise
    # shellcheck disable=SC2086
    IOTHUB_CONNECTION_STRING=$wrong secretive "a refused send $noise" c2d-http send dev1 -m x $noise
    # shellcheck disable=SC2086
    secretive "status $noise" c2d-http status dev1 -C "$HUB/iothubowner.conn" $noise
done
run c2d-http send dev1 -m hi --trace trace
check 'a trace shows the request with its token masked' \
    says trace 'POST ' 'Authorization: SharedAccessSignature' 'sig=***'
check 'a trace file has mode 600' is "$(stat -c %a trace)" 600
echo mine >target
ln -s target link
run c2d-http send dev1 -m hi --trace link
check '--trace to a symbolic link exits 73 and leaves the target alone' \
    is "$CODE $(cat target)" '73 mine'
run c2d-http status dev1 -C "$HUB/iothubowner.conn" --trace -
check "the trace of a registry response holds no device key" \
    not grep -qiE '"(primary|secondary)Key": *"[A-Za-z0-9+/]{8}' err
fault '{"operation": "send", "status": 400, "shape": "text", "errorNumber": 400004, "errorCode":
    "ArgumentInvalid", "headers": [["x-ms-request-id", "SharedAccessSignature sr=x"]]}'
secretive 'an error that quotes the hub' c2d-http send dev1 -m hi

for string in "x$IOTHUB_DEVICE_CONNECTION_STRING" "$IOTHUB_DEVICE_CONNECTION_STRING;$key=x" \
    "$IOTHUB_DEVICE_CONNECTION_STRING;$key" "HostName=$key;DeviceId=d;SharedAccessKey=a2V5" \
    "HostName=h;DeviceId=d;SharedAccessKey=$key!" "$key"; do
    IOTHUB_DEVICE_CONNECTION_STRING=$string run c2d-device receive -v -j --trace -
    case $string in
    HostName="$key"*) check 'a key given as HostName exits 78' code_is 78 ;;
    *) check "the error for an invalid connection string does not hold its key" holds_no_secret ;;
    esac
done
run c2d-http send dev1 -m x --connection-string "$IOTHUB_DEVICE_CONNECTION_STRING"
check 'the error for a secret given to --connection-string does not repeat it' holds_no_secret
run c2d-http send dev1 -m x "--connection-string=$IOTHUB_DEVICE_CONNECTION_STRING"
check 'the error for a secret given as --connection-string=SECRET does not repeat it' \
    holds_no_secret

# ---- What the system shows of a running program ----

# Copies /proc of the run; only root can read its environment.
look_at_proc() {
    tr '\0' '\n' <"/proc/$RUN_PID/cmdline" >proc
    { tr '\0' '\n' <"/proc/$RUN_PID/environ" >>proc; } 2>/dev/null
    cat "/proc/$RUN_PID/limits" >limits
}

fault '{"operation": "receive", "delayMs": 1500}'
before=$(requests receive)
start_run prlimit --core=4096:8192 c2d-device receive -v
until_true not has_requests receive "$before"
look_at_proc
check 'the command line and environment of a running c2d-device hold no key' holds_no_secret
[ "$(id -u)" -ne 0 ] || check 'the test can read the environment of the running c2d-device' \
    grep -q ^PATH= proc
check 'c2d-device sets its core size limit to 0' grep -qE '^Max core file size +0 ' limits
finish_run
check 'the run that was inspected through /proc exits 0' code_is 0
fault '{"operation": "send", "delayMs": 1500}'
before=$(requests send)
start_run c2d-http send dev1 -m x
until_true not has_requests send "$before"
look_at_proc
check 'the command line and environment of a running c2d-http hold no key' holds_no_secret
finish_run

# ---- SSLKEYLOGFILE, .netrc and cookies ----

SSLKEYLOGFILE=$PWD/spare run c2d-http send dev1 -m x
check 'SSLKEYLOGFILE is not written' not test -e spare
printf 'machine localhost login me password canary-key-canary-key-canary-key\n' >.netrc
run c2d-http send dev1 -m x
check 'send authorises with its token and ignores .netrc' \
    is "$(sent_header send authorization | cut -d ' ' -f 1)" SharedAccessSignature
check 'send sends no cookie' is "$(sent_header send cookie)" null
