# shellcheck shell=sh
# Real proxies for the scenarios that need them; to be read after lib.sh. Their ports follow from
# this shell's number and lie below those that systems give to clients.

PATH=$PATH:/usr/sbin
FREE_PORT=$((10000 + $$ % 2000 * 10))
export FREE_PORT

# Sets PORT to one where nobody listens.
take_port() {
    while grep -qi ":$(printf %04x "$FREE_PORT") 0*:0000 0A" /proc/net/tcp; do
        FREE_PORT=$((FREE_PORT + 1))
    done
    PORT=$FREE_PORT
    FREE_PORT=$((FREE_PORT + 1))
}

# start_squid NAME: with what stands on stdin as its own configuration. It logs to squid-NAME/log:
# its port, what it answered and what was asked.
start_squid() {
    dir=$PWD/squid-$1
    [ -d "$dir" ] || mkdir "$dir"
    {
        cat
        cat <<END
pid_filename $dir/pid
cache_log stdio:$dir/cache.log
coredump_dir $dir
cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
logformat short %>lp %>Hs %rm %ru %un
access_log stdio:$dir/log short
END
    } >"$dir/conf"
    # Started as root, it becomes a user of its own, who has to find the way here.
    if [ "$(id -u)" -eq 0 ]; then
        chmod 711 .
        chown -R proxy "$dir"
    fi
    # A name of its own, for what it shares in memory.
    squid -N -n "c2d$$$1" -f "$dir/conf" >"$dir/out" 2>&1 &
    PIDS="$PIDS $!"
    ports=$(grep -cE '^https?_port ' "$dir/conf")
    until_true squid_listens "$dir/cache.log" "$ports" || {
        cat "$dir/out" "$dir/cache.log"
        exit 1
    }
}

squid_listens() {
    is "$(grep -c 'Accepting ' "$1")" "$2"
}

# start_socks [OPTION...]: microsocks; sets PORT.
start_socks() {
    take_port
    microsocks -i 127.0.0.1 -p "$PORT" "$@" >/dev/null 2>&1 &
    PIDS="$PIDS $!"
    until_true grep -qi ":$(printf %04x "$PORT") 0*:0000 0A" /proc/net/tcp || exit 1
}
