"""Dated rules: what listings contradict them, and the line to add."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from g6.config import calendar
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.instrument import INDICES, Listing
from g6.simulation import SimulatedMarket
from g6.studies.market.market_rules import rules_of
from g6.studies.market.rule_checks import broken_rules
from tests.unit.entrypoints.cli.conftest import Run

AT = parse_z("2026-11-18T05:30:00Z")
SIX = [name for name in INDICES if name != "NIFTYNXT50"]


def listing_of(index: str) -> Listing:
    return SimulatedMarket(calendar()).listing(index, AT)


@pytest.mark.parametrize("index", SIX)
def test_a_listing_of_the_simulated_market_obeys_lots_and_weekdays(index: str) -> None:
    broken = [rule for rule in broken_rules(listing_of(index), calendar()) if rule.rule != "tick"]
    unreviewed = [rule for rule in broken if rule.rule == "lot"]
    assert [rule for rule in broken if rule not in unreviewed] == []
    # The review of October 2026 is not known: contracts of 2027 are said to be looked at.
    assert all(" 2027-" in rule.what for rule in unreviewed)


def test_another_lot_is_told_with_its_line() -> None:
    listing = listing_of("NIFTY")
    contracts = listing.contracts
    first = contracts.expiry == np.datetime64(contracts.expiries[0], "D")
    lots = np.where(first, 50, contracts.lot_size)
    changed = replace(listing, contracts=replace(contracts, lot_size=lots))
    broken = [rule for rule in broken_rules(changed, calendar()) if "lot of 50" in rule.what]
    (rule,) = broken
    assert "the rules say 65 (NSE/FAOP/70616 of 3 Oct 2025" in rule.what
    assert rule.line.split()[:3] == ["NIFTY", "50", "2026-11-18"]
    assert rule.line.endswith("dump-2026-11-18")


def test_another_tick_is_told_with_its_line() -> None:
    listing = listing_of("SENSEX")
    contracts = listing.contracts
    ticks = np.full(len(contracts), 0.1)
    changed = replace(listing, contracts=replace(contracts, tick_size=ticks))
    (rule,) = [
        rule
        for rule in broken_rules(changed, calendar())
        if rule.rule == "tick" and "options" in rule.what
    ]
    assert rule.line == (
        'Tick("SENSEX", "options", date(2026, 11, 18), 0.1, "dump of 2026-11-18"),'
    )


def test_another_weekday_of_expiry_is_told() -> None:
    listing = listing_of("NIFTY")
    contracts = listing.contracts
    # A Thursday, and no holiday lies between it and the Tuesday after.
    moved = np.where(
        contracts.expiry == np.datetime64("2026-12-01", "D"),
        np.datetime64("2026-12-03", "D"),
        contracts.expiry,
    )
    changed = replace(listing, contracts=replace(contracts, expiry=moved))
    rules = [rule for rule in broken_rules(changed, calendar()) if rule.rule == "weekday"]
    assert [rule.what.split()[0] for rule in rules] == ["2026-12-03"]
    assert "is a Thursday, and the rules say Tuesday" in rules[0].what


def test_an_expiry_before_a_holiday_obeys() -> None:
    assert date(2026, 11, 23) in listing_of("NIFTY").contracts.expiries
    assert [rule for rule in broken_rules(listing_of("NIFTY"), calendar()) if "2026-11-23" in rule.what] == []  # fmt: skip


def test_the_file_for_others_has_every_kind_with_its_source(g6: Run) -> None:
    told = json.loads(g6("rules", "show", "--json").out)
    assert told == rules_of(calendar()).to_json()
    kinds = {rule["rule"] for rule in told["rules"]}
    assert kinds == {"lot", "tick", "weekday", "weeklies", "hours", "closed", "special"}
    assert all(rule["source"] for rule in told["rules"])


def test_the_command_says_what_obeys(g6: Run) -> None:
    answer = g6("rules", "check", "--json")
    told = json.loads(answer.out)
    assert set(told["listed"]) == set(SIX)
    # What the simulated market makes up is no source of a lot that no circular has told.
    assert (answer.code, told["broken"]) == (0, [])
    assert all(" 2027-" in rule["what"] for rule in told["invented"])
