# shellcheck shell=sh
# Checks of the delivery feedback. Its queue is the whole hub's: only batches that hold nothing but
# records of this run are completed, others are left and come again.
# shellcheck disable=SC2317  # the checks are called by name

FEEDBACK=/messages/serviceBound/feedback
OUTCOMES='success rejected given-up expired purged'
COLLECTED=
BATCHES=0
COMPLETED=0
LEFT=0

# Sends a message of this outcome and takes it.
take_acknowledged() { # OUTCOME
    round_trip 'iothub-ack: full' "iothub-messageid: $RUN-$1"
}

end_success() {
    take_acknowledged success && settle complete "$TOKEN"
}

# &reject=false is a reject, too: its presence decides.
end_rejected() {
    take_acknowledged rejected && settle reject "$TOKEN" reject=false
}

end_given_up() {
    take_acknowledged given-up || return
    for _ in 1 2 3 4 5 6 7 8 9; do
        settle abandon "$TOKEN"
        receive || break
    done
    [ -z "$TOKEN" ] || settle abandon "$TOKEN"
}

end_expired() {
    printf 'c2d-http live check' >"$WORK/payload"
    post "$QUEUE" "iothub-expiry: $(hub_time 30)" 'iothub-ack: full' \
        "iothub-messageid: $RUN-expired"
    assume 'the send answers 204' status_is 204 || return
    pause 33
    receive
    assume 'an expired message does not come' status_is 204
}

end_purged() {
    send_text 'c2d-http live check' 'iothub-ack: full' "iothub-messageid: $RUN-purged"
    purge
}

# Takes one batch. False if there is none.
take_batch() {
    RECORDS=
    ask service GET "$FEEDBACK?api-version=$SERVICE_VERSION"
    RECORDS=yes
    status_is 200 || return 1
    BATCHES=$((BATCHES + 1))
    batch=$(lock_token)
    strangers=$(keep_own_records)
    record
    if [ "$strangers" != 0 ]; then
        LEFT=$((LEFT + 1))
        found 'a batch with records of others was left in the queue'
    elif [ -n "$batch" ]; then
        ask service DELETE "$FEEDBACK/$batch?api-version=$SERVICE_VERSION"
        ! status_is 204 || COMPLETED=$((COMPLETED + 1))
    fi
}

# Appends the records of this run to the file records. The body is then these alone; prints the
# number of the others.
keep_own_records() {
    jq -c --arg run "$RUN-" '[.[] | select((.originalMessageId // "") | startswith($run))]' \
        "$WORK/body" >"$WORK/own" 2>/dev/null || echo '[]' >"$WORK/own"
    jq --argjson own "$(jq length "$WORK/own")" 'length - $own' "$WORK/body" 2>/dev/null || echo 1
    jq -c '.[]' "$WORK/own" >>"$WORK/records"
    mv "$WORK/own" "$WORK/body"
}

has_all_records() {
    [ "$(jq -r .originalMessageId "$WORK/records" | sort -u | wc -l)" -ge 5 ]
}

# Ends a message in each way and waits for the records, for two minutes at most. Runs once.
collect_feedback() {
    [ -z "$COLLECTED" ] || return 0
    COLLECTED=yes
    : >"$WORK/records"
    for outcome in $OUTCOMES; do
        "end_$(function_name "$outcome")"
    done
    deadline=40
    until has_all_records || [ "$deadline" = 0 ]; do
        pause 3
        while take_batch; do :; done
        deadline=$((deadline - 1))
    done
}

check_feedback_token() {
    collect_feedback
    if [ "$LEFT" -gt 0 ] && [ "$LEFT" = "$BATCHES" ]; then
        not_tried 'all batches hold records of others, too'
        return
    fi
    assume 'each batch has an ETag, and a completion by it answers 204' all_completed
}

all_completed() {
    [ "$COMPLETED" -gt 0 ] && [ $((COMPLETED + LEFT)) = "$BATCHES" ]
}

# A member of the record of an outcome.
recorded() { # OUTCOME MEMBER
    jq -r --arg id "$RUN-$1" --arg member "$2" \
        'select(.originalMessageId == $id) | .[$member] // ""' "$WORK/records" | tail -n 1
}

check_feedback_status() {
    collect_feedback
    assume 'statusCode is Success' [ "$(recorded success statusCode)" = Success ]
}

# An absent statusCode is the matter of feedback-status alone.
has_outcome() { # OUTCOME CODE DESCRIPTION
    case $(recorded "$1" statusCode) in
    "$2" | '') [ "$(recorded "$1" description)" = "$3" ] ;;
    *) false ;;
    esac
}

says_outcome() { # OUTCOME CODE DESCRIPTION
    collect_feedback
    found "statusCode '$(recorded "$1" statusCode)', description '$(recorded "$1" description)'"
    assume "statusCode $2, description '$3'" has_outcome "$@"
}

check_feedback_success() {
    says_outcome success Success Success
}

check_feedback_rejected() {
    says_outcome rejected Rejected 'Message rejected'
}

check_feedback_given_up() {
    says_outcome given-up DeliveryCountExceeded 'Message delivery count exceeded'
}

check_feedback_expired() {
    says_outcome expired Expired 'Message expired'
}

check_feedback_purged() {
    says_outcome purged Purged 'Message purged'
}
