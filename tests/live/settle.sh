# shellcheck shell=sh
# Checks of settling and purging.
# shellcheck disable=SC2317  # the checks are called by name

check_settle_no_lock() {
    settle complete "$NIL"
    assume '412, 412002 DeviceMessageLockLost' is_refused 412 412002 DeviceMessageLockLost
}

check_settle_twice() {
    round_trip || return
    settle complete "$TOKEN"
    assume 'the first completion answers 204' status_is 204 || return
    settle complete "$TOKEN"
    assume 'the second gets 412, 412002 DeviceMessageLockLost' \
        is_refused 412 412002 DeviceMessageLockLost
}

# Sends a message, takes it and completes it, with these headers in the completion.
complete_with() { # [HEADER]...
    round_trip || return
    ask device DELETE "$QUEUE/$TOKEN?api-version=$DEVICE_VERSION" "$@"
    ! status_is 204 || release "$TOKEN"
}

check_settle_no_if_match() {
    complete_with || return
    assume 'a completion without If-Match answers 204' status_is 204 || return
    complete_with 'If-Match: W/"weak"' || return
    found "with a weak If-Match, which the library never sends: $STATUS"
}

check_abandon_counts() {
    round_trip || return
    settle abandon "$TOKEN"
    assume 'the abandon answers 204' status_is 204 || return
    receive
    assume 'the message comes again at once' status_is 200 || return
    arrives_as iothub-deliverycount 1
}

check_reject_by_presence() {
    for query in reject reject=false; do
        round_trip || return
        settle reject "$TOKEN" "$query"
        assume "a DELETE with &$query answers 204" status_is 204 || return
        settle complete "$TOKEN"
        assume 'its lock has ended (412)' status_is 412 || return
        receive
        assume 'the message does not come again' status_is 204 || return
    done
}

check_purge_right() {
    for count in 1 2 3; do
        send_text "$count"
        assume 'the send answers 204' status_is 204 || return
    done
    purge
    assume 'the purge answers 200' status_is 200 || return
    assume 'it counts the three messages' is_true 'fromjson | .totalMessagesPurged == 3' \
        "$(cat "$WORK/body")" || return
    receive
    assume 'the queue is empty afterwards' status_is 204
}
