# shellcheck shell=sh
# Goal: the connection string is found where it is documented, and checked before the first request.
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

# True if the run exited 78 with each text and sent no request.
refused() {
    fails_with 78 CONFIG && says err "$@" && nothing_was_asked
}

# ---- Where the connection string is found ----

mkdir -p credentials config/c2d .config/c2d
run c2d-http send dev1 -m x
check 'send without a connection string exits 78 and lists where one can be' refused \
    '-C' IOTHUB_CONNECTION_STRING service.conn LoadCredential
run c2d-device receive
check 'receive without a connection string exits 78 and lists where one can be' refused \
    '-C' IOTHUB_DEVICE_CONNECTION_STRING device.conn LoadCredential

used() {
    code_is 0 && says err "connection string from $1"
}
send_v() {
    run env "$@" c2d-http send dev1 -v -m x
}
echo "$service" >.config/c2d/service.conn
send_v A=b
check 'send uses service.conn in .config/c2d, and -v reports it' \
    used "$HOME/.config/c2d/service.conn"
printf '%s\r\n' "$service" >config/c2d/service.conn
send_v XDG_CONFIG_HOME="$PWD/config"
check 'XDG_CONFIG_HOME takes precedence over .config, and its file may end in CRLF' \
    used "$PWD/config/c2d/service.conn"
printf '%s' "$service" >credentials/iothub_connection_string
send_v XDG_CONFIG_HOME="$PWD/config" CREDENTIALS_DIRECTORY="$PWD/credentials"
check 'CREDENTIALS_DIRECTORY takes precedence over the configuration folder' \
    used "$PWD/credentials/iothub_connection_string"
send_v CREDENTIALS_DIRECTORY="$PWD/credentials" IOTHUB_CONNECTION_STRING="$service"
check 'IOTHUB_CONNECTION_STRING takes precedence over CREDENTIALS_DIRECTORY' used 'the environment'
send_v CREDENTIALS_DIRECTORY="$PWD/credentials" IOTHUB_CONNECTION_STRING=
check 'an empty IOTHUB_CONNECTION_STRING counts as unset' \
    used "$PWD/credentials/iothub_connection_string"
run env IOTHUB_CONNECTION_STRING=nonsense c2d-http send dev1 -v -m x -C "$HUB/service.conn"
check '-C takes precedence over IOTHUB_CONNECTION_STRING' used "$HUB/service.conn"
run c2d-http send dev1 -v -m x -C - <"$HUB/service.conn"
check '-C - reads the connection string from stdin' used -
mkfifo fifo
chmod 644 fifo
echo "$service" >fifo &
run c2d-http send dev1 -v -m x -C fifo
check '-C reads a FIFO of mode 644' used fifo
echo "$device" >credentials/iothub_device_connection_string
run env CREDENTIALS_DIRECTORY="$PWD/credentials" c2d-device receive -v
check 'receive uses iothub_device_connection_string in CREDENTIALS_DIRECTORY' \
    used "$PWD/credentials/iothub_device_connection_string"
echo "$device" >.config/c2d/device.conn
run c2d-device receive -v
check 'receive uses device.conn in .config/c2d' used "$HOME/.config/c2d/device.conn"
rm -r .config config credentials
reset_hub

run c2d-http send dev1 -m x -C /nonexistent
check '-C with a file that does not exist exits 78 and names the file' refused /nonexistent
run c2d-http send dev1 -m x -C - </dev/null
check 'an empty connection string exits 78' refused empty

# ---- File modes ----

used_and_says() {
    code_is 0 && says err 'others may read it' "$1"
}
for mode in 640 604 620 602 610 601 666; do
    cp "$HUB/service.conn" open.conn
    chmod $mode open.conn
    run c2d-http send dev1 -m x -C open.conn
    check "a connection string file of mode $mode exits 77" fails_with 77 AUTH
    check "the hint for mode $mode is chmod 600 FILE" says err 'hint: chmod 600 open.conn'
done
check 'a refused file mode causes no request to the hub' nothing_was_asked
# A mode that the file system cannot change is accepted; strace fakes the type of the file system.
on_type() {
    run_traced -e trace=fstatfs -e "inject=fstatfs:poke_exit=@arg2=$1" \
        c2d-http send dev1 -v -m x -C open.conn
}
on_type 53ef000000000000
check 'a file that others may read is refused on ext4' fails_with 77 AUTH
if grep -q "couldn't poke" err; then
    echo '# skipped: other file systems, which need the right to change a traced process'
else
    for type in vfat:444d000000000000 CIFS:424d53ff00000000 9p:9719020100000000 fuse:4655736500000000; do
        on_type "${type#*:}"
        check "a file that others may read is used on ${type%:*}, and -v reports it" \
            used_and_says "${type%:*}"
    done
fi
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    mkdir mounted
    cp -p open.conn mounted
    run unshare -m sh -c 'mount --bind mounted mounted && mount -o remount,bind,ro mounted \
        && exec c2d-http send dev1 -m x -v -C mounted/open.conn'
    check 'a file that others may read is used on a read-only mount, and -v reports it' \
        used_and_says 'read-only'
    chown 12345 open.conn
    run c2d-http send dev1 -m x -v -C open.conn
    check "a readable file of another user is used, and -v reports it" used_and_says 'another user'
    chown 0 open.conn
else
    echo '# skipped: read-only mounts, which need root'
fi
chmod 400 open.conn
run c2d-http send dev1 -m x -C open.conn
check 'a connection string file of mode 400 is used' code_is 0
reset_hub

# ---- The wrong or an incomplete string ----

refused_device 'c2d-device refuses the connection string of a policy and names what it is' \
    "$service" SharedAccessKeyName
refused_service 'c2d-http refuses the connection string of a device and names what it is' \
    "$device" DeviceId
refused_service 'c2d-http hints that the shell cut the connection string at its first ;' \
    "${service%%;*}" "a shell cuts it at ';'"
refused_device 'c2d-device hints that the shell cut the connection string at its first ;' \
    "${device%%;*}" "a shell cuts it at ';'"
refused_device 'c2d-device hints at a cut when only the key is missing' "${device%;*}" \
    "a shell cuts it at ';'"
refused_device 'c2d-device refuses a key without its last character' "${device%?}" 'not base64'
refused_service 'c2d-http refuses a key without its last character' "${service%?}" 'not base64'
refused_device "a policy key together with a DeviceId is refused" "$service;DeviceId=dev1" policy

# ---- Syntax ----

host=${service%%;*}
key='SharedAccessKey=a2V5'
refused_device 'an unknown part of a connection string is refused' "$device;Color=red" unknown
refused_device 'a part of a connection string in the wrong case is refused' \
    "$host;deviceid=dev1;$key" case-sensitive
refused_device 'a repeated part of a connection string is refused' \
    "$device;$key" SharedAccessKey twice
refused_device 'an empty DeviceId is refused' "$host;DeviceId=;$key" DeviceId empty
refused_device 'a missing HostName is refused' "DeviceId=dev1;$key" HostName
refused_device 'an invalid HostName is refused' "HostName=a_b;DeviceId=d;$key" HostName
refused_device 'a HostName with a path is refused' "HostName=a.b/c;DeviceId=d;$key" HostName
refused_device 'an invalid port in HostName is refused' \
    "HostName=a.b:99999;DeviceId=d;$key" HostName
refused_device 'an invalid DeviceId is refused' "$host;DeviceId=a b;$key" DeviceId
refused_device 'the DeviceId .. is refused' "$host;DeviceId=..;$key" DeviceId
refused_device 'GatewayHostName is refused' "$device;GatewayHostName=g" GatewayHostName
refused_device 'ModuleId is refused' "$device;ModuleId=m" ModuleId
refused_device 'x509 without a certificate is refused' "$host;DeviceId=d;x509=true" --cert
refused_service 'an invalid SharedAccessSignature is refused' \
    "$host;SharedAccessKeyName=service;SharedAccessSignature=SharedAccessSignature x" \
    SharedAccessSignature
refused_device 'a control character in a connection string is refused' \
    "$device$(printf '\001')" control
refused_device 'a newline within a connection string is refused' \
    "$(printf 'HostName=h;\nDeviceId=d')" control
printf '%s\n\n' "$device" >two-newlines
run c2d-device receive -C two-newlines
check 'a connection string file with two newlines at its end is refused' refused control
printf '%s\000' "$device" >nul
run c2d-device receive -C nul
check 'a connection string file with a NUL byte is refused' refused NUL
long=$(head -c 5000 /dev/zero | tr '\0' A)
refused_device 'a connection string of more than 4096 bytes is refused' \
    "$host;DeviceId=d;SharedAccessKey=$long" 4096
echo "$host;DeviceId=d;SharedAccessKey=$long" >long
run c2d-device receive -C long
check 'a connection string file of more than 4096 bytes is refused' refused 409

reversed="$(echo "$device" | cut -d ';' -f 3);$(echo "$device" | cut -d ';' -f 2);$host"
IOTHUB_DEVICE_CONNECTION_STRING=$reversed run c2d-device receive
check 'the parts of a connection string may stand in any order' ends_silently 0 ''

# ---- A ready token instead of a key ----

token=$(c2d-http sas -C "$HUB/service.conn")
IOTHUB_CONNECTION_STRING="$host;SharedAccessKeyName=service;SharedAccessSignature=$token" \
    run c2d-http send dev1 -m x
check 'send uses the token in a policy connection string' code_is 0
token=$(c2d-device sas -C "$HUB/device-dev1.conn")
IOTHUB_DEVICE_CONNECTION_STRING="$host;DeviceId=dev1;SharedAccessSignature=$token" \
    run c2d-device receive
check 'receive uses the token in a device connection string' shows '.body == "x"'

# ---- Keys with unusual bytes ----

for bytes in '\000\000key' 'key\012' '\000' 'k\000y\000' '\012\012' '\377\376\015\012'; do
    # shellcheck disable=SC2059
    odd=$(printf "$bytes" | base64)
    set_sim devices "{\"devices\": [{\"deviceId\": \"dev1\", \"key\": \"$odd\"}]}"
    run env IOTHUB_DEVICE_CONNECTION_STRING="$host;DeviceId=dev1;SharedAccessKey=$odd" \
        c2d-device receive
    check "receive with a key of the bytes $bytes is accepted" ends_silently 0 ''
done
