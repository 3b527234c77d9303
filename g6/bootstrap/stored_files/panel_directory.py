"""A directory of panel files by itself, for the commands that read and write panels by hand."""

from __future__ import annotations

from pathlib import Path

from g6.adapters.panel_files import PanelFiles


def panel_directory(directory: Path) -> PanelFiles:
    """Return the panel files of a directory, which takes valid panels only."""
    return PanelFiles(directory, "strict")
