"""Refusals of Redis, a Sentinel or TLS, one sentence each with its fix.

Nothing of the library's own dumps is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from g6.adapters.redis.server.rights import place_words
from g6.errors import Unavailable

# kombu 5.7 has no transport for a cluster: BRPOP over several keys breaks with CROSSSLOT.
CLUSTER = "this Redis is a node of a Redis Cluster, which keeps no queue of Celery's"
CLUSTER_FIX = "name a single server, or Sentinels, in redis.broker_url and redis.cache_url"

_TABLE: Sequence[tuple[str, str, str]] = (
    (
        r"(?i)No master found for .*auth",
        "the Sentinels ask for a password, or refuse the one they were given",
        (
            "add ?sentinel_password=<password> to the address, percent-encoded, and "
            "sentinel_username=<name> where there are users"
        ),
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED\] certificate verify failed: (?P<why>[^(\n]*)",
        "the certificate that Redis shows is refused: {why}",
        ("name who signed it (rediss://…?ssl_ca_certs=/path/ca.pem), and the host as the does"),
    ),
    (
        r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST",
        "what answers at this address speaks no TLS",
        "write redis:// in place of rediss://, or name the server's port for TLS",
    ),
    (
        (
            r"(?i)TLSV?\d*_?\d*_ALERT|SSLV3_ALERT|certificate required|handshake failure|"
            r"peer did not return a certificate"
        ),
        "Redis refuses the TLS connection: it asks for a certificate of ours",
        (
            "add ssl_certfile=/path/client.pem and ssl_keyfile=/path/client.key to the address's "
            "options"
        ),
    ),
    (
        (
            r"(?i)has no permissions to run the '(?P<what>[^']*)' command|"
            r"can't run this command or subcommand"
        ),
        "the Redis user may not run {what}",
        "ACL SETUSER name +{what}; docs/how-to/security.md has all that G6 needs",
    ),
    (
        r"(?i)NOPERM|no permissions? to access|has no permissions",
        "the Redis user may not use the keys or channels of G6",
        f"ACL SETUSER name {place_words()} (for namespace g6 and database 0)",
    ),
    (
        (
            r"(?i)\bMOVED\b|\bASK\b|CROSSSLOT|CLUSTERDOWN|in cluster mode|hash to the same slot|"
            r"^\d+ [\w.\-:]+:\d+$"
        ),
        CLUSTER,
        CLUSTER_FIX,
    ),
    (
        r"(?i)called without any password configured|no password is set",
        "Redis has no password, and the address holds one",
        (
            "take the password out of redis.broker_url or redis.cache_url, or set requirepass on "
            "the server"
        ),
    ),
    (
        r"(?i)NOAUTH|Authentication required",
        "Redis asks for a password, and the address holds none",
        (
            "write redis://:<password>@host:6379/0, percent-encoded; for Sentinels that ask for "
            "one, ?sentinel_password=<password>"
        ),
    ),
    (
        r"(?i)WRONGPASS|invalid username-password|invalid password",
        "Redis refuses the user or the password of the address",
        (
            "correct them in redis.broker_url or redis.cache_url; g6 config show --origin says "
            "where each was set"
        ),
    ),
    (
        r"(?i)^(ERR )?syntax error",
        "the server at this address does not know what Redis can since 7.0",
        "name a Redis from 7.0 on, or a Valkey",
    ),
    (
        r"(?i)unknown command|wrong number of arguments for '(?:auth|hello)'",
        "what answers at this address lacks a command that G6 needs",
        "name a Redis from 7.0 on, or a Valkey, and no Sentinel's port with redis://",
    ),
)
_ROWS = tuple((re.compile(pattern), sentence, fix) for pattern, sentence, fix in _TABLE)
_DUMP = re.compile(r"<[^<>]*>")


def refusal(words: str) -> Unavailable | None:
    """Return the error to raise for an answer, None where the table does not know it."""
    for pattern, sentence, fix in _ROWS:
        if match := pattern.search(words):
            values = {"what": "what G6 needs"}
            for name, value in match.groupdict().items():
                values[name] = (value or "").strip() or "what G6 needs"
            return Unavailable(sentence.format(**values), fix.replace("{what}", values["what"]))
    return None


def plain(words: str) -> str:
    """Return the library's words on one line, without the nested dumps of clients in them."""
    while (shorter := _DUMP.sub("a client", words)) != words:
        words = shorter
    return " ".join(words.split())
