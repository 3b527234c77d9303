"""The digest of the code that a process runs, by which another one sees that it is stale."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]
SUFFIXES = frozenset((".py", ".lua", ".toml"))
DIGEST_BYTES = 6


def code_on_disk() -> str:
    """Return the digest of the package's source files as they are now."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    # Contents and not times: a checkout writes files anew that are the same. 704 files take 50 ms.
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in SUFFIXES:
            digest.update(path.relative_to(PACKAGE).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def code_at_start() -> str:
    """Return the digest as it was when this process, or the one that forked it, first asked."""
    return code_on_disk()
