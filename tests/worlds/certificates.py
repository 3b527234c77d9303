"""Certificates for tests: an authority of their own, what it signed, and what nobody signed."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Pair:
    """A certificate and its key as files."""

    certificate: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


@dataclass(frozen=True)
class Certificates:
    """`authority` signed `good` (for localhost and 127.0.0.1) and `wrong_name` (for elsewhere.example), not `self_signed`."""

    authority: Path
    good: Pair
    wrong_name: Pair
    self_signed: Pair


def make_certificates(directory: Path) -> Certificates:
    """Write them into `directory`."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = _certificate("test authority", root_key, None, None, [])
    here: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ip_address("127.0.0.1")),
    ]

    def pair(name: str, names: list[x509.GeneralName], *, signed: bool = True) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(
            name, key, root if signed else None, root_key if signed else None, names
        )
        files = Pair(directory / f"{name}.pem", directory / f"{name}.key")
        files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        form = serialization.PrivateFormat.PKCS8
        files.key.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        )
        return files

    authority = directory / "authority.pem"
    authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    elsewhere: list[x509.GeneralName] = [x509.DNSName("elsewhere.example")]
    return Certificates(
        authority,
        pair("good", here),
        pair("wrong-name", elsewhere),
        pair("self-signed", here, signed=False),
    )


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey | None,
    names: list[x509.GeneralName],
) -> x509.Certificate:
    subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    signer = issuer_key or key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    else:
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signer, hashes.SHA256())
