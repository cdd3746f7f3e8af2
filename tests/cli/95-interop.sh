# shellcheck shell=sh
# Goal: the unmodified clients of Microsoft for Node.js work with c2d-sim and with messages of
# c2d-http. This shows that c2d-sim behaves like a hub.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"

SOURCES=$C2D_TESTS/../interop
CLIENTS=$C2D_BUILD/interop

# Installs the versions of the lock file in the build folder, again when it changes. Runs none of
# their scripts.
install_clients() {
    ! cmp -s "$SOURCES/package-lock.json" "$CLIENTS/installed.json" || return 0
    mkdir -p "$CLIENTS" && rm -f "$CLIENTS/installed.json"
    cp "$SOURCES/package.json" "$SOURCES/package-lock.json" "$CLIENTS" || return
    (cd "$CLIENTS" && timeout 120 npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 \
        --fetch-retry-mintimeout=1000 --fetch-timeout=20000) >npm.log 2>&1 || return
    cp "$CLIENTS/package-lock.json" "$CLIENTS/installed.json"
}

if is_sanitized; then
    skip 'they are tried against the build without sanitizers'
elif ! command -v node >node.path || ! command -v npm >npm.path; then
    skip 'node and npm are not installed'
elif ! install_clients; then
    reason=$(grep -im 1 'err.* code' npm.log || echo 'it took too long')
    case $reason in
    *EUSAGE* | *EINTEGRITY* | *ETARGET*)
        check 'npm ci accepts the lock file of tests/interop' is "$reason" '' && exit
        ;;
    esac
    skip "the clients cannot be installed: $reason"
fi

export NODE_PATH="$CLIENTS/node_modules" NODE_EXTRA_CA_CERTS="$HUB/ca.pem"
# The hub has one address, and node up to 18 tries only the first address of localhost.
export NODE_OPTIONS=--dns-result-order=ipv4first
start_sim
export PORT="${C2D_SIM_URL##*:}" IOTHUB_CONNECTION_STRING
device_js() {
    run timeout 20 node "$SOURCES/device.js" "$@"
}
service_js() {
    run timeout 20 node "$SOURCES/service.js" "$@"
}
# A connection string without a port, as that of a hub with port 443.
portless() {
    sed "s/:$PORT;/;/" "$1"
}
of_device() {
    state ".devices.$1 | [.queue[0].deliveryCount, (.queue | length), .abandoned, .rejected,
        .completed] | tojson"
}

# ---- azure-iot-device ----

# settles DEVICE HOW [CERTIFICATE KEY]
settles() {
    device=$1
    how=$2
    shift 2
    c2d-http send "$device" -m 'to settle ä' -i m1 --correlation-id c1 -p Kind=some.value -q
    device_js abandon "$@"
    check "azure-iot-device with $how receives and abandons a message of c2d-http" \
        shows '.body == "to settle ä" and .messageId == "m1" and .correlationId == "c1"
            and .properties == {"iothub-app-kind": "some.value"} and .result == "MessageAbandoned"
            and .to == "/devices/'"$device"'/messages/deviceBound"'
    check "the abandon of azure-iot-device with $how puts the message back and counts" \
        is "$(of_device "$device")" '[1,1,1,0,0]'
    device_js reject "$@"
    check "azure-iot-device with $how receives the message again and rejects it" \
        shows '.messageId == "m1" and .result == "MessageRejected"'
    check "the reject of azure-iot-device with $how removes the message" \
        is "$(of_device "$device")" '[null,0,1,1,0]'
    c2d-http send "$device" -m '' -i m2 --ack full -q
    device_js complete "$@"
    check "azure-iot-device with $how receives and completes an empty message" \
        shows '.messageId == "m2" and .body == "" and .result == "MessageCompleted"'
    check "the complete of azure-iot-device with $how removes the message" \
        is "$(of_device "$device")" '[null,0,1,1,1]'
}

refused() {
    code_is 1 && says err Unauthorized && is "$(of_device "$1")" '[0,1,1,1,1]'
}

IOTHUB_DEVICE_CONNECTION_STRING=$(portless "$HUB/device-dev1.conn")
settles dev1 'a key'
right=$IOTHUB_DEVICE_CONNECTION_STRING
enqueue '{"deviceId": "dev1"}'
IOTHUB_DEVICE_CONNECTION_STRING="${right%%SharedAccessKey=*}SharedAccessKey=d3Jvbmc="
device_js complete
check 'the hub refuses a token of azure-iot-device with a wrong key' refused dev1
IOTHUB_DEVICE_CONNECTION_STRING=$right

make_cert x509dev DNS:x509dev
make_cert other DNS:other
thumbprint=$(openssl x509 -in x509dev.crt -noout -fingerprint -sha1 | cut -d = -f 2 | tr -d :)
set_sim devices "{\"devices\": [{\"deviceId\": \"x509dev\", \"thumbprint\": \"$thumbprint\"}]}"
IOTHUB_DEVICE_CONNECTION_STRING="${right%%;*};DeviceId=x509dev;x509=true"
settles x509dev 'a certificate' x509dev.crt x509dev.key
enqueue '{"deviceId": "x509dev"}'
device_js complete other.crt other.key
check "the hub refuses azure-iot-device with the certificate of another device" refused x509dev

# ---- azure-iothub ----

IOTHUB_CONNECTION_STRING=$(portless "$HUB/iothubowner.conn")
service_js get dev1
check 'azure-iothub reads a device with a key in the registry' \
    shows '.deviceId == "dev1" and .status == "enabled" and .cloudToDeviceMessageCount == 1
        and .authentication.type == "sas"'
check 'azure-iothub reads the key of a device in the registry' \
    shows ".authentication.symmetricKey.primaryKey == \"${right##*SharedAccessKey=}\""
service_js get x509dev
check 'azure-iothub reads a device with a certificate in the registry' \
    shows ".authentication.type == \"selfSigned\" and
        .authentication.x509Thumbprint.primaryThumbprint == \"$thumbprint\""
service_js get nobody
check 'azure-iothub reports an unknown device as DeviceNotFoundError' \
    is "$CODE $(cut -d : -f 1 err)" '1 DeviceNotFoundError'
IOTHUB_CONNECTION_STRING=$(portless "$HUB/service.conn")
service_js get dev1
check 'azure-iothub without RegistryRead gets UnauthorizedError' \
    is "$CODE $(cut -d : -f 1 err)" '1 UnauthorizedError'

set_sim clock '{"advance": 16}'
service_js abandon
check 'azure-iothub receives and abandons the feedback on azure-iot-device' \
    shows '.status == 204 and (.records | map(.originalMessageId + " " + .statusCode + " "
        + .deviceId)) == ["m2 Success dev1", "m2 Success x509dev"]'
check 'the hub queues a feedback batch again that azure-iothub abandoned' \
    is "$(state '.feedback | [.batches[0].deliveryCount, .batches[0].state, .completed] | tojson')" \
    '[1,"enqueued",0]'
service_js complete
check 'azure-iothub receives and completes the feedback batch' \
    shows '.status == 204 and (.records | length) == 2'
check 'the hub removes a feedback batch that azure-iothub completed' \
    is "$(state '.feedback | [(.batches | length), .completed] | tojson')" '[0,1]'
service_js complete
check 'azure-iothub gets 204 when no feedback is queued' shows '. == {"status": 204}'
service_js purge dev1
check 'azure-iothub purges the queue and gets the number of messages' \
    is "$(jq -c . out) $(queued)" '{"totalMessagesPurged":1,"deviceId":"dev1","moduleId":null} 0'
