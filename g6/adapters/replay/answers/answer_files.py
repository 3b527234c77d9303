"""A snapshot source over saved answers of the exchanges, of several polls and expiries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import nan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from g6.adapters.replay.answer_documents import read_document
from g6.adapters.replay.answers import bse, nse
from g6.adapters.replay.answers.answer import (
    ExchangeAnswer,
    OmittedPart,
    join_rows,
    median_print,
    option_keys,
    select_rows,
)
from g6.adapters.replay.malformed import Malformed
from g6.adapters.replay.market_snapshot import Rows, Snapshot, snapshot
from g6.adapters.replay.tables.contradictions import fingerprints
from g6.adapters.replay.tables.plausible import (
    believable_spot,
    dear_price_reason,
    dear_prices,
    far_strike_reason,
    far_strikes,
)
from g6.adapters.replay.unread import LeftOut, kind_of
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES, SIDES, contract_keys
from g6.domain.market.lots import lot_of
from g6.domain.schema.counting import MAX_OPEN_INTEREST
from g6.domain.schema.words import SpotSource
from g6.errors import BadInput, UnknownLot

Closes = Callable[[str, date], datetime]
"""When trading of an exchange (NSE, BSE) ends on a day."""

LONGEST = timedelta(days=366 * 6)
"""From an instant to the farthest expiry: the longest contracts of NIFTY run five years."""


class AnswerFiles:
    """Reads files of one answer each.

    Every file is parsed when the source is opened and again when its instant is read. Answers of
    one index and instant make one snapshot, in which an option is as the first answer has it. A
    file that adds nothing is a copy, and one with other figures contradicts the first. Files that
    hold no answer, and damaged parts of answers, are in `left_out`.
    """

    remembers = False

    def __init__(
        self,
        paths: Sequence[Path],
        indices: Collection[str] | None = None,
        closes: Closes | None = None,
    ) -> None:
        """Read every file, or those of `indices` where given. An expiry is over after `closes`."""
        self._indices = indices
        self._closes = closes
        self._files: dict[tuple[str, datetime], list[Path]] = {}
        self._expiries: dict[str, frozenset[date]] = {}
        options: dict[tuple[str, datetime], _Options] = {}
        left_out: list[LeftOut] = []
        # One double, one {} or one page of HTML among the polls cost a whole directory, and one
        # null in one of 129 answers cost the index.
        for path in paths:
            try:
                answer = self._answer(read_document(path), path)
                single = _snapshot(answer.index, answer.at, [answer])
            except Malformed as error:
                left_out.append(LeftOut(path, error.row, error.reason, kind_of(error)))
                continue
            unit = answer.index, answer.at
            own = _Options.of(answer.rows)
            before = options.get(unit)
            fresh = own if before is None else own.without(before)
            omitted = (*answer.omitted, *_impossible_interest(single, fresh))
            left_out += [_in_file(path, part) for part in omitted]
            if before is not None:
                left_out += _doubles_of(self._files[unit][0], path, own, fresh, before)
            if len(fresh.keys):
                options[unit] = fresh.joined(before)
                self._files.setdefault(unit, []).append(path)
                earlier = self._expiries.get(answer.index, frozenset())
                self._expiries[answer.index] = earlier | set(single.contracts.expiries)
        self.left_out: Sequence[LeftOut] = tuple(left_out)

    def instants(self) -> Mapping[str, tuple[datetime, ...]]:
        """Return the instants of each index."""
        instants: dict[str, list[datetime]] = {index: [] for index in sorted(self._expiries)}
        for index, at in sorted(self._files):
            instants[index].append(at)
        return {index: tuple(of_index) for index, of_index in instants.items()}

    def expiries(self) -> Mapping[str, frozenset[date]]:
        """Return the distinct expiries of each index."""
        return self._expiries

    def read(self, index: str, at: datetime) -> Snapshot:
        """Return the answers of one instant as a snapshot.

        Raises:
            BadInput: A file changed since the source was opened.
        """
        answers = []
        for path in self._files[index, at]:
            try:
                answers.append(self._answer(read_document(path), path))
                whole = _snapshot(index, at, answers)
            except Malformed as error:
                raise BadInput(path, error.row, error.reason) from error
        return whole

    def totals(self, index: str, at: datetime) -> dict[str, float]:
        """Return the exchange's sums of the answer with the nearest expiry.

        Raises:
            BadInput: A file changed since the source was opened.
        """
        nearest: tuple[date, object] | None = None
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

    def _answer(self, document: object, path: Path) -> ExchangeAnswer:
        """Return the options of an answer that are alive at its instant.

        Raises:
            Malformed: The answer cannot be read, or none of its options is alive.
        """
        if bse.is_bse(document):
            answer = bse.parse_bse(document, path, self._indices)
        else:
            answer = nse.parse_nse(document, self._indices)
        omitted: list[OmittedPart] = []
        rows = answer.rows
        keep = np.ones(len(rows.strike), dtype=np.bool_)
        for expiry in np.unique(rows.expiry).astype("datetime64[D]").tolist():
            of_expiry = rows.expiry == np.datetime64(expiry)
            part = self._unusable_expiry(answer, expiry, int(of_expiry.sum()))
            if part is not None:
                omitted.append(part)
                keep &= ~of_expiry
        level = _index_level(answer)
        far = keep & far_strikes(rows.strike, np.full(len(keep), level))
        omitted += _far_strikes(rows, np.flatnonzero(far).tolist(), level)
        keep &= ~far
        if not keep.any():
            raise Malformed(None, "; ".join(part.reason for part in omitted))
        rows = rows if keep.all() else select_rows(rows, keep)
        omitted += _blank_dear_prices(rows, day_of(answer.at), level)
        spot = answer.spot if level == answer.spot else nan
        return replace(answer, spot=spot, rows=rows, omitted=(*answer.omitted, *omitted))

    def _unusable_expiry(
        self, answer: ExchangeAnswer, expiry: date, count: int
    ) -> OmittedPart | None:
        """Return why the `count` options of an expiry are omitted, None where they are used."""
        if self._is_over(answer, expiry):
            return OmittedPart(None, f"{count} options had expired on {expiry}", "expired", count)
        if expiry - day_of(answer.at) > LONGEST:
            reason = f"{count} options expire on {expiry}, further away than any contract"
            return OmittedPart(None, reason, "damaged", count)
        if unknown := _unknown_lot(answer, expiry):
            return OmittedPart(None, f"{count} options of {expiry}: {unknown}", "damaged", count)
        return None

    def _is_over(self, answer: ExchangeAnswer, expiry: date) -> bool:
        day = day_of(answer.at)
        if self._closes is None or expiry != day:
            return expiry < day
        exchange = INDICES[answer.index].exchange
        return answer.at > self._closes(exchange, expiry)


def _index_level(answer: ExchangeAnswer) -> float:
    """Return the index of an answer, or the median of its strikes where it is no print."""
    middle = float(np.median(answer.rows.strike))
    is_print = believable_spot(np.array([answer.spot]), np.array([middle]))[0]
    return answer.spot if is_print else middle


def _far_strikes(rows: Rows, places: Sequence[int], level: float) -> list[OmittedPart]:
    """Name the options whose strike cannot belong to an index at `level`, points."""
    # An answer whose every figure was in paise was stored OK, with a money of 5,400,000.
    omitted = []
    for place in places:
        reason = far_strike_reason(rows.strike[place], level, scalable=False)
        omitted.append(OmittedPart(None, f"{SIDES[rows.side[place]]}: {reason}"))
    return omitted


def _blank_dear_prices(rows: Rows, day: date, level: float) -> list[OmittedPart]:
    """Set last prices that no option can have to NaN, and return each with its reason."""
    days = (rows.expiry.astype("datetime64[D]") - np.datetime64(day)).astype(np.int64)
    last = rows.figures["last"]
    dear = dear_prices(last, rows.side, rows.strike, np.full(len(days), level), days)
    omitted = []
    for place in np.flatnonzero(dear).tolist():
        reason = dear_price_reason(last[place], rows.strike[place], level, "lastPrice")
        option = f"{SIDES[rows.side[place]]} of {rows.expiry[place]}"
        omitted.append(OmittedPart(None, f"{option}: {reason}"))
        last[place] = nan
    return omitted


def _unknown_lot(answer: ExchangeAnswer, expiry: date) -> str:
    """Return why the units of a contract are not known, an empty text where they are."""
    try:
        lot_of(answer.index, expiry, day_of(answer.at))
    except UnknownLot as error:
        return error.sentence
    return ""


def _snapshot(index: str, at: datetime, answers: Sequence[ExchangeAnswer]) -> Snapshot:
    """Return the snapshot that the answers of one instant make together.

    Its index is their median print, marked as disputed where they disagree.
    """
    spot, disputed = median_print([answer.spot for answer in answers])
    parts = [answer.rows for answer in answers]
    rows = parts[0] if len(parts) == 1 else join_rows(parts)
    result = snapshot(index, at, spot, rows)
    open_interest = result.values["oi"]
    impossible = (open_interest < 0) | (open_interest >= MAX_OPEN_INTEREST)
    result.values["oi_prev"][impossible] = nan
    if disputed or any(answer.disputed for answer in answers):
        return replace(result, spot=replace(result.spot, spot_source=SpotSource.DISPUTED.value))
    return result


def _impossible_interest(single: Snapshot, fresh: _Options) -> list[OmittedPart]:
    """Return the options whose open interest cannot be. It stays as it came and is in no sum.

    Of `fresh` ones alone: an option that an earlier file has is told of as that.
    """
    open_interest = single.values["oi"]
    impossible = (open_interest < 0) | (open_interest >= MAX_OPEN_INTEREST)
    contracts = single.contracts
    keys = contract_keys(contracts.expiry, contracts.strike)
    impossible &= np.isin([keys * 2, keys * 2 + 1], fresh.keys)
    omitted = []
    for side, place in zip(*np.nonzero(impossible), strict=True):
        name = single.contracts.symbol[side, place]
        figure = f"open interest of {name}, {open_interest[side, place]:g} units"
        reason = f"{figure}, cannot be: it is flagged bad_oi and in no sum"
        omitted.append(OmittedPart(None, reason, "flagged"))
    return omitted


def _in_file(path: Path, part: OmittedPart) -> LeftOut:
    return LeftOut(path, part.row, part.reason, part.kind, part.count)


@dataclass(frozen=True, slots=True)
class _Options:
    """The options of one instant: the key of each, and a number for its figures."""

    keys: NDArray[np.int64]
    figures: NDArray[np.uint64]

    @classmethod
    def of(cls, rows: Rows) -> _Options:
        """Return the options of an answer."""
        keys = option_keys(rows)
        return cls(keys, fingerprints(rows.figures, len(keys)))

    def without(self, others: _Options) -> _Options:
        """Return those that are not among others."""
        fresh = ~np.isin(self.keys, others.keys)
        return _Options(self.keys[fresh], self.figures[fresh])

    def joined(self, others: _Options | None) -> _Options:
        """Return these and others."""
        if others is None:
            return self
        keys = np.concatenate([others.keys, self.keys])
        return _Options(keys, np.concatenate([others.figures, self.figures]))

    def differing(self, others: _Options) -> int:
        """Return how many options of both have other figures."""
        _, here, there = np.intersect1d(self.keys, others.keys, return_indices=True)
        return int((self.figures[here] != others.figures[there]).sum())


def _doubles_of(
    original: Path, path: Path, own: _Options, fresh: _Options, earlier: _Options
) -> Iterator[LeftOut]:
    """Yield what is recorded of the options of a file that earlier files have already."""
    count = len(own.keys) - len(fresh.keys)
    has_more = bool(len(fresh.keys))
    differing = own.differing(earlier)
    if differing:
        reason = f"{differing} of its options contradict {original.name}, which counts"
        yield LeftOut(path, None, f"{reason}, at the same instant", "contradiction", differing)
    if count > differing and has_more:
        same = count - differing
        reason = f"{same} of its options are in {original.name} already, at the same instant"
        yield LeftOut(path, None, reason, "copy", same)
    if count and not differing and not has_more:
        reason = f"is a copy: {original.name} has the same options at the same instant"
        yield LeftOut(path, None, reason, "copy")
