"""Every check of data quality: a clean cycle and day fail none, and each planted defect fails its own check alone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.bootstrap.reading.study_readers import directory_reader
from g6.config import calendar
from g6.domain.cycles.cycle import Unit
from g6.domain.quotes.quality_days import DayStatistics
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import Frame
from g6.domain.schema.words import Flag
from g6.studies.checks.quality.check_runs import CHECKS, CYCLE_CHECKS, checked_cycle
from g6.studies.checks.quality.checked_rows import (
    CycleCheck,
    CycleRows,
    DayCheck,
    DayRows,
    is_failure,
)
from g6.studies.checks.quality.day_checks import DAY_CHECKS

STORE = Path(__file__).parents[3] / "tests/data/store"
DAY = date(2026, 11, 18)
SECOND = np.datetime64("2026-12-01")
"""An expiry that is not the nearest, whose open interest the overview does not sum."""


@dataclass
class PlantedCycle:
    """Two successive cycles that a defect is planted into."""

    now: Frame
    before: Frame
    overview: dict[str, float]
    day: date = DAY

    def rows(self) -> CycleRows:
        return CycleRows.of(self.day, self.now, Chain.of_rows(self.before), self.overview)

    @property
    def spot(self) -> dict[str, Any]:
        header: Any = self.now.header
        spot: dict[str, Any] = header["spot"]
        return spot

    def column(self, name: str) -> np.ndarray[Any, Any]:
        column = self.now.columns[name]
        assert isinstance(column, np.ndarray)
        return column

    def second(self) -> np.ndarray[Any, Any]:
        mask: np.ndarray[Any, Any] = self.column("expiry").astype("datetime64[D]") == SECOND
        return mask

    def at_offset(self, offset: int) -> int:
        """Return the place of a strike of the second expiry."""
        return int(np.flatnonzero(self.second() & (self.column("offset") == offset))[0])

    def flag(self, flag: Flag, where: Any = slice(None)) -> None:
        self.column("ce_quality")[where] |= flag.value
        self.column("pe_quality")[where] |= flag.value


@pytest.fixture(scope="module")
def stored() -> tuple[Frame, Frame, dict[str, float]]:
    reader = directory_reader(STORE)
    before, now = reader.chains([Unit(f"2026-11-18T05:3{m}:00Z", "NIFTY") for m in (0, 1)])
    assert before is not None
    assert now is not None
    row = next(
        row for row in reader.overview_rows("2026-11-18T05:31:00Z") if row["underlying"] == "NIFTY"
    )
    return before, now, {"oi_calls": row["oi_calls"] or 0.0, "oi_puts": row["oi_puts"] or 0.0}


@pytest.fixture
def cycle(stored: tuple[Frame, Frame, dict[str, float]]) -> PlantedCycle:
    before, now, overview = stored
    return PlantedCycle(_writable(now), _writable(before), dict(overview))


def _writable(frame: Frame) -> Frame:
    columns = {name: np.array(column) for name, column in frame.columns.items()}
    return Frame(copy.deepcopy(dict(frame.header)), columns)


def crossed(cycle: PlantedCycle) -> None:
    place = cycle.at_offset(2)
    cycle.column("ce_bid")[place] = cycle.column("ce_ask")[place] + 1
    cycle.column("ce_quality")[place] |= Flag.CROSSED.value


def stale(cycle: PlantedCycle) -> None:
    cycle.flag(Flag.STALE)


def outlier(cycle: PlantedCycle) -> None:
    cycle.flag(Flag.OUTLIER, cycle.at_offset(2))


def negative_oi(cycle: PlantedCycle) -> None:
    place = cycle.at_offset(2)
    cycle.column("ce_oi")[place] = -65
    cycle.column("ce_quality")[place] |= Flag.BAD_OI.value


def bad_price(cycle: PlantedCycle) -> None:
    place = cycle.at_offset(2)
    cycle.column("ce_last")[place] = 0
    cycle.column("ce_quality")[place] |= Flag.BAD_PRICE.value


def missing_quotes(cycle: PlantedCycle) -> None:
    cycle.flag(Flag.MISSING, cycle.second())


def no_book(cycle: PlantedCycle) -> None:
    cycle.flag(Flag.NO_BOOK)


def wide_book(cycle: PlantedCycle) -> None:
    cycle.flag(Flag.WIDE)


def below_intrinsic(cycle: PlantedCycle) -> None:
    cycle.flag(Flag.BELOW_INTRINSIC)


def frozen(cycle: PlantedCycle) -> None:
    rows = cycle.rows()
    now, then = rows.matched
    for side in ("ce_", "pe_"):
        for name in ("last", "bid", "ask", "volume"):
            earlier = np.asarray(cycle.before.columns[side + name])
            cycle.column(side + name)[now] = earlier[then]


def volume_falls(cycle: PlantedCycle) -> None:
    cycle.column("ce_volume")[cycle.at_offset(0)] = 65


def expiry_lost(cycle: PlantedCycle) -> None:
    cycle.now = cycle.now.take(~cycle.second())


def strike_missing(cycle: PlantedCycle) -> None:
    rows = np.arange(len(cycle.now))
    cycle.now = cycle.now.take(rows[rows != cycle.at_offset(3)])


def strike_repeated(cycle: PlantedCycle) -> None:
    cycle.now = cycle.now.take(np.sort(np.append(np.arange(len(cycle.now)), cycle.at_offset(3))))


def expired_contract(cycle: PlantedCycle) -> None:
    cycle.day = date(2026, 11, 24)


def bucket_order(cycle: PlantedCycle) -> None:
    days = cycle.column("expiry").astype("datetime64[D]")
    cycle.column("bucket_mask")[days == days[0]] = 2
    cycle.column("bucket_mask")[cycle.second()] = 1


def lot_change(cycle: PlantedCycle) -> None:
    np.asarray(cycle.before.columns["lot_size"])[cycle.second()] = 75


def no_whole_lots(cycle: PlantedCycle) -> None:
    for name in ("ce_oi", "ce_oi_day_high"):
        cycle.column(name)[cycle.second()] += 1


def oi_late(cycle: PlantedCycle) -> None:
    days = cycle.column("expiry").astype("datetime64[D]")
    for name in ("ce_oi", "pe_oi"):
        cycle.column(name)[days != days[0]] = np.nan


def oi_outside_day(cycle: PlantedCycle) -> None:
    place = cycle.at_offset(0)
    cycle.column("ce_oi_day_high")[place] = cycle.column("ce_oi")[place] - 65


def last_outside_day(cycle: PlantedCycle) -> None:
    place = cycle.at_offset(0)
    cycle.column("ce_high")[place] = cycle.column("ce_last")[place] - 1


def quote_ahead(cycle: PlantedCycle) -> None:
    place = cycle.at_offset(0)
    cycle.column("ce_quote_time")[place] = cycle.column("observed_at")[place] + 30


def observed_late(cycle: PlantedCycle) -> None:
    cycle.column("observed_at")[:] += 90


def spot_unknown(cycle: PlantedCycle) -> None:
    cycle.column("spot_source")[:] = "stale"


def spot_outside_day(cycle: PlantedCycle) -> None:
    cycle.spot["high"] = cycle.spot["spot"] - 1


def spot_future(cycle: PlantedCycle) -> None:
    cycle.spot["future"] *= 1.03


def no_forward(cycle: PlantedCycle) -> None:
    cycle.column("forward")[cycle.second()] = np.nan


def forward_spread(cycle: PlantedCycle) -> None:
    cycle.column("forward_spread")[cycle.second()] = 100.0


def parity_broken(cycle: PlantedCycle) -> None:
    cycle.column("ce_price")[:] += 100


def iv_sides(cycle: PlantedCycle) -> None:
    cycle.column("ce_iv")[:] += 0.04


def iv_jump(cycle: PlantedCycle) -> None:
    for name in ("ce_iv", "pe_iv"):
        cycle.column(name)[:] += 0.07


def iv_range(cycle: PlantedCycle) -> None:
    cycle.column("ce_iv")[cycle.at_offset(3)] = 5.0


def solver_failed(cycle: PlantedCycle) -> None:
    cycle.column("ce_iv_status")[cycle.at_offset(3)] = "no_convergence"


def greeks_beyond(cycle: PlantedCycle) -> None:
    cycle.column("ce_delta")[cycle.at_offset(3)] = 1.5


def strike_order(cycle: PlantedCycle) -> None:
    dearer = cycle.column("ce_ask")[cycle.at_offset(2)]
    cycle.column("ce_bid")[cycle.at_offset(3)] = dearer + 1
    cycle.column("ce_ask")[cycle.at_offset(3)] = dearer + 2


def overview_sum(cycle: PlantedCycle) -> None:
    cycle.overview["oi_calls"] += 65


CYCLE_PLANTS: tuple[Callable[[PlantedCycle], None], ...] = (
    crossed, stale, outlier, negative_oi, bad_price, missing_quotes, no_book, wide_book,
    below_intrinsic, frozen, volume_falls, expiry_lost, strike_missing, strike_repeated,
    expired_contract, bucket_order, lot_change, no_whole_lots, oi_late, oi_outside_day,
    last_outside_day, quote_ahead, observed_late, spot_unknown, spot_outside_day, spot_future,
    no_forward, forward_spread, parity_broken, iv_sides, iv_jump, iv_range, solver_failed,
    greeks_beyond, strike_order, overview_sum,
)  # fmt: skip

STATISTICS = DayStatistics(
    strikes=350.0, oi=6e8, volume=7e8, atm_iv=0.09, last_spot=24_000.0, lots={"2026-12-01": 65.0}
)


def clean_day() -> DayRows:
    cycles = 375
    return DayRows(
        index="NIFTY",
        day=DAY,
        calendar=calendar(),
        instants=60.0 * np.arange(cycles),
        is_ok=np.ones(cycles, dtype=np.bool_),
        spots=24_000 + 0.05 * np.arange(cycles),
        prev_close=23_900.0,
        statistics=STATISTICS,
        before=replace(STATISTICS, last_spot=23_900.0),
        agreement={"oi": 1.0, "lot": 1.0},
    )


def _before(day: DayRows, **changes: Any) -> DayRows:
    assert day.before is not None
    return replace(day, before=replace(day.before, **changes))


DAY_PLANTS: dict[str, Callable[[DayRows], DayRows]] = {
    "cycles_not_ok": lambda day: replace(day, is_ok=np.arange(375) > 10),
    "cycle_gap": lambda day: replace(day, instants=np.delete(day.instants, slice(100, 120))),
    "spot_stuck": lambda day: replace(day, spots=np.maximum(day.spots, day.spots[20])),
    "expiry_rule": lambda day: replace(
        day, statistics=replace(STATISTICS, lots={"2026-12-02": 65.0})
    ),
    "day_move": lambda day: replace(_before(day, last_spot=20_000.0), prev_close=20_000.0),
    "close_differs": lambda day: _before(day, last_spot=23_500.0),
    "lot_day_on_day": lambda day: _before(day, lots={"2026-12-01": 75.0}),
    "strikes_day_on_day": lambda day: _before(day, strikes=900.0),
    "oi_day_on_day": lambda day: _before(day, oi=9e9),
    "volume_day_on_day": lambda day: _before(day, volume=9e9),
    "iv_day_on_day": lambda day: _before(day, atm_iv=0.3),
    "exchange_total": lambda day: replace(day, agreement={"oi": 0.9, "lot": 1.0}),
}


def failed_of_day(day: DayRows) -> Iterator[str]:
    for check in DAY_CHECKS:
        if is_failure(check, check.rule(day)):
            yield check.name


def test_a_clean_cycle_fails_no_check_and_each_looks_at_some_rows(cycle: PlantedCycle) -> None:
    results = checked_cycle(cycle.rows())
    assert [result.check for result in results if result.failures] == []
    assert [result.check for result in results if result.rows == 0] == []


def test_a_clean_day_fails_no_check_and_each_looks_at_something() -> None:
    assert list(failed_of_day(clean_day())) == []
    assert [check.name for check in DAY_CHECKS if check.rule(clean_day())[0] == 0] == []


@pytest.mark.parametrize("plant", CYCLE_PLANTS, ids=lambda plant: plant.__name__)
def test_a_defect_planted_into_a_cycle_fails_its_own_check_alone(
    cycle: PlantedCycle, plant: Callable[[PlantedCycle], None]
) -> None:
    plant(cycle)
    failed = [result.check for result in checked_cycle(cycle.rows()) if result.failures]
    assert failed == [plant.__name__]


@pytest.mark.parametrize("name", DAY_PLANTS)
def test_a_defect_planted_into_a_day_fails_its_own_check_alone(name: str) -> None:
    assert list(failed_of_day(DAY_PLANTS[name](clean_day()))) == [name]


def test_every_check_has_a_plant_and_says_what_it_is() -> None:
    plants = [*(plant.__name__ for plant in CYCLE_PLANTS), *DAY_PLANTS]
    assert plants == [check.name for check in CHECKS]
    assert len(set(plants)) >= 25
    for check in CHECKS:
        assert check.sentence.endswith(".")
        assert check.condition
    page = (STORE.parents[2] / "docs/how-to/quality.md").read_text()
    severities = (" | warning | ", " | critical | ")
    lines = [line for line in page.splitlines() if any(word in line for word in severities)]
    assert lines == [_line_of_page(check) for check in CHECKS]


def _line_of_page(check: CycleCheck | DayCheck) -> str:
    scope = "cycle" if isinstance(check, CycleCheck) else "day"
    words = (f"`{check.name}`", scope, check.severity.value, check.sentence, check.condition)
    return f"| {' | '.join(words)} |"


def test_the_first_cycle_of_a_day_has_nothing_before_it(cycle: PlantedCycle) -> None:
    rows = CycleRows.of(DAY, cycle.now, None, {})
    counts = {check.name: check.rule(rows) for check in CYCLE_CHECKS}
    silent = {name for name, (looked, _) in counts.items() if not looked}
    assert silent == {
        "frozen", "volume_falls", "expiry_lost", "lot_change", "iv_jump", "overview_sum"
    }  # fmt: skip
