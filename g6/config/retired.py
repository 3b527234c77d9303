"""The settings and options of the system before this one, and what to write instead.

One list feeds the hint in error sentences and the counter `g6_config_deprecated_keys_total`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from g6.errors import BadConfig


@dataclass(frozen=True, slots=True)
class Retired:
    """A setting or an option (with its dashes) that is refused.

    Attributes:
        name: How it was written.
        instead: What to do, as the fix of an error says it.
        since: The release from which on it is refused.
    """

    name: str
    instead: str
    since: str = "0.1.0"

    @property
    def is_option(self) -> bool:
        """Whether it is an option of the command line, and not a setting."""
        return self.name.startswith("--")


RETIRED = (
    Retired("indices", "say index_params.<INDEX>.enabled for each index"),
    Retired("overlays", "overlays are drawn from the store; there is nothing to configure"),
    Retired("loop_max_cycles", "say g6 run --cycles N"),
    Retired("use_mock_provider", "say provider.name = sim"),
    Retired("disable_pretty_cycle", "say log.format = json"),
    Retired("force_ascii", "say console.ascii = always"),
    Retired("force_unicode", "say console.ascii = never"),
    Retired("panels_validate", "say panels.validate"),
    Retired("panels_legacy_compat", "panels have one format"),
    Retired("token_headless", "say g6 login, once a day"),
    Retired("--mock-data", "say --provider sim"),
    Retired("--refresh-expiries", "say g6 expiries --refresh"),
    Retired("--enable-greeks", "set greeks.enabled in the configuration"),
    Retired("--disable-greeks", "set greeks.enabled in the configuration"),
    Retired("--estimate-iv", "set greeks.estimate_iv in the configuration"),
    Retired("--run-once", "say g6 run --once"),
    Retired("--runtime-status-file", "set status_file in the configuration"),
)

_BY_NAME = {record.name: record for record in RETIRED}


def retired_setting(name: str) -> Retired | None:
    """Return the record of a retired setting by the last part of its path, None for any other name.

    >>> retired_setting("force_ascii").instead
    'say console.ascii = always'
    """
    record = _BY_NAME.get(name)
    return record if record and not record.is_option else None


def retired_option(words: list[str]) -> Retired | None:
    """Return the record of the first retired option among the words of an error, None without one.

    >>> retired_option("No such option: --run-once".split()).instead
    'say g6 run --once'
    """
    for record in RETIRED:
        if record.is_option and record.name in words:
            return record
    return None


class RetiredSetting(BadConfig):
    """A configuration was refused, and some of its settings are retired.

    Attributes:
        names: The retired settings.
        redis_url: The Redis server that the configuration names, "" for none.
        namespace: The configuration's namespace.
    """

    def __init__(
        self, error: BadConfig, names: tuple[str, ...], values: Mapping[str, object]
    ) -> None:
        super().__init__(error.sentence, error.fix)
        self.names = names
        redis = values.get("redis")
        url = redis.get("broker_url") if isinstance(redis, Mapping) else None
        self.redis_url = url if isinstance(url, str) else ""
        self.namespace = str(values.get("namespace") or "g6")


def retired_names(paths: Mapping[str, object]) -> tuple[str, ...]:
    """Return the retired settings among dotted paths, by the last part of each.

    >>> retired_names({"console.force_ascii": True, "interval": 5})
    ('force_ascii',)
    """
    last_parts = [path.rpartition(".")[2] for path in paths]
    return tuple(name for name in last_parts if retired_setting(name))
