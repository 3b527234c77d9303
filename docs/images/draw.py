"""Draws the pictures of the README from what G6 writes and draws: `make images`."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

HERE = Path(__file__).resolve().parent
G6 = Path(sys.executable).parent / "g6"
WIDTH = 80
# By default the picture asks a content delivery network for its font.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace"
)
FREE_PORTS = ("--set", "serve.metrics_port=0", "--set", "serve.web_port=0")


def environment() -> dict[str, str]:
    """Return this environment without configuration, for a coloured terminal of 80 columns."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("G6_")}
    return kept | {"G6_COLOR": "1", "COLUMNS": str(WIDTH), "PYTHONUTF8": "1"}


def written(directory: Path, *words: str) -> str:
    """Return what a command writes on the rows in `directory`."""
    done = subprocess.run(
        [str(G6), *words, "--data-dir", "rows"],
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def picture(name: str, title: str, text: str) -> None:
    """Draw terminal output as `name`.svg."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text.rstrip("\n")))
    svg = console.export_svg(
        title=title, theme=DIMMED_MONOKAI, code_format=FORMAT, unique_id=f"g6-{name}"
    )
    (HERE / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")


@contextmanager
def running(directory: Path) -> Iterator[None]:
    """Run the system on simulated minutes of five seconds until six cycles are stored."""
    with (directory / "up.log").open("w") as log:
        command = [str(G6), "up", "--speed", "12", "--data-dir", "rows", *FREE_PORTS]
        system = subprocess.Popen(command, cwd=directory, env=environment(), stdout=log, stderr=log)
        try:
            while len(list(directory.glob("rows/overview/*/*Z.parquet"))) < 6:
                if system.poll() is not None:
                    raise SystemExit((directory / "up.log").read_text("utf-8"))
                time.sleep(0.2)
            yield
        finally:
            system.send_signal(signal.SIGINT)
            system.wait(30)


def main() -> None:
    """Collect, then draw a picture for each kind of person."""
    with tempfile.TemporaryDirectory() as base:
        directory = Path(base)
        with running(directory):
            shown = written(directory, "status") + "\n" + written(directory, "ps")
            picture("operator", "g6 status; g6 ps", shown)
        picture("trader", "g6 chain NIFTY", written(directory, "chain", "NIFTY", "--strikes", "5"))
        written(directory, "plot", "smile", "NIFTY", "--out", str(HERE / "researcher.png"))


if __name__ == "__main__":
    main()
