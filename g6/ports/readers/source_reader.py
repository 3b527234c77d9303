"""What a study of the sources reads: which there are, and whether the configured one answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from g6.ports.sources import Provider


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source of quotes.

    Attributes:
        name: As `provider.name` has it.
        summary: What it is, or who registered it.
        abilities: What it can do beside quoting, None where that is not known before it is used.
    """

    name: str
    summary: str
    abilities: tuple[str, ...] | None


class SourceReader(Protocol):
    """Reads which sources there are."""

    def sources(self) -> Sequence[SourceLine]:
        """Return the sources that ship, then those of other distributions."""
        ...


class ProviderReader(Protocol):
    """Reads the configured provider, without retries: a person waits for the answers."""

    @property
    def provider(self) -> Provider:
        """Return the provider."""
        ...

    @property
    def indices(self) -> Sequence[str]:
        """Return the enabled indices."""
        ...

    @property
    def is_live(self) -> bool:
        """Tell whether it quotes the market of now."""
        ...

    @property
    def now(self) -> datetime:
        """Return the market's instant, a simulation's start or a live provider's clock."""
        ...

    def stopwatch(self) -> float:
        """Return seconds from some instant in the past, which never go back."""
        ...
