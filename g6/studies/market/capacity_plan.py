"""What a wish needs: processes, memory, commands, bytes a day, and what is used up first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from g6.domain.cycles.capacity import Bound, Capacity, PoolNeed, Wish, capacity
from g6.domain.cycles.capacity_constants import SCALE, ConstantOrigin
from g6.errors import UserError
from g6.studies.documents import columns_of
from g6.studies.parameters import Parameter

__all__ = ["CapacityParameters", "CapacityPlan", "answer"]

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class CapacityParameters:
    """Asks what a wish needs."""

    indices: Annotated[
        int, Parameter("How many indices.", "60", least=1, most=100_000, metavar="N")
    ] = 6
    interval: Annotated[
        int, Parameter("Seconds between two cycles.", "5", least=1, most=_DAY, metavar="SECONDS")
    ] = 60
    options: Annotated[
        int, Parameter("Options of each index.", "414", least=2, most=100_000, metavar="N")
    ] = 414
    expiries: Annotated[
        int, Parameter("Expiries of each index.", "4", least=1, most=50, metavar="N")
    ] = 4
    cores: Annotated[int, Parameter("Cores of a host.", "2", least=1, most=1024, metavar="N")] = 2


@dataclass(frozen=True, slots=True)
class CapacityPlan:
    """What a wish needs.

    Attributes:
        wish: What was asked about.
        needs: Processes, memory, commands, bytes and bounds.
        origin: Where the constants come from.
    """

    wish: Wish
    needs: Capacity
    origin: ConstantOrigin

    @property
    def bottleneck(self) -> Bound:
        """What is used up first as the wish grows."""
        return self.needs.bounds[0]

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per queue."""
        return columns_of(PoolNeed, self.needs.pools)


def answer(
    reader: None,  # noqa: ARG001 - it counts from constants alone
    parameters: CapacityParameters,
) -> CapacityPlan:
    """Return what a wish needs.

    Raises:
        UserError: The interval does not divide a day.
    """
    if _DAY % parameters.interval:
        raise UserError(
            f"{parameters.interval} s do not divide a day, so that no grid has such cycles",
            "write 1, 5, 10, 15, 30 or 60",
        )
    wish = Wish(
        indices=parameters.indices,
        options=parameters.options,
        expiries=parameters.expiries,
        interval=parameters.interval,
        cores=parameters.cores,
    )
    return CapacityPlan(wish, capacity(wish), SCALE)
