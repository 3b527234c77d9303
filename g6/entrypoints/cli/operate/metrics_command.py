"""`g6 metrics`: what `g6 serve` counts, as a page or as JSON."""

from __future__ import annotations

import json

import typer

from g6.entrypoints.cli.shared.arguments import options


def register(app: typer.Typer) -> None:
    """Add `g6 metrics`."""
    metrics = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Show what g6 serve counts on /metrics.\n\nExample: g6 metrics docs",
    )
    metrics.callback()(lambda: None)
    metrics.command("docs")(docs)
    app.add_typer(metrics, name="metrics")


def docs(*, as_json: options.Json = False) -> None:
    """Write the families of /metrics: labels, units, meanings.

    The page is Markdown. With --json one line a family.

    Example: g6 metrics docs
    """
    from g6.observability import glossary
    from g6.observability.catalogue import FAMILIES, label_name

    if not as_json:
        typer.echo(glossary.render(), nl=False)
        return
    for family in FAMILIES.values():
        facts = {
            "name": family.name,
            "kind": family.kind,
            "labels": [label_name(label) for label in family.labels],
            "unit": family.unit,
            "from": family.source,
            "help": family.help,
            "buckets": list(family.buckets),
        }
        typer.echo(json.dumps(facts))
