# shellcheck shell=sh
# A static program runs in an empty, read-only root, as a user without a name, home, /tmp, /proc and
# /dev, and each outcome is clear. Only for programs that scripts/static has built.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
! readelf -lW "$C2D_BUILD/c2d-http" | grep -q INTERP || exit 0
[ "$(id -u)" -eq 0 ] || skip 'chroot needs root'
# shellcheck disable=SC2119  # no options are wanted
start_sim

mkdir root
cp "$C2D_BUILD/c2d-http" "$C2D_BUILD/c2d-device" "$HUB/ca.pem" root
chmod 444 root/ca.pem

# Runs a command in the root, with the variables of the connection strings.
run_alone() {
    # shellcheck disable=SC2016  # the inner shell expands its own variables
    run env -i PATH=/ IOTHUB_CONNECTION_STRING="$IOTHUB_CONNECTION_STRING" \
        IOTHUB_DEVICE_CONNECTION_STRING="$IOTHUB_DEVICE_CONNECTION_STRING" \
        /usr/bin/unshare --mount /bin/sh -c '/bin/mount --bind root root &&
            /bin/mount -o remount,ro,bind root root &&
            exec /usr/sbin/chroot --userspec=12345:12345 root "$@"' - "$@"
}

run_alone c2d-http send dev1 -m hello
check 'send without a trust store exits 78' fails_with 78 CONFIG
check 'the error for a missing trust store names the file and the option for another' \
    says err /etc/ssl/certs/ca-certificates.crt --cacert
run_alone c2d-http send dev1 -m hello -i id-1 --ack full --cacert /ca.pem
check 'send prints the message id' ends_silently 0 id-1
run_alone c2d-device receive --cacert /ca.pem
check 'receive prints the message' shows '.messageId == "id-1" and .body == "hello"'
set_sim clock '{"advance": 20}'
run_alone c2d-http feedback --cacert /ca.pem
check 'feedback prints the outcome' shows '.statusCode == "Success"'
set_sim clock '{"offset": 0}'
run_alone c2d-device doctor --cacert /ca.pem
check 'doctor finds no fault' ends_silently 0

enqueue '{"deviceId": "dev1", "body": "kept"}'
run_alone c2d-device receive --cacert /ca.pem -o /file
check 'receive -o on a read-only file system exits 73' fails_with 73 CANTCREAT
run_alone c2d-device receive --cacert /ca.pem --spool /spool
check 'receive --spool on a read-only file system exits 73' fails_with 73 CANTCREAT
run_alone c2d-http send --batch /file --cacert /ca.pem --journal /journal
check 'send --batch of a file that does not exist exits 66' fails_with 66 NOINPUT
run_alone c2d-device receive --cacert /ca.pem -- /bin/handle
check 'a handler that does not exist ends the run with 71' fails_with 71 OS
check 'none of these runs has completed the message' is "$(queued)" 1
reset_hub
enqueue '{"deviceId": "dev1", "body": "handled"}'
run_alone c2d-device receive --cacert /ca.pem -- c2d-http --version
check 'a static handler runs' code_is 0
check 'the message of the handler is completed' is "$(queued)" 0
enqueue '{"deviceId": "dev1", "body": "late"}'
run_alone c2d-device receive --cacert /ca.pem --tls-cache /tls
check 'receive --tls-cache on a read-only file system receives, and warns that no session is kept' \
    says err 'no TLS session is kept'
check 'receive without a usable TLS cache prints the message' shows '.body == "late"'
IOTHUB_CONNECTION_STRING=
run_alone c2d-http send dev1 -m hello --cacert /ca.pem
check 'send without a connection string exits 78' fails_with 78 CONFIG
