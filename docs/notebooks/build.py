"""Makes the notebooks of their sources, runs them, and draws the pictures of the pages.

`make notebooks` writes *.ipynb with outputs, and docs/images. `--check` says which notebooks are not of their sources, and runs
nothing. A source is a Python program: `# %%` begins a cell, `# %% [markdown]` one of text.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

HERE = Path(__file__).resolve().parent
SOURCES = sorted((HERE / "sources").glob("*.py"))
IMAGES = HERE.parent / "images"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
DAY = "2026-11-20"
CELL = re.compile(r"^# %%(?P<markdown> \[markdown\])?\n", re.MULTILINE)
FIRST_IMAGES: dict[str, dict[str, object]] = {
    "smile": {},
    "oi": {"strikes": 21},
    "heatmap": {"strikes": 31},
}
"""Which pictures stand in the pages, with their options."""


def path_of(source: Path) -> Path:
    """Return the notebook of a source."""
    return HERE / f"{source.stem.replace('_', '-')}.ipynb"


def notebook_of(source: Path) -> NotebookNode:
    """Return the notebook that a source says, without outputs."""
    # Text before the first mark is the module's docstring: it is for who reads the source.
    _, *parts = CELL.split(source.read_text(encoding="utf-8"))
    cells = []
    for mark, text in zip(parts[::2], parts[1::2], strict=True):
        body = text.strip("\n")
        if mark:
            lines = [line.removeprefix("#").removeprefix(" ") for line in body.splitlines()]
            cell = nbformat.v4.new_markdown_cell("\n".join(lines))
        else:
            cell = nbformat.v4.new_code_cell(body)
        # nbformat draws ids by chance, and a notebook would differ each time it is made.
        cell["id"] = f"cell-{len(cells)}"
        cells.append(cell)
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def executed(notebook: NotebookNode, directory: Path, timeout: int = 300) -> NotebookNode:
    """Return the notebook with the outputs of a run in a directory."""
    from nbclient import NotebookClient

    resources: dict[str, Any] = {"metadata": {"path": str(directory)}}
    client = NotebookClient(notebook, timeout=timeout, kernel_name="python3", resources=resources)
    done = client.execute()
    done.metadata = {"kernelspec": KERNEL}
    for cell in done.cells:
        # The times of the run say nothing of the notebook.
        cell.metadata = {}
    return done


def stale(source: Path) -> str:
    """Return what is wrong with the notebook of a source, empty for nothing."""
    path = path_of(source)
    if not path.is_file():
        return "is not there"
    notebook = nbformat.read(path, as_version=4)
    if [(cell.cell_type, cell.source) for cell in notebook.cells] != [
        (cell.cell_type, cell.source) for cell in notebook_of(source).cells
    ]:
        return "is not what its source says"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        return "was not run from top to bottom"
    outputs = [output for cell in code for output in cell.outputs]
    if not outputs or any(output.output_type == "error" for output in outputs):
        return "has no outputs, or an error among them"
    return ""


def draw_images() -> None:
    """Draw the pictures of the pages from the notebooks' days."""
    import g6

    place = g6.sample(1, interval=600, to=DAY, data_dir="~/.cache/g6/notebooks")
    IMAGES.mkdir(exist_ok=True)
    for name, options in FIRST_IMAGES.items():
        figure = getattr(g6.plot, name)("NIFTY", data_dir=place, **options)
        figure.savefig(IMAGES / f"{name}.png", dpi=80)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--check",
        action="store_true",
        help="run nothing, exit 1 when a notebook is not of its source",
    )
    if arguments.parse_args().check:
        faults = {path_of(source).name: fault for source in SOURCES if (fault := stale(source))}
        for name, fault in faults.items():
            print(f"{name} {fault}: make notebooks")
        return 1 if faults else 0
    with tempfile.TemporaryDirectory() as directory:
        # The notebooks keep their days below the home directory: here they are made anew, as this G6 makes them.
        os.environ |= {"HOME": directory, "IPYTHONDIR": f"{directory}/ipython"}
        # The days are made before a notebook is run: how long that took is no output of its.
        draw_images()
        for source in SOURCES:
            nbformat.write(executed(notebook_of(source), Path(directory)), path_of(source))
            print(f"{path_of(source).name}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
