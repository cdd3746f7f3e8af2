# shellcheck shell=sh
# The hub warns when tokens of the usual lifetime have expired by its clock. It issues tokens by
# that clock for clients with the real time.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
odd="id's#%+?"
odd_path=id%27s%23%25%2B%3F
start_sim --device dev1 --device "$odd" --name hub.localhost

# The status of a receive or a send by curl with that token.
receives() { # TOKEN [DEVICE]
    curl -sS --noproxy '*' --cacert "$HUB/ca.pem" -o body -w '%{http_code}' \
        -H "Authorization: $1" \
        "$C2D_SIM_URL/devices/${2-dev1}/messages/deviceBound?api-version=2021-04-12"
}
sends() { # TOKEN
    curl -sS --noproxy '*' --cacert "$HUB/ca.pem" -o body -w '%{http_code}' --data-binary x \
        -H "Authorization: $1" \
        "$C2D_SIM_URL/devices/dev1/messages/deviceBound?api-version=2020-09-30"
}
token() { # [QUERY]
    sim GET "sas${1-}" | jq -r .token
}
noted() { # CLOCK
    sim POST clock "$1" | jq -r '.note // ""' >note
}

noted '{"advance": 60}'
check 'setting the clock ahead by a minute adds no note to the response' is "$(cat note)" ''
noted '{"advance": 864000}'
check 'setting the clock ahead by ten days adds a note on expired tokens and GET /_sim/sas' \
    says note 'token of an hour' 'GET /_sim/sas'
check 'a token by the real clock gets 401 from a hub ten days ahead' \
    is "$(receives "$(c2d-device sas)")" 401
check 'a device token of GET /_sim/sas is accepted by a hub ten days ahead' \
    is "$(receives "$(token '?device=dev1')")" 204
check 'a token of GET /_sim/sas is accepted for a device id that needs escaping' \
    is "$(receives "$(token "?device=$odd_path")" "$odd_path")" 204
check 'a token of GET /_sim/sas for the policy service may send' is "$(sends "$(token)")" 204
check 'a token of GET /_sim/sas for one device is refused for another' \
    is "$(receives "$(token "?device=$odd_path")")" 401
check 'a token of the policy iothubowner may receive, one of the policy service may not' \
    is "$(receives "$(token '?policy=iothubowner')") $(receives "$(token '?policy=service')")" \
    '200 401'
short=$(token '?device=dev1&ttl=10')
check 'a token with a ttl of 10 s is accepted before its expiry by the clock of the hub' \
    is "$(receives "$short")" 204
set_sim clock '{"advance": 311}'
check 'a token is refused 5 minutes after its expiry by the clock of the hub' \
    is "$(receives "$short")" 401
expiry=$(date -ud "$(sim GET 'sas?ttl=600' | jq -r .expiry)" +%s)
# The clock may go on by a second between the two questions.
check 'GET /_sim/sas returns the expiry of the token' \
    is "$(((expiry - $(state '.now | floor') + 1) / 2))" 300

refused_query() { # QUERY TEXT
    sim GET "sas?$1" >answer 2>/dev/null
    says answer error "$2"
}
check 'GET /_sim/sas refuses an unknown device' refused_query device=none 'a device that has a key'
check 'GET /_sim/sas refuses an empty device' refused_query device= 'a device that has a key'
check 'GET /_sim/sas refuses an unknown policy' refused_query policy=none iothubowner
check 'GET /_sim/sas refuses a device together with a policy' \
    refused_query 'device=dev1&policy=service' exclude
for ttl in 0 -1 1h '' 99999999999999999999999999; do
    check "GET /_sim/sas refuses a ttl of '$ttl'" \
        refused_query "ttl=$ttl" 'ttl must be a number of seconds'
done
check 'GET /_sim/sas refuses an unknown member and lists the known ones' \
    refused_query days=1 'known: device policy ttl'

# ---- --time-scale ----

kill "${PIDS##* }" && wait "${PIDS##* }" 2>/dev/null
start_sim --time-scale 1000
check 'c2d-sim --time-scale warns at its start how long usual tokens last' \
    says sim.err 'a token of an hour after 3.6 s' "$C2D_SIM_URL/_sim/sas"
check 'c2d-sim --time-scale prints one line of warning and one ready line' \
    is "$(wc -l <sim.err) $(wc -l <sim.ready)" '1 1'
left=$(($(date -ud "$(sim GET sas | jq -r .expiry)" +%s) - $(state '.now | floor')))
check 'by default a token of GET /_sim/sas is valid for an hour of real time' \
    test "$left" -gt 3000000 -a "$left" -le 3600000
