"""The address that answers what a fix has for a shell, for who asks over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from g6.entrypoints.web.study_answers import offered, offered_fields
from g6.studies.parameters import Field
from g6.studies.study_limits import NOT_FROM_ELSEWHERE
from g6.studies.table import STUDIES, Study

__all__ = ["OTHER_NAMES", "STUDIES_PATH", "address_in", "command_of", "why_not_offered"]

STUDIES_PATH = "/v1/"

OTHER_NAMES: Mapping[str, str] = {
    "build-up": "buildup",
    "catalog": "catalogue",
    "gamma": "exposures",
    "gex": "exposures",
    "greeks": "chain",
    "history": "interest",
    "holidays": "calendar",
    "legs": "straddle",
    "max-pain": "interest",
    "multi-leg": "straddle",
    "oi-change": "buildup",
    "option-chain": "chain",
    "pcr": "interest",
}
"""What others call a study, and its name here."""
OF_SYSTEM: Mapping[str, str] = {
    "doctor": "/readyz",
    "live": "/readyz",
    "panels": "/v1/panels",
    "status": "/status",
    "up": "/readyz",
}
"""Commands on the running system, and the pages that say how it fares."""
_COMMAND = re.compile(r"\bg6((?: [^\s;,?]+)+)")
_WORD = re.compile(r"[a-z][a-z_-]*$")


def address_in(fix: str) -> str:
    """Return the address that answers the first command of a fix, empty where none does.

    >>> address_in("g6 data ls --data-dir /data shows what is there")
    '/v1/stored_days'
    >>> address_in("g6 chain NIFTY --at 11:02"), address_in("g6 up starts one")
    ('/v1/chain?index=NIFTY&at=11%3A02', '/readyz')
    >>> address_in("g6 login")
    ''
    """
    for command in _COMMAND.finditer(fix):
        words = command.group(1).split()
        for study in offered():
            name = study.words.split()
            if words[: len(name)] == name:
                return _address(study, words[len(name) :])
        if words[0] in OF_SYSTEM:
            return OF_SYSTEM[words[0]]
    return ""


def command_of(path: str) -> str:
    """Return the command of a study that is not asked over HTTP, empty where the path names none.

    >>> command_of("/v1/doctor")
    'g6 doctor, where G6 runs'
    """
    name = _study_name(path)
    commands = {study.name: study.words for study in STUDIES if study not in offered()}
    return f"g6 {commands[name]}, where G6 runs" if name in commands else ""


def why_not_offered(path: str) -> str:
    """Return why the study of a path is not asked over HTTP, empty where the path names none.

    >>> why_not_offered("/v1/doctor.csv")
    "it looks into this machine's processes, ports and files"
    """
    return NOT_FROM_ELSEWHERE.get(_study_name(path), "")


def _study_name(path: str) -> str:
    return path.removeprefix(STUDIES_PATH).partition(".")[0]


def _address(study: Study, words: list[str]) -> str:
    values = dict(_values(offered_fields(study), words))
    query = urlencode(values)
    return f"{STUDIES_PATH}{study.name}?{query}" if query else f"{STUDIES_PATH}{study.name}"


def _values(fields: tuple[Field, ...], words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the parameters among the words of a command; its sentence goes on in plain words."""
    options = {name: field for field in fields for name in (field.option, *field.parameter.also)}
    places = [field for field in fields if field.parameter.is_positional]
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith("--"):
            value = rest.pop(0) if rest and not rest[0].startswith("--") else "true"
            if word in options:
                yield options[word].name, value
        elif not places or (_WORD.match(word) and not places[0].is_many):
            return
        else:
            field = places.pop(0)
            more = [word for word in rest if not _WORD.match(word)] if field.is_many else []
            yield field.name, " ".join([word, *more])
            rest = [] if field.is_many else rest
