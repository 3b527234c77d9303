"""Options that several commands share, and the settings that come of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from g6.adapters.clocks import wall_time
from g6.config import Settings, load
from g6.domain.market.instants import instant_of_text
from g6.domain.market.instrument import INDICES
from g6.domain.schema.words import MarketKind
from g6.errors import BadConfig, NothingToDo

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Configuration file; else G6_CONFIG, else config/g6_config.json.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a setting, such as greeks.enabled=false; repeatable.",
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="Directory of the rows, simulated ones too; else the configured one.",
    ),
]
LogFormat = Annotated[
    str | None,
    typer.Option(
        "--log-format",
        metavar="auto|human|json",
        help="How logs are written; auto is human on a terminal.",
    ),
]
NoBanner = Annotated[bool, typer.Option("--no-banner", help="Do not print the banner.")]
Interval = Annotated[
    int | None,
    typer.Option(
        "--interval", metavar="SECONDS", help="Market seconds between cycles; else as configured."
    ),
]
Indices = Annotated[
    str | None,
    typer.Option(
        "--indices", metavar="INDEX,…", help="Only these indices; else all that are enabled."
    ),
]
ProviderName = Annotated[
    str | None,
    typer.Option(
        "--provider", metavar="sim|replay|kite", help="Where quotes come from; else as configured."
    ),
]
ProviderWord = Annotated[
    str | None,
    typer.Argument(
        metavar="[PROVIDER]", help="sim, replay, kite …; without it, the configured one."
    ),
]
Recording = Annotated[
    Path | None, typer.Option("--recording", metavar="PATH", help="File or directory to replay.")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse a recording of which anything cannot be read.")
]
OnlyIndex = Annotated[
    str | None, typer.Option("--index", metavar="INDEX", help="Only this index; else all.")
]
SEED = typer.Option(
    "--seed",
    metavar="N",
    help="Seed of the simulated market; a seed makes the same prices again.",
)
Seed = Annotated[int | None, SEED]
Speed = Annotated[
    str | None,
    typer.Option(
        "--speed",
        metavar="FACTOR|max",
        help="Market seconds per second; max, of a recording alone, waits for nothing.",
    ),
]
Start = Annotated[
    str | None,
    typer.Option(
        "--start", metavar="INSTANT", help="Market time to start at, such as 2026-11-18 11:00."
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="black76|nse|bse", help="Pricing convention; else as configured."
    ),
]
Mix = Annotated[
    bool, typer.Option("--mix", help="Let rows of another market into the data directory.")
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")]
Headless = Annotated[
    bool,
    typer.Option(
        "--headless", help="No browser and no questions: KITE_REQUEST_TOKEN, or a look-alike."
    ),
]
Paste = Annotated[
    bool,
    typer.Option(
        "--paste", help="Show the login page's address and ask for the one you are sent to."
    ),
]
CallbackPort = Annotated[
    int,
    typer.Option(
        "--port", metavar="N", help="Port of your registered redirect URL; 0 takes a free one."
    ),
]
WaitSeconds = Annotated[
    float, typer.Option("--wait", metavar="SECONDS", help="Seconds to wait for the browser.")
]


@dataclass(frozen=True, slots=True)
class SettingsOptions:
    """The options that say under which settings a command runs."""

    data_dir: DataDir = None
    config: Config = None
    set_: Set = None

    def settings(
        self,
        *,
        indices: str | None = None,
        interval: int | None = None,
        provider: str | None = None,
        seed: int | None = None,
        model: str | None = None,
    ) -> Settings:
        """Return the settings that they say, over environment, file and defaults.

        The other options of the command stand above them, those that are None aside.

        Raises:
            BadConfig: A value is wrong, or a name is none of a setting.
        """
        return settings(
            self.config,
            self.set_,
            data_dir=self.data_dir,
            indices=indices,
            interval=interval,
            provider=provider,
            seed=seed,
            model=model,
        )


def settings(
    config: Path | None = None,
    set_: Sequence[str] | None = None,
    *,
    data_dir: Path | None = None,
    log_format: str | None = None,
    no_banner: bool = False,
    interval: int | None = None,
    indices: str | None = None,
    provider: str | None = None,
    recording: Path | None = None,
    strict: bool = False,
    seed: int | None = None,
    speed: str | None = None,
    start: str | None = None,
    model: str | None = None,
) -> Settings:
    """Return the settings of a command: its options over environment, file and defaults.

    Raises:
        BadConfig: A value is wrong, or a name is none of a setting.
    """
    overrides: dict[str, object] = {
        "data_dir": data_dir,
        "demo_dir": data_dir,
        "log.format": log_format,
        "console.banner": False if no_banner else None,
        "interval": interval,
        "provider.name": provider,
        "provider.recording": recording,
        "provider.strict": True if strict else None,
        "market.seed": seed,
        "market.speed": speed.removesuffix("x") if speed and speed != "max" else speed,
        "market.start": None if start is None else instant_of_text(start, wall_time()),
        "greeks.model": model,
    }
    return load(config, overrides | enabled_indices(indices) | assignments(set_ or ()))


def own_directory(
    context: typer.Context,
    settings: Settings,
    who: str,
    *,
    of_kind: bool = False,
    computes: bool = False,
    mix: bool = False,
) -> None:
    """Own the data directory until the command ends, beside workers of the same system alone.

    Args:
        context: The command's.
        settings: Its settings.
        who: Its name, for whoever finds the directory owned.
        of_kind: It brings rows of the settings' kind of market.
        computes: Its rows name the configuration.
        mix: Rows of another kind of market may come in.

    Raises:
        Unavailable: Somebody else owns it.
    """
    from g6.bootstrap.ownership import owned_directories, record_configuration

    context.with_resource(owned_directories(settings, who, of_kind=of_kind, mix=mix))
    if computes:
        record_configuration(settings)


def own_rows(context: typer.Context, settings: Settings, who: str) -> None:
    """Own the data directory as `own_directory` does, on a host that has it.

    Raises:
        NothingToDo: This host has none.
        Unavailable: Somebody else owns it.
    """
    refuse_missing_rows(settings, who)
    own_directory(context, settings, who)


def refuse_missing_rows(settings: Settings, who: str) -> None:
    """Refuse to work on rows where this host has no data directory.

    Raises:
        NothingToDo: There is none.
    """
    # Cron on a host that stores nothing had "everything is tidy" of a directory that was not there.
    if not settings.directory.is_dir():
        name = "data_dir" if settings.kind is MarketKind.LIVE else "demo_dir"
        raise NothingToDo(
            f"{settings.directory} is not on this host ({name}, {settings.origin(name)}): "
            f"{who} works where rows are stored",
            f"go to the host whose worker serves the queue persist ({who} there), "
            "or name the directory of rows with --data-dir DIR",
        )


def enabled_indices(indices: str | None) -> dict[str, bool]:
    """Return the overrides that enable just the named indices, separated by commas."""
    if indices is None:
        return {}
    names = [name.strip().upper() for name in indices.split(",") if name.strip()]
    return {f"index_params.{name}.enabled": name in names for name in [*INDICES, *names]}


def assignments(texts: Iterable[str]) -> dict[str, str]:
    """Return `KEY=VALUE` texts by key.

    Raises:
        BadConfig: A text has no `=`.
    """
    values = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign:
            raise BadConfig(f"--set {text} names no value", f"--set {text}=VALUE")
        values[key.strip()] = value.strip()
    return values
