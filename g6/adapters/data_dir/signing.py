"""Ed25519 signatures of certificates, with a key in a PEM file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from g6.domain.documents.certificates import CertificateSignature
from g6.errors import Unavailable
from g6.errors.extras import optional
from g6.files import shown

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["is_signature_of", "public_key_of", "signature_of"]

_WEAK_KEYS = frozenset(
    ("00000000", "01000000", "26e8958f", "c7176a70", "ecffffff", "edffffff", "eeffffff")
)
"""First eight digits of the public keys of small order (libsodium's list, any sign)."""
MAKE_KEY = "openssl genpkey -algorithm ed25519 -out"


def signature_of(root: str, key: Path) -> CertificateSignature:
    """Return the signature of a root.

    Args:
        root: 64 hex digits.
        key: A PEM file of an Ed25519 private key without a password.

    Raises:
        Unavailable: The key cannot be read, or `cryptography` is not installed.
    """
    private = _private_key(key)
    return CertificateSignature(_public_hex(private), private.sign(root.encode()).hex())


def public_key_of(key: Path) -> str:
    """Return the public half of a key as hex digits.

    Raises:
        Unavailable: The key cannot be read, or `cryptography` is not installed.
    """
    return _public_hex(_private_key(key))


def is_signature_of(root: str, signature: CertificateSignature) -> bool:
    """Tell whether a signature is that of a root, by the public key in it.

    Raises:
        Unavailable: `cryptography` is not installed.
    """
    with optional():
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    try:
        # Digits may have blanks between them: what is compared is what is verified.
        key = bytes.fromhex(signature.public_key)
        public = Ed25519PublicKey.from_public_bytes(key)
        public.verify(bytes.fromhex(signature.value), root.encode())
    except (InvalidSignature, ValueError):
        return False
    # A signature of zeros by such a key held for one root in four, and no private key was used.
    return key[:4].hex() not in _WEAK_KEYS


def _private_key(key: Path) -> Ed25519PrivateKey:
    with optional():
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    fix = f"make one with {MAKE_KEY} {shown(key)}, and let only yourself read it (chmod 600)"
    what = f"storage.certificate_key names {shown(key)}"
    try:
        private = load_pem_private_key(key.read_bytes(), None)
    except OSError as error:
        raise Unavailable(f"{what}: {error.strerror or error}", fix) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # The library's words may quote the file.
        raise Unavailable(f"{what}, which is no private key without a password", fix) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise Unavailable(f"{what}, which is a key of another kind than Ed25519", fix)
    return private


def _public_hex(private: Ed25519PrivateKey) -> str:
    return private.public_key().public_bytes_raw().hex()
