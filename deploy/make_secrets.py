"""Makes certificates, passwords and tokens: `python deploy/make_secrets.py DIR`.

What is there already stays, so it may run at every start. Each directory holds what one reader may
see: `redis` the server of that name, `g6` every process of G6, `watch` Prometheus and Grafana,
`influx` InfluxDB, and `authority` nobody: its key signs further certificates.
"""

from __future__ import annotations

import argparse
import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from g6.adapters.redis.server.rights import acl_words

YEARS = 3
"""How long certificates hold."""
READERS = ("redis", "g6", "watch", "influx")
DIRECTORIES = ("authority", *READERS)
OF_GROUP = 0o640
"""Files are read by their owner and its group, which containers of other users join."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where secrets are made, and how others will see them.

    Attributes:
        directory: Where they are made.
        hosts: Names and addresses by which clients reach Redis, the one of its address first.
        port: Of Redis.
        at: The directory where each process finds its own.
        namespace: G6's, which its user of Redis is kept to.
    """

    directory: Path
    hosts: Sequence[str]
    port: int
    at: str
    namespace: str

    def make(self) -> list[str]:
        """Make what is missing, and return the names of files that were made."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for name in DIRECTORIES:
            (self.directory / name).mkdir(mode=0o750, exist_ok=True)
        files: list[tuple[str, Callable[[], str]]] = [
            ("g6/redis_password", token),
            ("redis/health_password", token),
            ("g6/G6_SERVE__TOKEN", token),
            ("g6/G6_FLOWER__PASSWORD", token),
            ("g6/G6_INFLUX__TOKEN", token),
            ("influx/password", token),
            ("watch/grafana_password", token),
            ("influx/token", lambda: self.text("g6/G6_INFLUX__TOKEN")),
            ("watch/influx_token", lambda: self.text("g6/G6_INFLUX__TOKEN")),
            ("watch/serve_token", lambda: self.text("g6/G6_SERVE__TOKEN")),
            ("g6/G6_REDIS__BROKER_URL", self.address),
            ("redis/users.acl", self.users),
        ]
        made = self._certificates()
        for name, content in files:
            if not (self.directory / name).exists():
                self._write(name, f"{content()}\n".encode())
                made.append(name)
        return made

    def text(self, name: str) -> str:
        """Return what a file of one line holds."""
        return (self.directory / name).read_text("ascii").strip()

    def address(self) -> str:
        """Return the address of Redis as G6 is told it."""
        password = self.text("g6/redis_password")
        where = f"{self.hosts[0]}:{self.port}/0"
        return f"rediss://g6:{password}@{where}?ssl_ca_certs={self.at}/ca.pem"

    def users(self) -> str:
        """Return Redis' list of users: G6 with its rights, one that may ask for life, no others."""
        lines = [
            "user default off",
            f"user g6 on #{digest(self.text('g6/redis_password'))} {acl_words(self.namespace)}",
            f"user health on #{digest(self.text('redis/health_password'))} -@all +ping",
        ]
        return "\n".join(lines)

    def _certificates(self) -> list[str]:
        made: list[str] = []
        if not (self.directory / "authority/ca.key").exists():
            key = ec.generate_private_key(ec.SECP256R1())
            self._write("authority/ca.key", pem_of(key), 0o600)
            self._write("authority/ca.pem", authority(key))
            made.append("authority/ca.pem")
        root = self._authority()
        for reader in ("redis", "g6"):
            if not (self.directory / reader / "ca.pem").exists():
                self._write(f"{reader}/ca.pem", root[0].public_bytes(serialization.Encoding.PEM))
                made.append(f"{reader}/ca.pem")
        if not (self.directory / "redis/server.pem").exists():
            key = ec.generate_private_key(ec.SECP256R1())
            self._write("redis/server.key", pem_of(key))
            self._write("redis/server.pem", certificate(key, self.hosts, *root))
            made.append("redis/server.pem")
        return made

    def _authority(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        root = x509.load_pem_x509_certificate((self.directory / "authority/ca.pem").read_bytes())
        text = (self.directory / "authority/ca.key").read_bytes()
        key = serialization.load_pem_private_key(text, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise SystemExit(f"{self.directory}/authority/ca.key is no key of an elliptic curve")
        return root, key

    def _write(self, name: str, content: bytes, mode: int = OF_GROUP) -> None:
        # Closed before it holds anything: between open and chmod another user could read it.
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        path.chmod(mode)


def token() -> str:
    """Return a secret of 192 bits, of characters that need no encoding in an address."""
    return secrets.token_urlsafe(24)


def digest(password: str) -> str:
    """Return a password as Redis' list of users stores it."""
    return hashlib.sha256(password.encode()).hexdigest()


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a key as a file holds it."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def authority(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the certificate of an authority that signs for this installation alone."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "G6 authority")])
    constraints = x509.BasicConstraints(ca=True, path_length=0)
    builder = dated(name, name, key).add_extension(constraints, critical=True)
    usage = x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = builder.add_extension(usage, critical=True).add_extension(identifier, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def certificate(
    key: ec.EllipticCurvePrivateKey,
    hosts: Sequence[str],
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
) -> bytes:
    """Return the certificate of a server that is reached by these names and addresses."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    names = x509.SubjectAlternativeName([general_name(host) for host in hosts])
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    builder = dated(name, root.subject, key).add_extension(names, critical=False)
    builder = builder.add_extension(purpose, critical=False).add_extension(issuer, critical=False)
    return builder.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def general_name(host: str) -> x509.GeneralName:
    """Return a host as certificates name it."""
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def dated(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    """Return the beginning of a certificate that holds from an hour ago on."""
    # A host whose clock is a little behind must not find it too young.
    begin = datetime.now(UTC) - timedelta(hours=1)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    end = begin + timedelta(days=365 * YEARS)
    return builder.not_valid_before(begin).not_valid_after(end)


def main() -> None:
    """Make what is missing below a directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, help="where secrets are made")
    parser.add_argument(
        "--host",
        action="append",
        help="name or address of Redis, the one for clients first; default: redis",
    )
    parser.add_argument("--port", type=int, default=6380, help="port of Redis; default: 6380")
    parser.add_argument(
        "--at", default="/run/secrets", help="where each process finds its own files"
    )
    parser.add_argument("--namespace", default="g6", help="namespace of G6; default: g6")
    options = parser.parse_args()
    hosts = [*(options.host or ["redis"]), "localhost", "127.0.0.1"]
    place = Place(options.directory, hosts, options.port, options.at, options.namespace)
    for name in place.make():
        print(f"made {name}")


if __name__ == "__main__":
    main()
