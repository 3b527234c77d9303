"""Options in sentences, as who asks without a command line calls them.

Sentences of studies and of their answers name options, such as `--strikes 0 shows all`. Python has
arguments instead, an address has parameters, and a model's tool has fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from g6.errors import G6Error
from g6.rendering.parts import view_of
from g6.studies.parameters import Field, fields_of
from g6.studies.table import Study

__all__ = ["OptionWords", "in_errors", "of_python", "of_request"]

# A whole command is entered into a shell, whoever reads it.
_OPTION = re.compile(
    r"(?P<command>\bg6(?: (?:[^\s;,]|[;,](?=\S))+)+)"
    r"|(?P<option>--[a-z][a-z-]*)(?: (?P<value>\d+|[A-Z]+|expiry)\b)?(?P<shows> shows all\b)?"
)


@dataclass(frozen=True, slots=True)
class OptionWords:
    """What stands for the options of one study.

    Attributes:
        fields: The parameters that can be given, by the names of their options.
        forms: What stands for the options that write an answer otherwise.
        true: How a switch is thrown.
        others: Options that concern the terminal alone, in whose place stands which form has all.
    """

    fields: Mapping[str, Field]
    forms: Mapping[str, str]
    true: str
    others: frozenset[str] = field(default_factory=frozenset)

    def __call__(self, text: str) -> str:
        """Return a sentence with its options as they are called here."""
        return _OPTION.sub(self._named, text)

    def description(self, text: str) -> str:
        """Return what describes a study, without sentences on the exit code of its command."""
        sentences = [one for one in text.split(". ") if "exit code" not in one]
        return self(". ".join(sentences).rstrip(".") + "." if sentences else "")

    def _named(self, match: re.Match[str]) -> str:
        if match["command"]:
            return match[0]
        option = match["option"]
        shows = match["shows"] or ""
        value = match["value"]
        if parameter := self.fields.get(option):
            setting = value or (self.true if parameter.type is bool else "…")
            return f"{parameter.name}={setting}{shows}"
        if form := self.forms.get(option):
            rest = f" {value}" if value else ""
            return f"{form}{rest}{shows}"
        return f"{self.forms['--json']} has all" if option in self.others else match[0]


def of_python(study: Study) -> OptionWords:
    """Return the words of `g6.ask`, whose functions take what concerns the screen as well.

    >>> from g6.studies import table
    >>> of_python(table.by_name("exposures"))("9 of 40 strikes; --strikes 0 shows all")
    '9 of 40 strikes; strikes=0 shows all'
    """
    fields = (*fields_of(study.parameters), *fields_of(view_of(study.name)))
    return OptionWords(
        _by_option(fields), {"--json": "to_json()", "--csv": "to_pandas()"}, true="True"
    )


def of_request(study: Study, fields: Sequence[Field]) -> OptionWords:
    """Return the words of an address or of a model's tool, which take the parameters `fields`.

    >>> from g6.studies import table
    >>> of_request(table.by_name("exposures"), ())("9 of 40 strikes; --strikes 0 shows all")
    '9 of 40 strikes; JSON has all'
    """
    others = _by_option(fields_of(view_of(study.name))).keys()
    forms = {"--json": "JSON", "--csv": "CSV"}
    return OptionWords(_by_option(fields), forms, "true", frozenset(others))


@contextmanager
def in_errors(words: OptionWords) -> Iterator[None]:
    """Have the errors of a block call options as who asked does.

    Raises:
        G6Error: As the block does, its sentences in those words.
    """
    try:
        yield
    except G6Error as error:
        error.sentence = words(error.sentence)
        error.fix = words(error.fix)
        raise


def _by_option(fields: Sequence[Field]) -> dict[str, Field]:
    return {name: one for one in fields for name in (one.option, *one.parameter.also) if name}
