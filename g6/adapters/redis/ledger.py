"""The ledger in Redis: one hash per cycle, and one Lua call per step (ledger.lua).

A step's report is published in the same call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.resources import files
from itertools import chain

import redis

from g6.adapters.redis.bus import event_fields
from g6.adapters.redis.frames import frame_key, whole_frame
from g6.adapters.redis.payload import decode
from g6.adapters.redis.server import Reply, translated
from g6.domain.cycles.claims import (
    ClaimAnswer,
    CycleRests,
    FinishAnswer,
    StageProgress,
    StageState,
    no_rest,
)
from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.market.calendar import day_of
from g6.domain.market.slot import SlotLevels
from g6.domain.reports import CycleReport, StageReport, Switches
from g6.domain.reports.bus_flow import MOST_EVENTS
from g6.domain.reports.slot_levels import atm_to_json, deviations_to_json, levels_from_json
from g6.domain.schema.frame import FrameName
from g6.domain.schema.no_word import reason_of
from g6.domain.schema.words import STAGES, Reason, Stage, Status
from g6.ports import (
    Claim,
    CycleRecord,
    Opening,
    UnitEnd,
    UnitRecord,
)

_ENDINGS = (FinishAnswer.LATE, FinishAnswer.FINISHED, FinishAnswer.COMPLETED)
"""The answers of `finish` and `skip`, by the numbers of the script."""
_READ_BY = {Stage.ANALYSE: FrameName.QUOTES, Stage.PERSIST: FrameName.CHAIN}


MARK = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""
"""Puts a mark in the place of the one that was read, and of no other."""


class RedisLedger:
    """Ledger port over one Redis.

    Keys: `<ns>:cycle:<cycle>`, `<ns>:open`, `<ns>:collecting:<index>`, `<ns>:newest`,
    `<ns>:succeeded`, `<ns>:walked`, `<ns>:atm:<index>`. It reads `<ns>:controls`, and where frames
    are kept here, the one that a stage begins with: a round trip less for each stage.
    """

    def __init__(
        self,
        client: redis.Redis,
        namespace: str = "g6",
        *,
        stream: str = "events",
        stream_length: int = MOST_EVENTS,
        has_frames: bool = False,
    ) -> None:
        self._client = client
        self._ns = namespace
        self._stream = stream
        self._stream_length = stream_length
        self._has_frames = has_frames
        source = (files("g6.adapters.redis") / "scripts" / "ledger.lua").read_text("utf-8")
        self._script = client.register_script(source)
        self._mark = client.register_script(MARK)

    @translated
    def begin(self, unit: Unit, task: str, opening: Opening, now: float, lease: float) -> Claim:
        answer, deadline, *controls = self._step(
            "begin", unit.cycle, unit.index, now, task, *_opening(opening), lease
        )
        pairs = zip(controls[::2], controls[1::2], strict=True)
        switches = {_text(name): decode(value) for name, value in pairs}
        return Claim(ClaimAnswer(_text(answer)), float(deadline), 0.0, Switches.from_json(switches))

    @translated
    def start(self, unit: Unit, stage: Stage, task: str, now: float, lease: float) -> Claim:
        before = STAGES[STAGES.index(stage) - 1]
        step = ("start", unit.cycle, unit.index, now, stage, task, lease, before)
        if self._has_frames:
            # A frame of 170 kB that the script read cost the server 240 us, one read behind it 35.
            # Lua copies it in and out.
            frame = frame_key(self._ns, unit, _READ_BY[stage])
            reply, raw = self._step_and_get(frame, *step)
        else:
            reply = self._step(*step)
            raw = None
        answer, deadline, since, config_id, started_before = reply
        claim_answer = ClaimAnswer(_text(answer))
        return Claim(
            claim_answer,
            float(deadline or 0),
            float(since or 0),
            config_id=_text(config_id),
            frame=whole_frame(raw) if claim_answer.may_run else None,
            started_before=float(started_before),
        )

    @translated
    def renew(self, unit: Unit, stage: Stage, task: str, until: float, now: float) -> bool:
        return bool(self._step("renew", unit.cycle, unit.index, now, stage, task, f"{until:.6f}"))

    @translated
    def end_stage(
        self, unit: Unit, stage: Stage, task: str, now: float, report: StageReport | None = None
    ) -> bool:
        event = self._event(unit.index, report)
        return bool(self._step("done", unit.cycle, unit.index, now, stage, task, *event))

    @translated
    def fail_persist(self, unit: Unit, task: str, now: float, report: StageReport) -> FinishAnswer:
        arguments = (task, report.reason, *self._event(unit.index, report))
        return _ENDINGS[int(self._step("fail_persist", unit.cycle, unit.index, now, *arguments))]

    @translated
    def finish(self, unit: Unit, end: UnitEnd, now: float) -> FinishAnswer:
        text = json.dumps(end.summary, separators=(",", ":")) if end.summary else ""
        config = str(end.summary.get("config_id", ""))
        event = self._event(unit.index, end.report)
        strikes = (
            day_of(unit.instant).isoformat(),
            unit.instant.timestamp(),
            "" if end.levels is None else _levels_text(end.levels),
        )
        arguments = (end.status, end.reason, text, config, *strikes, end.task, *event)
        return _ENDINGS[int(self._step("finish", unit.cycle, unit.index, now, *arguments))]

    @translated
    def skip(self, unit: Unit, opening: Opening, reason: Reason, now: float) -> FinishAnswer:
        arguments = (reason, *_opening(opening))
        return _ENDINGS[int(self._step("skip", unit.cycle, unit.index, now, *arguments))]

    @translated
    def open_cycles(self, rests: CycleRests = no_rest) -> Sequence[CycleRecord]:
        deadlines: Reply = self._client.zrange(f"{self._ns}:open", 0, -1, withscores=True)
        cycles = []
        for name, deadline in deadlines:
            cycle = _text(name)
            if not rests(cycle, deadline):
                cycles.append(cycle)
        pipeline = self._client.pipeline(transaction=False)
        for cycle in cycles:
            pipeline.hgetall(self._cycle_key(cycle))
        hashes = pipeline.execute() if cycles else []
        records = []
        for cycle, fields in zip(cycles, hashes, strict=True):
            if fields:
                records.append(_record(cycle, fields))
            else:
                # The cycle's hash has expired; what is left of it ends here.
                self._client.zrem(f"{self._ns}:open", cycle)
        return records

    @translated
    def record(self, cycle: str) -> CycleRecord | None:
        fields = self._client.hgetall(self._cycle_key(cycle))
        return _record(cycle, fields) if fields else None

    @translated
    def fire_again(self, cycle: str, now: float, after: float = 2.0) -> bool:
        return bool(self._step("fire_again", cycle, "", now, after))

    @translated
    def close(self, cycle: str, now: float, report: CycleReport | None = None) -> bool:
        event = self._event(cycle, report)
        attempt = "" if report is None else report.attempt
        due = parse_z(cycle).timestamp()
        return bool(self._step("close", cycle, "", now, due, attempt, *event))

    @translated
    def mark_stored(self, cycle: str, attempt: int, report: StageReport) -> bool:
        return bool(self._step("stored", cycle, "", 0.0, attempt, *self._event("", report)))

    @translated
    def store_again(self, cycle: str, now: float, after: float) -> bool:
        return bool(self._step("store_again", cycle, "", now, after))

    @translated
    def send_again(self, unit: Unit, now: float, after: float) -> bool:
        return bool(self._step("send_again", unit.cycle, unit.index, now, after))

    @translated
    def must_write_again(self, cycle: str, now: float, after: float) -> bool:
        return bool(self._step("must_write_again", cycle, "", now, after))

    @translated
    def forget_overtaken(self, cycle: str, now: float, after: float) -> None:
        self._step("forget_overtaken", cycle, "", now, after)

    @translated
    def settle(self, cycle: str) -> None:
        self._step("settle", cycle, "", 0.0)

    @translated
    def reopen(
        self,
        unit: Unit,
        first_stage: Stage,
        opening: Opening,
        now: float,
        stored_end: UnitEnd | None = None,
    ) -> int:
        expected, config, deadline, due = _opening(opening)
        arguments = (first_stage, deadline, expected, config, due, _end_text(stored_end))
        return int(self._step("reopen", unit.cycle, unit.index, now, *arguments))

    @translated
    def last_success(self, now: float) -> float:
        wall: Reply = self._client.set(f"{self._ns}:succeeded", now, nx=True, get=True)
        return float(wall) if wall else now

    @translated
    def swept_until(self) -> str | None:
        cycle = self._client.get(f"{self._ns}:walked")
        return _text(cycle) if cycle else None

    @translated
    def record_swept(self, cycle: str, before: str | None) -> bool:
        return bool(self._mark(keys=[f"{self._ns}:walked"], args=[before or "", cycle]))

    @translated
    def recall_levels(self, index: str, session: date) -> Mapping[date, SlotLevels]:
        day, levels = self._client.hmget(f"{self._ns}:atm:{index}", "session", "atm")
        if not day or _text(day) != session.isoformat():
            return {}
        return levels_from_json(json.loads(_text(levels)))

    def _cycle_key(self, cycle: str) -> str:
        return f"{self._ns}:cycle:{cycle}"

    def _step(self, step: str, cycle: str, index: str, now: float, *arguments: Reply) -> Reply:
        # One call for each step: a call for each field was about a hundred commands a cycle more.
        keys = self._keys(cycle, index)
        return self._script(keys=keys, args=[step, f"{now:.6f}", cycle, index, *arguments])

    def _step_and_get(
        self, key: str, step: str, cycle: str, index: str, now: float, *arguments: Reply
    ) -> tuple[Reply, Reply]:
        """Do a step, and read a key right behind it in the same round trip."""
        keys = self._keys(cycle, index)
        words = (step, f"{now:.6f}", cycle, index, *arguments)

        def ask() -> list[Reply]:
            pipeline = self._client.pipeline(transaction=False)
            pipeline.evalsha(self._script.sha, len(keys), *keys, *words)
            pipeline.get(key)
            return pipeline.execute(raise_on_error=False)

        replies = ask()
        if isinstance(replies[0], redis.exceptions.NoScriptError):
            # The server was started again or emptied, and no longer has the script.
            self._client.script_load(self._script.script)
            replies = ask()
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies[0], replies[1]

    def _keys(self, cycle: str, index: str) -> list[str]:
        names = (
            "open",
            f"collecting:{index}",
            "newest",
            self._stream,
            f"atm:{index}",
            "controls",
            "succeeded",
        )
        return [self._cycle_key(cycle), *(f"{self._ns}:{name}" for name in names)]

    def _event(self, key: str, report: StageReport | CycleReport | None) -> list[Reply]:
        """Return what the script publishes in the step itself: the stream's length and fields."""
        if report is None:
            return [""]
        fields = event_fields(report, self._ns, key=key)
        return [self._stream_length, *chain.from_iterable(fields.items())]


def _text(value: Reply) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _levels_text(levels: Mapping[date, SlotLevels]) -> str:
    return json.dumps(atm_to_json(levels) | deviations_to_json(levels))


def _opening(opening: Opening) -> tuple[str, str, str, str]:
    return (
        ",".join(opening.expected),
        opening.config_id,
        f"{opening.deadline:.6f}",
        f"{opening.due:.6f}",
    )


def _record(cycle: str, raw: Reply) -> CycleRecord:
    fields = {_text(name): _text(value) for name, value in raw.items()}
    expected = tuple(name for name in fields.get("expected", "").split(",") if name)
    return CycleRecord(
        cycle=cycle,
        opening=Opening(
            expected, fields.get("config", ""), _number(fields, "deadline"), _number(fields, "due")
        ),
        opened=_number(fields, "opened"),
        fired=_number(fields, "fired"),
        closed=_number(fields, "closed"),
        units={index: _unit(index, fields) for index in expected},
        attempt=int(_number(fields, "attempt") or 1),
        stored=fields.get("stored") == fields.get("attempt"),
    )


def _number(fields: Mapping[str, str], name: str) -> float:
    return float(fields.get(name) or 0)


def _end_text(end: UnitEnd | None) -> str:
    """Return how a unit ended as the script keeps it, empty for None."""
    if end is None:
        return ""
    return f"{end.status}|{end.reason}|{json.dumps(end.summary, separators=(',', ':'))}"


def _end(text: str) -> UnitEnd | None:
    if not text:
        return None
    status, reason, summary = text.split("|", 2)
    return UnitEnd(Status(status), reason_of(reason), json.loads(summary) if summary else {})


def _unit(index: str, fields: Mapping[str, str]) -> UnitRecord:
    summary = fields.get(f"{index}:summary", "")
    status = fields.get(f"{index}:status", "")
    return UnitRecord(
        task=fields.get(f"{index}:task", ""),
        attempt=int(fields.get(f"{index}:attempt", 1)),
        runs=int(fields.get(f"{index}:runs", 1)),
        status=Status(status) if status else "",
        reason=reason_of(fields.get(f"{index}:reason", "")),
        summary=json.loads(summary) if summary else {},
        stages={
            stage: _stage(fields[f"{index}:{stage}"])
            for stage in STAGES
            if f"{index}:{stage}" in fields
        },
        stored_end=_end(fields.get(f"{index}:stored_end", "")),
        failure=reason_of(fields.get(f"{index}:failure", "")),
        sent=_number(fields, f"{index}:sent"),
    )


def _stage(text: str) -> StageState:
    state, holder, lease, started, ended, starts = text.split("|")
    return StageState(
        StageProgress(state), holder, float(lease), float(started), float(ended), int(starts)
    )
