"""Which stored units a study looks at, and what was known of them at an instant."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from g6.bootstrap.reading.study_readers import directory_reader
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.schema.frame import Frame
from g6.errors import NothingToDo, UserError
from g6.studies import selection
from tests.worlds.stored_cycles import STORED_CYCLES, Stored, store_two_cycles

LAST = Unit(STORED_CYCLES[-1], "FINNIFTY")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return store_two_cycles(tmp_path_factory.mktemp("selection"))


def observed(frame: Frame, at: datetime) -> Frame:
    """The chain as if it had been observed at an instant, as a repair writes it."""
    seconds = np.full(len(frame), at.timestamp())
    return Frame(frame.header, {**frame.columns, "observed_at": seconds})


def test_the_newest_chain_not_later_is_chosen(stored: Stored) -> None:
    reader = directory_reader(stored.directory)
    at = parse_z(STORED_CYCLES[-1]) - timedelta(seconds=1)
    assert selection.latest(reader, "finnifty", at)[0].cycle == STORED_CYCLES[0]


def test_a_chain_that_was_repaired_later_was_not_known(stored: Stored) -> None:
    frame = stored.frames[STORED_CYCLES[-1]]
    repaired = observed(frame, LAST.instant + timedelta(days=1))
    assert not selection.is_observed_by(repaired, LAST.instant + timedelta(hours=1))
    assert selection.is_observed_by(repaired, None)


def test_units_are_oldest_first_and_at_most_as_many_as_wanted(stored: Stored) -> None:
    reader = directory_reader(stored.directory)
    cycles = [unit.cycle for unit in selection.units(reader, "FINNIFTY", None, 60)]
    assert cycles == list(STORED_CYCLES)
    assert len(selection.units(reader, "FINNIFTY", None, 1)) == 1


def test_what_is_not_stored_names_the_directory(stored: Stored) -> None:
    reader = directory_reader(stored.directory)
    with pytest.raises(NothingToDo, match=str(stored.directory)):
        selection.units(reader, "NIFTY", None, 1)


def test_an_unknown_index_names_those_there_are() -> None:
    with pytest.raises(UserError, match="NIFTY"):
        selection.known_index("DAX")
