"""Recompute the certificates of a data directory of G6, without G6.

    python docs/check_certificate.py DATA_DIR [DAY]

Of each certified day (or of one) the records of the files are made anew, from them the root, and
both are held against the newest certificate. Its versions and the days before are walked back by
the roots that they name, and the list of newest certificates is held against what is there. Rows
are counted with pyarrow, signatures verified with cryptography. Exit 0: all is so; 1: it is not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

FORM = "g6-day-certificate-v1"
OUTSIDE = ("files", "merkle_root", "signature")
WEAK_KEYS = ("00000000", "01000000", "26e8958f", "c7176a70", "ecffffff", "edffffff", "eeffffff")
NO_DOCUMENT = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


def canonical(value: object) -> bytes:
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def merkle_root(leaves: list[bytes]) -> str:
    level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        level = above + level[2 * len(above) :]
    return level[0].hex()


def record_of(directory: Path, path: str, rows: int) -> dict[str, Any] | None:
    if not (directory / path).is_file():
        return None
    content = (directory / path).read_bytes()
    try:
        from pyarrow import ArrowException, BufferReader, parquet

        rows = parquet.ParquetFile(BufferReader(content)).metadata.num_rows
    except ImportError:
        pass
    except (ArrowException, OSError):
        rows = -1
    digest = sha256(content).hexdigest()
    return {"path": path, "rows": rows, "bytes": len(content), "sha256": digest}


def load(directory: Path, day: str, version: int) -> dict[str, Any] | None:
    try:
        one = json.loads((directory / f"certificates/date={day}/v{version}.json").read_bytes())
        is_it = (one["certificate"], one["day"], one["version"]) == (FORM, day, version)
    except NO_DOCUMENT:
        return None
    return one if is_it else None


def is_signed(signature: dict[str, Any], root: str) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        raw, value = map(bytes.fromhex, (signature["public_key"], signature["value"]))
        Ed25519PublicKey.from_public_bytes(raw).verify(value, root.encode())
    except ImportError:
        return True
    except (InvalidSignature, ValueError, KeyError):
        return False
    return raw[:4].hex() not in WEAK_KEYS


def of_files(directory: Path, certificate: dict[str, Any]) -> Iterator[str]:
    certified = {file["path"]: file for file in certificate["files"]}
    day = certificate["day"]
    for path, file in certified.items():
        if record_of(directory, path, file["rows"]) != file:
            yield f"{path}: is not what {day} v{certificate['version']} says"
    for folder in (*directory.glob(f"chain/*/date={day}"), directory / f"overview/date={day}"):
        for file in folder.glob("[!.]*"):
            if file.relative_to(directory).as_posix() not in certified and file.name != "day.cold":
                yield f"{file}: is in no certificate"


def of_chain(directory: Path, certificate: dict[str, Any]) -> Iterator[str]:
    waiting, seen = [certificate], set[str]()
    while waiting:
        one = waiting.pop()
        name = f"{one['day']} v{one['version']}"
        if name in seen:
            continue
        seen.add(name)
        head = {field: value for field, value in one.items() if field not in OUTSIDE}
        if merkle_root([canonical(head), *map(canonical, one["files"])]) != one["merkle_root"]:
            yield f"{name}: has another root than follows from it"
        if one["signature"] is not None and not is_signed(one["signature"], one["merkle_root"]):
            yield f"{name}: has a signature that is not of its root"
        for link in filter(None, (one["replaces"], one["previous"])):
            linked = load(directory, link["day"], link["version"])
            if linked is None or linked["merkle_root"] != link["root"]:
                yield f"{name}: names {link['day']} v{link['version']}, which is not there or another"
            else:
                waiting.append(linked)


def of_list(path: Path, only: str, *, must_sign: bool) -> Iterator[str]:
    if not path.exists() and not must_sign:
        return  # an older version wrote none
    try:
        document = json.loads(path.read_bytes())
        days, signature = document["days"], document["signature"]
        root = merkle_root([document["newest_certificates"].encode(), *map(canonical, days)])
        if must_sign if signature is None else not is_signed(signature, root):
            yield f"{path}: has no signature of its root, and certificates have"
        for link in days:
            one = load(path.parents[1], link["day"], link["version"])
            if only in {"", link["day"]} and (one or {}).get("merkle_root") != link["root"]:
                yield f"{link['day']} v{link['version']}: was issued, and is not there or another"
    except NO_DOCUMENT as error:
        yield f"{path}: is no list of newest certificates ({error!r})"


def check(directory: Path, only: str = "") -> list[str]:
    wrong, newest = list[str](), list[dict[str, Any]]()
    for folder in sorted((directory / "certificates").glob(f"date={only or '*'}")):
        names = (path.stem[1:] for path in folder.glob("v*.json"))
        versions = [int(name) for name in names if name.isascii() and name.isdigit()]
        if not versions:
            continue
        newest.append(load(directory, folder.name[5:], max(versions)) or {})
        try:
            wrong += [*of_files(directory, newest[-1]), *of_chain(directory, newest[-1])]
        except NO_DOCUMENT as error:
            wrong.append(f"{folder}: is no certificate of this form ({error!r})")
    must_sign = any(one.get("signature") for one in newest[-1:])
    wrong += of_list(directory / "certificates/newest.json", only, must_sign=must_sign)
    return wrong if newest or wrong else [f"{directory}: has no certificate of {only or 'any day'}"]


if __name__ == "__main__":
    answers = check(Path(sys.argv[1]), *sys.argv[2:3])
    print("\n".join(answers) or "all is as the certificates say")
    sys.exit(1 if answers else 0)
