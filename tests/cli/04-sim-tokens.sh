# shellcheck shell=sh
# The hub says when its clock ends the life of usual tokens, and makes tokens by that clock for
# clients that do not follow it.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
odd="id's#%+?"
odd_path=id%27s%23%25%2B%3F
start_sim --device dev1 --device "$odd" --name hub.localhost

# What the hub makes of a receive or a send by curl with that token.
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
check 'a clock that leaves usual tokens alive is not remarked on' is "$(cat note)" ''
noted '{"advance": 864000}'
check 'the clock says when usual tokens have expired by it, and what makes others' \
    says note 'token of an hour' 'GET /_sim/sas'
check 'a usual token is refused then' is "$(receives "$(c2d-device sas)")" 401
check 'a token by the clock of the hub is taken for a device' is "$(receives "$(token '?device=dev1')")" 204
check 'and for one whose id has to be encoded' \
    is "$(receives "$(token "?device=$odd_path")" "$odd_path")" 204
check 'and for the policy service' is "$(sends "$(token)")" 204
check 'a token of a device is for that device alone' \
    is "$(receives "$(token "?device=$odd_path")")" 401
check 'one of the policy iothubowner may receive, too' \
    is "$(receives "$(token '?policy=iothubowner')") $(receives "$(token '?policy=service')")" \
    '200 401'
short=$(token '?device=dev1&ttl=10')
check 'a ttl is counted by the clock of the hub' is "$(receives "$short")" 204
set_sim clock '{"advance": 311}'
check 'and ends, with 5 minutes of grace' is "$(receives "$short")" 401
check 'the expiry of a token is told' \
    is "$(($(date -ud "$(sim GET 'sas?ttl=600' | jq -r .expiry)" +%s) - $(state '.now | floor')))" 600

refused_query() { # QUERY TEXT
    sim GET "sas?$1" >answer 2>/dev/null
    says answer error "$2"
}
check 'a device that is unknown has no token' refused_query device=none 'no device that has a key'
check 'an empty device is not taken for the hub' refused_query device= 'no device that has a key'
check 'a policy that is unknown has no token' refused_query policy=none iothubowner
check 'device and policy exclude each other' refused_query 'device=dev1&policy=service' exclude
for ttl in 0 -1 1h '' 99999999999999999999999999; do
    check "a ttl of '$ttl' is refused" refused_query "ttl=$ttl" 'ttl is a number of seconds'
done
check 'an unknown member is refused, and the known ones are named' \
    refused_query days=1 'known: device policy ttl'

# ---- --time-scale ----

kill "${PIDS##* }" && wait "${PIDS##* }" 2>/dev/null
start_sim --time-scale 1000
check 'a hub whose clock is faster says at its start how long usual tokens live' \
    says sim.err 'one of an hour after 3.6 s' "$C2D_SIM_URL/_sim/sas"
check 'and no more than that line' is "$(wc -l <sim.err) $(wc -l <sim.ready)" '1 1'
left=$(($(date -ud "$(sim GET sas | jq -r .expiry)" +%s) - $(state '.now | floor')))
check 'by default its tokens are good for an hour of real time' \
    test "$left" -gt 3000000 -a "$left" -le 3600000
