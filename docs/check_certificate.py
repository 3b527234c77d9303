"""Recompute the certificates of a data directory of G6, without G6.

    python docs/check_certificate.py DATA_DIR [DAY]

Of each certified day (or of one) the records of the files are made anew from the files, the root
from the records, and both are held against the newest certificate. Then its versions and the days
before are walked back by the roots that they name. Rows are counted where pyarrow is installed,
signatures are verified where cryptography is. Exit 0: all is as it says; 1: something is not.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FORM = "g6-day-certificate-v1"
OUTSIDE = ("files", "merkle_root", "signature")
WEAK_KEYS = ("00000000", "01000000", "26e8958f", "c7176a70", "ecffffff", "edffffff", "eeffffff")


def canonical(value: object) -> bytes:
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def merkle_root(leaves: list[bytes]) -> str:
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs]
        level = above + level[2 * len(above) :]
    return level[0].hex()


def root_of(certificate: dict[str, Any], files: list[dict[str, Any]]) -> str:
    head = {name: value for name, value in certificate.items() if name not in OUTSIDE}
    return merkle_root([canonical(head), *map(canonical, files)])


def record_of(directory: Path, path: str, rows: int) -> dict[str, Any] | None:
    """Return the record of a file as it is now, with the certified row count without pyarrow."""
    try:
        content = (directory / path).read_bytes()
    except OSError:
        return None
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        pass
    else:
        try:
            rows = pq.ParquetFile(pa.BufferReader(content)).metadata.num_rows
        except (pa.ArrowException, OSError):
            rows = -1
    digest = hashlib.sha256(content).hexdigest()
    return {"path": path, "rows": rows, "bytes": len(content), "sha256": digest}


def load(directory: Path, day: str, version: int) -> dict[str, Any] | None:
    try:
        path = directory / f"certificates/date={day}/v{version}.json"
        certificate = json.loads(path.read_text("utf-8"))
        is_form = certificate["certificate"] == FORM
        is_named = (certificate["day"], certificate["version"]) == (day, version)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return certificate if is_form and is_named else None


def is_signed(certificate: dict[str, Any]) -> bool:
    signature = certificate["signature"]
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return True
    try:
        raw, value = map(bytes.fromhex, (signature["public_key"], signature["value"]))
        Ed25519PublicKey.from_public_bytes(raw).verify(value, certificate["merkle_root"].encode())
    except (InvalidSignature, ValueError, KeyError):
        return False
    # A signature by a key of small order holds for one text in four, and nobody has its key.
    return raw[:4].hex() not in WEAK_KEYS


def of_files(directory: Path, certificate: dict[str, Any]) -> Iterator[str]:
    """Yield what is not so of the files of a day."""
    certified = {file["path"]: file for file in certificate["files"]}
    for path, file in certified.items():
        if record_of(directory, path, file["rows"]) != file:
            yield f"{path}: is not what {certificate['day']} v{certificate['version']} says"
    day = certificate["day"]
    for folder in (*directory.glob(f"chain/*/date={day}"), directory / f"overview/date={day}"):
        for file in folder.glob("[!.]*"):
            if file.relative_to(directory).as_posix() not in certified:
                yield f"{file}: is in no certificate"


def of_chain(directory: Path, certificate: dict[str, Any]) -> Iterator[str]:
    """Yield what is not so of a certificate, its versions before and the days before."""
    waiting = [certificate]
    seen = set()
    while waiting:
        one = waiting.pop()
        name = f"{one['day']} v{one['version']}"
        if name in seen:
            continue
        seen.add(name)
        if root_of(one, one["files"]) != one["merkle_root"]:
            yield f"{name}: has another root than follows from it"
        if one["signature"] is not None and not is_signed(one):
            yield f"{name}: has a signature that is not of its root"
        for link in filter(None, (one["replaces"], one["previous"])):
            linked = load(directory, link["day"], link["version"])
            if linked is None or linked["merkle_root"] != link["root"]:
                yield f"{name}: names {link['day']} v{link['version']}, which is not there or another"
            else:
                waiting.append(linked)


def check(directory: Path, only: str = "") -> list[str]:
    wrong, certified = list[str](), 0
    for folder in sorted((directory / "certificates").glob(f"date={only or '*'}")):
        day = folder.name.removeprefix("date=")
        names = [path.stem[1:] for path in folder.glob("v*.json")]
        versions = [int(name) for name in names if name.isascii() and name.isdigit()]
        if not versions:
            continue
        certified += 1
        newest = load(directory, day, max(versions))
        if newest is None:
            wrong.append(f"{folder}: the newest certificate cannot be read")
            continue
        try:
            wrong += [*of_files(directory, newest), *of_chain(directory, newest)]
        except (KeyError, TypeError, AttributeError) as error:
            wrong.append(f"{folder}: is no certificate of this form ({error!r})")
    return wrong if certified else [f"{directory}: has no certificate of {only or 'any day'}"]


if __name__ == "__main__":
    answers = check(Path(sys.argv[1]), *sys.argv[2:3])
    print("\n".join(answers) or "all is as the certificates say")
    sys.exit(1 if answers else 0)
