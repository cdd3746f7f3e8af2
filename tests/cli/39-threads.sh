# shellcheck shell=sh
# Goal: different clients are independent, so threads that have clients of their own do not disturb
# each other: under ThreadSanitizer, memcheck, or the sanitizers of the build.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/embed.sh
. "$C2D_TESTS/embed.sh"
rounds=${EMBED_SIZE-10}
start_fleet 16

# in_threads ROUNDS COMMAND...
in_threads() {
    new_fleet 16
    rounds_now=$1
    shift
    run "$@" "$rounds_now"
}
# 2 round trips of 3, 3 messages of 3, and a purge of nothing, for each of 8 threads.
all_done() {
    ends_silently 0 "$((rounds_now * 8 * 16)) operations" \
        && is "$(fleet queue) $(fleet completed)" "0 $((rounds_now * 8 * 5))"
}

compile threads
in_threads "$rounds" ./threads
check 'eight threads with clients of their own use the library at once' all_done

if has_tsan; then
    SANITIZERS=-fsanitize=thread
    compile threads -I "$ROOT/src" -I "$ROOT/src/lib" "$ROOT"/src/base/*.c "$ROOT"/src/lib/*/*.c
    in_threads "$rounds" env TSAN_OPTIONS=exitcode=66 ./threads
    check 'ThreadSanitizer sees no race of theirs' all_done
    SANITIZERS=
fi
if has_memcheck; then
    compile threads
    # shellcheck disable=SC2086  # words are wanted
    in_threads 1 $MEMCHECK ./threads
    check 'memcheck sees no fault in them' all_done
fi
