# shellcheck shell=sh
# Checks of sending: which headers a hub honours, which forms of the request, and its limits.
# shellcheck disable=SC2317  # the checks are called by name

# Sends a message with these headers and takes it again.
round_trip() { # [HEADER]...
    send_text 'c2d-http live check' "$@"
    assume 'the send answers 204' status_is 204 || return
    receive
    assume 'the message arrives' status_is 200
}

# True if a response header has this value.
has_header() { # NAME VALUE
    [ "$(header "$1")" = "$2" ]
}

arrives_as() { # NAME VALUE
    assume "the device receives $1: $2" has_header "$1" "$2"
}

check_send_message_id() {
    round_trip "iothub-messageid: $RUN-id" || return
    arrives_as iothub-messageid "$RUN-id"
}

check_send_ids() {
    round_trip 'iothub-correlationid: correlation-1' 'iothub-userid: user-1' || return
    arrives_as iothub-correlationid correlation-1 || return
    arrives_as iothub-userid user-1
}

# One of the spellings that the library reads.
content_header() { # type|encoding
    case $1 in
    type) set -- iothub-contenttype ContentType Content-Type ;;
    *) set -- iothub-contentencoding ContentEncoding Content-Encoding ;;
    esac
    for name in "$@"; do
        [ -z "$(header "$name")" ] || { header "$name" && return; }
    done
}

check_send_content() {
    round_trip 'Content-Type: text/x-live' 'iothub-contenttype: text/x-live' \
        'Content-Encoding: x-live' 'iothub-contentencoding: x-live' || return
    assume 'the content type arrives' [ "$(content_header type)" = text/x-live ] || return
    assume 'the content encoding arrives' [ "$(content_header encoding)" = x-live ]
}

# Not positive or full: this message is completed, and would leave a record in the shared queue of
# feedback.
check_send_ack() {
    round_trip 'iothub-ack: negative' || return
    arrives_as iothub-ack negative
}

# True if two ISO times name the same second.
same_second() {
    [ -n "$1" ] && [ "$(printf %.19s "$1")" = "$(printf %.19s "$2")" ]
}

check_send_expiry() {
    expiry=$(hub_time 900)
    printf 'c2d-http live check' >"$WORK/payload"
    post "$QUEUE" "iothub-expiry: $expiry"
    assume 'the send answers 204' status_is 204 || return
    receive
    assume 'the message arrives' status_is 200 || return
    found "sent $expiry, received $(header iothub-expiry)"
    assume 'the expiry that was sent arrives' same_second "$(header iothub-expiry)" "$expiry"
}

check_send_past_expiry() {
    printf 'c2d-http live check' >"$WORK/payload"
    post "$QUEUE" "iothub-expiry: $(hub_time -900)"
    assume '403, 403009 InvalidMessageExpiryTime' \
        is_refused 403 403009 InvalidMessageExpiryTime
}

check_send_escaped_path() {
    printf 'c2d-http live check' >"$WORK/payload"
    post "/devices%2F$DEVICE_PATH%2Fmessages%2FdeviceBound" "iothub-expiry: $(hub_time 600)"
    assume 'the send answers 204' status_is 204 || return
    receive
    assume 'the message arrives' status_is 200
}

check_send_older_form() {
    printf 'c2d-http live check' >"$WORK/payload"
    post /messages/deviceBound "iothub-to: $QUEUE" "iothub-expiry: $(hub_time 600)"
    assume 'the send answers 204' status_is 204 || return
    receive
    assume 'the message arrives' status_is 200
}

check_send_characters() {
    # shellcheck disable=SC2016  # a dollar is one of the characters
    characters='a !"#$%&()*+,-./:;<=>?@[]^_`{|}~ z'
    round_trip "iothub-app-text: $characters" || return
    arrives_as iothub-app-text "$characters"
}

# The mark counts: its name without iothub-app-, and its value.
check_send_64_kib() {
    mark="live$RUN-$CHECK"
    fill $((65536 - ${#mark}))
    send
    assume '65,536 bytes are taken (204)' status_is 204 || return
    fill $((65537 - ${#mark}))
    send
    assume '65,537 bytes get 413, 413001 MessageTooLarge' is_refused 413 413001 MessageTooLarge
}

check_send_51st() {
    RECORDS=
    count=0
    while [ "$count" -lt 50 ]; do
        send_text "$count"
        status_is 204 || break
        count=$((count + 1))
    done
    RECORDS=yes
    found "the queue took $count messages"
    if assume '50 messages are taken' [ "$count" = 50 ]; then
        send_text 51
        assume '403, 403004 DeviceMaximumQueueDepthExceeded' \
            is_refused 403 403004 DeviceMaximumQueueDepthExceeded
    fi
    tidy
}
