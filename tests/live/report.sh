# shellcheck shell=sh
# Verdicts of the checks, the table for people and live-report.json.

VERDICT=
FOUND=
EXPECTED=

# assume EXPECTATION CONDITION...: one step of a check. The first that is not as assumed decides.
assume() {
    expectation=$1
    shift
    EXPECTED="$EXPECTED${EXPECTED:+; }$expectation"
    if "$@"; then
        [ -n "$VERDICT" ] || VERDICT='as assumed'
        return 0
    fi
    [ "$VERDICT" = differs ] || found "not so: $expectation (the last status is $STATUS)"
    VERDICT=differs
    return 1
}

found() {
    FOUND="$FOUND${FOUND:+; }$1"
}

not_tried() { # WHY
    VERDICT='not tried'
    FOUND=$1
}

# What a check needs and this run has not; nothing if it can run.
missing() { # slow|'' NEED
    [ "$1" != slow ] || [ -z "$QUICK" ] || echo 'it has to wait: not with --quick'
    case $2 in
    registry) [ -n "$REGISTRY" ] || echo 'it needs --registry FILE' ;;
    disabled) [ -n "$DISABLED" ] || echo 'it needs --disabled FILE, of a disabled device' ;;
    feedback)
        [ -n "$OWNS_FEEDBACK" ] \
            || echo 'the feedback queue is shared by all back ends: --i-own-the-feedback'
        ;;
    throttle) [ -n "$THROTTLE" ] || echo 'it throttles the whole hub for a minute: --throttle' ;;
    policy)
        [ "$(member SharedAccessKeyName "$SERVICE")" = service ] \
            || echo 'the policy of -S is not the usual "service"'
        ;;
    direct)
        command -v openssl >/dev/null || echo 'it needs the program openssl'
        [ -z "${https_proxy-}${HTTPS_PROXY-}${ALL_PROXY-}${all_proxy-}" ] || goes_direct \
            || echo 'a proxy is in the way'
        ;;
    esac
}

# True if the proxy variables do not apply to the hub: curl knows.
goes_direct() {
    curl -q -sv --max-time 10 -o /dev/null "https://$HUB/" 2>&1 | grep -qi 'Uses proxy' && return 1
    return 0
}

# Runs one row of the table and writes its result.
run_check() { # NAME SLOW NEED DOUBT PLACE
    CHECK=$1
    VERDICT='' FOUND='' EXPECTED='' NO_RESPONSE=''
    : >"$WORK/exchanges"
    why=$(missing "$2" "$3" | head -n 1)
    if [ -n "$why" ]; then
        not_tried "$why"
    else
        "check_$(function_name "$1")"
        [ -z "$NO_RESPONSE" ] || not_tried "no response: $NO_RESPONSE"
        [ -n "$VERDICT" ] || not_tried 'its requests could not be made'
        tidy
    fi
    write_result "$4" "$5"
}

function_name() {
    echo "$1" | tr - _
}

write_result() { # DOUBT PLACE
    printf '%-10s  %-20s %s\n' "$VERDICT" "$CHECK" "$1"
    [ -z "$FOUND" ] || printf '%33s%s\n' '' "$FOUND"
    [ "$VERDICT" != differs ] || printf '%33schange: %s\n' '' "$2"
    jq -cn --arg name "$CHECK" --arg doubt "$1" --arg verdict "$VERDICT" --arg expected "$EXPECTED" \
        --arg found "$FOUND" --arg place "$2" --slurpfile exchanges "$WORK/exchanges" '
        {name: $name, doubt: $doubt, verdict: $verdict, expected: $expected, found: $found}
        + if $verdict == "differs" then {change: $place} else {} end
        + {exchanges: $exchanges}' >>"$WORK/results"
}

count_verdicts() { # VERDICT
    jq -r .verdict "$WORK/results" | grep -cx "$1"
}

# Writes the report, unless a secret should be in it.
write_report() {
    jq -s --arg program "$(c2d-http --version | head -n 1)" --arg started "$STARTED" \
        --arg quick "$QUICK" --arg complete "$COMPLETE" '
        {v: 1, program: $program, started: $started, quick: ($quick != ""), complete: ($complete != ""),
         checks: .}' "$WORK/results" >"$WORK/report"
    if grep -v '^$' "$WORK/secrets" | grep -qF -f - "$WORK/report"; then
        complain 'a secret would be in the report: it is not written'
        return 1
    fi
    cp "$WORK/report" "$REPORT" || return
    printf '\n%s as assumed, %s differ, %s not tried: %s\n' "$(count_verdicts 'as assumed')" \
        "$(count_verdicts differs)" "$(count_verdicts 'not tried')" "$REPORT"
}
