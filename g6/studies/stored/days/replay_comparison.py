"""A replayed day held against the stored one: rows, chains and panels, cycle by cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.words import ANALYSED
from g6.ports import Store
from g6.studies.stored.past_panels import panel_hashes

OWN = ("config_id",)
"""Columns that name the configuration, which is the replay's own."""


@dataclass(frozen=True, slots=True)
class ComparedCycle:
    """One cycle, as it was stored and as it was replayed.

    Attributes:
        rows: Overview rows that were held against each other.
        chains: Chains that were.
        panels: The hash of each panel as the stored rows make it.
        differing: What is not the same, such as `row NIFTY` or `panel overview`.
    """

    cycle: str
    rows: int
    chains: int
    panels: Mapping[str, str]
    differing: Sequence[str]


def compare_cycle(before: Store, after: Store, cycle: str, indices: Sequence[str]) -> ComparedCycle:
    """Hold what a replay stored of a cycle against what was stored before.

    Args:
        before: The store that was replayed.
        after: The store of the replay.
        cycle: The cycle's name.
        indices: Those that were replayed.
    """
    old = _rows(before, cycle, indices)
    new = _rows(after, cycle, indices)
    names = sorted({*old, *new})
    differing = [f"row {name}" for name in names if old.get(name) != new.get(name)]
    old_chains = _chains(before, cycle, old)
    new_chains = _chains(after, cycle, new)
    both = sorted({*old_chains, *new_chains})
    changed = [name for name in both if not _same(old_chains.get(name), new_chains.get(name))]
    differing += [f"chain {name}" for name in changed]
    hashes = panel_hashes(cycle, list(old.values()), old_chains)
    replayed = panel_hashes(cycle, list(new.values()), new_chains)
    differing += [f"panel {name}" for name in hashes if hashes[name] != replayed.get(name)]
    return ComparedCycle(cycle, len(names), len(old_chains), hashes, tuple(differing))


def _rows(store: Store, cycle: str, indices: Sequence[str]) -> dict[str, OverviewRow]:
    rows = store.read_overview(cycle)
    return {row["underlying"]: row for row in rows if row["underlying"] in indices}


def _chains(store: Store, cycle: str, rows: Mapping[str, OverviewRow]) -> dict[str, Frame]:
    chains: dict[str, Frame] = {}
    for name, row in rows.items():
        if row["status"] in ANALYSED:
            frame = store.read_chain(Unit(cycle, name))
            if frame is not None:
                chains[name] = frame
    return chains


def _same(old: Frame | None, new: Frame | None) -> bool:
    """Tell whether two chains say the same, to the last bit, of the same strikes."""
    if old is None or new is None or old.columns.keys() != new.columns.keys():
        return old is new
    for name, values in old.columns.items():
        if name in OWN:
            continue
        others = new.columns[name]
        # Text can be compared with itself alone, and NaN not even with that.
        is_number = values.dtype.kind == "f"
        if not np.array_equal(values, others, equal_nan=is_number):
            return False
    return True
