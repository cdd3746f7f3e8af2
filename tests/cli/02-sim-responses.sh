# shellcheck shell=sh
# c2d-sim responds as real hubs were seen to: unknown and disabled devices, escaped slashes,
# feedback records, the shapes of errors, and the hub's own time in all of them.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
start_sim --device dev1 --device off
set_sim devices '{"devices": [{"deviceId": "off", "status": "disabled"}]}'

hub_token=$(c2d-http sas)
own_token=$(c2d-device sas)
off_token=$(c2d-device sas -C "$HUB/device-off.conn")
api='?api-version=2021-04-12'

# ask METHOD PATH TOKEN [CURL OPTION]...: prints the status; the response is in head and body.
ask() {
    method=$1
    path=$2
    token=$3
    shift 3
    curl -sS --path-as-is --noproxy '*' --cacert "$SSL_CERT_FILE" -X "$method" -D head -o body \
        -w '%{http_code}' ${token:+-H "Authorization: $token"} "$@" "$C2D_SIM_URL$path"
}
inbox() {
    echo "/devices/$1/messages/deviceBound${2-}$api"
}
# The code and the text of an error, in the shape that has the hub's name for it in Message.
text_shape() {
    jq -r .Message body
}

# ---- Unknown and disabled devices ----

signed_for() {
    sed "s/DeviceId=dev1/DeviceId=$1/" "$HUB/device-dev1.conn" | c2d-device sas -C -
}
check 'a device that the hub does not know is 404, whatever key its token was signed with' \
    is "$(ask GET "$(inbox dev1foo)" "$(signed_for dev1foo)")" 404
check 'its 404 has the code in a header' says head 'iothub-errorcode: DeviceNotFound'
check 'its 404 has the text shape, which ends in the device id' \
    is "$(text_shape)" 'ErrorCode:DeviceNotFound;dev1foo'
check 'a disabled device is the same 404 to itself' is \
    "$(ask GET "$(inbox off)" "$off_token") $(text_shape)" '404 ErrorCode:DeviceNotFound;off'
check 'a disabled device cannot settle either' is "$(ask DELETE \
    "$(inbox off /11111111-2222-4333-8444-555555555555)" "$off_token")" 404
check 'without a token, a device that the hub does not know is 401' \
    is "$(ask GET "$(inbox dev1foo)" '')" 401
check 'a back end may send to a disabled device' \
    is "$(ask POST "$(inbox off)" "$hub_token" -d x) $(queued off)" '204 1'
check 'a back end that sends to an unknown device gets a 404 in the text shape' is \
    "$(ask POST "$(inbox nobody)" "$hub_token" -d x) $(text_shape)" \
    '404 ErrorCode:DeviceNotFound;nobody'
check 'so does one that asks the registry' is \
    "$(ask GET "/devices/nobody$api" "$(c2d-http sas -C "$HUB/iothubowner.conn")") $(text_shape)" \
    '404 ErrorCode:DeviceNotFound;nobody'
run c2d-device receive -C "$HUB/device-off.conn"
check 'c2d-device exits 14 for a disabled device' fails_with 14 NOT_FOUND

fault '{"device": "off", "errorNumber": 403012, "count": -1}'
check 'a fault that names 403012 alone answers with it until it is cleared' is \
    "$(ask GET "$(inbox off)" "$off_token") $(ask GET "$(inbox off)" "$off_token")" '403 403'
check 'such a fault has the name of its number' says head 'iothub-errorcode: DeviceDisabled'
check 'such a fault has its number in the body' is "$(text_shape | jq .errorCode)" 403012
run c2d-device receive -C "$HUB/device-off.conn"
check 'c2d-device exits 77 for 403012' fails_with 77 AUTH
check 'other devices are not touched by it' is "$(ask GET "$(inbox dev1)" "$own_token")" 204
set_sim faults '{"clear": true}'
check 'cleared, the disabled device is a 404 again' \
    is "$(ask GET "$(inbox off)" "$off_token")" 404
fault '{"errorCode": "ServerBusy", "shape": "text"}'
check 'a fault may name an error by its name alone' is \
    "$(ask GET "$(inbox dev1)" "$own_token") $(text_shape | cut -d ';' -f 1)" \
    '503 ErrorCode:ServerBusy'
refused_fault() {
    not sim POST faults "$1" 2>&1
}
check 'a number that no error of the hub has is refused without a status' \
    refused_fault '{"errorNumber": 123456}'
check 'a name that no error of the hub has is refused without a status' \
    refused_fault '{"errorCode": "Nonsense"}'

# ---- Escaped slashes ----

check 'a send to the path with escaped slashes is queued' is "$(ask POST \
    "/devices%2Fdev1%2Fmessages%2FdeviceBound$api" "$hub_token" -d one) $(queued)" '204 1'
check 'a receive takes the path with escaped slashes in lower case' is "$(ask GET \
    "/devices%2fdev1/messages%2fdeviceBound$api" "$own_token") $(cat body)" '200 one'
lock=$(sed -n 's/^ETag: "\(.*\)".*/\1/p' head)
check 'a completion takes escaped slashes before its lock token' is "$(ask DELETE \
    "/devices/dev1/messages%2FdeviceBound%2F$lock$api" "$own_token") $(queued)" '204 0'
check 'a device id is never read from two segments' is "$(ask POST \
    "/devices/dev1%2Fx/messages/deviceBound$api" "$hub_token" -d x)" 404

# ---- Feedback ----

# Queues message ID for dev1, whose sender wants to hear of its end.
sent() {
    ask POST "$(inbox dev1)" "$hub_token" -H "iothub-messageid: $1" -H 'iothub-ack: full' -d x \
        >status && is "$(cat status)" 204
}
locked() {
    ask GET "$(inbox dev1)" "$own_token" >status
    sed -n 's/^ETag: "\(.*\)".*/\1/p' head
}
# The records of the next batch, which is completed.
records() {
    set_sim clock '{"advance": 16}'
    ask GET "/messages/serviceBound/feedback$api" "$hub_token" >status
    jq -cS . body
    cp body records
    ask DELETE "/messages/serviceBound/feedback/$(sed -n 's/^ETag: "\(.*\)".*/\1/p' head)$api" \
        "$hub_token" >status
}
of_each() {
    jq -r "map(.originalMessageId + \"=\" + $1) | join(\", \")" records
}
end_all() {
    sent completed && ask DELETE "$(inbox dev1 "/$(locked)")" "$own_token" >status
    sent rejected && ask DELETE "$(inbox dev1 "/$(locked)")&reject" "$own_token" >status
    sent purged && ask DELETE "/devices/dev1/commands$api" "$hub_token" >status
    sent abandoned
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        ask POST "$(inbox dev1 "/$(locked)/abandon")" "$own_token" -d '' >status
    done
    sent expired && set_sim clock '{"advance": 3601}'
    hub_token=$(c2d-http sas --ttl 48h) own_token=$(c2d-device sas --ttl 48h)
    records >/dev/null
}
hub_token=$(c2d-http sas --ttl 48h) own_token=$(c2d-device sas --ttl 48h)
end_all
check 'each record of feedback has the status code of its end' is "$(of_each .statusCode)" \
    'completed=Success, rejected=Rejected, purged=Purged, abandoned=DeliveryCountExceeded, expired=Expired'
check 'a success is described as Success, a rejected message as Message rejected' is \
    "$(of_each .description | cut -d , -f 1,2)" 'completed=Success, rejected=Message rejected'
check 'the descriptions of the other ends are texts, not status codes' is \
    "$(of_each .description | cut -d , -f 3-)" \
    ' purged=Message purged, abandoned=Message delivery count exceeded, expired=Message expired'

set_sim feedback '{"omitSuccessCode": true}'
end_all
check 'a success has no statusCode once that is switched on' is \
    "$(jq -c '.[0] | [has("statusCode"), .description]' records)" '[false,"Success"]'
check 'the other ends keep their statusCode' is \
    "$(jq -c '.[1:] | map(.statusCode)' records)" \
    '["Rejected","Purged","DeliveryCountExceeded","Expired"]'
set_sim feedback '{"omitSuccessCode": false}'
sent again && ask DELETE "$(inbox dev1 "/$(locked)")" "$own_token" >status
records >/dev/null
check 'switched off, a success has its statusCode again' is "$(of_each .statusCode)" again=Success
set_sim feedback '{"omitSuccessCode": true}'
reset_hub
sent again && ask DELETE "$(inbox dev1 "/$(locked)")" "$own_token" >status
records >/dev/null
check 'a reset switches it off' is "$(of_each .statusCode)" again=Success
set_sim clock '{"offset": 0}'

set_sim feedback '{"omitSuccessCode": true}'
c2d-http send dev1 -m x -i m --ack full -q
c2d-device receive >received
set_sim clock '{"advance": 16}'
run c2d-http feedback
check 'c2d-http feedback reads the outcome of a record without statusCode from its description' \
    shows '.originalMessageId == "m" and .statusCode == "Success"'

# ---- The hub's time ----

reset_hub
set_sim clock '{"advance": 1000000000}' # about 31 years
year=$(date -u -d "+1000000000 seconds" +%Y)
has_year() {
    says head "$year" && grep -q "^Date: ...,.* $year ..:..:.. GMT" head
}
check 'an expired token is 401' is "$(ask GET "$(inbox dev1)" "$own_token")" 401
check 'a 401 has the time of the hub in Date' has_year
check 'a 401 has the text shape with the time of the hub in TimeStamp' \
    grep -qE "Tracking ID:[0-9a-f]{32}-G:[0-9]+-TimeStamp:[0-9]{2}/[0-9]{2}/$year [0-9:]{8}\"" body
fault '{"errorNumber": 403004}'
ask GET "$(inbox dev1)" '' >status
has_times() {
    text_shape | jq -e --arg year "$year" '(.timestampUtc | startswith($year))
        and (.trackingId | test("^[0-9a-f]{32}-G:[0-9]+-TimeStamp:[0-9/]{6}\($year) "))' >/dev/null
}
check 'the nested shape has it in timestampUtc and in trackingId' has_times
fault '{"errorNumber": 404103, "status": 404, "shape": "object"}'
ask GET "$(inbox dev1)" '' >status
check 'a third shape has an object in Message and a text in errorCode' is \
    "$(jq -c '.Message | [.errorCode, (.timestampUtc | startswith("'"$year"'"))]' body)" \
    '["404103",true]'
check 'a response of /_sim has the time of the hub in Date' is \
    "$(ask GET /_sim/faults '') $(has_year && echo has)" '200 has'
check 'a request that is not HTTP has it in its refusal' is \
    "$(ask GET "$(inbox dev1)" '' -H 'Transfer-Encoding: chunked') $(has_year && echo has)" \
    '501 has'
check 'a path that the hub does not have, too' is \
    "$(ask GET /nonsense '') $(has_year && echo has)" '404 has'
set_sim clock '{"offset": 0}'
check 'a success has its Date too' is \
    "$(ask GET "$(inbox dev1)" "$own_token") $(grep -c '^Date: ' head)" '204 1'
