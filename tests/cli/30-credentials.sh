# shellcheck shell=sh
# Goal: the connection string is found where the contract says and checked before the network.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim
service=$IOTHUB_CONNECTION_STRING
device=$IOTHUB_DEVICE_CONNECTION_STRING
unset IOTHUB_CONNECTION_STRING IOTHUB_DEVICE_CONNECTION_STRING
umask 077

refused_service() {
    sentence=$1
    string=$2
    shift 2
    IOTHUB_CONNECTION_STRING=$string run c2d-http send dev1 -m x
    check "$sentence" refused "$@"
}

refused_device() {
    sentence=$1
    string=$2
    shift 2
    IOTHUB_DEVICE_CONNECTION_STRING=$string run c2d-device receive
    check "$sentence" refused "$@"
}

# 78 with each text, before anything was asked of the hub.
refused() {
    fails_with 78 CONFIG && says err "$@" && nothing_was_asked
}

# ---- Where it is found (C2) ----

mkdir -p credentials config/c2d .config/c2d
run c2d-http send dev1 -m x
check 'without a connection string: 78, and the text lists where it can be (C2)' refused \
    '-C' IOTHUB_CONNECTION_STRING service.conn LoadCredential
run c2d-device receive
check 'so for a device, with its own names (C2)' refused \
    '-C' IOTHUB_DEVICE_CONNECTION_STRING device.conn LoadCredential

used() {
    code_is 0 && says err "connection string from $1"
}
send_v() {
    run env "$@" c2d-http send dev1 -v -m x
}
echo "$service" >.config/c2d/service.conn
send_v A=b
check 'service.conn in .config/c2d is found, and -v says so (C2)' \
    used "$HOME/.config/c2d/service.conn"
printf '%s\r\n' "$service" >config/c2d/service.conn
send_v XDG_CONFIG_HOME="$PWD/config"
check 'XDG_CONFIG_HOME comes before .config, and CRLF at the end is fine (C2, C5)' \
    used "$PWD/config/c2d/service.conn"
printf '%s' "$service" >credentials/iothub_connection_string
send_v XDG_CONFIG_HOME="$PWD/config" CREDENTIALS_DIRECTORY="$PWD/credentials"
check 'CREDENTIALS_DIRECTORY comes before the configuration folder (C2)' \
    used "$PWD/credentials/iothub_connection_string"
send_v CREDENTIALS_DIRECTORY="$PWD/credentials" IOTHUB_CONNECTION_STRING="$service"
check 'the variable comes before CREDENTIALS_DIRECTORY (C2)' used 'the environment'
send_v CREDENTIALS_DIRECTORY="$PWD/credentials" IOTHUB_CONNECTION_STRING=
check 'an empty variable counts as unset (C2)' used "$PWD/credentials/iothub_connection_string"
run env IOTHUB_CONNECTION_STRING=nonsense c2d-http send dev1 -v -m x -C "$HUB/service.conn"
check '-C comes before the variable (C2)' used "$HUB/service.conn"
run c2d-http send dev1 -v -m x -C - <"$HUB/service.conn"
check '-C - reads stdin (C2)' used -
mkfifo fifo
chmod 644 fifo
echo "$service" >fifo &
run c2d-http send dev1 -v -m x -C fifo
check 'a FIFO is read and its mode is not checked (C4)' used fifo
echo "$device" >credentials/iothub_device_connection_string
run env CREDENTIALS_DIRECTORY="$PWD/credentials" c2d-device receive -v
check 'a device finds its own name in CREDENTIALS_DIRECTORY (C2)' \
    used "$PWD/credentials/iothub_device_connection_string"
echo "$device" >.config/c2d/device.conn
run c2d-device receive -v
check 'and its own file in .config/c2d (C2)' used "$HOME/.config/c2d/device.conn"
rm -r .config config credentials
reset_hub

run c2d-http send dev1 -m x -C /nonexistent
check 'a file that is not there: 78 and its name (C2)' refused /nonexistent
run c2d-http send dev1 -m x -C - </dev/null
check 'an empty connection string: 78 (C5)' refused empty

# ---- Who may read it (C4) ----

used_and_says() {
    code_is 0 && says err 'others may read it' "$1"
}
for mode in 640 604 620 602 610 601 666; do
    cp "$HUB/service.conn" open.conn
    chmod $mode open.conn
    run c2d-http send dev1 -m x -C open.conn
    check "a file of mode $mode is refused with 77 and the way out (C4)" fails_with 77 AUTH
    check "the hint for mode $mode is chmod 600 FILE (C4)" says err 'hint: chmod 600 open.conn'
done
check 'none of them asked the hub (C4, G7)' nothing_was_asked
# What nobody can change is used; strace makes its file system look like another.
on_type() {
    run_traced -e trace=fstatfs -e "inject=fstatfs:poke_exit=@arg2=$1" \
        c2d-http send dev1 -v -m x -C open.conn
}
for type in vfat:444d000000000000 CIFS:424d53ff00000000 9p:9719020100000000 fuse:4655736500000000; do
    on_type "${type#*:}"
    check "a file that others may read is used on ${type%:*}, and -v says so" \
        used_and_says "${type%:*}"
done
on_type 53ef000000000000
check 'a file that others may read is refused on ext4' fails_with 77 AUTH
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    mkdir mounted
    cp -p open.conn mounted
    run unshare -m sh -c 'mount --bind mounted mounted && mount -o remount,bind,ro mounted \
        && exec c2d-http send dev1 -m x -v -C mounted/open.conn'
    check 'a file that others may read is used on a read-only mount, and -v says so' \
        used_and_says 'read-only'
    chown 12345 open.conn
    run c2d-http send dev1 -m x -v -C open.conn
    check "another user's file is used, and -v says so" used_and_says 'another user'
    chown 0 open.conn
else
    echo '# skipped: read-only mounts, which need root'
fi
chmod 400 open.conn
run c2d-http send dev1 -m x -C open.conn
check 'mode 400 is fine (C4)' code_is 0
reset_hub

# ---- Which is which (C6, F24, F25, F30) ----

refused_device 'a policy string is refused on a device, and named so (C6, F30)' "$service" \
    SharedAccessKeyName
refused_service 'a device string is refused by c2d-http, and named so (C6)' "$device" DeviceId
refused_service 'a string cut at ; by the shell is refused with that hint (C6, F24)' \
    "${service%%;*}" "a shell cuts it at ';'"
refused_device 'so on a device (C6, F24)' "${device%%;*}" "a shell cuts it at ';'"
refused_device 'and when the key alone was cut off (C6, F24)' "${device%;*}" \
    "a shell cuts it at ';'"
refused_device 'a key that lost its last character is refused (F25)' "${device%?}" 'not base64'
refused_service 'so for the back end (F25)' "${service%?}" 'not base64'
refused_device "a hub's key with a DeviceId is refused (C6, F30)" "$service;DeviceId=dev1" policy

# ---- Form (C3, C5) ----

host=${service%%;*}
key='SharedAccessKey=a2V5'
refused_device 'an unknown key is refused (C5)' "$device;Color=red" unknown
refused_device 'keys are case-sensitive (C5)' "$host;deviceid=dev1;$key" case-sensitive
refused_device 'a key given twice is refused (C5)' "$device;$key" SharedAccessKey twice
refused_device 'an empty value is refused (C5)' "$host;DeviceId=;$key" DeviceId empty
refused_device 'a missing HostName is refused (C5)' "DeviceId=dev1;$key" HostName
refused_device 'a HostName that is none is refused (C5)' "HostName=a_b;DeviceId=d;$key" HostName
refused_device 'a HostName with a path is refused (C5)' "HostName=a.b/c;DeviceId=d;$key" HostName
refused_device 'a port that is none is refused (C5)' "HostName=a.b:99999;DeviceId=d;$key" HostName
refused_device 'a DeviceId that is none is refused (C5)' "$host;DeviceId=a b;$key" DeviceId
refused_device 'the DeviceId .. is refused (S3)' "$host;DeviceId=..;$key" DeviceId
refused_device 'GatewayHostName is refused (C3)' "$device;GatewayHostName=g" GatewayHostName
refused_device 'ModuleId is refused (C3)' "$device;ModuleId=m" ModuleId
refused_device 'x509 without a certificate is refused (C3)' "$host;DeviceId=d;x509=true" --cert
refused_service 'a token that is none is refused (C3)' \
    "$host;SharedAccessKeyName=service;SharedAccessSignature=SharedAccessSignature x" \
    SharedAccessSignature
refused_device 'a control byte is refused (C5)' "$device$(printf '\001')" control
refused_device 'a newline inside is refused (C5)' "$(printf 'HostName=h;\nDeviceId=d')" control
printf '%s\n\n' "$device" >two-newlines
run c2d-device receive -C two-newlines
check 'only one trailing newline is removed (C5)' refused control
printf '%s\000' "$device" >nul
run c2d-device receive -C nul
check 'a NUL byte is refused (C5)' refused NUL
long=$(head -c 5000 /dev/zero | tr '\0' A)
refused_device 'more than 4096 bytes are refused (C5)' "$host;DeviceId=d;SharedAccessKey=$long" 4096
echo "$host;DeviceId=d;SharedAccessKey=$long" >long
run c2d-device receive -C long
check 'so in a file (C5)' refused 409

reversed="$(echo "$device" | cut -d ';' -f 3);$(echo "$device" | cut -d ';' -f 2);$host"
IOTHUB_DEVICE_CONNECTION_STRING=$reversed run c2d-device receive
check 'the parts may stand in any order (C5)' ends_silently 0 ''

# ---- A ready token instead of a key (C3) ----

token=$(c2d-http sas -C "$HUB/service.conn")
IOTHUB_CONNECTION_STRING="$host;SharedAccessKeyName=service;SharedAccessSignature=$token" \
    run c2d-http send dev1 -m x
check 'a service token in the string is used as it is (C3)' code_is 0
token=$(c2d-device sas -C "$HUB/device-dev1.conn")
IOTHUB_DEVICE_CONNECTION_STRING="$host;DeviceId=dev1;SharedAccessSignature=$token" \
    run c2d-device receive
check 'a device token in the string is used as it is (C3)' shows '.body == "x"'

# ---- Keys that look odd (F8) ----

for bytes in '\000\000key' 'key\012' '\000' 'k\000y\000' '\012\012' '\377\376\015\012'; do
    # shellcheck disable=SC2059
    odd=$(printf "$bytes" | base64)
    set_sim devices "{\"devices\": [{\"deviceId\": \"dev1\", \"key\": \"$odd\"}]}"
    run env IOTHUB_DEVICE_CONNECTION_STRING="$host;DeviceId=dev1;SharedAccessKey=$odd" \
        c2d-device receive
    check "a key of the bytes $bytes signs correctly (F8)" ends_silently 0 ''
done
