"""Nested values and their dotted paths: `{"greeks": {"enabled": False}}` and `greeks.enabled`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def nested(paths: Mapping[str, object]) -> dict[str, object]:
    """Return dotted paths as nested mappings.

    >>> nested({"greeks.enabled": False, "interval": 5})
    {'greeks': {'enabled': False}, 'interval': 5}
    """
    result: dict[str, object] = {}
    for path, value in paths.items():
        *above, last = path.split(".")
        level = result
        for name in above:
            below = level.setdefault(name, {})
            if not isinstance(below, dict):
                below = level[name] = {}
            level = below
        level[last] = value
    return result


def leaf_paths(values: Mapping[str, object], above: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the dotted path of every value that is no mapping, or an empty one.

    >>> list(leaf_paths({"greeks": {"enabled": False}, "interval": 5}))
    ['greeks.enabled', 'interval']
    """
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from leaf_paths(value, (*above, name))
        else:
            yield ".".join((*above, name))


def overlay(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    """Return one nested mapping laid over another.

    >>> overlay({"log": {"level": "INFO", "format": "json"}}, {"log": {"level": "DEBUG"}})
    {'log': {'level': 'DEBUG', 'format': 'json'}}
    """
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            merged[name] = overlay(under, value)
        else:
            merged[name] = value
    return merged
