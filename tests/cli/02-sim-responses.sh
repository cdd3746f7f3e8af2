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
check 'a receive of an unknown device gets 404, whatever key signed its token' \
    is "$(ask GET "$(inbox dev1foo)" "$(signed_for dev1foo)")" 404
check 'the 404 of an unknown device has its error code in a header' \
    says head 'iothub-errorcode: DeviceNotFound'
check 'the 404 of an unknown device has a text body that ends in the device id' \
    is "$(text_shape)" 'ErrorCode:DeviceNotFound;dev1foo'
check 'a receive of a disabled device gets the same 404 as an unknown device' is \
    "$(ask GET "$(inbox off)" "$off_token") $(text_shape)" '404 ErrorCode:DeviceNotFound;off'
check 'a settlement of a disabled device gets 404' is "$(ask DELETE \
    "$(inbox off /11111111-2222-4333-8444-555555555555)" "$off_token")" 404
check 'a receive of an unknown device without a token gets 401' \
    is "$(ask GET "$(inbox dev1foo)" '')" 401
check 'the hub queues a message for a disabled device' \
    is "$(ask POST "$(inbox off)" "$hub_token" -d x) $(queued off)" '204 1'
check 'a send to an unknown device gets a 404 with a text body' is \
    "$(ask POST "$(inbox nobody)" "$hub_token" -d x) $(text_shape)" \
    '404 ErrorCode:DeviceNotFound;nobody'
check 'a registry lookup of an unknown device gets a 404 with a text body' is \
    "$(ask GET "/devices/nobody$api" "$(c2d-http sas -C "$HUB/iothubowner.conn")") $(text_shape)" \
    '404 ErrorCode:DeviceNotFound;nobody'
run c2d-device receive -C "$HUB/device-off.conn"
check 'c2d-device exits 14 for a disabled device' fails_with 14 NOT_FOUND

fault '{"device": "off", "errorNumber": 403012, "count": -1}'
check 'a fault with only the error number 403012 answers 403 to each request until it is cleared' \
    is "$(ask GET "$(inbox off)" "$off_token") $(ask GET "$(inbox off)" "$off_token")" '403 403'
check 'a fault with only an error number answers with the error name in a header' \
    says head 'iothub-errorcode: DeviceDisabled'
check 'a fault with only an error number answers with that number in the body' \
    is "$(text_shape | jq .errorCode)" 403012
run c2d-device receive -C "$HUB/device-off.conn"
check 'c2d-device exits 77 for 403012' fails_with 77 AUTH
check 'a fault for one device leaves the receives of another device alone' \
    is "$(ask GET "$(inbox dev1)" "$own_token")" 204
set_sim faults '{"clear": false}'
check 'faults stay after {"clear": false}' is "$(sim GET faults | jq '.faults | length')" 1
set_sim faults '{"clear": true}'
check 'after a fault is cleared a receive of the disabled device gets 404 again' \
    is "$(ask GET "$(inbox off)" "$off_token")" 404
fault '{"errorCode": "ServerBusy", "shape": "text"}'
check 'a fault with only an error name answers with the status of that error' is \
    "$(ask GET "$(inbox dev1)" "$own_token") $(text_shape | cut -d ';' -f 1)" \
    '503 ErrorCode:ServerBusy'
refused_fault() {
    not sim POST faults "$1" 2>&1
}
check 'a fault with an unknown error number and no status is refused' \
    refused_fault '{"errorNumber": 123456}'
check 'a fault with an unknown error name and no status is refused' \
    refused_fault '{"errorCode": "Nonsense"}'

# ---- Escaped slashes ----

check 'a send to the path with escaped slashes is queued' is "$(ask POST \
    "/devices%2Fdev1%2Fmessages%2FdeviceBound$api" "$hub_token" -d one) $(queued)" '204 1'
check 'a receive from a path with lower-case escaped slashes gets the message' is "$(ask GET \
    "/devices%2fdev1/messages%2fdeviceBound$api" "$own_token") $(cat body)" '200 one'
lock=$(sed -n 's/^ETag: "\(.*\)".*/\1/p' head)
check 'a complete with an escaped slash before the lock token removes the message' \
    is "$(ask DELETE \
    "/devices/dev1/messages%2FdeviceBound%2F$lock$api" "$own_token") $(queued)" '204 0'
check 'a send with an escaped slash in the device id gets 404' is "$(ask POST \
    "/devices/dev1%2Fx/messages/deviceBound$api" "$hub_token" -d x)" 404

# ---- Feedback ----

# Queues message ID for dev1, with all feedback requested.
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
sent valued && ask DELETE "$(inbox dev1 "/$(locked)")&reject=false" "$own_token" >status
check 'a DELETE with reject=false is a reject: the presence of the member decides' is \
    "$(records >/dev/null && of_each .statusCode)" valued=Rejected
end_all
check 'each feedback record has the status code of its outcome' is "$(of_each .statusCode)" \
    'completed=Success, rejected=Rejected, purged=Purged, abandoned=DeliveryCountExceeded, expired=Expired'
check 'feedback describes a completed message as Success and a rejected one as Message rejected' \
    is "$(of_each .description | cut -d , -f 1,2)" 'completed=Success, rejected=Message rejected'
check 'feedback describes purged, abandoned and expired messages in words' is \
    "$(of_each .description | cut -d , -f 3-)" \
    ' purged=Message purged, abandoned=Message delivery count exceeded, expired=Message expired'

set_sim feedback '{"omitSuccessCode": true}'
end_all
check 'with omitSuccessCode a feedback record of success has no statusCode' is \
    "$(jq -c '.[0] | [has("statusCode"), .description]' records)" '[false,"Success"]'
check 'with omitSuccessCode the feedback records of other outcomes keep their statusCode' is \
    "$(jq -c '.[1:] | map(.statusCode)' records)" \
    '["Rejected","Purged","DeliveryCountExceeded","Expired"]'
set_sim feedback '{"omitSuccessCode": false}'
sent again && ask DELETE "$(inbox dev1 "/$(locked)")" "$own_token" >status
records >/dev/null
check 'without omitSuccessCode a feedback record of success has its statusCode again' \
    is "$(of_each .statusCode)" again=Success
set_sim feedback '{"description": "other words"}'
sent again && ask DELETE "$(inbox dev1 "/$(locked)")" "$own_token" >status
records >/dev/null
check 'with a description for all feedback a record has it' is "$(of_each .description)" \
    'again=other words'
set_sim feedback '{"omitSuccessCode": true}'
reset_hub
sent again && ask DELETE "$(inbox dev1 "/$(locked)")" "$own_token" >status
records >/dev/null
check 'a reset of the hub switches omitSuccessCode off' is "$(of_each .statusCode)" again=Success
check 'a reset of the hub restores the usual descriptions' is "$(of_each .description)" again=Success
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
check 'a receive with an expired token gets 401' is "$(ask GET "$(inbox dev1)" "$own_token")" 401
check 'a 401 has the time of the hub in its Date header' has_year
check 'a 401 has a text body with the time of the hub in TimeStamp' \
    grep -qE "Tracking ID:[0-9a-f]{32}-G:[0-9]+-TimeStamp:[0-9]{2}/[0-9]{2}/$year [0-9:]{8}\"" body
fault '{"errorNumber": 403004}'
ask GET "$(inbox dev1)" '' >status
has_times() {
    text_shape | jq -e --arg year "$year" '(.timestampUtc | startswith($year))
        and (.trackingId | test("^[0-9a-f]{32}-G:[0-9]+-TimeStamp:[0-9/]{6}\($year) "))' >/dev/null
}
check 'a nested error body has the time of the hub in timestampUtc and trackingId' has_times
fault '{"errorNumber": 404103, "status": 404, "shape": "object"}'
ask GET "$(inbox dev1)" '' >status
check 'an error body of shape object has an object in Message and a string as errorCode' is \
    "$(jq -c '.Message | [.errorCode, (.timestampUtc | startswith("'"$year"'"))]' body)" \
    '["404103",true]'
check 'a response of /_sim has the time of the hub in Date' is \
    "$(ask GET /_sim/faults '') $(has_year && echo has)" '200 has'
check 'the 501 for an unsupported transfer encoding has the time of the hub in Date' is \
    "$(ask GET "$(inbox dev1)" '' -H 'Transfer-Encoding: chunked') $(has_year && echo has)" \
    '501 has'
check 'the 404 for an unknown path has the time of the hub in Date' is \
    "$(ask GET /nonsense '') $(has_year && echo has)" '404 has'
set_sim clock '{"offset": 0}'
check 'a 204 has a Date header' is \
    "$(ask GET "$(inbox dev1)" "$own_token") $(grep -c '^Date: ' head)" '204 1'
