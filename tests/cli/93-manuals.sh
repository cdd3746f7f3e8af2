# shellcheck shell=sh
# The manuals name every option, command, exit code, variable and JSON member, and no others: they
# are compared with the programs both ways.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/manuals.sh
. "$C2D_TESTS/manuals.sh"

ROOT=$C2D_TESTS/../..
# shellcheck disable=SC2119  # no options are wanted
start_sim

# ---- Options and commands ----

# The lines of an option in a help text, as "C,--name ARGUMENT", sorted.
help_options() {
    sed -nE 's/^  (-(.), |    )--([a-z-]+)( ([^ ]+))? .*$/\2,--\3 \5/p' | sort
}

# The same for a section or a subsection of a page.
page_options() { # PAGE SECTION
    awk -v heading="$2" '/^\.S[hs] / { inside = substr($0, 5) == heading } inside' "$MAN/$1" \
        | sed -nE 's/ Ns //g; s/ Ar / /g; s/=Ar /=/; s/:Ar /:/; s/ ([|:]) ?/\1/g
            s/Ar //g; s/^\.It Fl (([a-zA-Z]) , )?-([a-z-]+)( (.*))?$/\2,--\3 \5/p' | sort
}

for program in c2d-http c2d-device; do
    commands=$($program help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | grep -vx help)
    check "$program(1) has the commands of $program help" is "$(echo "$commands" | sort)" \
        "$(sed -n '/^\.Sh COMMANDS/,/^\.Sh OPTIONS/s/^\.Ss //p' "$MAN/$program.1" | sort)"
    check "$program(1) has the options of $program help" \
        is "$($program help | help_options)" "$(page_options $program.1 OPTIONS)"
    for command in $commands; do
        [ "$command" != poll ] || continue
        check "$program(1) has the options of $program help $command" \
            is "$($program help "$command" | help_options)" "$(page_options $program.1 "$command")"
    done
done
check 'the options of poll are those of receive but for -c and --wait' \
    is "$(c2d-device help poll | help_options)" \
    "$(page_options c2d-device.1 receive | grep -v -e --count -e --wait)"
check 'some options were compared' test "$(page_options c2d-http.1 send | wc -l)" -gt 15

# ---- Exit codes ----

header=$ROOT/include/c2d.h
frame=$ROOT/src/cli/common/exit_status
{
    sed -n '/^enum c2d_status/,/^}/p' "$header" | sed -nE 's/^    C2D_([A-Z_]+) = ([0-9]+),.*/\2 \1/p' \
        | grep -v CANCELLED
    grep -oE '[{] STATUS_[A-Z_]+, "[A-Z]+"' "$frame.c" | tr -d '{,"}' \
        | while read -r constant name; do
            echo "$(sed -nE "s/^#define $constant .*\\)([0-9]+)\\).*/\\1/p" "$frame.h") $name"
        done
} | sort >codes
check 'c2d-messages(7) has every exit code with its name, and no other' is "$(cat codes)" \
    "$(sed -n 's/^\.It \([0-9]*\) Dv \([A-Z_]*\)$/\1 \2/p' "$MAN/c2d-messages.7" | sort)"

# ---- Variables ----

page_variables() { # PAGE SECTION
    awk -v heading="$2" '/^\.Sh / { inside = substr($0, 5) == heading } inside' "$MAN/$1" \
        | sed -n 's/^\.It //p' | grep -oE 'Ev [A-Za-z_0-9]+' | cut -c 4- | sort -u
}
# The names in calls of getenv(), and in the tables of variables of the proxy.
source_variables() { # FILE...
    {
        grep -ohE 'getenv\("[A-Za-z0-9_]+"\)' "$@"
        sed -n '/ proxies\[\] = {/,/;/p; / exceptions\[\] = {/,/;/p' "$@"
        sed -n 's/^    \.variable = //p' "$@"
    } | grep -oE '"[A-Za-z0-9_]+"' | tr -d '"' | sort -u
}
cli=$ROOT/src/cli
check 'c2d-http(1) has every variable that the program reads, and no other' is \
    "$(source_variables "$cli"/common/*.c "$cli"/c2d-http/*.c)" \
    "$(page_variables c2d-http.1 ENVIRONMENT)"
check 'c2d-device(1) has every variable that the program reads, and no other' is \
    "$(source_variables "$cli"/common/*.c "$cli"/c2d-device/*.c)" \
    "$(page_variables c2d-device.1 ENVIRONMENT)"
check 'c2d-sim(1) has every variable that the command gets, and no other' is \
    "$(env -u NO_PROXY -u IOTHUB_CONNECTION_STRING c2d-sim -- env | grep -aE '^[A-Za-z0-9_]+=' \
        | cut -d = -f 1 | grep -vxE 'PATH|HOME|PWD|TMPDIR|LC_ALL|PORT|C2D_(TESTS|BUILD)|.*SAN_OPTIONS|_' \
        | sort -u)" \
    "$(page_variables c2d-sim.1 ENVIRONMENT | grep -vx TMPDIR)"

enqueue '{"deviceId": "dev1", "messageId": "m", "correlationId": "c", "userId": "u", "body": "b",
    "contentType": "t", "contentEncoding": "e", "properties": {"a-b": "1"}, "ack": "full"}'
c2d-device receive -- env >out
check 'c2d-device(1) has every variable that a handler gets' is \
    "$(grep -oE '^C2D_[A-Z_]+' out | sed 's/^C2D_PROP_.*/C2D_PROP_/' | sort)" \
    "$(page_variables c2d-device.1 HANDLERS | grep -vx C2D_TRUNCATED)"
check 'the variable for an application property is made as c2d-device(1) says' says out C2D_PROP_A_B=1

# ---- JSON ----

page_members() { # PAGE SUBSECTION
    awk -v heading="$2" '/^\.S[hs] / { inside = substr($0, 5) == heading } inside' "$MAN/$1" \
        | sed -n 's/^\.It Va //p' | sort
}
# has_members PAGE SUBSECTION FILE: the objects of FILE have these members together.
has_members() {
    is "$(jq -r 'keys[]' "$3" | sort -u)" "$(page_members "$1" "$2")"
}
compare() { # SENTENCE PAGE SUBSECTION FILE
    check "$2($1) has the members of $4, and no others" has_members "$2.$1" "$3" "$4"
}

reset_hub
enqueue '{"deviceId": "dev1", "messageId": "m", "correlationId": "c", "userId": "u", "body": "b",
    "contentType": "t", "contentEncoding": "e", "ack": "full",
    "properties": [["a", "1"], ["a", "2"]], "rawHeaders": [["iothub-app-x", {"base64": "/w=="}]]}'
c2d-device receive >message
compare 7 c2d-messages 'A received message' message

set_sim clock '{"advance": 16}'
c2d-http feedback --keep >record
set_sim clock '{"advance": 61}'
fault '{"operation": "feedback", "body": "[{\"statusCode\": \"Success\", \"new\": 1}]"}'
c2d-http feedback >>record
compare 7 c2d-messages 'A record of feedback' record

c2d-http -j send nodev -m x 2>error
compare 7 c2d-messages 'Errors, warnings and lines of -v' error

c2d-http -j send dev1 -m x >sent
printf '{"body":"x"}\nno JSON\n' | c2d-http send --batch - dev1 >>sent 2>/dev/null
compare 1 c2d-http 'Result of send -j, line of send --batch' sent

c2d-http purge dev1 --force | jq -c 'del(.v)' >purged
compare 1 c2d-http purge purged
c2d-http status dev1 -C "$HUB/iothubowner.conn" | jq -c 'del(.v)' >registry
compare 1 c2d-http status registry
c2d-http -j sas >token
jq -r .token token | c2d-http -j sas --decode >decoded
jq -c 'del(.v)' token decoded >tokens
compare 1 c2d-http 'sas -j, sas --decode -j' tokens
c2d-http -j doctor >steps
fault '{"operation": "feedbackComplete", "status": 403, "errorNumber": 403012}'
c2d-http -j doctor >>steps 2>/dev/null
jq -c 'del(.v)' steps >doctor
compare 1 c2d-http 'doctor -j' doctor

c2d-http send dev1 -q -m x
c2d-device -j receive -- true 2>handled
compare 1 c2d-device 'Line of receive -j with a handler' handled

# The members of a line of a batch, each accepted.
printf '{"deviceId":"dev1","%s":"eA==","messageId":"m","correlationId":"c","userId":"u",
    "contentType":"t","contentEncoding":"e","%s":%s,"ack":"full","properties":{"a":"b"}}\n' \
    body ttl '"10m"' bodyBase64 expiry "\"$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)\"" \
    | jq -c . >lines
run c2d-http send --batch lines
check 'a batch accepts every member that c2d-http(1) lists' code_is 0
check 'c2d-http(1) lists every member of a line of a batch' is "$(jq -r 'keys[]' lines | sort -u)" \
    "$(sed -n '/^\.Sh BATCHES/,/^\.El/s/^\.It Va //p' "$MAN/c2d-http.1" | sed 's/ , Va /\n/g' | sort)"

# ---- Errors ----

# All strings of the source, those of several lines joined.
find "$ROOT/src" -name '*.c' -exec cat {} + | tr '\n' ' ' | sed 's/" *"//g' >all-strings
# A title is "NAME: text", where "..." stands for what differs.
sed -n 's/^\.It "\([A-Za-z_]*: .*\)"$/\1/p' "$MAN"/*.[17] | sort -u >titles
while read -r title; do
    echo "${title#*: }" | sed 's/ *\.\.\.; */\n/g; s/ *\.\.\. */\n/g' | sed '/^$/d' >parts
    check "the programs have the error '$title' of a manual" is "$(while read -r part; do
        grep -qF -- "$part" all-strings || echo "$part"; done <parts)" ''
done <titles
check 'the manuals describe more than ten errors' test "$(wc -l <titles)" -gt 10

# ---- Form ----

if command -v mandoc >/dev/null; then
    for page in "$MAN"/*.[1-9]; do
        # Other pages may not be installed.
        check "mandoc has no complaint about $(basename "$page")" is "$(
            mandoc -Tlint -W style "$page" 2>/dev/null | grep -v 'referenced manual not found')" ''
        check "no line of $(basename "$page") but an example is over 80 columns" is "$(
            mandoc -Tascii -O width=80 "$page" | col -bx | awk 'length($0) > 110')" ''
    done
else
    echo '# skipped: mandoc is not installed'
fi
for page in c2d-http.1 c2d-device.1 c2d-sim.1 c2d-messages.7; do
    for section in 'EXIT STATUS' DIAGNOSTICS; do
        check "$page has the section $section" grep -qx "\.Sh $section" "$MAN/$page"
    done
done

# ---- c2d-live ----

check 'c2d-live(1) has every option that c2d-live lists, and no other' is \
    "$("$ROOT/scripts/live" --help 2>&1 | sed -n 's/^  \(-[-a-zA-Z]*\).*/\1/p' | sort)" \
    "$(sed -n 's/^\.It Fl \([-a-zA-Z]*\).*/-\1/p' "$MAN/c2d-live.1" | sort)"
