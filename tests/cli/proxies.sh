# shellcheck shell=sh
# Real proxies for the scenarios that need them. Source it after lib.sh. The ports depend on the
# process id of the shell and are below the range of client ports.

PATH=$PATH:/usr/sbin
FREE_PORT=$((10000 + $$ % 2000 * 10))
export FREE_PORT

# The address at which the hub listens. A squid that finds two addresses for localhost tries one.
HUB_ADDRESS=127.0.0.1

# Sets PORT to a port without a listener.
take_port() {
    while grep -qi ":$(printf %04x "$FREE_PORT") 0*:0000 0A" /proc/net/tcp; do
        FREE_PORT=$((FREE_PORT + 1))
    done
    PORT=$FREE_PORT
    FREE_PORT=$((FREE_PORT + 1))
}

# start_squid NAME: starts squid with the configuration on stdin. It logs to squid-NAME/log: its
# port, the status of its response and the request.
start_squid() {
    dir=$PWD/squid-$1
    [ -d "$dir" ] || mkdir "$dir"
    echo "$HUB_ADDRESS localhost" >"$dir/hosts"
    {
        cat
        cat <<END
hosts_file $dir/hosts
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
    # Started as root, squid changes to its own user, which needs access to this folder.
    if [ "$(id -u)" -eq 0 ]; then
        chmod 711 .
        chown -R proxy "$dir"
    fi
    # A unique service name, for its shared memory.
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

# start_socks [OPTION...]: starts microsocks and sets PORT.
start_socks() {
    take_port
    microsocks -i 127.0.0.1 -p "$PORT" "$@" >/dev/null 2>&1 &
    PIDS="$PIDS $!"
    until_true grep -qi ":$(printf %04x "$PORT") 0*:0000 0A" /proc/net/tcp || exit 1
}
