"""Whether panel files are as the manifest says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from g6.domain.schema.layout import MANIFEST, panel_file
from g6.domain.schema.nearest import no_such
from g6.errors import Unavailable
from g6.ports.readers import PanelReader
from g6.studies.parameters import Parameter, words

__all__ = ["PanelChecks", "PanelParameters", "answer"]


@dataclass(frozen=True, slots=True)
class PanelParameters:
    """Asks for all panels, or for some."""

    panel: Annotated[
        tuple[str, ...],
        Parameter(
            "Only these panels, such as index_NIFTY; else all.",
            "index_NIFTY",
            metavar="[PANEL]…",
            read=words,
            is_positional=True,
        ),
    ] = ()
    panels_dir: Annotated[
        Path | None,
        Parameter(
            "Where the panels are; else below the data directory.", "data/panels", metavar="DIR"
        ),
    ] = None
    strict: Annotated[bool, Parameter("Exit with 1 when there are issues.", "True")] = False


@dataclass(frozen=True, slots=True)
class PanelChecks:
    """What is wrong with panel files, by file.

    Attributes:
        place: Their directory.
        issues: A word by file, which is not as the manifest says.
        is_strict: Whether an issue is a failure.
    """

    place: str
    issues: Mapping[str, str]
    is_strict: bool = False

    @property
    def passes(self) -> bool:
        """Whether no issue is a failure."""
        return not (self.issues and self.is_strict)

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per file that is not as the manifest says."""
        return {"file": list(self.issues), "issue": list(self.issues.values())}


def answer(reader: PanelReader, parameters: PanelParameters) -> PanelChecks:
    """Compare panel files with the hashes in their manifest.

    Raises:
        Unavailable: There is no manifest.
        UserError: There is no such panel.
    """
    directory = parameters.panels_dir or reader.directory
    if MANIFEST not in reader.files(directory):
        raise Unavailable(
            f"{directory} has no manifest.json",
            "name the directory with --panels-dir, or run a cycle first",
        )
    issues = reader.issues(directory)
    if parameters.panel:
        issues = _chosen(reader, directory, issues, parameters.panel)
    return PanelChecks(str(directory), issues, parameters.strict)


def _chosen(
    reader: PanelReader, directory: Path, issues: Mapping[str, str], panels: tuple[str, ...]
) -> Mapping[str, str]:
    """Return the issues of these panels and of the manifest."""
    names = {panel_file(panel.removesuffix(".json")) for panel in panels}
    stored = {name.removesuffix(".json") for name in reader.files(directory) if name != MANIFEST}
    for name in sorted(names):
        panel = name.removesuffix(".json")
        if name not in issues and panel not in stored:
            raise no_such(f"panel in {directory}", panel, sorted(stored))
    return {name: issue for name, issue in issues.items() if name in {*names, MANIFEST}}
