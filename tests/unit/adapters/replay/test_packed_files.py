"""Packed files: read whole, or refused with one kind of error whatever is wrong with them."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from g6.errors import BadInput
from g6.packed_files import unpacked

ROWS = b"a,b\n" + b"1,2\n" * 500
GZIP = gzip.compress(ROWS, mtime=0)
PACKED_AT = (2026, 11, 2, 9, 15, 0)


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            # The name alone would be dated now: two processes of pytest, which name tests by these
            # bytes, collected different ones in a run of two seconds' difference.
            entry = zipfile.ZipInfo(name, PACKED_AT)
            archive.writestr(entry, ROWS, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", ROWS),
        ("rows.csv.gz", GZIP),
        ("rows.CSV.GZ", GZIP),
        ("rows.json", GZIP),
        ("rows.zip", zipped("readme.txt", "ROWS.CSV")),
        ("rows.ZIP", zipped("rows.csv")),
        ("mac.zip", zipped("__MACOSX/._rows.csv", "rows.csv", ".hidden.csv")),
    ],
)
def test_what_is_packed_is_read_whole(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert unpacked(path) == ROWS


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.csv.gz", GZIP[:-9]),
        ("cut.json", GZIP[:-9]),
        ("plain.csv.gz", ROWS),
        ("body.csv.gz", flipped(GZIP, 12)),
        ("flags.csv.gz", flipped(GZIP, 3)),
        ("sum.csv.gz", flipped(GZIP, len(GZIP) - 6)),
        ("none.zip", zipped("readme.txt")),
        ("two.zip", zipped("a.csv", "b.csv")),
        ("plain.zip", ROWS),
        ("body.zip", flipped(zipped("a.csv"), 40)),
        ("cut.zip", zipped("a.csv")[:-30]),
    ],
)
def test_every_damage_is_told_with_the_file(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=name) as refused:
        unpacked(path, "take another copy")
    assert refused.value.reason


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        unpacked(tmp_path / "rows.csv")
