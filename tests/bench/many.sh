# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154,SC2317  # scripts/bench reads this; called by name
# Many messages in one process.

FEW=1000
MANY=6000
TIMED=20000

# shellcheck source=/dev/null  # checked separately
. tests/bench/nginx
start_nginx

export IOTHUB_CONNECTION_STRING="HostName=$hub;SharedAccessKeyName=service;SharedAccessKey=$key"
export IOTHUB_DEVICE_CONNECTION_STRING="HostName=$hub;DeviceId=waiting;SharedAccessKey=$key"
token=$(c2d-device sas)
fleet=https://$hub/devices
output=$work/output

# ---- Measuring ----

# Runs both functions in turn, ROUNDS times, with COUNT messages each. Takes the best time of each:
# other load on the machine can only lengthen a run. Sets the elapsed and the processor time per
# message, in microseconds: our_us our_cpu_us floor_us floor_cpu_us.
#   turns ROUNDS COUNT OUR-FUNCTION FLOOR-FUNCTION; each is called as FUNCTION MEASURE COUNT
turns() {
	rm -f "$work/ours" "$work/floor"
	for _ in $(seq "$1"); do
		"$3" seconds "$2" >>"$work/ours"
		"$4" seconds "$2" >>"$work/floor"
	done
	our_us=$(best 1 ours "$2")
	our_cpu_us=$(best 2 ours "$2")
	floor_us=$(best 1 floor "$2")
	floor_cpu_us=$(best 2 floor "$2")
}

best() {
	sort -n -k "$1,$1" "$work/$2" | awk -v field="$1" -v count="$3" \
		'NR == 1 { printf "%.2f\n", $field / count * 1000000 }'
}

show_times() {
	info 'microseconds by the clock' "$our_us" "$floor_us"
	info 'microseconds of the processor' "$our_cpu_us" "$floor_cpu_us"
}

# rate_row WHAT: a row with the rates that turns() has measured, in a second of the processor: by the
# clock, other load on the machine would decide.
rate_row() {
	row "$1" "$(rate "$our_cpu_us")" "$(rate "$floor_cpu_us")" 0.9 '>='
	show_times
}

rate() {
	awk -v us="$1" 'BEGIN { printf "%d\n", 1000000 / us }'
}

# peer WHAT COUNT COMMAND...: shows the time per message of COMMAND beside ours.
peer() {
	what=$1
	count=$2
	shift 2
	seconds "$@" >"$work/peer"
	info "microseconds by the clock : $what" "$our_us" "$(best 1 peer "$count")"
}

# ---- Receiving ----

our_receive() {
	"$1" c2d-device receive -c "$2"
}
floor_receive() {
	"$1" bare_receive "$fleet/waiting" "$work/root.crt" "$token" "$2"
}
printf '\nserver of P3 to P6: %s, one worker\n' "$(nginx -v 2>&1 | sed 's/.*: //')"
heading 'receive and complete, each message, JSON written' floor
row 'P3, P14 instructions : bare libcurl, GET and DELETE' \
	"$(each 100 1100 our_receive instructions)" "$(each 100 1100 floor_receive instructions)" 1.08
# With a file ours would wait for the disk before it settles, which the floor does not.
output=/dev/null
turns 3 3000 our_receive floor_receive
show_times
peer 'curl command twice, token at hand' 20 tests/bench/peer receive-curl "$hub" "$key" 20
peer 'sh, openssl, curl twice' 20 tests/bench/peer receive "$hub" "$key" 20
output=$work/output

# ---- Sending ----

# lines COUNT: a batch for a thousand devices, made once.
lines() {
	[ -e "$work/lines.$1" ] || awk -v count="$1" 'BEGIN {
		for (i = 0; i < count; i++)
			printf "{\"deviceId\":\"device-%d\",\"body\":\"hello %d\"}\n", i % 1000, i
	}' >"$work/lines.$1"
	echo "$work/lines.$1"
}
our_send() {
	"$1" c2d-http send --batch "$(lines "$2")" -P 16
}
floor_send() {
	"$1" bare_multi POST "$fleet/device-1/messages/deviceBound?api-version=2020-09-30" \
		"$work/root.crt" "$token" "$2"
}
lines $TIMED >/dev/null
heading 'send --batch -P 16, each line, result written' floor
row 'P4, P14 instructions : bare curl_multi loop, POST' \
	"$(each $FEW $MANY our_send instructions)" "$(each $FEW $MANY floor_send instructions)" 1.12
turns 5 $TIMED our_send floor_send
rate_row 'P4 messages per CPU second : bare curl_multi loop, POST'
peer 'curl -Z, one process, token at hand' 2000 tests/bench/peer send-parallel "$hub" "$key" 2000
peer 'curl command, token at hand' 20 tests/bench/peer send-curl "$hub" "$key" 20
peer 'sh, openssl, curl' 20 tests/bench/peer send "$hub" "$key" 20

# ---- Memory of a batch ----

heading 'peak memory of send --batch -P 16 in KiB' limit
lines 1000000 >/dev/null
output=/dev/null
small=$(our_send peak_kib 1000)
large=$(our_send peak_kib 1000000)
row 'P5 1 000 lines : 16 MiB' "$small" 16384 1
row 'P5 1 000 000 lines : 16 MiB' "$large" 16384 1
row 'P5 1 000 000 lines : 1 000 lines + 1 MiB' "$large" $((small + 1024)) 1
row 'P5 1 000 lines : 1 000 000 lines + 1 MiB' "$small" $((large + 1024)) 1
rm "$work/lines.1000000"

# ---- A fleet ----

our_poll() {
	"$1" poll_fleet "$hub" "$work/root.crt" "${devices:-10000}" "$2"
}
floor_poll() {
	"$1" bare_multi GET "$fleet/device-1/messages/deviceBound?api-version=2021-04-12" \
		"$work/root.crt" "$token" "$2"
}
heading '10 000 empty devices polled over 16 connections' floor
# Each device is polled ten times, as clients and tokens are made only once.
turns 5 100000 our_poll floor_poll
rate_row 'P6 requests per CPU second : bare curl_multi loop, GET'
devices=100
info 'instructions, each request' "$(each $FEW $MANY our_poll instructions)" \
	"$(each $FEW $MANY floor_poll instructions)"
devices=
before=$(connections)
memory=$(our_poll peak_kib 10000)
# One connection is that of the status request.
row 'P6 TLS handshakes, counted by the server' $(($(connections) - before - 1)) 16 1 ==
row 'P6 peak memory in KiB : 16 MiB and 1 KiB a device' "$memory" $((16384 + 10000)) 1

# ---- The caller's own loop: no target, as times vary on a shared machine ----

# lateness [drain]: sets latest_us and most_us for a timer of 10 ms while 1 000 devices are polled.
lateness() {
	poll_timer "$hub" "$work/root.crt" 1000 60000 "$@" >"$work/lateness" || failed poll_timer "$@"
	read -r latest_us most_us <"$work/lateness"
}
heading 'delay of a timer of 10 ms beside 1 000 devices, in microseconds' '15 ms'
lateness
info 'one c2d_wait() for each event : latest' "$latest_us" 15000
info 'one c2d_wait() for each event : 99th percentile' "$most_us" 15000
lateness drain
info 'c2d_wait() until it returns false : latest' "$latest_us" 15000

stop_nginx
