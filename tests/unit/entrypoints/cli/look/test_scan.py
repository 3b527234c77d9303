"""`g6 scan`: what is injected comes first, what is new is named, too little history is said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.schema.chain import Chain
from g6.errors import NothingToDo
from g6.studies.stored.scan import scan

EXPIRY = date(2026, 11, 24)
START = datetime(2026, 11, 20, 4, 5, tzinfo=UTC)


def quiet(chain_of, count, minutes=3):
    """Chains whose open interest and volume grow by small random steps."""
    die = np.random.default_rng(4)
    frames = []
    for i in range(count):
        frame = chain_of(isoformat_z(START + timedelta(minutes=minutes * i)), strikes=9)
        for name in ("ce_oi", "pe_oi", "ce_volume", "pe_volume"):
            before = frames[-1].columns[name] if frames else np.full(18, 650000.0)
            frame.columns[name][:] = before + 65.0 * die.integers(0, 20, 18)
        frame.columns["forward"][:] = 26000.0
        for name in ("ce_iv", "pe_iv"):
            frame.columns[name][:] = 0.12 + die.normal(0, 0.001, 18)
        frames.append(frame)
    return frames


def scanned(frames, least=6.0):
    cycle = isoformat_z(float(frames[-1].columns["timestamp"][0]))
    chains = [Chain.of_rows(frame).expiry(EXPIRY) for frame in frames]
    return scan(Unit(cycle, "NIFTY"), chains, least=least, top=5)


def test_injected_anomalies_are_ranked_first(chain_of):
    frames = quiet(chain_of, 20)
    frames[-1].columns["pe_oi"][3] += 650000.0
    frames[-1].columns["ce_volume"][6] += 900000.0
    frames[-1].columns["pe_iv"][2] += 0.3
    frames[-1].columns["ce_iv"][1] += 0.3
    found = scanned(frames).findings
    strikes = frames[-1].columns["strike"]
    # The volatility of the call in the money is not its own.
    first = {option.kind: (option.strike, option.side) for option in reversed(found)}
    assert first == {
        "oi": (strikes[3], "PE"),
        "volume": (strikes[6], "CE"),
        "iv": (strikes[2], "PE"),
    }


def test_a_quiet_day_has_nothing_unusual(chain_of):
    assert scanned(quiet(chain_of, 20), least=12.0).findings == ()


def test_steps_are_never_finer_than_open_interest_is_published(chain_of):
    assert scanned(quiet(chain_of, 60, minutes=1)).steps == 19


def test_new_strikes_are_named(chain_of):
    frames = quiet(chain_of, 10)
    kept = np.ones(18, dtype=bool)
    kept[8] = False
    frames[:9] = [frame.take(kept) for frame in frames[:9]]
    assert scanned(frames).new_strikes.tolist() == [frames[-1].columns["strike"][8]]


def test_too_few_cycles_say_so(chain_of):
    with pytest.raises(NothingToDo, match="too few"):
        scanned(quiet(chain_of, 6))


def test_a_short_day_is_said_in_a_sentence(g6, stored):
    answer = g6("scan", "FINNIFTY", "--data-dir", str(stored.directory))
    assert answer.code == 3
    assert "too few" in answer.err
