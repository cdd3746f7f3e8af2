# shellcheck shell=sh
# shellcheck disable=SC2154,SC2317  # of scripts/bench, which reads this; functions called by name
# One process per message, as started by cron.

device=$C2D_SIM_URL/devices/$IOTHUB_DEVICE_ID
root=$sim_root
for i in 1 2 3 4 5 6 7; do
	c2d-http send -q -m "hello $i"
done
token=$(c2d-device sas)
bare() {
	"$1" bare_receive "$device" "$root" "$token"
}
ours() {
	measure=$1
	shift
	"$measure" c2d-device receive -c 1 "$@"
}

heading 'cold receive of one message' floor
floor=$(bare instructions)
cold=$(ours instructions)
row 'P1 instructions, system store : bare libcurl, one CA' "$cold" "$floor" 1.20
row 'P1 instructions, system store : curl, one GET' "$cold" \
	"$(instructions curl -s -H "Authorization: $token" \
		"$device/messages/deviceBound?api-version=2021-04-12")" 0.15
c2d-device receive -c 1 --tls-cache "$work/cache" >/dev/null
row 'P2 instructions, TLS session kept : bare libcurl, one CA' \
	"$(ours instructions --tls-cache "$work/cache")" "$floor" 1
c2d-http send -q -m hello
c2d-http send -q -m hello
memory=$(bare peak_kib)
row 'P8 peak memory in KiB : bare libcurl + 1 MiB' "$(ours peak_kib)" $((memory + 1024)) 1

# ---- A poll that finds nothing, the most frequent run ----

poll() {
	"$1" c2d-device receive
}
# best_us COMMAND...: the shortest of ten runs.
best_us() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		start=$(date +%s%N)
		"$@" >"$output" || failed "$@"
		echo $((($(date +%s%N) - start) / 1000))
	done | sort -n | sed -n 1p
}
c2d-device receive >/dev/null
heading 'cold poll of an empty queue, system store' 'bare libcurl'
row 'instructions' "$(poll instructions)" "$(bare instructions)" 1
row 'bytes on the wire' "$(poll wire_bytes)" "$(bare wire_bytes)" 1.02
row 'round trips' "$(poll round_trips)" "$(bare round_trips)" 1 ==
row 'peak memory in KiB : bare libcurl + 1 MiB' "$(poll peak_kib)" $(($(bare peak_kib) + 1024)) 1
info 'microseconds by the clock' "$(best_us c2d-device receive)" \
	"$(best_us bare_receive "$device" "$root" "$token")"

# ---- The static program ----

static() {
	measure=$1
	shift
	"$measure" build-static/c2d-device receive -c 1 "$@"
}
if [ -x build-static/c2d-device ]; then
	for _ in 1 2 3 4; do
		c2d-http send -q -m hello
	done
	heading 'cold receive of one message, static program' limit
	row 'P13 instructions : 14 M' "$(static instructions)" 14000000 1
	static seconds --tls-cache "$work/static-cache" >/dev/null
	row 'P13 instructions, TLS session kept : 11.5 M' \
		"$(static instructions --tls-cache "$work/static-cache")" 11500000 1
	row 'P13 peak memory in KiB : 4 MiB' "$(static peak_kib)" 4096 1
else
	printf '\nP13 skipped: there is no static program; scripts/static builds it\n'
fi

# ---- A server that shows three certificates ----

printf 'HTTP/1.1 200 OK\r\nETag: "0e29f2a8-5a5c-4d1d-9d66-4f2b3bd1b1a7"\r\n%s\r\n\r\nhello' \
	'Content-Length: 5' >"$work/message"
printf 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n' >"$work/none"

# chain_row TLS-VERSION OPTION...
chain_row() {
	version=$1
	shift
	hostile --log "$work/log" --cert "$work/chain.crt" --key "$work/leaf.key" "$@" \
		keep:"$work/message" keep:"$work/none" keep:"$work/message" keep:"$work/none" \
		keep:"$work/message" keep:"$work/none" >"$work/ready" &
	server=$!
	until grep -qs ready "$work/ready"; do
		sleep 0.1
	done
	port=$(cut -d ' ' -f 2 "$work/ready")
	export IOTHUB_DEVICE_CONNECTION_STRING="HostName=localhost:$port;DeviceId=d;SharedAccessKey=a2V5"
	root=$work/root.crt
	device=https://localhost:$port/devices/d
	token=$(c2d-device sas)
	floor=$(bare wire_bytes)
	ours wire_bytes --cacert "$root" --tls-cache "$work/cache" >/dev/null
	row "P2 bytes on the wire, TLS $version, session kept : bare libcurl" \
		"$(ours wire_bytes --cacert "$root" --tls-cache "$work/cache")" "$floor" 0.3333
	kill "$server"
	server=
}
heading 'cold receive of one message, a chain of three certificates' floor
chain_row 1.3
chain_row 1.2 --ciphers DEFAULT
