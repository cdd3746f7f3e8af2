# shellcheck shell=sh
# Checks of receiving: the headers of a message and its lock.
# shellcheck disable=SC2317  # the checks are called by name

is_strong_guid() {
    is_true 'test("^\"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\"$")' "$(values ETag)"
}

# True if the jq filter is true for the text.
is_true() { # FILTER TEXT
    jq -en --arg text "$2" "\$text | $1" >/dev/null
}

check_receive_lock_token() {
    round_trip || return
    assume 'one ETag, a GUID in quotes' is_strong_guid
}

# Which spelling a response has; nothing for none.
spelling() {
    for name in iothub-contenttype ContentType Content-Type; do
        [ "$(header "$name")" != text/x-live ] || printf '%s ' "$name"
    done
}

# Prints how an api-version spells the content type of a message.
try_version() { # VERSION
    send_text 'c2d-http live check' 'Content-Type: text/x-live' 'iothub-contenttype: text/x-live'
    VERSION=$1
    receive
    VERSION=
    if status_is 200; then
        spelled=$(spelling)
        settle complete "$TOKEN"
    else
        spelled="HTTP $STATUS "
        tidy
    fi
    found "$1: $spelled"
}

# Newer versions are tried for the report: the library reads all spellings.
check_receive_spelling() {
    try_version 2021-06-01
    try_version 2023-06-30
    try_version "$DEVICE_VERSION"
    assume "ContentType in $DEVICE_VERSION" [ "$spelled" = 'ContentType ' ]
}

is_iso_utc() {
    is_true 'test("^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}([.][0-9]+)?Z\n?)+$")' "$1"
}

check_receive_times() {
    round_trip || return
    found "enqueued $(values iothub-enqueuedtime), expiry $(values iothub-expiry)"
    assume 'iothub-enqueuedtime is ISO 8601 in UTC' is_iso_utc "$(values iothub-enqueuedtime)" \
        || return
    assume 'iothub-expiry is ISO 8601 in UTC' is_iso_utc "$(values iothub-expiry)"
}

check_receive_counters() {
    round_trip || return
    arrives_as iothub-deliverycount 0 || return
    assume 'iothub-sequencenumber is decimal' is_true 'test("^[0-9]{1,20}$")' \
        "$(header iothub-sequencenumber)"
}

check_receive_name_case() {
    round_trip 'iothub-app-MixedCase: x' || return
    assume 'iothub-app-MixedCase arrives so' grep -q '^iothub-app-MixedCase: *x' "$WORK/head"
}

check_receive_lock_header() {
    send_text 'c2d-http live check'
    assume 'the send answers 204' status_is 204 || return
    receive 'IotHub-MessageLockTimeout: 5'
    assume 'the message arrives' status_is 200 || return
    pause 10
    settle complete "$TOKEN"
    assume 'the message can be completed after 10 s' status_is 204
}

check_receive_lapsed_lock() {
    round_trip || return
    lapsed=$TOKEN
    pause 62
    settle complete "$lapsed"
    assume 'after 62 s a completion gets 412, 412002 DeviceMessageLockLost' \
        is_refused 412 412002 DeviceMessageLockLost || return
    release "$lapsed"
    receive
    assume 'the message comes again' status_is 200 || return
    arrives_as iothub-deliverycount 0
}
