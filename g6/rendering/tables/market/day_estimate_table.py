"""What a day will take on the disk, as one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from g6.domain.cycles.sizing import PARTS_SHARE
from g6.rendering.parts import Line, NoView, Part
from g6.rendering.wording import counted, megabytes
from g6.studies.market.day_estimate import DayEstimate

__all__ = ["json_value", "parts", "sentence"]


def parts(document: DayEstimate, _: NoView) -> Iterator[Part]:
    """Yield the sentence."""
    yield Line(sentence(document))


def json_value(document: DayEstimate) -> object:
    """Return the bytes by index and in total."""
    return {
        "day": document.day.isoformat(),
        "cycles": document.cycles,
        "indices": {name: asdict(sizes) for name, sizes in document.indices.items()},
        "overview": asdict(document.overviews),
        "total": asdict(document.total),
        "unknown": list(document.unknown),
    }


def sentence(estimate: DayEstimate, *, is_whole: bool = True) -> str:
    """Return an estimate as one sentence, of a whole day or of a bounded run's cycles."""
    unknown = ", ".join(estimate.unknown)
    if not estimate.indices:
        return (
            f"what a whole day will take is known once a listing of {unknown} is kept, "
            "as every run does"
        )
    total = estimate.total
    takes: list[str] = []
    if "parquet" in estimate.sinks:
        until_then = _mb(PARTS_SHARE * total.compacted)
        takes.append(
            f"{_mb(total.compacted)} of Parquet once it is compacted, {until_then} until then"
        )
    if "csv" in estimate.sinks:
        takes.append(f"{_mb(total.csv)} of CSV")
    if unknown:
        takes.append(f"without {unknown}, whose contracts no kept listing tells")
    whole = "a whole day of " if is_whole else ""
    together = "; ".join(takes) or "nothing: no sink is switched on"
    return f"{whole}{counted(estimate.cycles, 'cycle')} will take about {together}"


def _mb(size: float) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 1e7 else megabytes(size)
