"""The store in `tests/data/store`, written by an earlier version (`tests/data/make_store.sh`), opens with this one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import g6 as package
from tests.unit.entrypoints.cli.conftest import Run

INDICES = ("NIFTY", "MIDCPNIFTY")
COMPACTED, IN_PARTS = "2026-11-17", "2026-11-18"


@pytest.fixture
def directory(root: Path, tmp_path: Path) -> Path:
    """A copy of the kept store: reading takes locks beside the files."""
    return Path(shutil.copytree(root / "tests/data/store", tmp_path / "store"))


@pytest.mark.parametrize(
    ("index", "day", "rows", "cycles", "oi_calls", "volatilities"),
    [
        ("NIFTY", COMPACTED, 1047, 3, 1_631_080_360.0, 370.1796),
        ("NIFTY", IN_PARTS, 688, 2, 646_797_775.0, 115.9002),
        ("MIDCPNIFTY", COMPACTED, 981, 3, 71_883_120.0, 173.4712),
        ("MIDCPNIFTY", IN_PARTS, 654, 2, 50_549_280.0, 120.2252),
    ],
)
def test_chains_hold_what_was_written(
    directory: Path,
    index: str,
    day: str,
    rows: int,
    cycles: int,
    oi_calls: float,
    volatilities: float,
) -> None:
    table = package.load(index, day, data_dir=directory)
    assert (len(table), table["timestamp"].nunique()) == (rows, cycles)
    assert float(table["ce_oi"].sum()) == oi_calls
    assert float(table["ce_iv"].astype(float).sum()) == pytest.approx(volatilities, abs=1e-4)


def test_overviews_listings_and_events_are_read(directory: Path) -> None:
    rows = package.load("NIFTY", (COMPACTED, IN_PARTS), "overview", data_dir=directory)
    assert rows["status"].tolist() == ["OK"] * 5
    assert rows["max_pain_nearest"].tolist() == [23900.0] * 3 + [23950.0] * 2
    assert len(package.load("NIFTY", COMPACTED, "instruments", data_dir=directory)) > 500
    assert len(package.load("NIFTY", IN_PARTS, "events", data_dir=directory)) > 0


def test_a_check_finds_it_whole(g6: Run, directory: Path) -> None:
    answer = g6("data", "check", "--json", "--data-dir", str(directory))
    assert (answer.code, json.loads(answer.out)["count"]) == (0, 0)


def test_gaps_lie_outside_of_the_stored_cycles(g6: Run, directory: Path) -> None:
    gaps = json.loads(g6("data", "gaps", "--json", "--data-dir", str(directory)).out)
    stored = [f"{COMPACTED}T05:3{n}:00Z" for n in range(3)] + [
        f"{IN_PARTS}T05:3{n}:00Z" for n in range(2)
    ]
    assert not [gap for gap in gaps for cycle in stored if gap["from"] <= cycle <= gap["to"]]


@pytest.mark.parametrize("index", INDICES)
def test_the_newest_chain_is_shown(g6: Run, directory: Path, index: str) -> None:
    answer = g6("chain", index, "--data-dir", str(directory))
    assert answer.code == 0, answer.err
    assert answer.out.startswith(f"{index} ")
    assert "Wed 18 Nov 2026" in answer.out
