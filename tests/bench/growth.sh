# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154,SC2317  # scripts/bench reads this; called by name
# What one more operation costs when there are 1,000 to 1,000,000 already. callgrind counts only a
# few hundred of each run: a million would take it hours. So the doubling of a table is in none or
# one of the counts. Lines before those that are counted are invalid ones, which are the cheapest.
# What a hub limits has smaller sizes. There is one connection, so that no handshake is counted.

SIZES='1000 10000 100000 1000000'
COUNTED=500

# shellcheck source=/dev/null  # checked separately
. tests/bench/nginx

# property_headers COUNT: prints the directives of nginx for so many properties.
property_headers() {
	seq -w 900 | head -n "$1" |
		sed 's/.*/add_header iothub-app-property-& "value of property &";/'
}
locations='location ~ ^/devices/missing- {
	add_header iothub-errorcode DeviceNotFound always;
	return 404;
}'
for size in 0 100 300 900; do
	locations="$locations
$(waiting_location "properties-$size" "$(property_headers $size)")"
done
start_nginx "$locations"
export IOTHUB_CONNECTION_STRING="HostName=$hub;SharedAccessKeyName=service;SharedAccessKey=$key"

# ---- Measuring ----

# between FROM TO COMMAND...: prints the instructions of one result, counted between the calls
# number FROM and TO of write(2) to stdout: there is one for each result. $expected is the exit
# code.
expected=0
between() {
	WINDOW_FROM=$1
	WINDOW_TO=$2
	export WINDOW_FROM WINDOW_TO
	shift 2
	status=0
	LD_PRELOAD=$PWD/build/window.so valgrind --tool=callgrind --instr-atstart=no \
		--callgrind-out-file=/dev/null --log-file="$work/callgrind" "$@" \
		>"$work/output" 2>"$work/errors" || status=$?
	[ "$status" -eq "$expected" ] || failed "$@"
	sed -n 's/.*Collected : //p' "$work/callgrind" |
		awk -v count=$((WINDOW_TO - WINDOW_FROM)) '{ printf "%d\n", $1 / count }'
}

# flat WHAT MEASURE SIZE...: prints the cost at each size, and a row that compares the highest with
# the lowest. MEASURE SIZE prints the instructions of one operation.
flat() {
	what=$1
	measure=$2
	shift 2
	: >"$work/costs"
	for size; do
		"$measure" "$size" >>"$work/costs"
		point "$what" "$size" "$(tail -n 1 "$work/costs")"
	done
	sort -n "$work/costs" >"$work/sorted"
	row "P11 $what : at least" "$(tail -n 1 "$work/sorted")" "$(head -n 1 "$work/sorted")" 1.10
}

# ---- Many operations of the library ----

submit_cost() {
	between $(($1 - COUNTED)) "$1" submit_many "$action" "$hub" "$work/root.crt" "$1" 0
}
# The first results, when most operations are still queued.
wait_cost() {
	between $(($1 + 100)) $(($1 + 100 + COUNTED)) \
		submit_many "$action" "$hub" "$work/root.crt" "$1" $((100 + COUNTED))
}
# many_peak_kib COUNT RESULTS: the memory of so many clients, with their operations if RESULTS is 0.
many_peak_kib() {
	peak_kib submit_many "$action" "$hub" "$work/root.crt" "$@"
}
heading 'instructions of one operation when so many are pending' least
for action in receive send; do
	# shellcheck disable=SC2086  # one word for each size is wanted
	flat "c2d_submit() to $action" submit_cost $SIZES
	# shellcheck disable=SC2086
	flat "c2d_wait() for a $action" wait_cost $SIZES
done
heading 'memory of a submitted operation in bytes, a million at once' limit
for action in receive send; do
	made=$(many_peak_kib 1000000 -1)
	row "P12 $action, without client and message : 1 KiB" \
		$((($(many_peak_kib 1000000 0) - made) * 1024 / 1000000)) 1024 1
done

# ---- Lines of a batch ----

# good_lines COUNT, bad_lines COUNT, missing_lines COUNT: print lines of a batch that are sent, that
# are invalid, and whose devices the hub does not know.
good_lines() {
	seq "$1" | sed 's/.*/{"deviceId":"device-&","body":"hello &"}/'
}
bad_lines() {
	seq "$1" | sed 's/.*/{"deviceId":"device-&","text":"hello &"}/'
}
missing_lines() {
	seq "$1" | sed 's/.*/{"deviceId":"missing-&","body":"hello &"}/'
}
# batch_cost RESULTS-BEFORE OPTION...: the cost of a line in the middle of a thousand good ones. The
# batch reads 256 lines ahead.
batch_cost() {
	before=$1
	shift
	good_lines 1000 >>"$work/lines"
	between $((before + 300)) $((before + 300 + COUNTED)) \
		c2d-http send --batch "$work/lines" -P 1 "$@"
}
after_bad_lines() {
	expected=11
	bad_lines "$1" >"$work/lines"
	batch_cost "$1"
}
after_missing_lines() {
	expected=11
	missing_lines "$1" >"$work/lines"
	batch_cost "$1"
}
# journal ENTRIES: writes a journal with random keys.
journal() {
	awk -v count="$1" -v host="$hub" 'BEGIN {
		srand(1)
		print "c2d-journal 2 " host " 0e29f2a8-5a5c-4d1d-9d66-4f2b3bd1b1a7"
		for (i = 0; i < count; i++)
			printf "%08x%08x%08x id-%d enqueued\n", rand() * 2147483647 * 2, i, i, i
	}' >"$work/journal"
}
with_journal() {
	expected=0
	journal "$1"
	: >"$work/lines"
	batch_cost 0 --journal "$work/journal"
}
# The whole run is counted, without that of an empty journal.
journal_entry() {
	journal 0
	least=$(instructions c2d-http send --batch /dev/null --journal "$work/journal")
	journal "$1"
	echo $((($(instructions c2d-http send --batch /dev/null --journal "$work/journal") \
		- least) / $1))
}
heading 'instructions of a line of send --batch -P 1' least
# shellcheck disable=SC2086
flat 'line after so many (invalid) lines' after_bad_lines $SIZES
flat 'line after those for so many unknown devices' after_missing_lines 10 100 1000 4000
# shellcheck disable=SC2086
flat 'line with so many entries in the journal' with_journal $SIZES
# shellcheck disable=SC2086
flat 'opening a journal: each of so many entries' journal_entry $SIZES

# ---- Waiters: each reads what the others have appended to the feedback log ----

# records COUNT NAME: prints feedback records of other messages.
records() {
	awk -v count="$1" -v name="$2" -v now="$(date -u +%Y-%m-%dT%H:%M:%SZ)" 'BEGIN {
		for (i = 1; i <= count; i++)
			printf "{\"v\":1,\"originalMessageId\":\"%s-%d\",\"deviceId\":\"device-%d\"," \
				"\"deviceGenerationId\":\"637000000000000000\",\"statusCode\":\"Success\"," \
				"\"description\":\"Success\",\"enqueuedTimeUtc\":\"%s\"," \
				"\"batch\":{\"lockToken\":\"0e29f2a8-5a5c-4d1d-9d66-4f2b3bd1b1a7\"," \
				"\"index\":0,\"size\":64}}\n", name, i, i, now
	}'
}
# wait_run COUNT: prints the instructions of a waiter that reads so many records before its own.
wait_run() {
	rm -f "$work/log" "$work/errors"
	records "$1" other >"$work/records"
	records 1 wanted >>"$work/records"
	valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file="$work/callgrind" \
		c2d-http -v send device-1 -m hello -i wanted-1 --wait 10m --feedback-log "$work/log" \
		>"$work/output" 2>"$work/errors" &
	waiter=$!
	until grep -qs POST "$work/errors"; do
		sleep 0.1
	done
	cat "$work/records" >>"$work/log"
	wait $waiter || failed send --wait
	sed -n 's/.*Collected : //p' "$work/callgrind"
}
record_cost() {
	least=$(wait_run 0)
	echo $((($(wait_run "$1") - least) / $1))
}
heading 'instructions of a waiter for each record in the log' least
# shellcheck disable=SC2086
flat 'send --wait: each of so many records of others' record_cost $SIZES

# ---- Properties ----

use_device() {
	export IOTHUB_DEVICE_CONNECTION_STRING="HostName=$hub;DeviceId=$1;SharedAccessKey=$key"
}
send_properties() {
	awk -v lines="$2" -v count="$properties" 'BEGIN {
		for (line = 0; line < lines; line++) {
			printf "{\"deviceId\":\"device-%d\",\"body\":\"hello\",\"properties\":{", line
			for (i = 1; i <= count; i++)
				printf "%s\"property-%03d\":\"value of property %03d\"", i == 1 ? "" : ",", i, i
			print "}}"
		}
	}' >"$work/lines"
	"$1" c2d-http send --batch "$work/lines" -P 1
}
receive_properties() {
	use_device "properties-$properties"
	"$1" c2d-device receive -c "$2"
}
handle_properties() {
	use_device "properties-$properties"
	"$1" c2d-device receive -c "$2" -- true
}
# Without the cost of a message that has no property.
property_cost() {
	properties=0
	least=$(each 10 30 "$run" instructions)
	properties=$1
	echo $((($(each 10 30 "$run" instructions) - least) / $1))
}
heading 'instructions of each property (limits: 900, 64 KiB)' least
run=send_properties
flat 'property of a line of send --batch' property_cost 100 300 900
run=receive_properties
flat 'property of a message, JSON written' property_cost 100 300 900
run=handle_properties
flat 'property of a message with a handler' property_cost 100 300 900

# ---- A drain ----

drain_cost() {
	expected=0
	use_device waiting
	between $(($1 - COUNTED)) "$1" c2d-device receive -c "$1"
}
heading 'instructions of a message (a drain remembers 1,000)' least
flat 'receive and complete, after so many messages' drain_cost 1000 10000

stop_nginx
