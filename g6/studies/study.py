"""The record of a study: one question, from which command, Python call and page follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import get_type_hints

__all__ = ["Study"]


@dataclass(frozen=True, slots=True)
class Study:
    """One question.

    Attributes:
        name: The Python call `g6.ask.NAME`, and the command unless `command` says otherwise.
        module: The module below `g6.studies`.
        sentence: What it answers, as `g6 --help` shows it.
        example: One call of the command.
        details: A second paragraph of the command's help.
        command: The words of the command after `g6`, where they are not the name.
        reader: What the study reads: `stored`, or another kind that `bootstrap.reading`
            builds.
        settings: The options of settings that the study is asked under, none where it reads
            nothing that is configured. A name with a star is an argument of the command.
        watch: Help of the option `--watch`, for a study that can be followed cycle by cycle.
        follow: Help of the option `--follow`, for one that goes on with what is new.
        bundle: Help of the option `--bundle`, for one whose answer belongs into a bug report.
        progress: What a bar says while it works, for a study whose answer takes a `track`.
    """

    name: str
    module: str
    sentence: str
    example: str
    details: str = ""
    command: str = ""
    reader: str = "stored"
    settings: tuple[str, ...] = ("data_dir", "config", "set")
    watch: str = ""
    follow: str = ""
    bundle: str = ""
    progress: str = ""

    @property
    def words(self) -> str:
        """Return the words of its command after `g6`."""
        return self.command or self.name

    @property
    def answer(self) -> Callable[..., object]:
        """Return the function that answers. This imports its module."""
        # Imported here: figures stand on numpy and scipy, which `g6 --help` does not wait for.
        function: Callable[..., object] = import_module(f"g6.studies.{self.module}").answer
        return function

    @property
    def parameters(self) -> type:
        """Return the dataclass of its parameters."""
        parameters: type = get_type_hints(self.answer)["parameters"]
        return parameters

    @property
    def document(self) -> type:
        """Return the class of what it answers with."""
        document: type = get_type_hints(self.answer)["return"]
        return document
