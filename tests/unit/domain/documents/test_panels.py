import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from g6.domain.documents.panels import (
    build,
    canonical,
    envelope,
    manifest,
    merge_panel_diff,
    panel_diff,
)
from g6.domain.reports import CycleReport, ProviderFacts, StorageFacts, StorageSizes
from g6.domain.reports.job_reports import KindSize
from g6.domain.schema.frame import Frame
from g6.domain.schema.rows import OVERVIEW
from g6.domain.schema.words import Status

CYCLE, LATER = "2026-11-20T04:05:00Z", "2026-11-20T04:06:00Z"
ChainOf = Callable[..., Frame]


def report(cycle: str = CYCLE, **units: str) -> CycleReport:
    units = units or {"NIFTY": Status.OK, "SENSEX": Status.MISSING}
    return CycleReport(
        cycle, Status.PARTIAL, units, {"SENSEX": "poison"}, {"NIFTY": 20, "SENSEX": 0}, 0.05, 0.4
    )


def row(index: str, **known: Any) -> dict[str, Any]:
    return (
        {column.name: None for column in OVERVIEW}
        | {"timestamp": CYCLE, "underlying": index, "status": "OK", "reason": ""}
        | known
    )


@pytest.fixture
def panels(chain_of: ChainOf) -> dict[str, dict[str, Any]]:
    nifty = row(
        "NIFTY",
        spot=26010.5,
        pcr_this_week=0.4,
        pcr_nearest=0.9,
        expiry_nearest="2026-11-24",
        options=20,
        iv_ok=18,
    )
    missing = row("SENSEX", status="MISSING", reason="poison")
    chains = {"NIFTY": chain_of(CYCLE, strikes=31)}
    return build(
        report(),
        [nifty, missing],
        chains,
        provider=ProviderFacts("sim"),
        generated_at=LATER,
        storage=StorageFacts(CYCLE, StorageSizes({"chain": KindSize(1, 5)})),
    )


def test_every_panel_is_there_and_a_chain_table_for_each_chain(panels: dict[str, Any]) -> None:
    assert set(panels) == {
        "summary", "indices", "index_NIFTY", "analytics", "breadth", "exposures", "overview", "alerts", "provider", "health", "storage", "cycle",
    }  # fmt: skip


def test_breadth_is_recounted_from_indices_futures_and_strikes(chain_of: ChainOf) -> None:
    chains = {
        name: chain_of(CYCLE, name, strikes=9, seed=seed)
        for seed, name in enumerate(("NIFTY", "SENSEX"))
    }
    for frame, future in zip(chains.values(), (26_100.0, 25_900.0), strict=True):
        frame.header["spot"].update(
            open=26_000.0, prev_close=26_020.0, future=future, future_vwap=26_000.0
        )
    built = build(
        report(),
        [row("NIFTY"), row("SENSEX")],
        chains,
        provider=ProviderFacts(),
        generated_at=LATER,
    )["breadth"]["data"]
    assert built["market"]["above_open"] == {"count": 2, "known": 2}
    assert built["market"]["above_close"] == {"count": 0, "known": 2}
    assert built["market"]["futures_above_vwap"] == {"count": 1, "known": 2}
    for name, frame in chains.items():
        moves = frame.columns["pe_last"] - frame.columns["pe_close"]
        traded = frame.columns["pe_volume"] > 0
        assert built["strikes"][name]["put_premium"]["count"] == sum(
            move > 0 for move in moves[traded].tolist()
        )


def test_the_envelope_says_when_it_was_made_and_of_which_cycle_it_is(
    panels: dict[str, Any],
) -> None:
    for name, document in panels.items():
        assert (document["panel"], document["version"]) == (name, 1)
        assert (document["generated_at"], document["updated_at"]) == (LATER, CYCLE)
        assert document["meta"]["schema"] == "panel-envelope-v1"
        assert (
            document["meta"]["hash"] == hashlib.sha256(canonical(document["data"])).hexdigest()[:12]
        )


def test_every_document_is_json(panels: dict[str, Any]) -> None:
    assert json.loads(json.dumps(panels, allow_nan=False)) == panels


def test_the_chain_table_is_the_window_of_the_nearest_expiry_with_atm_marked(
    panels: dict[str, Any],
) -> None:
    strikes = panels["index_NIFTY"]["data"]["strikes"]
    assert [each["offset"] for each in strikes] == list(range(-10, 11))
    assert [each["strike"] for each in strikes if each["atm"]] == [26000.0]
    assert panels["index_NIFTY"]["data"]["expiry"] == "2026-11-24"


def test_the_chain_table_has_both_sides_with_the_change_in_open_interest(
    panels: dict[str, Any], chain_of: ChainOf
) -> None:
    first, columns = (
        panels["index_NIFTY"]["data"]["strikes"][0],
        chain_of(CYCLE, strikes=31).columns,
    )
    place = int(np.flatnonzero(columns["offset"] == -10)[0])
    assert first["pe"]["oi_change"] == columns["pe_oi"][place] - columns["pe_oi_prev"][place]
    assert np.float32(first["ce"]["iv"]) == columns["ce_iv"][place]


def test_what_is_missing_in_a_chain_is_null(panels: dict[str, Any], chain_of: ChainOf) -> None:
    documents = build(
        report(),
        [row("NIFTY", expiry_nearest="2026-11-24")],
        {"NIFTY": chain_of(CYCLE)},
        provider=ProviderFacts(),
        generated_at=LATER,
    )
    first = documents["index_NIFTY"]["data"]["strikes"][0]["ce"]
    assert (first["last"], first["oi_change"], first["iv"]) == (None, None, None)


def test_an_index_panel_has_no_gap_where_the_screen_shows_a_figure(panels: dict[str, Any]) -> None:
    head = panels["index_NIFTY"]["data"]
    assert (head["ltp"], head["pcr"], head["options"], head["latency_seconds"]) == (
        26010.5,
        0.9,
        20,
        0.4,
    )


def test_an_index_without_a_row_has_no_chain_table(chain_of: ChainOf) -> None:
    documents = build(
        report(), [], {"NIFTY": chain_of(CYCLE)}, provider=ProviderFacts(), generated_at=LATER
    )
    assert "index_NIFTY" not in documents


def test_a_unit_that_is_not_ok_is_an_alert_with_its_reason(panels: dict[str, Any]) -> None:
    assert panels["alerts"]["data"]["alerts"] == [
        {
            "name": "unit_not_ok",
            "severity": "critical",
            "index": "SENSEX",
            "status": "MISSING",
            "reason": "poison",
        }
    ]


def test_the_summary_counts_units_by_status(panels: dict[str, Any]) -> None:
    summary = panels["summary"]["data"]
    assert summary["units"] == {"OK": 1, "PARTIAL": 0, "MISSING": 1, "SKIPPED": 0}
    assert (summary["success_rate_pct"], summary["options_last_cycle"]) == (50.0, 20)


def test_unchanged_data_keeps_its_hash_from_cycle_to_cycle() -> None:
    one, other = (
        build(report(at), [row("NIFTY")], {}, provider=ProviderFacts("sim"), generated_at=at)
        for at in (CYCLE, LATER)
    )
    for name in ("indices", "analytics", "provider", "storage", "health"):
        assert one[name]["meta"]["hash"] == other[name]["meta"]["hash"], name
    assert one["cycle"]["meta"]["hash"] != other["cycle"]["meta"]["hash"]


def test_canonical_json_is_sorted_and_tight_with_null_for_what_is_no_number() -> None:
    data = {
        "b": float("nan"),
        "a": [np.float32(0.5), np.int64(2), "₹"],
        "c": datetime(2026, 11, 20, tzinfo=UTC),
        "d": date(2026, 11, 20),
    }
    assert (
        canonical(data)
        == '{"a":[0.5,2,"₹"],"b":null,"c":"2026-11-20T00:00:00Z","d":"2026-11-20"}'.encode()
    )


def test_the_manifest_lists_files_by_name() -> None:
    assert manifest({"b": "2" * 64, "a": "1" * 64}, CYCLE) == {
        "panels": ["a", "b"], "hashes": {"a.json": "1" * 64, "b.json": "2" * 64}, "generated_at": CYCLE,
    }  # fmt: skip


def test_a_difference_holds_only_what_changed() -> None:
    old = envelope("indices", {"NIFTY": {"ltp": 1.0, "oi": [1, 2]}, "SENSEX": 1}, CYCLE, CYCLE)[
        "data"
    ]
    new = {"NIFTY": {"ltp": 2.0, "oi": [1, 3]}, "BANKEX": 1}
    diff = panel_diff(old, new)
    edit = {"NIFTY": {"edit": {"ltp": {"to": 2.0}, "oi": {"items": {"1": {"to": 3}}}}}}
    assert diff == {"drop": ["SENSEX"], "set": {"BANKEX": 1}, "edit": edit}
    assert merge_panel_diff(old, diff) == new


def test_one_and_true_and_one_point_nought_differ_as_their_hashes_do() -> None:
    assert panel_diff({"a": 1}, {"a": True}) == {"edit": {"a": {"to": True}}}
    assert panel_diff([1], [1.0]) == {"items": {"0": {"to": 1.0}}}


def test_a_figure_that_is_missing_is_null_with_a_note_and_breaks_nothing(
    panels: dict[str, Any], chain_of: ChainOf
) -> None:
    nifty = panels["indices"]["data"]["NIFTY"]
    assert nifty["forward"] is None
    assert nifty["notes"]["forward"].startswith("no forward")
    assert nifty["notes"]["support"] == "no open interest on both sides is known"
    assert "spot" not in nifty["notes"]
    missing = panels["indices"]["data"]["SENSEX"]
    assert set(missing["notes"].values()) == {"MISSING: poison"}
    for panel in ("indices", "analytics"):
        for figures in panels[panel]["data"].values():
            nulls = {name for name, value in figures.items() if value is None}
            assert nulls == set(figures["notes"])
    bare = {"underlying": "NIFTY", "timestamp": CYCLE, "status": "OK", "reason": ""}
    chains = {"NIFTY": chain_of(CYCLE)}
    documents = build(report(), [bare], chains, provider=ProviderFacts(), generated_at=LATER)
    assert documents["index_NIFTY"]["data"]["notes"]["ltp"]
    assert documents["index_NIFTY"]["data"]["strikes"] == []


def test_a_panel_in_which_nothing_is_missing_has_no_notes() -> None:
    whole = {column.name: 1.0 for column in OVERVIEW}
    whole |= {"timestamp": CYCLE, "underlying": "NIFTY", "status": "OK", "expiry_nearest": None}
    documents = build(report(), [whole], {}, provider=ProviderFacts(), generated_at=LATER)
    assert documents["indices"]["data"]["NIFTY"]["notes"] == {
        "expiry_nearest": "no expiry lies ahead"
    }
    assert "notes" not in _without(documents["analytics"]["data"]["NIFTY"], "expiry_nearest")


def _without(figures: dict[str, Any], name: str) -> dict[str, Any]:
    notes = {key: note for key, note in figures.get("notes", {}).items() if key != name}
    return {key: value for key, value in figures.items() if key != "notes"} | (
        {"notes": notes} if notes else {}
    )


def test_open_interest_that_is_not_published_yet_has_no_change(chain_of: ChainOf) -> None:
    chain = chain_of(CYCLE, strikes=5)
    waiting = {"oi": 0, "oi_prev": 650, "oi_day_high": 0}
    for side in ("ce_", "pe_"):
        for name, units in waiting.items():
            chain.columns[side + name][:] = units
    documents = build(
        report(),
        [row("NIFTY", spot=26010.5, expiry_nearest="2026-11-24")],
        {"NIFTY": chain},
        provider=ProviderFacts("sim"),
        generated_at=LATER,
    )
    data = documents["index_NIFTY"]["data"]
    assert {line["ce"]["oi_change"] for line in data["strikes"]} == {None}
    assert "not published yet for 20 of 20 options" in data["notes"]["oi_change"]
