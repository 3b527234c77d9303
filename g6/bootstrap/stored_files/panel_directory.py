"""A directory of panel files by itself, for the commands that read and write panels by hand."""

from __future__ import annotations

from pathlib import Path

from g6.adapters.clocks import wall_now
from g6.adapters.panel_files import PanelFiles
from g6.adapters.plain_panels import PlainPanels, plain_panels


def panel_directory(directory: Path) -> PanelFiles:
    """Return the panel files of a directory, which takes valid panels only."""
    return PanelFiles(directory, "strict")


def panels_to_convert(directory: Path) -> PlainPanels:
    """Return the plain panel files of a directory in envelopes that are made now.

    Raises:
        NothingToDo: There is no JSON file.
    """
    return plain_panels(directory, wall_now())
