"""Damage of every kind, planted by a table and by a die: what check, load, compact, the next write and the mend do with it."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import g6
from g6.adapters.csv import CsvStore
from g6.adapters.csv.lines import ASIDE
from g6.adapters.parquet import ParquetStore
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame
from g6.domain.schema.rows import OVERVIEW as ROW_COLUMNS
from g6.entrypoints.cli import main
from g6.errors import DamagedFile, G6Error

ChainOf = Callable[..., Frame]
Die = random.Random
DAY = date(2026, 11, 20)
CYCLES = [f"2026-11-20T04:{minute:02d}:00Z" for minute in range(5, 11)]
NEXT = "2026-11-20T04:11:00Z"
CHAIN, OVERVIEW = f"csv/NIFTY/this_week/0/{DAY}.csv", f"csv/overview/NIFTY/{DAY}.csv"
PART, OVERVIEW_PART = (
    f"chain/underlying=NIFTY/date={DAY}/040700Z.parquet",
    f"overview/date={DAY}/040700Z.parquet",
)


def row(cycle: str, index: str = "NIFTY") -> dict[str, object]:
    return {
        "timestamp": cycle,
        "underlying": index,
        "status": "OK",
        "reason": "",
        "spot": 24_850.25,
        "options": 20,
    }


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, chain_of: ChainOf) -> Path:
    """Six cycles in both stores."""
    directory = tmp_path_factory.mktemp("sound")
    for store in (ParquetStore(directory), CsvStore(directory / "csv")):
        for seed, cycle in enumerate(CYCLES):
            store.write_chain(Unit(cycle, "NIFTY"), chain_of(cycle, strikes=3, seed=seed))
            store.write_overview(cycle, [row(cycle)])
    return directory


@pytest.fixture
def rows(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "rows"))


@dataclass
class Answered:
    """What `g6 data check` answered."""

    code: int
    findings: list[dict[str, str]] = field(default_factory=list)

    def of(self, path: Path) -> list[dict[str, str]]:
        return [each for each in self.findings if each["path"].startswith(str(path))]


@pytest.fixture
def checked(capsys: pytest.CaptureFixture[str]) -> Callable[[Path], Answered]:
    def check(directory: Path) -> Answered:
        capsys.readouterr()
        code = main(["data", "check", "--json", "--data-dir", str(directory)])
        return Answered(code, json.loads(capsys.readouterr().out)["findings"])

    return check


def test_a_healthy_row_with_every_column_filled_is_whole(
    tmp_path: Path, chain_of: ChainOf, checked: Callable[[Path], Answered]
) -> None:
    """A column that joins later, of text for instance, is no damage; texts hold commas."""
    values = {
        "text": "stream,rest",
        "date": "2026-11-24",
        "instant": CYCLES[0],
        "integer": 3,
        "flags": 3,
    }
    filled = {column.name: values.get(column.kind, 0.5) for column in ROW_COLUMNS} | row(CYCLES[0])
    for store in (ParquetStore(tmp_path), CsvStore(tmp_path / "csv")):
        store.write_chain(Unit(CYCLES[0], "NIFTY"), chain_of(CYCLES[0], strikes=3))
        store.write_overview(CYCLES[0], [filled])
    assert checked(tmp_path) == Answered(0, [])


def spot(content: bytes, die: Die) -> int:
    """A place below the header."""
    return die.randrange(content.index(b"\n") + 1, len(content) - 1)


def flipped(content: bytes, die: Die) -> bytes:
    at = spot(content, die)
    return content[:at] + bytes([content[at] ^ 1 << die.randrange(4)]) + content[at + 1 :]


def cut(content: bytes, die: Die) -> bytes:
    return content[: spot(content, die)]


def inserted(*what: bytes) -> Callable[[bytes, Die], bytes]:
    def insert(content: bytes, die: Die) -> bytes:
        at = spot(content, die)
        return content[:at] + die.choice(what) + content[at:]

    return insert


def zeroed(content: bytes, die: Die) -> bytes:
    at = spot(content, die)
    return content[:at] + b"\0" * len(content[at : at + 300]) + content[at + 300 :]


def swapped(content: bytes, die: Die) -> bytes:
    lines = content.split(b"\n")
    one, other = die.sample(range(1, len(lines) - 1), 2)
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def line_lost(content: bytes, die: Die) -> bytes:
    lines = content.split(b"\n")
    del lines[die.randrange(1, len(lines) - 1)]
    return b"\n".join(lines)


def line_twice(content: bytes, die: Die) -> bytes:
    lines = content.split(b"\n")
    at = die.randrange(1, len(lines) - 1)
    return b"\n".join([*lines[:at], lines[at], *lines[at:]])


def other_index(content: bytes, die: Die) -> bytes:
    lines = content.split(b"\n")
    at = die.randrange(1, len(lines) - 1)
    lines[at] = lines[at].replace(b"NIFTY", b"FINNIFTY", 1)
    return b"\n".join(lines)


def a_digit(content: bytes, die: Die, into: bytes = b"0123456789") -> bytes:
    """Change a digit of a figure: not of the instant, and to another value."""
    lines = content.split(b"\n")
    at = die.randrange(1, len(lines) - 1)
    cells = lines[at].split(b",")
    place = die.choice(
        [
            n
            for n, cell in enumerate(cells)
            if n > 4 and cell[:1].isdigit() and b"-" not in cell and cell != b"0"
        ]
    )
    cell = cells[place]
    cells[place] = bytes([die.choice([each for each in into if each != cell[0]])]) + cell[1:]
    lines[at] = b",".join(cells)
    return b"\n".join(lines)


def a_letter(content: bytes, die: Die) -> bytes:
    return a_digit(content, die, b"xOl")


def headless(content: bytes, _: Die) -> bytes:
    return content[content.index(b"\n") + 1 :]


def header_flipped(content: bytes, die: Die) -> bytes:
    at = die.randrange(content.index(b"\n"))
    return content[:at] + bytes([content[at] ^ 1 << die.randrange(5)]) + content[at + 1 :]


def emptied(_: bytes, __: Die) -> bytes:
    return b""


def windows(content: bytes, _: Die) -> bytes:
    return content.replace(b"\n", b"\r\n")


LINES: dict[str, Callable[[bytes, Die], bytes]] = {
    "flip": flipped, "cut": cut, "carriage_return": inserted(b"\r"), "zero_byte": inserted(b"\0", b"\0" * 600),
    "zeros_over": zeroed, "bad_utf8": inserted(b"\xff", b"\xc3(", b"\x80"), "swap": swapped, "line_lost": line_lost,
    "line_twice": line_twice, "wrong_index": other_index, "digit": a_digit, "letter": a_letter, "quote": inserted(b'"'),
    "newline": inserted(b"\n"), "headless": headless, "header": header_flipped, "emptied": emptied, "crlf": windows,
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *((CHAIN, kind) for kind in LINES),
        *((OVERVIEW, kind) for kind in ("flip", "cut", "digit", "zeros_over", "header")),
    ],
)
def test_damage_in_a_csv_file_is_named_costs_no_other_line_and_is_mended(
    rows: Path,
    sound: Path,
    chain_of: ChainOf,
    checked: Callable[[Path], Answered],
    path: str,
    kind: str,
) -> None:
    file, before = rows / path, (sound / path).read_bytes()
    damaged = LINES[kind](before, Die(f"{kind}{path}"))
    file.write_bytes(damaged)
    answer = checked(rows)
    assert answer.code == 1
    assert answer.of(file)
    assert {each["path"] for each in answer.findings} == {str(file)}
    assert all(
        each["fix"] == f"g6 data mend --date {DAY} --index NIFTY --data-dir {rows}"
        for each in answer.of(file)
    )
    assert (
        main(["data", "mend", "--date", str(DAY), "--index", "NIFTY", "--data-dir", str(rows)]) == 0
    )
    assert file.read_bytes() == before
    assert checked(rows).findings == []
    # the next write: whatever was a whole line is there afterwards, in the file or beside it
    aside = file.with_name(file.name + ASIDE)
    aside.unlink(missing_ok=True)
    file.write_bytes(damaged)
    CsvStore(rows / "csv").write_chain(Unit(NEXT, "NIFTY"), chain_of(NEXT, strikes=3, seed=9))
    CsvStore(rows / "csv").write_overview(NEXT, [row(NEXT)])
    kept = file.read_bytes() + (aside.read_bytes() if aside.exists() else b"")
    torn = damaged[damaged.rfind(b"\n") + 1 :]
    lines = damaged[: len(damaged) - len(torn)].split(b"\n")
    assert [line for line in lines if line.strip(b"\r") not in kept] == []


@pytest.mark.parametrize("path", [CHAIN, OVERVIEW], ids=["chain", "overview"])
@pytest.mark.parametrize("act", ["deleted", "renamed", "of_another_day", "in_another_place"])
def test_a_csv_file_that_is_gone_or_elsewhere_is_named_and_mended(
    rows: Path, sound: Path, checked: Callable[[Path], Answered], path: str, act: str
) -> None:
    file = rows / path
    elsewhere = {
        "renamed": file.with_name("copy.csv"), "of_another_day": file.with_name("2026-11-19.csv"),
        "in_another_place": file.with_name("2026-11-21.csv"),
    }.get(act)  # fmt: skip
    if elsewhere:
        file.rename(elsewhere)
    else:
        file.unlink()
    answer = checked(rows)
    assert [each["kind"] for each in answer.of(file)] == ["lost"]
    assert elsewhere is None or answer.of(elsewhere)
    assert (
        main(["data", "mend", "--date", str(DAY), "--index", "NIFTY", "--data-dir", str(rows)]) == 0
    )
    assert file.read_bytes() == (sound / path).read_bytes()
    if elsewhere:
        elsewhere.unlink()
    assert checked(rows).findings == []


def test_the_live_lines_of_a_day_that_was_computed_again_stay_as_they_are(
    rows: Path,
    sound: Path,
    checked: Callable[[Path], Answered],
    chain_of: ChainOf,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for seed, cycle in enumerate(CYCLES):
        # Other figures, as under other settings.
        ParquetStore(rows).write_chain(
            Unit(cycle, "NIFTY"), chain_of(cycle, strikes=3, seed=seed + 50)
        )
    (rows / PART).with_name(".recomputed").touch()
    mend = ["data", "mend", "--date", str(DAY), "--index", "NIFTY", "--data-dir", str(rows)]
    live = {path: path.read_bytes() for path in sorted((sound / "csv").rglob("*.csv"))}
    assert len(live) > 2

    def lines(name: str) -> list[bytes]:
        return (rows / name).read_bytes().splitlines()

    assert main(mend) == 0
    stored = {sound / path.relative_to(rows): path.read_bytes() for path in csv_files(rows)}
    assert stored == live
    # A damaged line goes aside, and no line of the other figures comes into its place.
    before = lines(CHAIN)
    (rows / CHAIN).write_bytes(b"\n".join([*before[:2], b"\0" + before[2][1:], *before[3:], b""]))
    assert [each["kind"] for each in checked(rows).findings] == ["line"]
    assert main(mend) == 0
    assert lines(CHAIN) == [*before[:2], *before[3:]]
    assert checked(rows).findings == []
    # A file that is gone is told, and not made of the other figures.
    (rows / CHAIN).unlink()
    assert [(each["path"], each["kind"]) for each in checked(rows).findings] == [
        (str(rows / CHAIN), "lost")
    ]
    assert main(mend) == 0
    assert f"{len(CYCLES)} lines of cycles" in capsys.readouterr().out
    assert not (rows / CHAIN).exists()
    # What cannot be read is told, and the other files are mended.
    (rows / CHAIN).mkdir()
    before = lines(OVERVIEW)
    (rows / OVERVIEW).write_bytes(b"\n".join([*before[:2], b"\0" + before[2][1:], b""]))
    assert main(mend) == 1
    assert lines(OVERVIEW) == before[:2]


def csv_files(directory: Path) -> list[Path]:
    return sorted((directory / "csv").rglob("*.csv"))


def bytes_flipped(file: Path, die: Die) -> None:
    content = bytearray(file.read_bytes())
    for _ in range(die.randrange(1, 4)):
        content[die.randrange(len(content))] ^= 1 << die.randrange(4)
    file.write_bytes(content)


def footer_flipped(file: Path, die: Die) -> None:
    content = bytearray(file.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little")
    content[die.randrange(len(content) - footer - 8, len(content))] = die.randrange(256)
    file.write_bytes(content)


def column_not_utf8(file: Path, _: Die) -> None:
    content = file.read_bytes()
    for name in (b"ce_last", b"status", b"tick_size"):
        content = content.replace(name, b"\xff" + name[1:])
    file.write_bytes(content)


def truncated(file: Path, die: Die) -> None:
    file.write_bytes(file.read_bytes()[: die.randrange(1, file.stat().st_size)])


def zeros(file: Path, die: Die) -> None:
    content = bytearray(file.read_bytes())
    at = die.randrange(len(content) - 100)
    content[at : at + 100] = b"\0" * 100
    file.write_bytes(content)


def nothing_in_it(file: Path, _: Die) -> None:
    file.write_bytes(b"")


def a_directory(file: Path, _: Die) -> None:
    file.unlink()
    file.mkdir()


def not_ours(file: Path, _: Die) -> None:
    pq.write_table(pa.table({"a": [1, 2]}), file)


def instants_are_text(file: Path, _: Die) -> None:
    table = pq.read_table(file, partitioning=None)
    place = table.column_names.index("timestamp")
    pq.write_table(
        table.set_column(place, "timestamp", pa.array(["yesterday"] * table.num_rows)), file
    )


def header_no_json(file: Path, _: Die) -> None:
    table = pq.read_table(file, partitioning=None)
    pq.write_table(table.replace_schema_metadata({"g6.header": "{", "g6.indices": "\x00["}), file)


def named_in_no_alphabet(file: Path, _: Die) -> None:
    file.rename(Path(f"{file.parent}/04\udcff700Z.parquet"))


PARQUET: dict[str, Callable[[Path, Die], None]] = {
    each.__name__: each
    for each in (
        bytes_flipped, footer_flipped, column_not_utf8, truncated, zeros, nothing_in_it, a_directory, not_ours, instants_are_text,
        header_no_json, named_in_no_alphabet,
    )
}  # fmt: skip


def loaded(directory: Path, kind: str = "chain") -> pa.Table:
    return g6.load("NIFTY", DAY, kind=kind, engine="arrow", tz="UTC", data_dir=directory)


@pytest.mark.filterwarnings("ignore::g6.errors.DamagedFile")
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *((PART, kind) for kind in PARQUET),
        *((OVERVIEW_PART, kind) for kind in ("bytes_flipped", "not_ours", "header_no_json")),
    ],
)
def test_damage_in_a_parquet_file_costs_that_file_alone(
    rows: Path,
    sound: Path,
    chain_of: ChainOf,
    checked: Callable[[Path], Answered],
    path: str,
    kind: str,
) -> None:
    file, what = rows / path, "overview" if path == OVERVIEW_PART else "chain"
    PARQUET[kind](file, Die(f"{kind}{path}"))
    before = loaded(sound, what)
    others = before.filter(
        pa.compute.not_equal(
            before.column("timestamp"), pa.scalar("2026-11-20T04:07:00Z").cast(TYPE)
        )
    )
    # load: the rest is there; what is damaged is not, or is what it was
    after = loaded(rows, what)
    assert after.equals(before) or after.equals(others)
    # check: names the file
    answer = checked(rows)
    assert after.equals(before) or answer.of(file) or answer.of(file.parent)
    # the next write and compaction go on, and no row of another file is lost
    for store in (ParquetStore(rows), CsvStore(rows / "csv")):
        store.write_overview(NEXT, [row(NEXT)])
    if kind != "a_directory":
        ParquetStore(rows).write_chain(
            Unit(CYCLES[2], "NIFTY"), chain_of(CYCLES[2], strikes=3, seed=2)
        )
    assert main(["data", "compact", "--date", str(DAY), "--data-dir", str(rows)]) == 0
    folded = loaded(rows, what)
    kept = folded.filter(
        pa.compute.is_in(folded.column("timestamp"), others.column("timestamp").combine_chunks())
    )
    assert kept.equals(others) or kept.num_rows >= others.num_rows
    assert main(["chain", "NIFTY", "--data-dir", str(rows)]) in (0, 3)


TYPE = pa.timestamp("us", "UTC")


def test_a_load_names_the_file_it_leaves_out(rows: Path) -> None:
    truncated(rows / PART, Die(1))
    with pytest.warns(DamagedFile, match=r"left out: .*040700Z\.parquet: not a whole Parquet file"):
        assert loaded(rows).num_rows == 5 * 6


def test_a_load_of_nothing_but_damage_is_an_error(rows: Path) -> None:
    for file in (rows / PART).parent.iterdir():
        file.write_bytes(b"")
    with pytest.raises(G6Error, match="not a whole Parquet file"):
        loaded(rows)


def test_gaps_and_coverage_go_on_where_no_overview_of_a_day_can_be_read(
    rows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in (rows / OVERVIEW_PART).parent.iterdir():
        file.write_bytes(b"")
    for command in ("gaps", "coverage"):
        assert main(["data", command, "--json", "--data-dir", str(rows)]) == 0
        said = capsys.readouterr()
        assert json.loads(said.out)
        assert "left out: " in said.err


def test_a_flipped_byte_is_not_folded_into_a_day_that_looks_whole(rows: Path, sound: Path) -> None:
    content = bytearray((rows / PART).read_bytes())
    group = pq.read_metadata(rows / PART).row_group(0)
    column = next(
        each
        for each in map(group.column, range(group.num_columns))
        if each.path_in_schema == "ce_iv"
    )
    content[column.data_page_offset + column.total_compressed_size - 3] ^= 1
    (rows / PART).write_bytes(content)
    assert main(["data", "compact", "--date", str(DAY), "--data-dir", str(rows)]) == 0
    assert (rows / PART).read_bytes() == content
    assert g6.load("NIFTY", DAY, engine="arrow", data_dir=sound).num_rows == 36


def files(directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*") if path.is_file())


@pytest.mark.filterwarnings("ignore::g6.errors.DamagedFile")
@pytest.mark.parametrize("seed", range(4))
def test_random_damage_all_over_ends_nothing(
    rows: Path, checked: Callable[[Path], Answered], seed: int
) -> None:
    die = Die(seed)
    for file in die.sample(sorted(files(rows)), 6):
        content = file.read_bytes()
        if file.suffix == ".csv":
            file.write_bytes(die.choice([*LINES.values()])(content, die))
        else:
            die.choice([*PARQUET.values()])(file, die)
    assert checked(rows).code in (0, 1)
    for command in (
        ("data", "compact"),
        ("data", "mend"),
        ("chain", "NIFTY"),
        ("data", "gaps"),
        ("data", "ls"),
        ("data", "size"),
    ):
        assert main(
            [
                *command,
                *(["--date", str(DAY)] if "compact" in command else []),
                "--data-dir",
                str(rows),
            ]
        ) in (0, 1, 3)
    with suppress(G6Error):
        loaded(rows)
