# shellcheck shell=sh
# Goal: a clock that is off costs a warning, not the messages; a date that proves nothing is ignored
# (N6, F10, F11).
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

set_sim clock '{"offset": 7200}'
run c2d-http send dev1 -m late
check 'with a clock two hours behind a message is sent all the same (N6)' code_is 0
check 'with one warning that says by how much (N6)' says err 'warning: ' '120 min behind'
check 'and one warning only (N6)' is "$(wc -l <err)" 1
run c2d-device receive
check 'and it is received (N6)' shows '.body == "late"'
check 'that clock is warned of once, not at every request (N6)' is "$(grep -c warning err)" 1
check 'only the first request was refused (N6)' \
    is "$(state '[.log[] | select(.operation == "receive" and .httpStatus == 401)] | length')" 1

wrong="${IOTHUB_CONNECTION_STRING%SharedAccessKey=*}SharedAccessKey=d3Jvbmc="
IOTHUB_CONNECTION_STRING=$wrong run c2d-http send dev1 -m x
check 'with the wrong key too: 77 (N6)' fails_with 77 AUTH
check 'and the text says how much the clock is off (N6)' says err '120 min behind' 'hint: '
check 'and that it is not the clock alone (N6)' says err 'refused too'

set_sim clock '{"offset": -7200}'
run c2d-http send dev1 -m early
check 'with a clock two hours ahead a message is sent (N6)' code_is 0
set_sim clock '{"offset": 0}'

# ---- Dates that prove nothing (F11) ----

# No token of this machine is good for more than an hour from now.
token_lives_an_hour() {
    token_end=$(sent_header receive authorization | sed 's/.*&se=\([0-9]*\).*/\1/')
    [ "$token_end" -gt "$(date +%s)" ] && [ "$token_end" -le $(($(date +%s) + 3600)) ]
}
for date in '"date": "nonsense"' '"date": "Mon, 01 Jan 1900 00:00:00 GMT"' \
    '"date": "Fri, 01 Jan 2999 00:00:00 GMT"' '"date": "Wed, 01 Jan 2070 00:00:00 GMT"' \
    '"dateSkew": 7200, "age": 100' '"dateSkew": 120'; do
    reset_hub
    fault "{\"operation\": \"receive\", \"status\": 401, $date}"
    run c2d-device receive
    check "a 401 with $date is no reason to change the clock (N6, F11)" ends_silently 0 ''
    check "and its second try is signed with ours: $date (F11)" is "$(requests receive)" 2
    check "for an hour: $date" token_lives_an_hour
done
reset_hub
fault '{"operation": "receive", "status": 401, "dateSkew": 31536000, "count": -1}'
run c2d-device receive
check 'a Date that did not help is named in the error (N6)' says err 'error: AUTH' '365 d behind'

# ---- How far a Date is followed ----

# refused_with PROGRAM... : two 401s, the Date of which is that many days ahead.
refused_with() {
    days=$1
    shift
    reset_hub
    fault "{\"operation\": \"any\", \"status\": 401, \"count\": 2,
        \"dateSkew\": $((days * 86400))}"
    run "$@"
}
refused_with 10 c2d-http send dev1 -m x
check 'a back end does not follow a Date that is 10 days ahead, and says that its clock is off' \
    says err 'error: AUTH' '10 d behind' 'too far'
refused_with 2 c2d-http send dev1 -m x
check 'it follows one of 2 days' says err '48 h behind' 'signed with the hub'
refused_with 10 c2d-device receive
check 'a device follows a Date that is 10 days ahead' says err '10 d behind' 'signed with the hub'
refused_with 500 c2d-device receive
check 'but not one that is 500 days ahead' says err '500 d behind' 'too far'

# ---- A proxy that takes Date away ----

set_sim clock '{"offset": 10800}'
reset_hub
stamp=$(date -ud '+3 hours' '+Tracking ID:0a-G:1-TimeStamp:%m/%d/%Y %H:%M:%S')
body="{\"Message\":\"ErrorCode:IotHubUnauthorizedAccess;No\",\"ExceptionMessage\":\"$stamp\"}"
fault "{\"operation\": \"receive\", \"status\": 401, \"omit\": [\"Date\"],
    \"body\": $(printf %s "$body" | jq -R .)}"
run c2d-device receive
check 'the time in the body of a 401 is followed where Date is absent' \
    is "$CODE $(requests receive) $(grep -c 'warning: .*3 h behind' err)" '0 2 1'
