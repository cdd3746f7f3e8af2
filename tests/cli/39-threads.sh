# shellcheck shell=sh
# Goal: different clients are independent, so threads with different clients do not disturb
# each other: under ThreadSanitizer, memcheck, or the sanitizers of the build.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck source=tests/cli/embed.sh
. "$C2D_TESTS/embed.sh"
repeats=${EMBED_SIZE-10}
start_fleet 16

# in_threads REPEATS COMMAND...
in_threads() {
    new_fleet 16
    repeats_now=$1
    shift
    run "$@" "$repeats_now"
}
# 2 round trips of 3, 3 messages of 3, and a purge of nothing, for each of 8 threads.
all_done() {
    ends_silently 0 "$((repeats_now * 8 * 16)) operations" \
        && is "$(fleet queue) $(fleet completed)" "0 $((repeats_now * 8 * 5))"
}

compile threads
in_threads "$repeats" ./threads
check 'eight threads, each with its own clients, use the library at once' all_done

if has_tsan; then
    SANITIZERS=-fsanitize=thread
    compile threads -I "$ROOT/src" -I "$ROOT/src/lib" "$ROOT"/src/base/*.c "$ROOT"/src/lib/*/*.c
    # OpenSSL is not instrumented: its own lock-free reads, from 3.5 on, would be reported.
    echo 'called_from_lib:libcrypto.so' >suppressions
    in_threads "$repeats" env TSAN_OPTIONS="exitcode=66 suppressions=$PWD/suppressions" ./threads
    check 'ThreadSanitizer finds no race between eight threads' all_done
    SANITIZERS=
fi
if has_memcheck; then
    compile threads
    # shellcheck disable=SC2086  # words are wanted
    in_threads 1 $MEMCHECK ./threads
    check 'memcheck finds no fault in eight threads' all_done
fi
