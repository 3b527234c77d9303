"""The configuration: one model, one loader, and what follows from the settings.

    settings = load(overrides={"interval": 1, "market.speed": 12.0})
    settings.indices, settings.directory, settings.origin("interval")
    plan(settings), calendar()
    subprocess.Popen(…, env=os.environ | environment(settings))    # a child with the same settings

Keys of one index stand under `index_params.NIFTY`. An environment variable is `G6_` and the path in
capitals, with `__` for each dot.
"""

from g6.config.derive import calendar, plan
from g6.config.identity import changed, config_id, flat, hashes, influences, record, values
from g6.config.loading import build, environment, instance_name, load, secrets_of
from g6.config.nesting import nested
from g6.config.settings_model import Settings, is_loopback

__all__ = [
    "Settings",
    "build",
    "calendar",
    "changed",
    "config_id",
    "environment",
    "flat",
    "hashes",
    "influences",
    "instance_name",
    "is_loopback",
    "load",
    "nested",
    "plan",
    "record",
    "secrets_of",
    "values",
]
