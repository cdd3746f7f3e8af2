# shellcheck shell=sh
# A trust store that is missing or wrong is named by what brought it in: the system, --cacert or a
# variable of the environment.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
hub_ca=$SSL_CERT_FILE
unset SSL_CERT_FILE
mkdir empty && echo nonsense >nonsense.pem && make_cert other DNS:other.test

# ---- No store at all ----

if unshare -rm true 2>/dev/null; then
    # A system whose folder of certificates is empty, as without its package.
    without_store() {
        # shellcheck disable=SC2016  # the inner shell's
        run unshare -rm sh -c 'mount --bind empty /etc/ssl/certs && exec "$@"' - "$@"
    }
    without_store c2d-device receive --no-lock
    check 'a system without certificates: 78' fails_with 78 CONFIG
    check 'the hint names the package and --cacert' says err 'hint: ' ca-certificates '--cacert'
    check 'it is said before anything connects' lacks err 'localhost'
    printf '{"deviceId":"dev1"}\n{"deviceId":"dev1"}\n{"deviceId":"dev2"}\n' >three
    without_store c2d-http send --batch three
    check 'a batch without certificates ends with one error: 78' is "$CODE $(grep -c ': error: CONFIG' err)" '78 1'
    without_store c2d-device sas
    check 'a token is printed without certificates: no hub is asked for it' code_is 0
    without_store c2d-http send dev1 -m x -n
    check 'a dry run needs no certificates' code_is 0
    without_store c2d-http doctor
    check 'doctor says so in its own lines: 78' is "$CODE $(grep -c '^FAIL .*ca-certificates' out)" \
        '78 1'
    without_store c2d-device receive --no-lock --cacert "$hub_ca"
    check '--cacert makes up for it' ends_silently 0 ''
else
    echo '# no mount namespaces here: a system without certificates was not tried'
fi

# ---- The variables ----

reset_hub
for given in /nonexistent.pem "$PWD/nonsense.pem" "$PWD/empty"; do
    SSL_CERT_FILE=$given run c2d-device receive
    check "SSL_CERT_FILE=${given##*/} is refused: 78" fails_with 78 CONFIG
    check "SSL_CERT_FILE=${given##*/} is named as the variable" says err "SSL_CERT_FILE '$given'"
    check "the hint for SSL_CERT_FILE=${given##*/} is to unset it" says err 'hint: ' 'unset it'
done
for dir in /nonexistent "$PWD/empty"; do
    SSL_CERT_DIR=$dir run c2d-device receive
    check "SSL_CERT_DIR=${dir##*/} is refused: 78" fails_with 78 CONFIG
    check "SSL_CERT_DIR=${dir##*/} is named as the variable" says err "SSL_CERT_DIR '$dir'"
done
SSL_CERT_FILE=/nonexistent.pem run c2d-device receive --cacert nonsense.pem
check 'the file of --cacert is not said to be SSL_CERT_FILE' lacks err SSL_CERT_FILE
SSL_CERT_FILE=/nonexistent.pem run c2d-device receive --cacert "$hub_ca"
check 'a bad SSL_CERT_FILE does not matter where --cacert is given' ends_silently 0 ''
SSL_CERT_FILE=$PWD/other.crt run c2d-device receive
check "a SSL_CERT_FILE without the hub's root: 21" fails_with 21 TLS
check 'its hint names the variable that replaces the system store' says err 'hint: ' SSL_CERT_FILE
SSL_CERT_FILE=$hub_ca run c2d-device receive -v
check '-v says that the trust store is that of the variable' says err 'trust store from' \
    SSL_CERT_FILE
