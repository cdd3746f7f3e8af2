# shellcheck shell=sh
# Goal: a wrong clock causes a warning and loses no message. A Date that proves nothing is ignored.
# shellcheck source=/dev/null
. "$C2D_TESTS/lib.sh"
start_sim

set_sim clock '{"offset": 7200}'
run c2d-http send dev1 -m late
check 'send with a clock two hours behind exits 0' code_is 0
check 'send with a clock two hours behind warns by how much' says err 'warning: ' '120 min behind'
check 'send with a clock two hours behind prints one line of warning' is "$(wc -l <err)" 1
run c2d-device receive
check 'receive with a clock two hours behind prints the message' shows '.body == "late"'
check 'receive with a clock two hours behind warns once' is "$(grep -c warning err)" 1
check 'receive with a clock two hours behind gets one 401' \
    is "$(state '[.log[] | select(.operation == "receive" and .httpStatus == 401)] | length')" 1

wrong="${IOTHUB_CONNECTION_STRING%SharedAccessKey=*}SharedAccessKey=d3Jvbmc="
IOTHUB_CONNECTION_STRING=$wrong run c2d-http send dev1 -m x
check 'send with a wrong key and a clock two hours behind exits 77' fails_with 77 AUTH
check 'the error for a wrong key and a wrong clock says how far the clock is off' \
    says err '120 min behind' 'hint: '
check 'the error for a wrong key and a wrong clock says that the corrected token was refused too' \
    says err 'refused too'

set_sim clock '{"offset": -7200}'
run c2d-http send dev1 -m early
check 'send with a clock two hours ahead exits 0' code_is 0
set_sim clock '{"offset": 0}'

# ---- Dates that prove nothing ----

# True if the token of the last receive expires within an hour from now.
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
    check "receive prints no warning after a 401 with $date" ends_silently 0 ''
    check "receive makes two requests after a 401 with $date" is "$(requests receive)" 2
    check "receive signs a token for an hour by its own clock after a 401 with $date" \
        token_lives_an_hour
done
reset_hub
fault '{"operation": "receive", "status": 401, "dateSkew": 31536000, "count": -1}'
run c2d-device receive
check 'the error of receive after two 401s says that the clock is 365 d behind' \
    says err 'error: AUTH' '365 d behind'

# ---- The limits of following a Date ----

# refused_with DAYS PROGRAM...: runs PROGRAM, which gets two 401s whose Date is DAYS days ahead.
refused_with() {
    days=$1
    shift
    reset_hub
    fault "{\"operation\": \"any\", \"status\": 401, \"count\": 2,
        \"dateSkew\": $((days * 86400))}"
    run "$@"
}
refused_with 10 c2d-http send dev1 -m x
check 'c2d-http does not follow a Date 10 days ahead and reports that its clock is behind' \
    says err 'error: AUTH' '10 d behind' 'too far'
refused_with 2 c2d-http send dev1 -m x
check 'c2d-http follows a Date 2 days ahead' says err '48 h behind' 'signed with the hub'
refused_with 10 c2d-device receive
check 'c2d-device follows a Date 10 days ahead' says err '10 d behind' 'signed with the hub'
refused_with 500 c2d-device receive
check 'c2d-device does not follow a Date 500 days ahead' says err '500 d behind' 'too far'

# ---- A proxy that removes Date ----

set_sim clock '{"offset": 10800}'
reset_hub
stamp=$(date -ud '+3 hours' '+Tracking ID:0a-G:1-TimeStamp:%m/%d/%Y %H:%M:%S')
body="{\"Message\":\"ErrorCode:IotHubUnauthorizedAccess;No\",\"ExceptionMessage\":\"$stamp\"}"
fault "{\"operation\": \"receive\", \"status\": 401, \"omit\": [\"Date\"],
    \"body\": $(printf %s "$body" | jq -R .)}"
run c2d-device receive
check 'receive follows the time in the body of a 401 without Date' \
    is "$CODE $(requests receive) $(grep -c 'warning: .*3 h behind' err)" '0 2 1'
