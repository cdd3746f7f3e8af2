# shellcheck shell=sh
# One instance receives for a device and user, wherever it is started. A cleaner of /tmp or another
# user cannot remove that lock. The error names a process that holds it.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
user=$(id -u)

# The abstract socket name of the lock of this device while an instance runs.
lock_name() {
    sed -n "s|.* @\(c2d-device/$user/[0-9a-f]*\)$|\1|p" /proc/net/unix | grep -F -f owners |
        sort -u | head -n 1
}
# The hash of this hub and device. No other hub on this machine has it.
enqueue '{"deviceId": "dev1", "body": "first"}'
run c2d-device receive --spool sp
find sp/new -name '*.json' -printf '%f\n' | cut -d - -f 1 >owners

has_name() {
    test -n "$(lock_name)"
}
start_holder() {
    start_run c2d-device poll -q
    until_true has_name
}
end_holder() {
    kill "$RUN_PID"
    finish_run
}
lock_files() {
    find "/run/lock/c2d-$user" "/tmp/c2d-$user" -name "$(cat owners).lock" 2>/dev/null
}

# ---- Cleaners, other folders, other namespaces ----

start_holder
name=$(lock_name)
check 'the lock of an instance is an abstract socket that names user, hub and device' \
    is "$name" "c2d-device/$user/$(cat owners)"
lock_files | xargs -r rm
run c2d-device receive
check 'a second instance ends with 26 after a cleaner removed the lock file of the first' \
    ends_silently 26 ''
run c2d-device receive -v
check 'a second instance with -v reports that another instance receives' \
    says err 'another instance receives'
end_holder
start_run env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" strace -D -qq -o trace \
    -e trace=accept4 c2d-device poll --interval 100ms -q
until_true has_name
for _ in 1 2 3; do
    lock_files | xargs -r rm
    c2d-device receive
done
has_answered() {
    [ "$(grep -c 'accept4.* = [0-9]' trace)" -ge "$1" ]
}
until_true has_answered 3
check 'an instance accepts the connections of three others that ask who holds the lock' \
    is "$(grep -c 'accept4.* = [0-9]' trace)" 3
end_holder
start_holder
lock_files | xargs -r rm
run c2d-device receive --no-lock
check 'receive --no-lock exits 0 beside another instance without a lock file' code_is 0
if unshare -m true 2>/dev/null; then
    run unshare -m sh -c 'mount -t tmpfs none /run/lock && exec c2d-device receive'
    check 'a second instance ends with 26 where /run/lock is another folder' ends_silently 26 ''
else
    echo '# skipped: another /run/lock, which needs a mount namespace'
fi
end_holder
start_holder
if unshare -n true 2>/dev/null; then
    run unshare -n c2d-device receive
    check 'a second instance in another network namespace exits 26 by the lock file' \
        ends_silently 26 ''
else
    echo '# skipped: another network namespace, which needs root'
fi
end_holder

# ---- No place for a lock file ----

export LACKS_LOCKS=ENOLCK
run lacking c2d-device receive
check 'receive exits 0 with its lock socket alone where no file can be locked' code_is 0
unset LACKS_LOCKS
if unshare -m true 2>/dev/null; then
    # A new /tmp in which another user owns the folder of the locks. The program may be in the
    # old /tmp.
    # shellcheck disable=SC2016  # the inner shell expands its own
    run unshare -m sh -c 'here=$PWD && mount --bind . /mnt && mount -t tmpfs none /tmp &&
        mkdir -p "$here" && mount --bind /mnt "$here" && mount -t tmpfs -o ro none /run/lock &&
        mkdir "/tmp/c2d-$(id -u)" && chown 65534 "/tmp/c2d-$(id -u)" && cd "$here" &&
        exec /proc/self/fd/9 receive' 9<"$C2D_BUILD/c2d-device"
    check 'receive exits 0 when another user owns the lock folder in /tmp' code_is 0
else
    echo '# skipped: a folder for locks that is of root, which needs a mount namespace'
fi

# ---- Another process has the socket name ----

run cc -o squatter "$C2D_TESTS/62-squatter.c"
check 'the program that occupies the lock socket compiles' ends_silently 0 ''
squat() { # user, "listen" or nothing
    ./squatter "$name" "$@" >squatter.ready &
    squatter=$!
    PIDS="$PIDS $squatter"
    until_true grep -q ready squatter.ready
}
end_squatter() {
    kill "$squatter"
    wait "$squatter" 2>/dev/null
}
requests=$(all_requests)
squat "$user" listen
run c2d-device receive
check 'receive exits 26 when a process of the same user holds the lock' \
    ends_silently 26 ''
end_squatter
if [ "$user" -eq 0 ]; then
    squat 65534 listen
    run c2d-device receive
    check 'receive exits 73 when a process of another user holds the lock' fails_with 73 CANTCREAT
    check 'the error for a lock of another user names the user, the process and the device' \
        says err 'id 65534' "process $squatter" dev1
    run c2d-device receive --no-lock -n
    check 'receive --no-lock exits 0 when a process of another user holds the lock' code_is 0
    end_squatter
else
    echo '# skipped: a lock held by another user, which needs root'
fi
squat "$user"
run c2d-device receive
check 'receive exits 73 when the holder of the lock does not listen' \
    fails_with 73 CANTCREAT
check 'the hint for a holder that does not listen names ss -xap and --no-lock' \
    says err 'ss -xap' --no-lock
end_squatter
check 'receive sends no request without the lock' is "$(all_requests)" "$requests"
run c2d-device receive
check 'receive exits 0 after the holder of the lock has ended' code_is 0
