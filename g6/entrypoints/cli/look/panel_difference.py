"""`g6 panels delta` and `g6 panels apply`: a panel as its difference from an earlier one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from g6.domain.schema.json_types import Document

Earlier = Annotated[Path, typer.Argument(metavar="EARLIER", help="The panel's earlier file.")]
Later = Annotated[Path, typer.Argument(metavar="LATER", help="The panel's later file.")]
Delta = Annotated[Path, typer.Argument(metavar="DELTA", help="What g6 panels delta printed.")]


def delta(earlier: Earlier, later: Later) -> None:
    """Print what brings one panel file to a later one.

    The delta names the data that it begins with and those that it ends with by their hashes.

    Example: g6 panels delta old/index_NIFTY.json data/panels/index_NIFTY.json > delta.json
    """
    from g6.domain.documents.panel_delta import delta_between
    from g6.domain.documents.panels import canonical

    change = delta_between(_panel(earlier), _panel(later))
    typer.echo(canonical(change.to_json()).decode())


def apply(earlier: Earlier, change: Delta) -> None:
    """Print a panel as it is after a delta, in its envelope.

    It is the file that the delta was made from, byte for byte. A delta of other data is refused.

    Example: g6 panels apply old/index_NIFTY.json delta.json
    """
    from g6.domain.documents.panel_delta import PanelDelta
    from g6.domain.documents.panels import canonical
    from g6.errors import BadInput

    try:
        step = PanelDelta.from_json(_read(change))
    except (KeyError, TypeError) as error:
        raise BadInput(
            change, None, "is no delta of a panel", "g6 panels delta --help shows both"
        ) from error
    typer.echo(canonical(step.document(_panel(earlier))).decode())


def _panel(path: Path) -> Document:
    from g6.errors import BadInput

    document = _read(path)
    if "panel" not in document or "data" not in document:
        raise BadInput(path, None, "is no panel", "name a panel file, such as index_NIFTY.json")
    return document


def _read(path: Path) -> Document:
    from g6.errors import BadInput

    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        reason = f"cannot be read: {type(error).__name__}"
        raise BadInput(path, None, reason, "name a file of JSON") from error
    if not isinstance(content, dict):
        raise BadInput(path, None, "is no JSON object", "name a file with one JSON object in it")
    return content
