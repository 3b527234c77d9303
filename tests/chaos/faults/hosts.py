"""What happens between hosts: cables pulled, hosts that die, bad links, wrong clocks, an older version, a master that moves."""

from __future__ import annotations

import time

from tests.chaos.hosts.stack import ALPHA, BETA, DEPOT, FEW, HOSTS, REDIS, WEB, HostStack, on_hosts
from tests.chaos.hosts.toxics import (
    Bandwidth,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Stream,
    Timeout,
    Toxic,
)
from tests.chaos.stack import Stack, said
from tests.chaos.table import fault
from tests.waiting import eventually

ALERT_SECONDS = 60.0
OTHER = "work.b@beta"
BEAT_APART = {**HOSTS, "beat-b": WEB}
SKEWS = (2.0, -2.0, 90.0, -90.0)
"""Seconds by which a host's clock is wrong, one after the other."""
ALONE = {"collect": ("collect,aggregate", 4), "analytics": ("analytics", 1), "files": ("persist,manual", 2),
         "sweep": ("maintenance", 1)}  # fmt: skip
TOXICS: dict[str, tuple[Toxic, ...]] = {
    "latency of 100 ± 50 ms": (Latency(delay=0.1, jitter=0.05),),
    "bandwidth of 300 KB/s both ways": (Bandwidth(rate=300_000), Bandwidth(Stream.UPSTREAM, rate=300_000)),
    "a stall": (Bandwidth(rate=0), Bandwidth(Stream.UPSTREAM, rate=0)),
    "slices of 1,000 bytes": (Slicer(average=1000, variation=300), Slicer(Stream.UPSTREAM, average=1000, variation=300)),
    "closes told 2 s late": (SlowClose(delay=2.0), SlowClose(Stream.UPSTREAM, delay=2.0)),
    "connections that end after 200 KB": (LimitData(most=200_000),),
    "a reset of each connection after 1 s": (ResetPeer(after=1.0),),
    "a link that says nothing": (Timeout(), Timeout(Stream.UPSTREAM)),
}  # fmt: skip


def _hosts(stack: Stack) -> HostStack:
    assert isinstance(stack, HostStack)
    return stack


def _both_work(stack: HostStack, when: str) -> None:
    """Expect workers of both hosts to take from the queues that they share."""
    before = stack.done_by_workers()
    stack.goes_well(3)
    after = stack.done_by_workers()
    done = {name: count - before.get(name, 0) for name, count in after.items()}
    words = ", ".join(f"{name} {count}" for name, count in sorted(done.items()))
    stack.expect(len(done) == 2 and all(done.values()), f"{when}, both hosts work: {words}")


def _hurt(stack: Stack, first: float, last: float) -> int:
    """Return how many cycles due between two wall instants are not whole."""
    whole = set(stack.whole(0.0))
    return sum(first <= stack.due(each) <= last for each in stack.stored() if each not in whole)


@fault(
    "30", "a worker host unplugged for 25 s",
    done="Two hosts serve the same queues, each with a beat. The cable of one is pulled in mid-cycle, so that its connections "
    "hang and nobody is told, and put back 25 s later.",
    seen="The hosts share the work before and after. Meanwhile the other does it all: nobody is told that a queue is without "
    "worker, the silent worker is shown as down, and at most one cycle is not whole.",
    setup=on_hosts(interval=10),
)  # fmt: skip
def unplugged(stack: Stack) -> None:
    hosts = _hosts(stack)
    _both_work(hosts, "before")
    eventually(lambda: stack.running("collect"), every=0.001)
    stack.happens()
    hosts.network.unplug(BETA)
    down = eventually(lambda: not hosts.signs().workers[OTHER].up, every=0.2)
    stack.expect(
        down, f"{OTHER} counts as down {time.time() - stack.began:.0f} s after the cable was pulled"
    )
    stack.pass_time(stack.began + 25.0 - time.time())
    hosts.network.plug(BETA)
    stack.passes()
    stack.expect(not hosts.alerts("worker"), "nobody is told that a queue is without worker")
    eventually(lambda: hosts.signs().workers[OTHER].up, every=0.2)
    _both_work(hosts, "afterwards")
    hurt = _hurt(stack, stack.began - stack.setup.timing.step, stack.over)
    stack.expect(hurt <= 1, f"{hurt} cycles due meanwhile are not whole")


@fault(
    "30b", "a host that shares the work unplugged for 6 s",
    done="As 30, for 6 s at an interval of 5 s.",
    seen="Cycles go on, and both hosts work again.",
    setup=on_hosts(layout=FEW), full=False,
)  # fmt: skip
def unplugged_briefly(stack: Stack) -> None:
    hosts = _hosts(stack)
    stack.happens()
    hosts.network.unplug(BETA)
    stack.pass_time(6.0)
    hosts.network.plug(BETA)
    stack.passes()
    stack.goes_well(1, after=stack.over)
    done = hosts.done_by_workers()
    stack.expect(all(done.values()), f"both hosts work: {done}")


@fault(
    "31", "a host dies that alone serves a queue",
    done="The only host of `analytics` loses its power: cable and processes at once. It is started again when that was told.",
    seen="An alert names the queue within a minute, and ends when the host is back; cycles due meanwhile are MISSING, the next "
    "are whole.",
    setup=on_hosts(layout=ALONE, hosts={"collect": ALPHA, "beat-a": ALPHA, "beat-b": ALPHA, "analytics": BETA}),
)  # fmt: skip
def lone_host_dies(stack: Stack) -> None:
    hosts = _hosts(stack)
    stack.happens()
    hosts.dies(BETA)
    told = eventually(lambda: hosts.alerts("worker"), 2 * ALERT_SECONDS, every=0.2)
    waited = time.time() - stack.began
    stack.expect(
        waited <= ALERT_SECONDS,
        f"after {waited:.0f} s an alert says: {told[0].document['sentence']}",
    )
    hosts.returns(BETA)
    stack.passes()
    stack.goes_well(2, after=stack.over)
    ended = eventually(lambda: hosts.alerts("worker", over=True), ALERT_SECONDS, every=0.2)
    stack.expect(ended, "the alert ends when the host is back")
    lost = stack.reasons(stack.began, stack.over - stack.setup.timing.grace)
    stack.expect(("OK", "") not in lost, f"the units due meanwhile end as {said(lost)}")


@fault(
    "31b", "the host of the files dies",
    done="The one host that writes rows, sweeps and reruns loses its power for 40 s; the web host serves.",
    seen="Within a minute /readyz of the web host answers 503 and says why. Afterwards every cycle due meanwhile has its rows.",
    setup=on_hosts(),
)  # fmt: skip
def files_host_dies(stack: Stack) -> None:
    hosts = _hosts(stack)
    page = hosts.serve()
    eventually(lambda: hosts.asks(page)[0] == 200, ALERT_SECONDS, every=0.5)
    stack.happens()
    hosts.dies(DEPOT)
    eventually(lambda: hosts.asks(page)[0] == 503, 2 * ALERT_SECONDS, every=0.5)
    waited = time.time() - stack.began
    stack.expect(
        waited <= ALERT_SECONDS, f"after {waited:.0f} s /readyz says: {hosts.asks(page)[1][:300]}"
    )
    stack.pass_time(max(0.0, stack.began + 40.0 - time.time()))
    hosts.returns(DEPOT)
    stack.passes()
    stack.goes_well(2, after=stack.over)
    ends = eventually(lambda: _all_due(stack), ALERT_SECONDS, every=0.5)
    stack.expect(
        ends, f"the units due meanwhile end as {said(stack.reasons(stack.began, stack.over))}"
    )


def _all_due(stack: Stack) -> int:
    """Return how many units due during the fault have a row, 0 while one of them has none."""
    due = int((stack.over - stack.setup.timing.grace - stack.began) / stack.setup.timing.step)
    rows = sum(stack.reasons(stack.began, stack.over).values())
    return rows if rows >= 3 * due else 0


@fault(
    "32", "every toxic on one host's way to Redis",
    done="A proxy stands between one of two worker hosts and Redis. Each toxic works for three cycles: " + "; ".join(TOXICS) + ".",
    seen="Each time the cycles are whole again when the link is; no process ends; every unit has its row and its reason.",
    setup=on_hosts(),
)  # fmt: skip
def toxics(stack: Stack) -> None:
    hosts = _hosts(stack)
    stack.happens()
    for name, some in TOXICS.items():
        _poisons(hosts, name, some, 3 * stack.setup.timing.step)
    stack.expect(all(child.alive for child in stack.children.values()), "every process lives")


def _poisons(stack: HostStack, name: str, toxics: tuple[Toxic, ...], seconds: float) -> None:
    link, began = stack.links[BETA], time.time()
    moved = sum(link.bytes.values()), link.connections
    for place, toxic in enumerate(toxics):
        link.add(str(place), toxic)
    stack.pass_time(seconds)
    link.clear()
    moved = sum(link.bytes.values()) - moved[0], link.connections - moved[1]
    over = stack.passes()
    stack.goes_well(1, after=over)
    words = f"{moved[0] / 1e3:.0f} KB and {moved[1]} new connections went through"
    back = stack.due(stack.whole(over)[0]) - over
    hurt = _hurt(stack, began, over)
    stack.expect(back <= 3 * stack.setup.timing.step, f"{name}: {words}; {hurt} cycles not whole; whole again {back:.0f} s later")  # fmt: skip


@fault(
    "32b", "resets, latency and a stall on one host's way to Redis",
    done="As 32, three toxics for 4 s each.",
    seen="The cycles are whole again when the link is; no process ends.",
    setup=on_hosts(layout=FEW), full=False,
)  # fmt: skip
def few_toxics(stack: Stack) -> None:
    hosts = _hosts(stack)
    stack.happens()
    link = hosts.links[BETA]
    before = link.connections
    for toxic in (ResetPeer(after=0.3), Latency(delay=0.1, jitter=0.05), Bandwidth(rate=0)):
        link.add("one", toxic)
        stack.pass_time(4.0)
    link.clear()
    stack.passes()
    stack.expect(link.connections > before, "connections were reset and made again")
    stack.goes_well(1, after=stack.over)
    stack.expect(all(child.alive for child in stack.children.values()), "every process lives")


@fault(
    "33", "a worker host whose clock is wrong",
    done="Two hosts share the work. The clock of one is 2 s ahead, 2 s behind, 90 s ahead and 90 s behind, for three cycles each, "
    "for all that its workers ask the time for; then it is set right.",
    seen="The heartbeat measures it each time and an alert names the host. By 2 s every unit is OK. By 90 s what this host takes "
    "may be lost, each with its row and its reason. Set right, both hosts work, and the alert ends.",
    setup=on_hosts(interval=10, hosts=BEAT_APART),
)  # fmt: skip
def worker_clock(stack: Stack) -> None:
    _wrong_clocks(_hosts(stack), BETA, ("work.b", "closing.b"), harmless=2.0)
    _both_work(_hosts(stack), "with the clock set right")


@fault(
    "33b", "a beat's host whose clock is wrong",
    done="As 33, for the host of one of two beats.",
    seen="The heartbeat measures it each time and an alert names the host. The beat whose clock is right is enough: every unit is "
    "OK, also by 90 s.",
    setup=on_hosts(interval=10, hosts=BEAT_APART),
)  # fmt: skip
def beat_clock(stack: Stack) -> None:
    _wrong_clocks(_hosts(stack), WEB, ("beat-b",), harmless=90.0)


def _wrong_clocks(stack: HostStack, host: str, names: tuple[str, ...], harmless: float) -> None:
    """Put the clock of a host wrong, and right again. By `harmless` seconds no unit may be lost."""
    step = stack.setup.timing.step
    stack.happens()
    for seconds in SKEWS:
        for name in names:
            stack.children[name].kill()
            start = stack.beat if name in stack.setup.beats else stack.worker
            start(name, wait=True, wrong=f"clock:{seconds:g}")
        began = time.time()
        measured = eventually(lambda: _told_skew(stack, host, seconds), every=0.5)  # noqa: B023
        stack.pass_time(began + 4 * step - time.time())
        ends = stack.reasons(began, began + 3 * step)
        rows = sum(ends.values())
        words = f"{host} by {measured:+.2f} s: units end as {said(ends)}"
        is_borne = set(ends) == {("OK", "")} if abs(seconds) <= harmless else rows >= 6
        stack.expect(is_borne, words)
    told = eventually(lambda: stack.alerts("clock"), every=0.5)
    sentence = told[0].document["sentence"]
    stack.expect(host in sentence, f"an alert says: {sentence}")
    (stack.world.base / "clock-set").touch()
    stack.passes()
    stack.goes_well(2, after=stack.over)
    over = eventually(lambda: stack.alerts("clock", over=True), 90.0, every=0.5)
    stack.expect(over, "the alert ends when the clock is right")
    stack.expect(all(child.alive for child in stack.children.values()), "every process lives")


def _told_skew(stack: HostStack, host: str, seconds: float) -> float:
    """Return how wrong a host's clock is by the newest heartbeat, 0 while it says something else."""
    beats = stack.events("heartbeat")[-1:]
    skew = float(beats[0].document["clock_skew_seconds"].get(host, 0.0)) if beats else 0.0
    return skew if abs(skew - seconds) < 0.5 else 0.0


@fault(
    "34", "a worker of an older version among the new ones",
    done="One host's worker is of an earlier version: it says less of itself, its messages carry no time, and it keeps messages "
    "in hand as kombu does. It is killed with one in hand.",
    seen="Both versions share the work, every unit is OK, and the message that it had in hand comes back.",
    setup=on_hosts(interval=10),
)  # fmt: skip
def older(stack: Stack) -> None:
    hosts = _hosts(stack)
    hosts.children["work.b"].kill()
    stack.worker("work.b", wait=True, wrong="older")
    stack.happens()
    _both_work(hosts, "with an older one")
    stack.all_ok(stack.began, time.time(), "meanwhile")
    stack.catch("work.b", lambda: stack.client.zcard("g6:celery:unacked_index"))
    hosts.children["work.b"].kill()
    stack.worker("work.b", wait=True)
    stack.passes()
    gone = eventually(lambda: not stack.client.zcard("g6:celery:unacked_index"), 90.0, every=0.5)
    stack.expect(gone, f"what it had in hand came back {time.time() - stack.over:.0f} s later")


@fault(
    "35", "Sentinels move the master under load",
    done="Two Redis, three Sentinels. The master is killed in mid-cycle and started again 30 s later on its old files; then the "
    "host of the new master is unplugged for 20 s.",
    seen="Workers, beats and the ledger follow each time without a restart; the old master becomes a replica; every unit has its "
    "row and its reason.",
    setup=on_hosts(sentinels=True),
)  # fmt: skip
def moved(stack: Stack) -> None:
    hosts = _hosts(stack)
    first = hosts.watched.master()
    eventually(lambda: stack.running("collect"), every=0.001)
    stack.happens()
    server = hosts.watched.servers[REDIS]
    server.process.kill()
    server.process.wait()
    second = _moves(hosts, first)
    stack.goes_well(1, after=stack.passes())
    stack.pass_time(max(0.0, stack.began + 30.0 - time.time()))
    hosts.restart(REDIS)
    replica = hosts.network.hosts[REDIS]
    eventually(lambda: hosts.role(replica) == "slave", every=0.5)
    stack.expect(hosts.watched.master() == second, "the master that came back is a replica")
    stack.goes_well(2)
    gone = next(host for host in hosts.network.hosts.values() if host.address == second)
    hosts.network.unplug(gone.name)
    began = time.time()
    _moves(hosts, second)
    stack.goes_well(1, after=stack.passes())
    stack.pass_time(max(0.0, began + 20.0 - time.time()))
    hosts.network.plug(gone.name)
    eventually(lambda: hosts.role(gone) == "slave", every=0.5)
    stack.goes_well(2)
    workers = (child.alive for child in stack.children.values())
    stack.expect(all(workers), "every process lives")
    lost = stack.reasons(stack.began - stack.setup.timing.step, stack.over)
    stack.expect(
        ("OK", "") in lost, f"the units due from the first fault to the last end as {said(lost)}"
    )


def _moves(stack: HostStack, old: str) -> str:
    began = time.time()
    new = eventually(lambda: (at := stack.watched.master()) not in ("", old) and at, every=0.1)
    stack.expect(new, f"another master is named {time.time() - began:.1f} s after the fault")
    return str(new)
