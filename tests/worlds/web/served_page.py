"""The page of a small world, served on a free port: its cycles are stored, told and streamed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from g6.adapters.memory.totals import MemoryTotals
from g6.adapters.parquet import ParquetStore
from g6.bootstrap.reading import study_readers
from g6.config import load
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.schema.layout import KIND_OF_ROWS
from g6.entrypoints.web.study_answers import StudyAnswers
from tests.unit.entrypoints.web.test_serve import Serving
from tests.worlds.pipeline import FIRST, World

MINUTE = 60.0
STRIKES = {
    f"index_params.{name}.strikes_{side}": 12
    for name in ("NIFTY", "BANKNIFTY")
    for side in ("itm", "otm")
}


@dataclass
class ServedPage:
    """A world whose rows lie in a directory, and the server of its page."""

    directory: Path
    number: int = 0
    world: World = field(init=False)
    serving: Any = None

    def __post_init__(self) -> None:
        self.world = World(store=ParquetStore(self.directory))  # type: ignore[arg-type]
        self.world.settle_on(**{name.replace(".", "__"): value for name, value in STRIKES.items()})
        # A real run says of its directory that the market in it is simulated.
        (self.directory / KIND_OF_ROWS).write_text("sim", encoding="utf-8")

    def begin(self, **options: Any) -> ServedPage:
        """Start the server."""
        settings = load(None, {"data_dir": self.directory, "demo_dir": self.directory}, {})
        answers = StudyAnswers(
            partial(study_readers.reader, settings=settings),
            study_readers.market_time(settings),
            MINUTE,
        )
        self.serving = Serving(self.world.runtime, MemoryTotals(), answers=answers, **options)
        return self

    @property
    def url(self) -> str:
        return str(self.serving.web)

    def cycle(self) -> str:
        """Collect the next cycle, and return its name."""
        name = isoformat_z(parse_z(FIRST).timestamp() + MINUTE * self.number)
        self.number += 1
        self.world.cycle(name)
        return name

    def answer(self, path: str) -> Any:
        """Return the data of a study's answer."""
        answer = self.serving.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def end(self) -> None:
        """Stop the server."""
        if self.serving is not None:
            self.serving.end()
