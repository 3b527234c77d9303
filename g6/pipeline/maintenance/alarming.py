"""Alarms of a running system: rules over each stored cycle, and messages in their own time.

It follows the events that workers publish anyway, and reads the rows of a cycle from the store as
`g6 alert test --day` does: live and stored days give the same alarms. No worker waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Event as Flag

from g6.domain.alarms import (
    Alarm,
    AlarmMemory,
    AlarmOutcome,
    AlarmRule,
    AlarmState,
    Happening,
    WaitingMessage,
    evaluate,
    happened,
    message_text,
)
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import Calendar, day_of
from g6.domain.reports import (
    Event,
    EventSelection,
    Heartbeat,
    StageReport,
    SubscriberPosition,
    WriteReport,
)
from g6.domain.reports.alerts import CHANNEL_AWAY
from g6.domain.schema.json_types import Document
from g6.domain.schema.words import SinkName, Stage
from g6.errors import BadInput, Retryable, SinkAway, UncoveredYear
from g6.pipeline.maintenance.alarm_facts import FigureSource, login_facts
from g6.pipeline.raised_alerts import settle
from g6.pipeline.subscription import Subscription
from g6.ports import AlarmChannel, AlarmLog, Bus, Clock, Controls

BLOCK_SECONDS = 1.0
PAUSES = (1.0, 5.0, 15.0, 30.0, 60.0)
"""Wall seconds before a channel is tried again, after its first, second, … failure."""
FIRST_SECONDS = 60.0
"""Wall seconds before its first start of which events count too."""
CHAIN_SECONDS = 20.0
"""Wall seconds that a cycle waits for the chains that its rules read: persist has a queue apart."""
AWAY_FAILURES = 2
"""Failures in a row from which a channel counts as dead."""
KEPT_SECONDS = 6 * 3600.0
"""Wall seconds after which a message that no channel took would mislead, and is given up."""
SENT_AT_ONCE = 5
GIVEN_UP = "given up"


def alarms_of_day(
    source: FigureSource, rules: Sequence[AlarmRule], cycles: Iterable[str]
) -> Iterator[Alarm]:
    """Yield the alarms that stored cycles give, oldest first, as they did when they were live.

    Raises:
        BadInput: A stored file is damaged.
    """
    state = AlarmState()
    for cycle in cycles:
        for facts in source.of_cycle(cycle, rules).facts:
            state, alarms = evaluate(rules, state, facts)
            yield from alarms


@dataclass(slots=True)
class _Line:
    """How a channel does.

    Attributes:
        failures: In a row.
        next_try: Wall time before which it is left alone.
    """

    channel: AlarmChannel
    failures: int = 0
    next_try: float = 0.0


@dataclass(slots=True)
class AlarmPost:
    """Evaluates rules over what a running system stores, and sends what fires.

    Attributes:
        source: Reads figures.
        rules: Returns the rules in force, read anew where their file has changed.
        channels: Ways to people.
        log: What fired, and what is not sent yet.
        bus: Tells what was stored.
        clock: Of the running system's market.
        calendar: Says on which days a token is needed.
        controls: Where the alert of a dead channel is remembered, None where nobody is told.
        may_turn_back: Whether a later run may begin its market at an earlier instant, as a
            simulated or recorded one does.
    """

    source: FigureSource
    rules: Callable[[], Sequence[AlarmRule]]
    channels: Sequence[AlarmChannel]
    log: AlarmLog
    bus: Bus
    clock: Clock
    calendar: Calendar
    controls: Controls | None = None
    may_turn_back: bool = False
    _pending: dict[str, float] = field(default_factory=dict)
    _lines: list[_Line] = field(default_factory=list)
    _subscription: Subscription | None = None
    _resume: SubscriberPosition | None = None

    def __post_init__(self) -> None:
        """Begin with every channel well."""
        self._lines = [_Line(channel) for channel in self.channels]

    def take(self, block_seconds: float = 0.0) -> int:
        """Evaluate what was stored or happened since the last time, and count what fired.

        Raises:
            RedisDown: Redis does not answer.
            StoreBusy: The disk refuses the log.
        """
        followed = self._followed()
        rules = self.rules()
        place = self.log.position()
        memory, newest = self._of_this_market(self.log.memory(), place[1])
        before = followed.position
        page = followed.read(block_seconds=block_seconds)
        fired: list[Alarm] = []
        events = memory.events
        for event in page.events:
            events, alarms = self._of_event(rules, events, event)
            fired += alarms
        cycles, newest, alarms = self._of_cycles(rules, memory.cycles, newest)
        fired += alarms
        # A cycle that waits for its chains is read again after a restart.
        self._resume = (self._resume or before) if self._pending else None
        noted = AlarmMemory(cycles, events)
        reached = (self._resume or page.position, newest)
        if fired or noted != memory or reached != place:
            names = [channel.name for channel in self.channels]
            self.log.note(self._muted(fired), names, self.clock.wall(), noted, reached)
        followed.acknowledge(page)
        return len(fired)

    def send(self) -> int:
        """Send what waits on each channel that is not left alone, and count what was sent.

        Raises:
            StoreBusy: The disk refuses the log.
        """
        return sum(self._send_on(line) for line in self._lines)

    def step(self, block_seconds: float = 0.0) -> int:
        """Evaluate and send once, and count what fired or was sent."""
        return self.take(block_seconds) + self.send()

    def run(self, stop: Flag, sign: Callable[[], None] = lambda: None) -> None:
        """Evaluate and send until `stop` is set.

        Args:
            stop: Ends it.
            sign: Is called every second or so, as a sign of life.
        """
        while not stop.is_set():
            try:
                sign()
                self.step(BLOCK_SECONDS)
            except Retryable:
                stop.wait(PAUSES[0])
                # What fired already can go while Redis is away.
                with suppress(Retryable):
                    self.send()
        with suppress(Retryable):
            self.send()

    def _followed(self) -> Subscription:
        if self._subscription is None:
            position, _ = self.log.position()
            self._subscription = Subscription(
                self.bus,
                self.clock,
                "",
                # All of them: a rule that is added later may name any.
                EventSelection(),
                since=self.clock.wall() - FIRST_SECONDS,
                position=position,
            )
        return self._subscription

    def _of_this_market(self, memory: AlarmMemory, newest: str) -> tuple[AlarmMemory, str]:
        """Return what is remembered, without what a market says that was begun anew earlier."""
        # The second run of a demonstration has the instants of the first, or earlier ones. They
        # counted as reruns of what was evaluated, and no rule fired.
        if newest and self.may_turn_back and self.clock.market() < parse_z(newest):
            return replace(memory, cycles=AlarmState()), ""
        return memory, newest

    def _of_event(
        self, rules: Sequence[AlarmRule], state: AlarmState, event: Event
    ) -> tuple[AlarmState, Sequence[Alarm]]:
        """Return what an event gives by itself. A stored cycle waits for its turn."""
        match event.payload:
            case StageReport(stage=Stage.PUBLISH, counts=WriteReport() as counts) as stage:
                if SinkName.PARQUET in counts.rows:
                    self._pending.setdefault(stage.cycle, self.clock.wall())
            case Heartbeat(provider=provider) if provider.login is not None:
                at = parse_z(event.ts)
                if self._trades() and any(map(_is_of_token, rules)):
                    facts = login_facts(provider.login, at)
                    return evaluate(filter(_is_of_token, rules), state, facts)
        types = {rule.condition.type for rule in rules if isinstance(rule.condition, Happening)}
        if event.type not in types or event.document.get("over"):
            return state, ()
        words = (event.type, event.key, _words(event.document))
        return happened(rules, state, parse_z(event.ts), words)

    def _of_cycles(
        self, rules: Sequence[AlarmRule], state: AlarmState, newest: str
    ) -> tuple[AlarmState, str, Sequence[Alarm]]:
        """Evaluate the cycles that are stored, oldest first. A rerun of an earlier one is none."""
        market_rules = [rule for rule in rules if not _is_of_token(rule)]
        fired: list[Alarm] = []
        for cycle in sorted(self._pending):
            if cycle > newest:
                try:
                    facts = self.source.of_cycle(cycle, market_rules)
                except BadInput:
                    # A damaged file is what g6 data check tells of.
                    del self._pending[cycle]
                    continue
                if not facts.is_whole and not self._is_old(self._pending[cycle]):
                    break
                for one in facts.facts:
                    state, alarms = evaluate(market_rules, state, one)
                    fired += alarms
                newest = cycle
            del self._pending[cycle]
        return state, newest, fired

    def _is_old(self, since: float) -> bool:
        return self.clock.wall() - since >= CHAIN_SECONDS

    def _trades(self) -> bool:
        """Tell whether some exchange has a session today."""
        day = day_of(self.clock.market())
        with suppress(UncoveredYear):
            return any(self.calendar.session(name, day) for name in ("NSE", "BSE"))
        return True

    def _muted(self, alarms: Iterable[Alarm]) -> Iterator[Alarm]:
        """Yield alarms, those of muted rules as such."""
        mutes: Mapping[str, float] = self.log.mutes(self.clock.wall())
        for alarm in alarms:
            is_muted = alarm.rule in mutes and alarm.outcome == AlarmOutcome.SEND
            yield replace(alarm, outcome=AlarmOutcome.MUTED) if is_muted else alarm

    def _send_on(self, line: _Line) -> int:
        """Send the oldest messages of a channel, until it takes no more."""
        now = self.clock.wall()
        if now < line.next_try:
            return 0
        sent = 0
        for message in self.log.waiting(line.channel.name, SENT_AT_ONCE):
            if now - message.noted_at > KEPT_SECONDS:
                self.log.settle([message.number], now, GIVEN_UP)
                continue
            if not self._send_one(line, message):
                break
            sent += 1
        return sent

    def _send_one(self, line: _Line, message: WaitingMessage) -> bool:
        try:
            line.channel.send(*message_text(message.alarm))
        except SinkAway as error:
            pause = PAUSES[min(line.failures, len(PAUSES) - 1)]
            line.failures += 1
            line.next_try = self.clock.wall() + pause
            self._tell(line, error.sentence)
            return False
        line.failures = 0
        self.log.settle([message.number], self.clock.wall())
        self._tell(line, "")
        return True

    def _tell(self, line: _Line, error: str) -> None:
        """Raise the alert of a dead channel, or say that it is over."""
        if self.controls is None or 0 < line.failures < AWAY_FAILURES:
            return
        alert = CHANNEL_AWAY.fire(error=error) if error else None
        raised = self.controls.read().alerts
        now = self.clock.wall()
        settle(self.bus, self.controls, raised, now, CHANNEL_AWAY, alert, line.channel.name)


def _is_of_token(rule: AlarmRule) -> bool:
    return any(name.startswith("token_") for name in rule.condition.figures)


def _words(document: Document) -> str:
    """Return what people read of an event."""
    if sentence := document.get("sentence"):
        return str(sentence)
    words = (f"{name} {value}" for name, value in document.items() if _is_plain(value))
    return ", ".join(words)[:200]


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, int, float)) and value != ""
