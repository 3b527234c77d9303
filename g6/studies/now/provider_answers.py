"""Whether the configured provider answers: questions, answers, causes and fixes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from g6.domain.market.instrument import INDICES
from g6.domain.reports import LoginFacts
from g6.errors import BadDump, G6Error, ProviderBusy, ProviderRefused, TokenDead
from g6.ports.readers import ProviderReader
from g6.ports.sources import Abilities, InstrumentDumps, abilities_of
from g6.studies.checks.health_finding import HealthFinding
from g6.studies.documents import columns_of

__all__ = ["ProviderAnswers", "ProviderParameters", "answer", "cause_of"]

T = TypeVar("T")

PATIENCE = 2.5
"""Seconds after which no question begins."""
MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class ProviderParameters:
    """Asks whether the configured provider answers. There is nothing to choose."""


@dataclass(frozen=True, slots=True)
class ProviderAnswers:
    """The answers of one provider, in the order of the questions."""

    answers: tuple[HealthFinding, ...]

    @property
    def passes(self) -> bool:
        """Whether everything is well."""
        return all(answer.ok for answer in self.answers)

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per question, under the names that are published."""
        columns = columns_of(HealthFinding, self.answers)
        return {"what" if name == "check" else name: values for name, values in columns.items()}


@dataclass(slots=True)
class _Questions:
    reader: ProviderReader
    answers: list[HealthFinding] = field(default_factory=list)

    def ask(self, what: str, question: Callable[[], T], words: Callable[[T], str]) -> T | None:
        """Ask a question and note its answer, or its cause and fix.

        Returns:
            The answer, None when there was none.
        """
        began = self.reader.stopwatch()
        try:
            answer = question()
        except G6Error as error:
            cause, fix = cause_of(error)
            self.note(what, f"{cause}: {error.sentence}", ok=False, fix=fix)
            return None
        milliseconds = 1000 * (self.reader.stopwatch() - began)
        self.note(what, f"{words(answer)}, {milliseconds:.0f} ms")
        return answer

    def note(self, what: str, seen: str, *, ok: bool = True, fix: str = "") -> None:
        """Note an answer."""
        self.answers.append(HealthFinding(what, ok, seen, fix))


def answer(
    reader: ProviderReader,
    parameters: ProviderParameters,  # noqa: ARG001
) -> ProviderAnswers:
    """Ask for token, account, a price of each index, and the request budget.

    Raises:
        BadConfig: No such provider can be built.
    """
    questions = _Questions(reader)
    if not reader.is_live:
        _ask_prices(questions)
        return ProviderAnswers(tuple(questions.answers))
    abilities = abilities_of(reader.provider)
    with abilities.within(PATIENCE):
        if abilities.account is not None:
            _ask_account(questions, abilities)
        else:
            _ask_prices(questions)
    budget = reader.provider.describe().budget_left or {}
    requests = ", ".join(f"{name} {count}" for name, count in budget.items())
    questions.note("requests left in the next minute", requests)
    return ProviderAnswers(tuple(questions.answers))


_PRESENT = "there is one, the account tells whether Kite takes it"


def _ask_account(questions: _Questions, abilities: Abilities) -> None:
    account = abilities.account
    if account is None:
        return
    reader = questions.reader
    token = account.describe().login or LoginFacts()
    if questions.ask("token", account.token, lambda _: _token_words(token)) is None:
        return
    if questions.ask("account", account.user, str) is None:
        return
    prices = questions.ask("prices", lambda: account.last_prices(reader.indices), _prices)
    for name in reader.indices:
        if prices is not None and not prices.get(name):
            fix = "see that the API key's plan has quote data of this exchange"
            questions.note(name, "no price came", ok=False, fix=fix)
    exchanges = {INDICES[name].derivatives for name in reader.indices if name in INDICES}
    for exchange in sorted(exchanges):
        count = partial(account.instruments, exchange, reader.now)
        questions.ask(
            f"instruments of {exchange}", count, partial(_contracts, abilities.dumps, exchange)
        )


def _ask_prices(questions: _Questions) -> None:
    for name in questions.reader.indices:
        questions.ask(name, partial(_spot, questions.reader, name), "{:,.2f}".format)


def _spot(reader: ProviderReader, name: str) -> float:
    return reader.provider.underlying(name, reader.now).spot


def cause_of(error: G6Error) -> tuple[str, str]:
    """Return the cause of a failed question in a word or two, and what to do about it."""
    match error:
        case TokenDead():
            return "token", error.fix
        case BadDump():
            return "instruments", error.fix
        case ProviderRefused():
            return (
                "entitlement",
                "see that the API key's plan has quote data, and that the key is spelt right",
            )
        case ProviderBusy(kind="network"):
            return (
                "network",
                "see that this machine reaches the provider (provider.root, proxy, DNS)",
            )
        case ProviderBusy(kind="timeout"):
            return (
                "network",
                "the provider is slow or not reached; raise provider.timeout if it stays so",
            )
        case ProviderBusy(kind="rate_limit"):
            return (
                "rate limit",
                "something else uses this API key's requests; one G6 alone shares them out",
            )
        case _:
            return getattr(error, "reason", "error"), "g6 status says how the running system fares"


def _token_words(token: LoginFacts) -> str:
    """Return what is known of a token before Kite is asked: it is there and has not ended."""
    if not token.is_valid:
        return token.state
    if not token.seconds_left:
        return _PRESENT
    hours, minutes = divmod(int(token.seconds_left // 60), MINUTES_PER_HOUR)
    time_left = f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
    return f"{_PRESENT}, {time_left} left"


def _contracts(dumps: InstrumentDumps | None, exchange: str, contracts: int) -> str:
    """Return how many contracts a dump lists, and what is wrong with it."""
    note = "" if dumps is None else dumps.facts().get(exchange)
    return f"{contracts:,} contracts" + (f" ({note})" if note else "")


def _prices(prices: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {price:,.2f}" for name, price in prices.items()) or "none"
