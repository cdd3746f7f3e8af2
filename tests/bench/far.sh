# shellcheck shell=sh
# shellcheck disable=SC2119,SC2120,SC2154  # options are not always wanted; of scripts/bench
# The hub is 100 ms away: a relay delays all bytes by 50 ms, and connections, too. The figure is the
# number of round trips. That is what people wait for, and a busy machine does not change it.

far "${C2D_SIM_URL##*:}" 50 >"$work/far" &
server=$!
until grep -q ready "$work/far"; do
	sleep 0.1
done
far_port=$(sed -n 's/ready //p' "$work/far")
export IOTHUB_DEVICE_CONNECTION_STRING="$sim_device"
far_devices=$(seq -f f%g 40)
echo "$far_devices" | jq -nR '{devices: [inputs | {deviceId: .}]}' |
	curl -s --cacert "$sim_root" -d @- "$C2D_SIM_URL/_sim/devices" >/dev/null

# far_run COMMAND...: sets round_trips and opened, the number of connections.
far_run() {
	before=$(wc -l <"$work/far")
	"$@" >"$output" || failed "$@"
	sleep 0.4 # until the last connection has ended at the relay
	round_trips=$(tail -n "+$((before + 1))" "$work/far" | awk '{ sum += $1 } END { print sum }')
	opened=$(tail -n "+$((before + 1))" "$work/far" | awk '{ sum += $2 } END { print sum }')
}

# fill N: so many messages wait.
fill() {
	for _ in $(seq "$1"); do
		c2d-http send -q -m hello
	done
}

receive_far() {
	c2d-device receive --connect-to "127.0.0.1:$far_port" "$@"
}

# What shell scripts do: a curl for each request.
curl_far() {
	curl -s --connect-to "::127.0.0.1:$far_port" -H "Authorization: $token" "$@"
}
drain_by_curl() {
	queue=$C2D_SIM_URL/devices/$IOTHUB_DEVICE_ID/messages/deviceBound
	token=$(c2d-device sas)
	while curl_far -D "$work/head" "$queue?api-version=2021-04-12" &&
		lock=$(sed -n 's/^ETag: "\(.*\)".*/\1/p' "$work/head") && [ -n "$lock" ]; do
		curl_far -X DELETE "$queue/$lock?api-version=2021-04-12"
	done
}

# far_row N MOST TARGET-NAME: N messages, beside one request after the other on one connection.
far_row() {
	serial=$((3 + 2 * $1))
	fill "$1"
	far_run receive_far
	row "$3 $1 messages, round trips : one after the other" "$round_trips" "$serial" \
		"$(awk "BEGIN { print $2 / $serial }")"
	[ "$1" -gt 2 ] || row "$3 $1 messages, connections" "$opened" 1 1
}

heading 'a hub 100 ms away, TLS 1.3' before
far_row 0 3.5 P10
far_row 1 5.5 P10
one=$round_trips
far_row 2 7.5 P10
far_row 10 18 P9
far_row 50 60 P9
fill 11
far_run receive_far -c 1 --tls-cache "$work/far-cache"
far_run receive_far --tls-cache "$work/far-cache"
info '10 messages, TLS session kept, round trips' "$round_trips" 23
for count in 0 1 10; do
	fill "$count"
	far_run receive_far
	ours=$round_trips
	fill "$count"
	far_run drain_by_curl
	info "$count messages, round trips : a curl for each request" "$ours" "$round_trips"
done
far_run c2d-http send -q -m hello --connect-to "127.0.0.1:$far_port"
info 'send, round trips : connection and one request' "$round_trips" 3
fill 1 # two wait, for the peer

if [ -d build/interop/node_modules ]; then
	# Its agent connects to PORT, as the client supports only 443.
	drain_by_node() {
		PORT=$far_port NODE_PATH=$PWD/build/interop/node_modules NODE_EXTRA_CA_CERTS=$sim_root \
			NODE_OPTIONS=--dns-result-order=ipv4first \
			IOTHUB_DEVICE_CONNECTION_STRING=$(echo "$sim_device" | sed 's/:[0-9]*;/;/') \
			node tests/interop/device.js complete
	}
	far_run drain_by_node
	info '1 message, round trips : azure-iot-device-http' "$one" "$round_trips"
fi
receive_far >/dev/null

# On a busy machine, which lets one of the connections wait, more are counted here.
for number in 1 2 3 4; do
	for device in $far_devices; do
		printf '{"deviceId":"%s","body":"%s"}\n' "$device" $number
	done
done >"$work/lines"
far_run c2d-http send --batch "$work/lines" -P 8 -q --connect-to "127.0.0.1:$far_port"
info '160 lines for 40 devices, -P 8, round trips : 20 requests on each of 8' "$round_trips" 22
kill "$server"
server=
