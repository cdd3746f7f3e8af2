/* The options of every command, in one table for parsing and --help. Defaults in the texts are
 * those of the library. */
#include "app.h"

#define DAY_MS ((int64_t)86400000)
#define AT(member) offsetof(struct common, member)

const struct option common_options[] = {
    { 'C', "connection-string-file", "FILE", "read the connection string from FILE, - is stdin",
      OPTION_TEXT, AT(connection_file), 0, 0 },
    { 0, "connect-timeout", "D", "time-out for DNS, TCP, proxy and TLS (10s)", OPTION_DURATION,
      AT(connect_timeout_ms), 1, DAY_MS },
    { 0, "timeout", "D", "time-out for one operation with all its attempts (60s)", OPTION_DURATION,
      AT(timeout_ms), 1, DAY_MS },
    { 0, "retries", "N", "attempts after the first (3)", OPTION_NUMBER, AT(retries), 0, 1000 },
    { 0, "proxy", "URL|none", "http, https or socks5h proxy (default: https_proxy ...)",
      OPTION_TEXT, AT(proxy), 0, 0 },
    { 0, "proxy-user-file", "FILE", "USER:PASSWORD for the proxy; ':' alone: a Kerberos ticket",
      OPTION_TEXT, AT(proxy_user_file), 0, 0 },
    { 0, "cacert", "FILE|DIR", "trusted roots instead of the system's; DIR is a hashed one",
      OPTION_TEXT, AT(cacert), 0, 0 },
    { 0, "connect-to", "HOST:PORT", "connect there; TLS name check and token still use HostName",
      OPTION_TEXT, AT(connect_to), 0, 0 },
    { 0, "api-version", "V", "API version to request from the hub", OPTION_TEXT, AT(api_version), 0,
      0 },
    { 0, "tls-cache", "DIR", "keep TLS sessions, which are secrets, in DIR for the next run",
      OPTION_TEXT, AT(tls_cache), 0, 0 },
    { 'j', "json", NULL, "results and messages as JSON Lines", OPTION_FLAG, AT(json), 0, 0 },
    { 'q', "quiet", NULL, "errors only", OPTION_FLAG, AT(quiet), 0, 0 },
    { 'v', "verbose", NULL, "one line per request on stderr", OPTION_FLAG, AT(verbose), 0, 0 },
    { 0, "trace", "FILE|-", "append requests and responses, secrets masked; - is stderr",
      OPTION_TEXT, AT(trace), 0, 0 },
    { 'n', "dry-run", NULL, "check all, print the request as a curl command, send nothing",
      OPTION_FLAG, AT(dry_run), 0, 0 },
    { 'h', "help", NULL, "show this", OPTION_FLAG, AT(help), 0, 0 },
    { 'V', "version", NULL, "show the version", OPTION_FLAG, AT(version), 0, 0 },
    { 0, NULL, NULL, NULL, OPTION_FLAG, 0, 0, 0 },
};
