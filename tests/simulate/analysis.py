"""Cheap functions in the place of collection's quotes and of analysis, so that thousands of cycles a minute run.

The stored chain and the overview row carry the number of the answer that the quotes came from, and the settings that
they were analysed under: the judge compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from g6.domain.cycles.cycle import Unit
from g6.domain.reports import AnalysisFacts, CollectCounts
from g6.domain.schema.frame import Frame
from g6.domain.schema.words import Status
from g6.pipeline import Runtime
from g6.pipeline.computing import Computing
from g6.pipeline.runtime import Watch


def gather(runtime: Runtime, unit: Unit, _controls: object, watch: Watch) -> tuple[Frame, Any]:
    """Return a frame of two columns with the number of the provider's answer."""
    world = runtime.provider._world  # type: ignore[attr-defined]
    world.witness.requested(unit)
    request = runtime.provider.quotes(unit.index, None, unit.instant)  # type: ignore[arg-type]
    watch.lap("quotes")
    header = {
        "index": unit.index,
        "at": unit.cycle,
        "request": request,
        "stamp": runtime.plan.stamp(),
    }
    return Frame(header, {"strike": np.array([1.0, 2.0])}), CollectCounts(options=4)


def from_frame(frame: Frame) -> tuple[Frame, Any]:
    """Return the frame and what analysis reads of the stamp."""
    return frame, SimpleNamespace(config_id=frame.header["stamp"]["config_id"])


def summarise(priced: Frame) -> dict[str, Any]:
    """Return an overview row that names the request of its quotes."""
    return {
        "timestamp": priced.header["at"], "underlying": priced.header["index"], "status": Status.OK,
        "reason": "", "options": 4, "spot": float(priced.header["request"]),
        "settings": priced.header["stamp"]["config_id"],
    }  # fmt: skip


def chain_frame(priced: Frame) -> Frame:
    """Return what is stored of a unit: marked as a chain, so that raw quotes in its place are told from it."""
    return Frame({**priced.header, "stage": "chain"}, priced.columns)


def panel_documents(report: Any, rows: Any, *_: object, **__: object) -> Mapping[str, Any]:
    """Return the one panel that the pipeline itself reads again."""
    return {"overview": {"updated_at": report.cycle, "data": {"cycle": report.cycle, "rows": rows}}}


CHEAP = Computing(
    gather=gather,
    read=from_frame,
    price=lambda quotes, _: quotes,  # type: ignore[arg-type, return-value]
    summarise=summarise,  # type: ignore[arg-type]
    facts=lambda _: AnalysisFacts(options=4),
    chain=chain_frame,  # type: ignore[arg-type]
    panels=panel_documents,
)
