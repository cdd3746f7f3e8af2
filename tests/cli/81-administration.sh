# shellcheck shell=sh
# Goal: purge, status and sas work for the named device and print no key. Another client works with
# the hub and with a token of sas.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

# ---- purge ----

enqueue '{"deviceId": "dev1", "body": "x", "count": 3}'
run c2d-http purge dev1 --force
check 'purge prints how many were removed' \
    ends_silently 0 '{"v":1,"deviceId":"dev1","totalMessagesPurged":3}'
check 'purge empties the queue of the device' is "$(queued)" 0
run c2d-http purge dev1 --force -q
check 'purge -q prints nothing' ends_silently 0 ''
enqueue '{"deviceId": "dev1", "body": "x"}'
asked=$(all_requests)
IOTHUB_DEVICE_ID=dev1 run c2d-http purge --force
check 'purge takes no device from the environment' fails_with 64 USAGE
run c2d-http purge dev1 </dev/null
check 'purge without a terminal needs --force' fails_with 64 USAGE
echo n | script -qec 'c2d-http purge dev1' /dev/null >out
check 'purge on a terminal asks for confirmation' says out '[y/N]'
run c2d-http purge dev1 --force -n
check 'a dry run of purge removes no message and sends no request' \
    is "$CODE $(queued) $(all_requests)" "0 1 $asked"
printf 'y\n' | script -qec "c2d-http purge 'a b'" /dev/null >out
check 'purge of an invalid device id does not ask for confirmation' \
    is "$(grep -c 'the device id holds a space' out) $(grep -cF '[y/N]' out)" '1 0'
(sleep 0.3; echo y) | script -qec 'c2d-http purge dev1' /dev/null >out
check 'purge on a terminal empties the queue after y' is "$(queued)" 0
run c2d-http purge nobody --force
check 'purge of an unknown device exits 14' fails_with 14 NOT_FOUND

# ---- status ----

owner=$HUB/iothubowner.conn
enqueue '{"deviceId": "dev1", "body": "x", "count": 2}'
run c2d-http status dev1 -C "$owner"
check 'status prints one line with the documented members' \
    is "$CODE $(jq -c keys_unsorted out)" '0 ["v","deviceId","status","connectionState",'\
'"cloudToDeviceMessageCount","lastActivityTime","generationId"]'
check 'status prints the number of queued messages' \
    shows '.cloudToDeviceMessageCount == 2 and .status == "enabled"'
key=${IOTHUB_DEVICE_CONNECTION_STRING##*SharedAccessKey=}
c2d-http status dev1 -C "$owner" -v -j --trace - >out 2>&1
check 'no output of status holds the key of the device' lacks out "$key"
check 'the result of status has no authentication member' lacks out '"authentication":{"sym'
run c2d-http status dev1
check 'status with a policy without RegistryRead exits 77' fails_with 77 AUTH
check 'the error for a policy without RegistryRead names it' says err RegistryRead
set_sim devices '{"devices": [{"deviceId": "off", "status": "disabled"}]}'
run c2d-http status off dev1 -C "$owner"
check 'status of two devices prints two lines in order' \
    is "$(jq -r '.deviceId + "=" + .status' out | tr '\n' ' ')" 'off=disabled dev1=enabled '

# ---- sas ----

# Checks the signature of a token by a key, with openssl alone.
is_signed_by() {
    resource=$(expr "$1" : '.*sr=\([^& ]*\)')
    expiry=$(expr "$1" : '.*se=\([^&]*\)')
    sig=$(expr "$1" : '.*sig=\([^&]*\)' | sed 's/%2B/+/g; s/%2F/\//g; s/%3D/=/g')
    hex=$(printf %s "$2" | base64 -d | od -An -tx1 | tr -d ' \n')
    is "$sig" "$(printf '%s\n%s' "$resource" "$expiry" |
        openssl dgst -sha256 -mac HMAC -macopt "hexkey:$hex" -binary | base64)"
}
asked=$(all_requests)
policy_key=${IOTHUB_CONNECTION_STRING##*SharedAccessKey=}
run c2d-http sas --ttl 10m
token=$(cat out)
check 'c2d-http sas signs for the hub, as openssl finds too' \
    is_signed_by "$token" "$policy_key"
check 'c2d-http sas signs for the host and names its policy' says out 'sr=localhost&' 'skn=service'
left=$(($(expr "$token" : '.*se=\([0-9]*\)') - $(date +%s)))
check 'c2d-http sas --ttl 10m signs a token for 10 minutes' test "$left" -gt 590 -a "$left" -le 601
run c2d-http sas dev1
check 'c2d-http sas with a device signs for that device' says out 'sr=localhost%2Fdevices%2Fdev1&'
run c2d-device sas
check "c2d-device sas signs with the device's own key" is_signed_by "$(cat out)" "$key"
check 'c2d-device sas names no policy' not grep -q skn= out
run c2d-device sas -j
check 'sas -j prints an object' shows '.resource == "localhost/devices/dev1"
    and (.token | startswith("SharedAccessSignature "))'
echo "$token" | c2d-http sas --decode >out 2>err
check 'sas --decode prints resource, policy and expiry' \
    says out localhost service 'good for another'
echo "Authorization: $token" | c2d-http sas --decode -j >out 2>err
check 'sas --decode -j prints an object' shows '.resource == "localhost" and .policy == "service"
    and (.expired | not)'
echo "$token" | sed "s/se=[0-9]*/se=$(($(date +%s) - 3 * 3600 - 5))/" | c2d-device sas --decode >out
check 'sas --decode says how long ago a token expired' says out 'expired 3 h ago'
echo nonsense | c2d-http sas --decode >out 2>err
check 'sas --decode of an invalid token exits 65 and prints nothing' is "$? $(wc -c <out)" '65 0'
check 'sas sends no request to the hub' is "$(all_requests)" "$asked"

# ---- curl as another client ----

reset_hub
c2d-http send dev1 -m 'for curl' -q
own=$(c2d-device sas)
url=$C2D_SIM_URL/devices/dev1/messages/deviceBound
curl -sS --cacert "$SSL_CERT_FILE" -H "Authorization: $own" -D head -o body \
    "$url?api-version=2021-04-12"
check 'curl with a token of sas receives a message' is "$(cat body)" 'for curl'
lock=$(sed -n 's/^[Ee][Tt]ag: "\(.*\)".*/\1/p' head)
curl -sS --cacert "$SSL_CERT_FILE" -H "Authorization: $own" -X DELETE -o body -w '%{http_code}' \
    "$url/$lock?api-version=2021-04-12" >code
check 'curl with a token of sas completes a message' is "$(cat code) $(queued)" '204 0'
curl -sS --cacert "$SSL_CERT_FILE" -H "Authorization: $(c2d-http sas)" -H 'iothub-app-k: v' \
    --data-binary 'from curl' "$url?api-version=2020-09-30"
run c2d-device receive
check 'receive prints a message that curl sent' \
    shows '.body == "from curl" and .properties.k == "v"'

# ---- A login portal ----

fault '{"html": true, "count": -1}'
for command in 'c2d-device receive' 'c2d-http feedback' 'c2d-http purge dev1 --force' \
    "c2d-http status dev1 -C $owner"; do
    # shellcheck disable=SC2086  # words are wanted
    run $command
    check "the hint of ${command% -C*} names a login portal when that responds with a page" \
        says err 'login portal may have responded'
done
