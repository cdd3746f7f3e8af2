# shellcheck shell=sh
# The error for a missing or wrong trust store names its origin: the system, --cacert or a variable
# of the environment.
# shellcheck source=tests/cli/lib.sh
. "$C2D_TESTS/lib.sh"
# shellcheck disable=SC2119  # no options are wanted
start_sim
hub_ca=$SSL_CERT_FILE
unset SSL_CERT_FILE
mkdir empty && echo nonsense >nonsense.pem && make_cert other DNS:other.test

# ---- No store at all ----

if unshare -rm true 2>/dev/null; then
    # A system with an empty folder of certificates, as without the package.
    without_store() {
        # shellcheck disable=SC2016  # the inner shell's
        run unshare -rm sh -c 'mount --bind empty /etc/ssl/certs && exec "$@"' - "$@"
    }
    without_store c2d-device receive --no-lock
    check 'receive exits 78 on a system without certificates' fails_with 78 CONFIG
    check 'the hint for a system without certificates names ca-certificates and --cacert' \
        says err 'hint: ' ca-certificates '--cacert'
    check 'receive reports missing certificates before it connects' lacks err 'localhost'
    printf '{"deviceId":"dev1"}\n{"deviceId":"dev1"}\n{"deviceId":"dev2"}\n' >three
    without_store c2d-http send --batch three
    check 'send --batch without certificates exits 78 with one error' \
        is "$CODE $(grep -c ': error: CONFIG' err)" '78 1'
    without_store c2d-device sas
    check 'sas exits 0 on a system without certificates' code_is 0
    without_store c2d-http send dev1 -m x -n
    check 'a dry run of send exits 0 on a system without certificates' code_is 0
    without_store c2d-http doctor
    check 'doctor exits 78 and names ca-certificates on a system without certificates' \
        is "$CODE $(grep -c '^FAIL .*ca-certificates' out)" '78 1'
    without_store c2d-device receive --no-lock --cacert "$hub_ca"
    check 'receive --cacert exits 0 on a system without certificates' ends_silently 0 ''
else
    echo '# no mount namespaces here: a system without certificates was not tried'
fi

# ---- The variables ----

reset_hub
for given in /nonexistent.pem "$PWD/nonsense.pem" "$PWD/empty"; do
    SSL_CERT_FILE=$given run c2d-device receive
    check "receive with SSL_CERT_FILE=${given##*/} exits 78" fails_with 78 CONFIG
    check "the error for SSL_CERT_FILE=${given##*/} names the variable and its value" \
        says err "SSL_CERT_FILE '$given'"
    check "the hint for SSL_CERT_FILE=${given##*/} is to unset it" says err 'hint: ' 'unset it'
done
for dir in /nonexistent "$PWD/empty"; do
    SSL_CERT_DIR=$dir run c2d-device receive
    check "receive with SSL_CERT_DIR=${dir##*/} exits 78" fails_with 78 CONFIG
    check "the error for SSL_CERT_DIR=${dir##*/} names the variable and its value" \
        says err "SSL_CERT_DIR '$dir'"
done
SSL_CERT_FILE=/nonexistent.pem run c2d-device receive --cacert nonsense.pem
check 'the error for an invalid --cacert does not name SSL_CERT_FILE' lacks err SSL_CERT_FILE
SSL_CERT_FILE=/nonexistent.pem run c2d-device receive --cacert "$hub_ca"
check 'receive --cacert ignores an invalid SSL_CERT_FILE' ends_silently 0 ''
SSL_CERT_FILE=$PWD/other.crt run c2d-device receive
check "receive with an SSL_CERT_FILE without the root of the hub exits 21" fails_with 21 TLS
check 'the hint for an SSL_CERT_FILE without the root of the hub names the variable' \
    says err 'hint: ' SSL_CERT_FILE
SSL_CERT_FILE=$hub_ca run c2d-device receive -v
check 'receive -v reports that the trust store is from SSL_CERT_FILE' says err 'trust store from' \
    SSL_CERT_FILE
