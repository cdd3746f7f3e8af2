# Prints the verdict on one case: "ok" or the names of what is wrong, the number of duplicates, the
# two exit codes, the case. .messages is how many messages there are: m1, m2 and so on. .struck is
# "missed" if the fault did not occur, and "died" if it made other people's code crash. .before and
# .after are the hub's state after the run with the fault and after the second run, .out1 and .out2
# the output at these times, in base64, .left1 and .left2 the number of messages in a spool that no
# handler had processed.

# The record of each line; null if the line is not a record.
def records: @base64d | split("\n") | map(select(. != "") | (fromjson? | objects) // null);
def ids: records | map(.messageId // empty);
def is_torn: @base64d | . != "" and (endswith("\n") | not);
# Ended by timeout(1), with TERM or with KILL.
def was_stopped: . == 124 or . == 137;
def hub: .devices.dev1;
def honoured(operation): .log | map(select(.operation == operation and .effect));
def targets: map(.target | split("?")[0]);
def has_twice: length != (unique | length);

def all_ids: [range(.messages) | "m\(. + 1)"];
# The messages that are neither queued at the hub nor in the output.
def missing(state; out): all_ids - (state | hub.queue | map(.messageId)) - (out | ids);
def has_others($all; $tail): (ids - $all != [])
    or (records | any(. != null and has("body") and .body != "body of " + .messageId + $tail));

# HTTP has no checksum: a changed byte may change any content. Counts and lock tokens must still be
# right.
def lost_count(state; out): (state | hub.completed) > (out | records | length);
def settled_others: (.after | honoured("complete") | targets | map(split("/")[-1]))
    - (.out2 | records | map(.lockToken? // empty)) != [];

def common: {
    torn: (.out2 | is_torn or (records | any(. == null))),
    hung: ((.code2 | was_stopped) or .struck != "died"
        and (.code1 == 124 or .part != "kill" and (.code1 | was_stopped))),
    silent,
    # A delivery is counted by an abandon, which follows a failed handler.
    counted: (.way as $way | .before | (honoured("abandon") | length) as $abandons
        | $abandons > (if $way == "failing" then 2 else 0 end)
        or $abandons != (hub.queue | map(.deliveryCount) | add // 0)),
    "exit-code": (.struck == "" and (.code1 as $code | .allowed | index($code) == null)),
    "second-run": (.messages as $messages | .code2 != 0 or .left2 > 0
        or (.after | hub | .queue != [] or .completed != $messages))
};
def exact: .tail as $tail | all_ids as $all | {
    lost: (missing(.before; .out1) + missing(.after; .out2) != []
        or (.out2 | has_others($all; $tail))),
    duplicates: (.out2 | ids | length - (unique | length) > 1),
    # Only a network error can cause two settlements of one lock.
    "settled-twice": (.part == "kill" and (.after.log | map(select(.operation == "complete"))
        | targets | has_twice)),
    # Exit code 0 means that all messages are done.
    "not-done": (.code1 == 0 and (.left1 > 0 or (.before | hub.queue != [])))
};
def blurred: {
    lost: (lost_count(.before; .out1) or lost_count(.after; .out2) or settled_others),
    duplicates: (.out2 | records | length > 3)
};

(common + (if .part == "network" and (.error | startswith("flip")) then blurred else exact end)
    | map_values(select(.)) | keys | if . == [] then ["ok"] else . end) as $verdict
| ([.struck | select(. != "")] + $verdict | join(",")) + " "
    + "\(.out2 | ids | length - (unique | length)) \(.code1) \(.code2) \(.case | sub(" +$"; ""))"
