"""Whether the configured provider answers: questions, answers, causes and fixes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from g6.bootstrap.guarding import guarded, shared_state
from g6.bootstrap.sources import check_names, provider
from g6.bootstrap.wiring import wire_if_running
from g6.config import Settings
from g6.domain.market.instrument import INDICES
from g6.domain.reports import LoginFacts
from g6.errors import BadDump, G6Error, ProviderBusy, ProviderRefused, TokenDead
from g6.ports import Clock, Provider
from g6.ports.sources import Abilities, InstrumentDumps, abilities_of

__all__ = ["ProviderAnswer", "ProviderAnswers", "ask_provider", "cause_of"]

T = TypeVar("T")

PATIENCE = 2.5
"""Seconds after which no question begins."""
REQUEST_SECONDS = 2.0
MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """The answer to one question. The names of the fields are published.

    Attributes:
        what: What was asked for.
        ok: Whether the answer is well.
        seen: The answer, or its cause and sentence.
        fix: What a person may do.
    """

    what: str
    ok: bool
    seen: str
    fix: str = ""


@dataclass(slots=True)
class ProviderAnswers:
    """The answers of one provider, in the order of the questions."""

    answers: list[ProviderAnswer] = field(default_factory=list)

    def ask(self, what: str, question: Callable[[], T], words: Callable[[T], str]) -> T | None:
        """Ask a question and note its answer, or its cause and fix.

        Returns:
            The answer, None when there was none.
        """
        began = time.monotonic()
        try:
            answer = question()
        except G6Error as error:
            cause, fix = cause_of(error)
            self.note(what, f"{cause}: {error.sentence}", ok=False, fix=fix)
            return None
        milliseconds = 1000 * (time.monotonic() - began)
        self.note(what, f"{words(answer)}, {milliseconds:.0f} ms")
        return answer

    def note(self, what: str, seen: str, *, ok: bool = True, fix: str = "") -> None:
        """Note an answer."""
        self.answers.append(ProviderAnswer(what, ok, seen, fix))

    @property
    def ok(self) -> bool:
        """Whether everything is well."""
        return all(answer.ok for answer in self.answers)


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


def ask_provider(settings: Settings) -> ProviderAnswers:
    """Ask for token, account, a price of each index, and the request budget."""
    answers = ProviderAnswers()
    check_names(settings)
    if not settings.source.is_live:
        source = provider(wire_if_running(settings))
        _ask_prices(answers, settings, source, settings.market.start)
        return answers
    own = settings.provider
    # Without retries and with short requests: a person waits for the answer.
    quick = {"timeout": min(own.timeout, REQUEST_SECONDS), "retries": 0}
    settings = settings.model_copy(update={"provider": own.model_copy(update=quick)})
    wiring = wire_if_running(settings)
    source = guarded(wiring, shared_state(wiring), own.name, own.root, own.name)
    abilities = abilities_of(source)
    with abilities.within(PATIENCE):
        if abilities.account is not None:
            _ask_account(answers, settings, abilities, wiring.clock)
        else:
            _ask_prices(answers, settings, source, wiring.clock.market())
    budget = source.describe().budget_left or {}
    requests = ", ".join(f"{name} {count}" for name, count in budget.items())
    answers.note("requests left in the next minute", requests)
    return answers


def _ask_account(
    answers: ProviderAnswers, settings: Settings, abilities: Abilities, clock: Clock
) -> None:
    account = abilities.account
    if account is None:
        return
    token = account.describe().login or LoginFacts()
    if answers.ask("token", account.token, lambda _: _token_words(token)) is None:
        return
    if answers.ask("account", account.profile, _user) is None:
        return
    prices = answers.ask("prices", lambda: account.last_prices(settings.indices), _prices)
    for name in settings.indices:
        if prices is not None and not prices.get(name):
            fix = "see that the API key's plan has quote data of this exchange"
            answers.note(name, "no price came", ok=False, fix=fix)
    exchanges = {INDICES[name].derivatives for name in settings.indices if name in INDICES}
    for exchange in sorted(exchanges):
        count = partial(account.instruments, exchange, clock.market())
        answers.ask(
            f"instruments of {exchange}", count, partial(_contracts, abilities.dumps, exchange)
        )


def _ask_prices(
    answers: ProviderAnswers, settings: Settings, source: Provider, at: datetime
) -> None:
    for name in settings.indices:
        answers.ask(name, partial(_spot, source, name, at), "{:,.2f}".format)


def _spot(source: Provider, name: str, at: datetime) -> float:
    return source.underlying(name, at).spot


def _token_words(token: LoginFacts) -> str:
    if not token.seconds_left:
        return token.state
    hours, minutes = divmod(int(token.seconds_left // 60), MINUTES_PER_HOUR)
    time_left = f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
    return f"{token.state}, {time_left} left"


def _user(profile: Mapping[str, object]) -> str:
    return str(profile.get("user_id", "unknown"))


def _contracts(dumps: InstrumentDumps | None, exchange: str, contracts: int) -> str:
    """Return how many contracts a dump lists, and what is wrong with it."""
    note = "" if dumps is None else dumps.facts().get(exchange)
    return f"{contracts:,} contracts" + (f" ({note})" if note else "")


def _prices(prices: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {price:,.2f}" for name, price in prices.items()) or "none"
