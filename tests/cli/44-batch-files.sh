# shellcheck shell=sh
# Batch files of other programs: a byte order mark is skipped, and a file that is not JSON Lines is
# refused once, before anything is sent.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim

printf '\357\273\277{"deviceId":"dev1","messageId":"m1"}\r\n{"deviceId":"dev1","messageId":"m2"}\r\n' \
    >marked
run c2d-http send --batch marked
check 'a batch that begins with a byte order mark is sent' \
    is "$CODE $(state '.devices.dev1.queue[].messageId' | xargs)" '0 m1 m2'
check 'the lines of a batch with a byte order mark keep their numbers' \
    is "$(jq -r .line out | sort | xargs)" '1 2'
reset_hub
{
    printf '\357' && sleep 0.1 && printf '\273' && sleep 0.1
    printf '\277{"deviceId":"dev1","messageId":"m3"}\n'
} | c2d-http send --batch - >out 2>err
check 'a byte order mark that arrives byte by byte is skipped' \
    is "$(state '.devices.dev1.queue[].messageId' | xargs)" m3
printf '\357\273\277' >only-mark
run c2d-http send --batch only-mark
check 'a file of nothing but a byte order mark is an empty batch' ends_silently 0 ''
reset_hub
mkfifo pipe
start_run c2d-http send --batch pipe
exec 9>pipe
printf '\n{"deviceId":"dev1","messageId":"m4"}\n' >&9
check 'a batch sends a line of a pipe while the pipe is open' until_true has_requests send 1
exec 9>&-
finish_run

# refuses_batch WHAT TEXT HINT [OPTION]: the file wrong is refused as a whole.
reset_hub
refuses_batch() {
    for option in '' -n; do
        run c2d-http send --batch wrong dev1 ${option:+"$option"}
        check "a batch that is $1 is refused as a whole${option:+ with $option}: 65" \
            fails_with 65 DATA
        check "the error for a batch that is $1 says so${option:+ with $option}" says err "$2"
        check "the hint for a batch that is $1 converts it${option:+ with $option}" \
            says err 'hint: ' "$3"
    done
}
printf '{"body":"x"}\n' | iconv -f UTF-8 -t UTF-16 >wrong
refuses_batch 'UTF-16' 'wrong is UTF-16' 'iconv -f UTF-16 -t UTF-8'
printf '{"body":"x"}\n' | iconv -f UTF-8 -t UTF-16BE >wrong
refuses_batch 'UTF-16 without a byte order mark' 'UTF-16' 'iconv -f UTF-16 -t UTF-8'
printf '\n[\n {"body":"x"},\n {"body":"y"}\n]\n' >wrong
refuses_batch 'a JSON array' 'wrong holds a JSON array' "jq -c '.[]'"
jq -nc '[range(20000) | {body: "x", messageId: "m\(.)"}]' >wrong
refuses_batch 'a JSON array in one long line' 'a JSON array' "jq -c '.[]'"
printf '\357\273\277[{"body":"x"}]' >wrong
refuses_batch 'a JSON array after a byte order mark' 'a JSON array' "jq -c '.[]'"
check 'a batch that is refused as a whole causes no request' nothing_was_asked
reset_hub
jq -c '.[]' >right <<'X'
[{"deviceId": "dev1", "messageId": "a"}, {"deviceId": "dev1", "messageId": "b"}]
X
run c2d-http send --batch right
check 'a JSON array converted as the hint says is sent' \
    is "$CODE $(state '.devices.dev1.queue[].messageId' | xargs)" '0 a b'

reset_hub
printf '{\n  "deviceId": "dev1"\n}\n' >pretty
run c2d-http send --batch pretty
check 'a JSON object over several lines fails with a hint to use jq -c' \
    jq -es '.[0].error.hint | contains("jq -c")' out

enqueue '{"deviceId": "dev1", "body": "x"}'
run c2d-device receive --keep
{
    printf '\357\273\277'
    cat out
} >kept
c2d-device complete - <kept >out 2>err
check 'a byte order mark before the first lock token of stdin is skipped' is "$? $(queued dev1)" '0 0'
