# shellcheck shell=sh
# Goal: a feedback log whose last line is not whole loses no record and matches no old one.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/waits.sh
. "$C2D_TESTS/waits.sh"
start_sim --device dev1 --device dev2

old='{"v":1,"originalMessageId":"old","deviceId":"dev1","statusCode":"Success"}'

start_over
add_batch new 1
printf %s "$old" >log
run c2d-http feedback -o log
check 'feedback -o: a whole record that lacks its newline is kept, without a word' \
    is "$CODE $(records old) $(records new) $(wc -l <log) $(wc -c <err)" '0 1 1 2 0'
start_over
add_batch new 1
printf %s "${old%??}" >log
run c2d-http feedback -o log
check 'feedback -o: the beginning of a record is cut off with a warning' \
    is "$CODE $(records new) $(wc -l <log) $(grep -c 'warning: .*cut off' err)" '0 1 1 1'

printf %s "$old" >log
start_wait old --wait 2s
add_batch new 1 dev2
finish_run
check 'send --wait: a record that was there before the send does not count, newline or not' \
    fails_with 18 TIMEOUT
check 'and is kept' is "$(records old) $(records new)" '1 1'
printf %s "${old%??}" >log
start_wait mine --wait 2s
c2d-device receive >/dev/null
close_batch
finish_run
check 'send --wait: the record after a torn last line is found' outcome_is 0 Success
check 'and the torn line is cut off' is "$(records mine) $(wc -l <log)" '1 1'
