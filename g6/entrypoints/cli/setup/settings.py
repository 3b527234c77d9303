"""`g6 config`: show, explain and check the configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

import typer

from g6.config import Settings, changed, config_id, flat, nested, values
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.screen import terminal
from g6.errors import BadConfig, NothingToDo, UserError
from g6.errors.masking import mask_setting

Origin = Annotated[bool, typer.Option("--origin", help="Say where each value came from.")]
Changed = Annotated[
    bool, typer.Option("--changed", help="Show only what differs from the defaults.")
]
Section = Annotated[
    str | None, typer.Argument(metavar="[SECTION]", help="One section or setting; else all.")
]


def register(app: typer.Typer) -> None:
    """Add `g6 config`."""
    config = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Show, explain and check the configuration.\n\nExample: g6 config show --changed",
    )
    config.command("show")(show)
    config.command("schema")(schema)
    config.command("check")(check)
    config.command("diff")(diff)
    app.add_typer(config, name="config")


def show(
    *,
    origin: Origin = False,
    changed_only: Changed = False,
    as_json: options.Json = False,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Show the settings in force, with passwords masked.

    Example: g6 config show --origin --changed
    """
    settings = options.settings(config, set_)
    in_force = changed(settings) if changed_only else flat(values(settings))
    # Every Redis error sends people here, so an address must not stand in clear: three maskings of
    # their own let passwords with / @ # [ % through, and those in ?password=.
    masked = {path: mask_setting(value, path) for path, value in in_force.items()}
    if as_json:
        typer.echo(json.dumps(_as_json(settings, masked, origin=origin), indent=2))
        return
    width = max(map(len, masked), default=0)
    for path, value in masked.items():
        note = f"  [{settings.origin(path)}]" if origin else ""
        typer.echo(f"{path:<{width}}  {json.dumps(value)}{note}")
    typer.echo(f"{'config id':<{width}}  {config_id(settings)}")


def _as_json(
    settings: Settings, masked: Mapping[str, object], *, origin: bool
) -> Mapping[str, object]:
    if not origin:
        return nested(masked)
    return {
        path: {"value": value, "origin": settings.origin(path)} for path, value in masked.items()
    }


def schema(section: Section = None, as_json: options.Json = False) -> None:
    """List the settings with their defaults and their meaning.

    --json writes the JSON Schema.

    Example: g6 config schema greeks
    """
    from g6.config.settings_reference import json_schema, listing

    typer.echo(json.dumps(json_schema(), indent=2) if as_json else listing(section))


def check(config: options.Config = None, set_: options.Set = None) -> None:
    """Say whether G6 would start, and what is wrong if not.

    Example: g6 config check --config config/wide.json
    """
    from g6.bootstrap.quote_sources.sources import check_start
    from g6.bootstrap.reading.study_readers import collection_reader
    from g6.config import calendar, plan
    from g6.entrypoints.workers.celery_lint import lint
    from g6.entrypoints.workers.queues import celery_settings
    from g6.studies.market.unanswered_expiries import UnansweredExpiriesParameters, answer

    settings = options.settings(config, set_)
    # It builds what a start builds and asks nobody. Checking the values alone let a fallback pass
    # that cannot be one, and only the start refused it.
    plan(settings)
    calendar()
    warnings = lint(settings, celery_settings(settings, settings.redis.broker_url or ""))
    check_start(settings)
    document = answer(collection_reader(settings), UnansweredExpiriesParameters())
    if not document.passes:
        raise BadConfig(
            "\n".join(index.sentence for index in document.indices),
            "; ".join(dict.fromkeys(index.fix for index in document.indices)),
        )
    console = terminal.console(settings)
    console.print(
        f"ok  config id {config_id(settings)}  "
        f"{', '.join(settings.indices)}  every {settings.interval} s",
        soft_wrap=True,
    )
    for warning in warnings:
        typer.echo(f"g6: {warning}", err=True)


def diff(
    *,
    running: Annotated[
        bool,
        typer.Option(
            "--running", help="Compare with the settings that the system was started with."
        ),
    ] = False,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Show which settings changed since the system started.

    Secrets are left out.

    Example: g6 config diff --running
    """
    from dataclasses import asdict

    from g6.bootstrap.reading.running_system import recorded_start
    from g6.entrypoints.machine.drift import differences

    if not running:
        raise UserError(
            "against what?",
            "g6 config diff --running; what differs from the defaults: g6 config show --changed",
        )
    settings = options.settings(config, set_, data_dir=data_dir)
    record = recorded_start(settings)
    if record is None:
        raise NothingToDo(
            "nobody wrote down under which settings this system runs: "
            "it was started by an older G6, or has no beat"
        )
    changes = differences(record, settings)
    if json_:
        typer.echo(json.dumps([asdict(change) for change in changes]))
        return
    for change in changes:
        typer.echo(change.sentence)
    if not changes:
        typer.echo("no difference")
