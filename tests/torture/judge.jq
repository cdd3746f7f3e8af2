# The verdict on one case: "ok" or the names of what is wrong, how many messages are there twice, the
# two exit codes, the case. .struck is "missed" where the fault did not come and "died" where it was
# other people's code that died of it. .before and .after are the hub's state behind the run with
# the fault and behind the one without, .out1 and .out2 what the output held then, in base64, .left1
# and .left2 how many messages of a spool no handler had had.

# What each line holds; null for one that is no record.
def records: @base64d | split("\n") | map(select(. != "") | (fromjson? | objects) // null);
def ids: records | map(.messageId // empty);
def is_torn: @base64d | . != "" and (endswith("\n") | not);
# Ended by timeout(1), with TERM or with KILL.
def was_stopped: . == 124 or . == 137;
def hub: .devices.dev1;
def honoured(operation): .log | map(select(.operation == operation and .effect));
def targets: map(.target | split("?")[0]);
def has_twice: length != (unique | length);

# The messages that are neither queued at the hub nor in the output.
def missing(state; out): ["m1", "m2"] - (state | hub.queue | map(.messageId)) - (out | ids);
def has_others($tail): (ids - ["m1", "m2"] != [])
    or (records | any(. != null and has("body") and .body != "body of " + .messageId + $tail));

# No checksum guards HTTP: when a byte of it was changed, contents may be anything, but counts and
# lock tokens may not.
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
    "second-run": (.code2 != 0 or .left2 > 0 or (.after | hub | .queue != [] or .completed != 2))
};
def exact: .tail as $tail | {
    lost: (missing(.before; .out1) + missing(.after; .out2) != [] or (.out2 | has_others($tail))),
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
