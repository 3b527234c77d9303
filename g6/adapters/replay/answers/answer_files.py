"""A source over saved answers of the exchanges, however many polls, expiries and doubles of an instant there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.answers import bse, nse
from g6.adapters.replay.answers.answer import (
    ExchangeAnswer,
    OmittedPart,
    joined,
    keys_of,
    middle_of,
    taken,
)
from g6.adapters.replay.answers.documents import read_document
from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import Rows, Snapshot, snapshot
from g6.adapters.replay.tables.plausible import (
    believable_spot,
    dear_prices,
    far_strikes,
    told_price,
    told_strike,
)
from g6.adapters.replay.unread import LeftOut, kind_of
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES, SIDES
from g6.domain.market.lots import lot_of
from g6.domain.schema.counting import MAX_OPEN_INTEREST
from g6.errors import BadInput, UnknownLot

Closes = Callable[[str, date], datetime]
"""When trading of an exchange (NSE, BSE) ends on a day."""

LONGEST = timedelta(days=366 * 6)
"""From an instant to the furthest expiry there can be: the longest contracts of NIFTY run five years."""


class AnswerFiles:
    """Source over files of one answer each; every file is parsed when opened, and again when its instant is asked for.

    Answers of one index and instant make one snapshot: the first that has an option says what it is. A file that adds nothing is a
    copy. Whatever is no answer, and what is damaged in one, is left out and told in `left_out`.
    """

    remembers = False

    def __init__(
        self,
        paths: Sequence[Path],
        wanted: Collection[str] | None = None,
        closes: Closes | None = None,
    ) -> None:
        """Read every file; of no index but the `wanted` ones, where they are named. An expiry is over after `closes`."""
        self._wanted, self._closes = wanted, closes
        self._files: dict[tuple[str, datetime], list[Path]] = {}
        self._expiries: dict[str, frozenset[date]] = {}
        keys: dict[tuple[str, datetime], NDArray[np.int64]] = {}
        left_out: list[LeftOut] = []
        for path in paths:
            try:
                answer = self._answer(read_document(path), path)
                seen = _snapshot(answer.index, answer.at, [answer])
            except Malformed as error:
                left_out.append(LeftOut(path, error.row, error.reason, kind_of(error)))
                continue
            unit = answer.index, answer.at
            left_out += [_placed(path, spoilt) for spoilt in (*answer.spoilt, *_impossible(seen))]
            mine = keys_of(answer.rows)
            fresh = ~np.isin(mine, keys.get(unit, mine[:0]))
            if not fresh.all():
                left_out.append(
                    _copied(path, self._files[unit][0], int((~fresh).sum()), fresh.any())
                )
            if fresh.any():
                keys[unit] = np.concatenate([keys.get(unit, mine[:0]), mine[fresh]])
                self._files.setdefault(unit, []).append(path)
                self._expiries[answer.index] = self._expiries.get(answer.index, frozenset()) | set(
                    seen.contracts.expiries
                )
        self.left_out: Sequence[LeftOut] = tuple(left_out)

    def instants(self) -> Mapping[str, tuple[datetime, ...]]:
        """Return the instants of each index."""
        return {
            index: tuple(sorted(at for name, at in self._files if name == index))
            for index in sorted(self._expiries)
        }

    def expiries(self) -> Mapping[str, frozenset[date]]:
        """Return the distinct expiries of each index."""
        return self._expiries

    def read(self, index: str, at: datetime) -> Snapshot:
        """Return the answers of one instant as a snapshot. Errors: BadInput, for a file that changed since it was opened."""
        answers = []
        for path in self._files[index, at]:
            try:
                answers.append(self._answer(read_document(path), path))
                whole = _snapshot(index, at, answers)
            except Malformed as error:
                raise BadInput(path, error.row, error.reason) from error
        return whole

    def totals(self, index: str, at: datetime) -> dict[str, float]:
        """Return the exchange's own sums of the answer that has the nearest expiry. Errors: BadInput."""
        nearest: tuple[date, Any] | None = None
        for path in self._files[index, at]:
            try:
                document = read_document(path)
                first = (
                    self._answer(document, path).rows.expiry.min().astype("datetime64[D]").item()
                )
            except Malformed as error:
                raise BadInput(path, error.row, error.reason) from error
            if nearest is None or first < nearest[0]:
                nearest = first, document
        document = nearest[1] if nearest else {}
        return bse.parse_totals(document) if bse.is_bse(document) else nse.parse_totals(document)

    def _answer(self, document: Any, path: Path) -> ExchangeAnswer:
        """Return the options of an answer that are alive at its instant. Errors: Malformed."""
        is_bse = bse.is_bse(document)
        answer = (
            bse.parse_bse(document, path, self._wanted)
            if is_bse
            else nse.parse_nse(document, self._wanted)
        )
        told: list[OmittedPart] = []
        rows = answer.rows
        keep = np.ones(len(rows.strike), dtype=np.bool_)
        for expiry in np.unique(rows.expiry).astype("datetime64[D]").tolist():
            mine = rows.expiry == np.datetime64(expiry)
            unknown = _without_lot(answer, expiry)
            if self._over(answer, expiry):
                told.append(
                    OmittedPart(
                        None,
                        f"{mine.sum()} options had expired on {expiry}",
                        "expired",
                        int(mine.sum()),
                    )
                )
                keep &= ~mine
            elif expiry - day_of(answer.at) > LONGEST:
                reason = f"{mine.sum()} options expire on {expiry}, further away than any contract"
                told.append(OmittedPart(None, reason, "damaged", int(mine.sum())))
                keep &= ~mine
            elif unknown:
                told.append(
                    OmittedPart(
                        None,
                        f"{mine.sum()} options of {expiry}: {unknown}",
                        "damaged",
                        int(mine.sum()),
                    )
                )
                keep &= ~mine
        level = _level(answer)
        far = keep & far_strikes(rows.strike, np.full(len(keep), level))
        told += _far_strikes(rows, np.flatnonzero(far).tolist(), level)
        keep &= ~far
        if not keep.any():
            raise Malformed(None, "; ".join(spoilt.reason for spoilt in told))
        rows = rows if keep.all() else taken(rows, keep)
        told += _without_dear_prices(rows, day_of(answer.at), level)
        spot = answer.spot if level == answer.spot else nan
        return replace(answer, spot=spot, rows=rows, spoilt=(*answer.spoilt, *told))

    def _over(self, answer: ExchangeAnswer, expiry: date) -> bool:
        if self._closes is None or expiry < day_of(answer.at):
            return expiry < day_of(answer.at)
        return expiry == day_of(answer.at) and answer.at > self._closes(
            INDICES[answer.index].exchange, expiry
        )


def _level(answer: ExchangeAnswer) -> float:
    """Return the index of an answer, or the middle of its strikes where it is no print."""
    middle = float(np.median(answer.rows.strike))
    return (
        answer.spot if believable_spot(np.array([answer.spot]), np.array([middle]))[0] else middle
    )


def _far_strikes(rows: Rows, places: Sequence[int], level: float) -> list[OmittedPart]:
    """Name options whose strike cannot belong to an index at `level`, points."""
    named = []
    for place in places:
        strike = told_strike(rows.strike[place], level, scalable=False)
        named.append(OmittedPart(None, f"{SIDES[rows.side[place]]}: {strike}"))
    return named


def _without_dear_prices(rows: Rows, day: date, level: float) -> list[OmittedPart]:
    """Blank the last prices that no option can have, and tell of each; the option stays."""
    days = (rows.expiry.astype("datetime64[D]") - np.datetime64(day)).astype(np.int64)
    last = rows.figures["last"]
    told = []
    for place in np.flatnonzero(
        dear_prices(last, rows.side, rows.strike, np.full(len(days), level), days)
    ).tolist():
        reason = told_price(last[place], rows.strike[place], level, "lastPrice")
        told.append(
            OmittedPart(None, f"{SIDES[rows.side[place]]} of {rows.expiry[place]}: {reason}")
        )
        last[place] = nan
    return told


def _without_lot(answer: ExchangeAnswer, expiry: date) -> str:
    """Return why nobody knows how many units a contract is, an empty text where it is known."""
    try:
        lot_of(answer.index, expiry, day_of(answer.at))
    except UnknownLot as error:
        return error.sentence
    return ""


def _snapshot(index: str, at: datetime, answers: Sequence[ExchangeAnswer]) -> Snapshot:
    """Return what answers of one instant say together; where they disagree on the index, the middle one and that it is disputed."""
    spot, disputed = middle_of([answer.spot for answer in answers])
    seen = snapshot(
        index,
        at,
        spot,
        answers[0].rows if len(answers) == 1 else joined([answer.rows for answer in answers]),
    )
    oi = seen.values["oi"]
    seen.values["oi_prev"][(oi < 0) | (oi >= MAX_OPEN_INTEREST)] = nan
    if disputed or any(answer.disputed for answer in answers):
        return replace(seen, spot=replace(seen.spot, spot_source="disputed"))
    return seen


def _impossible(seen: Snapshot) -> list[OmittedPart]:
    """Tell of open interest that cannot be; it stays as it came, is flagged and in no sum."""
    oi = seen.values["oi"]
    told = []
    for side, place in zip(*np.nonzero((oi < 0) | (oi >= MAX_OPEN_INTEREST)), strict=True):
        name = seen.contracts.symbol[side, place]
        told.append(
            OmittedPart(
                None,
                f"open interest of {name}, {oi[side, place]:g} units, cannot be: it is flagged bad_oi and in no sum",
            )
        )
    return told


def _placed(path: Path, spoilt: OmittedPart) -> LeftOut:
    return LeftOut(path, spoilt.row, spoilt.reason, spoilt.kind, spoilt.count)


def _copied(path: Path, first: Path, count: int, partly: np.bool_) -> LeftOut:
    if partly:
        return LeftOut(
            path,
            None,
            f"{count} of its options are in {first.name} already, at the same instant",
            "copy",
            count,
        )
    return LeftOut(
        path, None, f"is a copy: {first.name} has the same options at the same instant", "copy"
    )
