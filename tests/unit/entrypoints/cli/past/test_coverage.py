"""What was due: session days without rows, edges of days, units without a chain, and the interval of each day."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from g6.adapters.data_dir.owner import System
from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.config import calendar
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES
from g6.domain.quotes.stamp import LOST, restamped
from g6.domain.schema.frame import Frame
from tests.unit.entrypoints.cli.conftest import Run
from tests.worlds.owning import owned

TUESDAY, WEDNESDAY, THURSDAY = "2026-11-17", "2026-11-18", "2026-11-19"
SESSION = 386
Chains = Callable[..., Frame]


def store(
    directory: Path,
    chain_of: Chains,
    cycles: Iterable[str],
    indices: Iterable[str] = ("NIFTY",),
    config_id: str = "c1",
) -> None:
    """Store an OK row and a chain of each index at each cycle."""
    files = ParquetStore(directory)
    for cycle in cycles:
        rows = []
        for index in indices:
            frame = chain_of(cycle, index)
            frame.columns["config_id"][:] = config_id
            frame.header["stamp"]["config_id"] = config_id
            files.write_chain(Unit(cycle, index), frame)
            rows.append({"timestamp": cycle, "underlying": index, "status": "OK", "reason": ""})
        files.write_overview(cycle, rows)


def cycles_of(day: str, count: int = 3, step: int = 60, first: str = "05:30") -> list[str]:
    begins = parse_z(f"{day}T{first}:00Z")
    return [isoformat_z(begins + timedelta(seconds=n * step)) for n in range(count)]


def write_config(directory: Path, name: str, content: str | dict[str, Any]) -> None:
    path = directory / "configs" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def gaps(g6: Run, directory: Path, *arguments: str) -> list[tuple[str, str, str, int, str]]:
    """Return (index, from, to, cycles, reason) of each gap."""
    answer = g6("data", "gaps", "--json", "--data-dir", str(directory), *arguments)
    assert answer.code == 0, answer.err
    return [
        (gap["index"], gap["from"], gap["to"], gap["cycles"], gap["reason"])
        for gap in json.loads(answer.out)
    ]


def coverage(g6: Run, directory: Path, *arguments: str) -> list[dict[str, Any]]:
    answer = g6("data", "coverage", "--json", "--data-dir", str(directory), *arguments)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)  # type: ignore[no-any-return]


def whole(index: str, day: str) -> tuple[str, str, str, int, str]:
    return (index, f"{day}T03:45:00Z", f"{day}T10:10:00Z", SESSION, "no_row")


@pytest.mark.parametrize("kind", ["sim", "replay", "live", None])
def test_a_session_day_without_a_row_between_stored_days_is_a_gap_of_its_whole_session(
    g6: Run, tmp_path: Path, chain_of: Chains, kind: str | None
) -> None:
    store(tmp_path, chain_of, [*cycles_of(TUESDAY), *cycles_of(THURSDAY)])
    if kind:
        (tmp_path / ".kind").write_text(kind)
    found = gaps(g6, tmp_path, "--to", THURSDAY)
    assert [gap[1:4] for gap in found] == [
        (f"{TUESDAY}T03:45:00Z", f"{TUESDAY}T05:29:00Z", 105), (f"{TUESDAY}T05:33:00Z", f"{TUESDAY}T10:10:00Z", 278),
        whole("NIFTY", WEDNESDAY)[1:4],
        (f"{THURSDAY}T03:45:00Z", f"{THURSDAY}T05:29:00Z", 105), (f"{THURSDAY}T05:33:00Z", f"{THURSDAY}T10:10:00Z", 278),
    ]  # fmt: skip
    assert gaps(g6, tmp_path, "--from", WEDNESDAY, "--to", WEDNESDAY) == [whole("NIFTY", WEDNESDAY)]
    told = coverage(g6, tmp_path, "--to", THURSDAY)
    assert [(row["day"], row["due"], row["OK"], row["no_row"]) for row in told] == [
        (TUESDAY, SESSION, 3, 383), (WEDNESDAY, SESSION, 0, SESSION), (THURSDAY, SESSION, 3, 383),
    ]  # fmt: skip


def test_a_weekend_is_no_gap(g6: Run, tmp_path: Path, chain_of: Chains) -> None:
    store(tmp_path, chain_of, [*cycles_of("2026-11-20"), *cycles_of("2026-11-23")])
    assert {row["day"] for row in coverage(g6, tmp_path)} == {"2026-11-20", "2026-11-23"}


def test_an_index_that_has_nothing_of_a_day_on_which_others_have_is_missing(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    both = ("NIFTY", "SENSEX")
    store(tmp_path, chain_of, [*cycles_of(TUESDAY), *cycles_of(THURSDAY)], both)
    store(tmp_path, chain_of, cycles_of(WEDNESDAY))
    assert whole("SENSEX", WEDNESDAY) in gaps(g6, tmp_path)


@pytest.mark.parametrize("day", [WEDNESDAY, THURSDAY, "2026-11-16", "2026-11-20"])
def test_an_empty_day_is_missing_and_no_error(
    g6: Run, tmp_path: Path, chain_of: Chains, day: str
) -> None:
    store(tmp_path, chain_of, [*cycles_of(TUESDAY), *cycles_of(THURSDAY)])
    for root in ("overview", "chain/underlying=NIFTY"):
        folder = tmp_path / root / f"date={day}"
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
    assert gaps(g6, tmp_path, "--from", day, "--to", day) == [whole("NIFTY", day)]
    assert whole("NIFTY", day) in gaps(g6, tmp_path)


def test_a_day_beside_the_stored_ones_is_missing_when_it_is_asked_for(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    store(tmp_path, chain_of, cycles_of(TUESDAY))
    assert gaps(g6, tmp_path, "--from", THURSDAY, "--to", THURSDAY) == [whole("NIFTY", THURSDAY)]
    answer = g6("data", "gaps", "--from", THURSDAY, "--data-dir", str(tmp_path))
    assert (answer.code, f"the first day there is {TUESDAY}, the last {TUESDAY}" in answer.err) == (
        3,
        True,
    )


@pytest.mark.usefixtures("covered_today")
def test_a_live_day_after_the_last_stored_one_is_listed_up_to_now(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    now = datetime.now(UTC)
    last = calendar().previous_session("NSE", day_of(now))
    stored = calendar().previous_session("NSE", last.day)
    store(
        tmp_path, chain_of, [isoformat_z(stored.open + n * timedelta(minutes=1)) for n in range(3)]
    )
    (tmp_path / ".kind").write_text("live\n")
    told = coverage(g6, tmp_path)
    assert [row["day"] for row in told[:2]] == [stored.day.isoformat(), last.day.isoformat()]
    assert told[1]["no_row"] == told[1]["due"] == len(last.cycles(60))
    assert all(gap[2] < isoformat_z(now) for gap in gaps(g6, tmp_path))


@pytest.mark.parametrize("compacted", [False, True])
def test_units_whose_chain_is_not_stored_are_gaps(
    g6: Run, tmp_path: Path, chain_of: Chains, *, compacted: bool
) -> None:
    store(tmp_path, chain_of, cycles_of(WEDNESDAY, 5))
    for minute in (31, 32):
        (tmp_path / f"chain/underlying=NIFTY/date={WEDNESDAY}/05{minute}00Z.parquet").unlink()
    if compacted:
        for name in ("NIFTY", "overview"):
            ParquetHistory(tmp_path).compact(name, date.fromisoformat(WEDNESDAY))
    lost = ("NIFTY", f"{WEDNESDAY}T05:31:00Z", f"{WEDNESDAY}T05:32:00Z", 2, "no_chain")
    assert lost in gaps(g6, tmp_path)
    (told,) = coverage(g6, tmp_path)
    assert (told["OK"], told["MISSING"], told["no_chain"]) == (3, 2, 2)
    answer = g6("data", "check", "--json", "--data-dir", str(tmp_path))
    (finding,) = json.loads(answer.out)["findings"]
    assert (finding["kind"], "at 2 cycles" in finding["what"]) == ("unmatched", True)
    assert "g6 rerun" in g6("data", "gaps", "--data-dir", str(tmp_path)).out


@pytest.mark.parametrize(
    ("name", "what", "option"),
    [
        (
            "chain/underlying=NIFTY",
            "NIFTY at 4 cycles, {} to {}: the overview says OK",
            " --index NIFTY",
        ),
        ("overview", "NIFTY, SENSEX at 4 cycles, {} to {}: no overview row stands", ""),
    ],
)
def test_a_day_whose_file_is_gone_is_one_finding(
    g6: Run, tmp_path: Path, chain_of: Chains, name: str, what: str, option: str
) -> None:
    cycles = cycles_of(WEDNESDAY, 4)
    store(tmp_path, chain_of, cycles, ("NIFTY", "SENSEX"))
    for each in ("NIFTY", "SENSEX", "overview"):
        ParquetHistory(tmp_path).compact(each, date.fromisoformat(WEDNESDAY))
    path = tmp_path / f"{name}/date={WEDNESDAY}/day.parquet"
    path.unlink()
    (finding,) = json.loads(g6("data", "check", "--json", "--data-dir", str(tmp_path)).out)[
        "findings"
    ]
    assert finding["what"].startswith(what.format(cycles[0], cycles[-1]))
    assert finding["path"].endswith(str(path.relative_to(tmp_path)))
    command = f"g6 rerun --since {cycles[0]} --until {cycles[-1]}"
    assert finding["fix"].startswith(command + option)
    assert ("--index" in finding["fix"]) is bool(option)


def test_units_apart_from_each_other_are_findings_of_their_own(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    store(tmp_path, chain_of, cycles_of(WEDNESDAY, 5))
    for minute in (31, 33):
        (tmp_path / f"chain/underlying=NIFTY/date={WEDNESDAY}/05{minute}00Z.parquet").unlink()
    answer = g6("data", "check", "--json", "--data-dir", str(tmp_path))
    told = [finding["what"] for finding in json.loads(answer.out)["findings"]]
    assert [what.partition(": ")[0] for what in told] == [
        f"NIFTY at {WEDNESDAY}T05:31:00Z",
        f"NIFTY at {WEDNESDAY}T05:33:00Z",
    ]


def test_a_day_whose_chain_file_is_damaged_has_no_chain(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    store(tmp_path, chain_of, [*cycles_of(TUESDAY), *cycles_of(WEDNESDAY)])
    ParquetHistory(tmp_path).compact("NIFTY", date.fromisoformat(WEDNESDAY))
    (tmp_path / f"chain/underlying=NIFTY/date={WEDNESDAY}/day.parquet").write_bytes(b"PAR1 torn")
    told = coverage(g6, tmp_path)
    assert [(row["OK"], row["no_chain"]) for row in told] == [(3, 0), (0, 3)]


SPARSE = cycles_of(WEDNESDAY, 3, step=600)
"""Three rows ten minutes apart: guessed from these, the interval would be ten minutes."""


@pytest.mark.parametrize(
    "content",
    [
        {"id": "c1", "settings": {"interval": 300, "index_params.NIFTY.enabled": True}},
        {
            "config_id": "c1",
            "settings": {"interval": 300, "index_params": {"NIFTY": {"enabled": True}}},
        },
        {"settings": {"interval": 300}},
    ],
)
def test_the_interval_of_a_day_is_that_of_its_configuration(
    g6: Run, tmp_path: Path, chain_of: Chains, content: dict[str, Any]
) -> None:
    store(tmp_path, chain_of, SPARSE)
    write_config(tmp_path, "c1", content)
    told = next(row for row in coverage(g6, tmp_path) if row["index"] == "NIFTY")
    assert (told["due"], told["no_row"]) == (78, 75)
    assert ("NIFTY", f"{WEDNESDAY}T05:35:00Z", f"{WEDNESDAY}T05:35:00Z", 1, "no_row") in gaps(
        g6, tmp_path
    )


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "null", "[" * 100_000, '{"settings": []}',
        '{"settings": {"interval": "60"}}', '{"settings": {"interval": 0}}',
        '{"settings": {"interval": true}}', '{"settings": {"interval": -5}}', '{"settings": {"interval": 1e999}}',
        '{"settings": {"interval": 99999999999999999999}}', '{"settings": {"interval": null}}',
        '{"settings": {"provider.name": "replay", "interval": 5}}', None,
    ],
    ids=lambda content: repr(content)[:40],
)  # fmt: skip
def test_without_a_configuration_that_says_it_the_interval_is_guessed(
    g6: Run, tmp_path: Path, chain_of: Chains, content: str | None
) -> None:
    store(tmp_path, chain_of, SPARSE)
    if content is not None:
        write_config(tmp_path, "c1", content)
    told = next(row for row in coverage(g6, tmp_path) if row["index"] == "NIFTY")
    assert told["due"] == 39


def test_a_day_under_two_configurations_has_the_interval_of_each_from_its_first_row_on(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    store(tmp_path, chain_of, cycles_of(WEDNESDAY, 3, step=300), config_id="c1")
    store(tmp_path, chain_of, cycles_of(WEDNESDAY, 3, first="05:45"), config_id="c2")
    for name, interval in (("c1", 300), ("c2", 60)):
        write_config(tmp_path, name, {"id": name, "settings": {"interval": interval}})
    expected = [("03:45", "05:25", 21), ("05:48", "10:10", 263)]
    found = [
        (first[11:16], last[11:16], count)
        for index, first, last, count, _ in gaps(g6, tmp_path)
        if index == "NIFTY"
    ]
    assert found == expected
    for name in ("NIFTY", "overview"):
        ParquetHistory(tmp_path).compact(name, date.fromisoformat(WEDNESDAY))
    found = [
        (first[11:16], last[11:16], count)
        for index, first, last, count, _ in gaps(g6, tmp_path)
        if index == "NIFTY"
    ]
    assert found == expected


def test_an_index_that_the_days_configuration_leaves_out_is_not_due(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    store(tmp_path, chain_of, [*cycles_of(TUESDAY), *cycles_of(THURSDAY)], ("NIFTY", "SENSEX"))
    store(tmp_path, chain_of, cycles_of(WEDNESDAY), config_id="c2")
    others = {
        name: {"enabled": False}
        for name in ("BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
    }
    write_config(
        tmp_path,
        "c2",
        {"settings": {"interval": 60, "index_params": others | {"NIFTY": {"enabled": True}}}},
    )
    assert [row["index"] for row in coverage(g6, tmp_path) if row["day"] == WEDNESDAY] == ["NIFTY"]


def test_an_index_that_the_configuration_has_and_that_left_no_row_is_missing(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    store(tmp_path, chain_of, cycles_of(WEDNESDAY))
    others = {
        name: {"enabled": False} for name in ("BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "BANKEX")
    }
    write_config(tmp_path, "c1", {"settings": {"interval": 60, "index_params": others}})
    assert whole("SENSEX", WEDNESDAY) in gaps(g6, tmp_path)


def test_rows_of_a_year_without_a_calendar_stand_for_themselves(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    store(tmp_path, chain_of, cycles_of("2019-11-18"))
    (told,) = coverage(g6, tmp_path)
    assert (told["due"], told["OK"], told["no_row"]) == (3, 3, 0)


def test_a_simulated_day_goes_as_far_as_its_newest_row_while_its_system_runs(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    store(tmp_path, chain_of, [*cycles_of(TUESDAY), *cycles_of(WEDNESDAY)])
    with owned(tmp_path, "sim", System("redis://127.0.0.1:6379/0")):
        told = coverage(g6, tmp_path)
    assert [row["due"] for row in told] == [SESSION, 108]
    with owned(tmp_path, "sim", System(), who="g6 data repair"):
        assert [row["due"] for row in coverage(g6, tmp_path)] == [SESSION, SESSION]


def test_what_a_repair_or_a_rerun_ran_under_does_not_decide_what_was_due(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    """Both may have been called with other indices, and a repair with another interval."""
    store(tmp_path, chain_of, cycles_of(WEDNESDAY, 4, step=300))
    write_config(tmp_path, "c1", {"settings": {"interval": 300, "index_params": only("NIFTY")}})
    write_config(tmp_path, "repair", {"settings": {"interval": 60}})
    write_config(tmp_path, "rerun", {"settings": {"interval": 300}})
    before = coverage(g6, tmp_path)
    store(tmp_path, chain_of, cycles_of(WEDNESDAY, 1, first="05:35"), config_id="rerun")
    assert coverage(g6, tmp_path) == before
    repaired = cycles_of(WEDNESDAY, 2, step=300, first="06:00")
    store(tmp_path, chain_of, repaired, config_id="repair")
    for cycle in repaired:
        row = {"timestamp": cycle, "underlying": "NIFTY", "status": "OK", "reason": "backfill"}
        ParquetStore(tmp_path).write_overview(cycle, [row])
    (told,) = coverage(g6, tmp_path)
    assert (told["due"], told["OK"], told["repaired"]) == (78, 6, 2)


@pytest.mark.parametrize("lost", [1, 4])
def test_a_repair_of_lost_chains_does_not_decide_what_was_due(
    g6: Run, tmp_path: Path, chain_of: Chains, lost: int
) -> None:
    """Their rows were collected and stand; the chains are made anew under other settings."""
    cycles = cycles_of(WEDNESDAY, 4, step=300)
    store(tmp_path, chain_of, cycles)
    write_config(tmp_path, "c1", {"settings": {"interval": 300, "index_params": only("NIFTY")}})
    write_config(tmp_path, "repair", {"settings": {"interval": 60}})
    before = coverage(g6, tmp_path)
    files = ParquetStore(tmp_path)
    for cycle in cycles[:lost]:
        frame = chain_of(cycle, "NIFTY")
        frame.columns["config_id"][:] = "repair"
        frame.header["stamp"] |= {"config_id": "repair", "revised_from": LOST}
        files.write_chain(Unit(cycle, "NIFTY"), frame)
    for _ in range(2):
        assert coverage(g6, tmp_path) == before
        ParquetHistory(tmp_path).compact("NIFTY", date.fromisoformat(WEDNESDAY))


def only(name: str) -> dict[str, Any]:
    """Return the parameters of all indices with one enabled."""
    return {index: {"enabled": index == name} for index in INDICES}


def computed_again(directory: Path, config_id: str) -> None:
    """Compute Wednesday's chains again under another configuration, as `g6 recompute` writes it."""
    history = ParquetHistory(directory)
    day = date.fromisoformat(WEDNESDAY)
    history.compact("NIFTY", day)
    history.compact("overview", day)
    stored = history.read_day("NIFTY", day, ["config_id"])
    again = {
        cycle: restamped(header, {"config_id": config_id})
        for cycle, header in stored.headers.items()
    }
    names = np.full(int(stored.bounds[-1]), config_id, dtype=object)
    history.write_day("NIFTY", day, {"config_id": names}, again)


def test_a_recompute_under_other_settings_does_not_change_what_was_due(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    """The rows name the settings they were computed under, and others have collected them."""
    store(tmp_path, chain_of, cycles_of(WEDNESDAY, 4, step=300))
    write_config(tmp_path, "c1", {"settings": {"interval": 300, "index_params": only("NIFTY")}})
    write_config(tmp_path, "c2", {"settings": {"interval": 60}})
    write_config(tmp_path, "c3", {"settings": {"interval": 60, "index_params": only("SENSEX")}})
    before = coverage(g6, tmp_path)
    lost = gaps(g6, tmp_path)
    assert [(row["index"], row["due"], row["OK"]) for row in before] == [("NIFTY", 78, 4)]
    for config_id in ("c2", "c3", "c1", "c2"):
        computed_again(tmp_path, config_id)
        assert coverage(g6, tmp_path) == before
        assert gaps(g6, tmp_path) == lost
    # A part of the same day that is written after it is folded with what the day says.
    store(tmp_path, chain_of, cycles_of(WEDNESDAY, 1, first="05:50"))
    for _ in range(2):
        assert [(row["due"], row["OK"]) for row in coverage(g6, tmp_path)] == [(78, 5)]
        ParquetHistory(tmp_path).compact("NIFTY", date.fromisoformat(WEDNESDAY))


def test_the_catalogue_names_the_settings_that_a_day_was_computed_under(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    store(tmp_path, chain_of, cycles_of(WEDNESDAY, 4))
    computed_again(tmp_path, "c2")
    told = json.loads(g6("data", "catalogue", "--json", "--data-dir", str(tmp_path)).out)
    assert "c2" in json.dumps(told)
    assert "c1" not in json.dumps(told)


def test_a_day_that_an_earlier_version_computed_again_is_known_by_its_mark(
    g6: Run, tmp_path: Path, chain_of: Chains
) -> None:
    store(tmp_path, chain_of, cycles_of(WEDNESDAY, 4, step=300))
    write_config(tmp_path, "c1", {"settings": {"interval": 300, "index_params": only("NIFTY")}})
    write_config(tmp_path, "c2", {"settings": {"interval": 60}})
    before = coverage(g6, tmp_path)
    computed_again(tmp_path, "c2")
    path = tmp_path / f"chain/underlying=NIFTY/date={WEDNESDAY}/day.parquet"
    table = pq.read_table(path)
    metadata = dict(table.schema.metadata)
    del metadata[b"g6.revised_from"]
    pq.write_table(table.replace_schema_metadata(metadata), path)
    assert coverage(g6, tmp_path) == before


@pytest.mark.parametrize("enabled", [("NIFTY",), ("NIFTY", "SENSEX")])
def test_the_indices_of_now_do_not_decide_what_was_due_on_a_stored_day(
    g6: Run, tmp_path: Path, chain_of: Chains, enabled: tuple[str, ...]
) -> None:
    """No file says under which settings the day was collected."""
    store(tmp_path, chain_of, cycles_of(TUESDAY), ("NIFTY", "SENSEX"))
    store(tmp_path, chain_of, cycles_of(WEDNESDAY))
    (tmp_path / ".kind").write_text("live\n")
    options = ["--from", WEDNESDAY, "--to", WEDNESDAY]
    for name in INDICES:
        options += ["--set", f"index_params.{name}.enabled={str(name in enabled).lower()}"]
    assert [row["index"] for row in coverage(g6, tmp_path, *options)] == ["NIFTY"]
