# shellcheck shell=sh
# One instance receives for a device and user, wherever it is started from: neither a cleaner of /tmp
# nor another user can take that lock away, or hold it without being named.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
user=$(id -u)

# The abstract name that the lock of this device has, once an instance runs.
lock_name() {
    sed -n "s|.* @\(c2d-device/$user/[0-9a-f]*\)$|\1|p" /proc/net/unix | grep -F -f owners |
        sort -u | head -n 1
}
# The hash of this hub and device, which no other hub on this machine has.
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
check 'with -v it says why' says err 'another instance receives'
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
check 'an instance empties the queue of those who asked who it is' \
    is "$(grep -c 'accept4.* = [0-9]' trace)" 3
end_holder
start_holder
lock_files | xargs -r rm
run c2d-device receive --no-lock
check '--no-lock receives beside another instance' code_is 0
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
    check 'a second instance in another network namespace finds the lock file: 26' \
        ends_silently 26 ''
else
    echo '# skipped: another network namespace, which needs root'
fi
end_holder

# ---- No place for a file ----

export LACKS_LOCKS=ENOLCK
run lacking c2d-device receive
check 'where no file can be locked the socket is enough: exit 0' code_is 0
unset LACKS_LOCKS
if unshare -m true 2>/dev/null; then
    # /tmp is another one, and somebody else has made the folder of our locks in it. The program
    # may lie below the old one.
    # shellcheck disable=SC2016  # the inner shell expands its own
    run unshare -m sh -c 'here=$PWD && mount --bind . /mnt && mount -t tmpfs none /tmp &&
        mkdir -p "$here" && mount --bind /mnt "$here" && mount -t tmpfs -o ro none /run/lock &&
        mkdir "/tmp/c2d-$(id -u)" && chown 65534 "/tmp/c2d-$(id -u)" && cd "$here" &&
        exec /proc/self/fd/9 receive' 9<"$C2D_BUILD/c2d-device"
    check 'a lock folder that another user made in /tmp does not stop a run: exit 0' code_is 0
else
    echo '# skipped: a folder for locks that is of root, which needs a mount namespace'
fi

# ---- Somebody else has the name ----

run cc -o squatter "$C2D_TESTS/62-squatter.c"
check 'the squatter compiles' ends_silently 0 ''
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
check 'a process of the same user that holds the lock is another instance: 26' \
    ends_silently 26 ''
end_squatter
if [ "$user" -eq 0 ]; then
    squat 65534 listen
    run c2d-device receive
    check 'a process of another user that holds the lock: 73' fails_with 73 CANTCREAT
    check 'the error names user and process' says err 'id 65534' "process $squatter" dev1
    run c2d-device receive --no-lock -n
    check '--no-lock ignores who holds it' code_is 0
    end_squatter
else
    echo '# skipped: a lock held by another user, which needs root'
fi
squat "$user"
run c2d-device receive
check 'a holder that does not listen cannot be named: 73, with the way to find it' \
    fails_with 73 CANTCREAT
check 'the hint says how to find it, and --no-lock' says err 'ss -xap' --no-lock
end_squatter
check 'nothing was asked of the hub without the lock' is "$(all_requests)" "$requests"
run c2d-device receive
check 'the lock is free again when its holder has ended' code_is 0
