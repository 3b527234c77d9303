"""Every study: one record from which its command, its Python call and its reference page follow.

Nothing here imports a study: `g6 --help` and `import g6` read this table and stay cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import get_type_hints

__all__ = ["STUDIES", "Study", "by_command", "by_name"]


@dataclass(frozen=True, slots=True)
class Study:
    """One question.

    Attributes:
        name: The Python call `g6.ask.NAME`, and the command unless `command` says otherwise.
        module: The module below `g6.studies`.
        sentence: What it answers, as `g6 --help` shows it.
        example: One call of the command.
        details: A second paragraph of the command's help.
        command: The words of the command after `g6`, where they are not the name.
        reader: What the study reads: `stored`, or another kind that `bootstrap.study_readers`
            builds.
        settings: The options of settings that the study is asked under, none where it reads
            nothing that is configured. A name with a star is an argument of the command.
        watch: Help of the option `--watch`, for a study that can be followed cycle by cycle.
        progress: What a bar says while it works, for a study whose answer takes a `track`.
    """

    name: str
    module: str
    sentence: str
    example: str
    details: str = ""
    command: str = ""
    reader: str = "stored"
    settings: tuple[str, ...] = ("data_dir", "config", "set")
    watch: str = ""
    progress: str = ""

    @property
    def words(self) -> str:
        """Return the words of its command after `g6`."""
        return self.command or self.name

    @property
    def answer(self) -> Callable[..., object]:
        """Return the function that answers. This imports its module."""
        # Imported here: figures stand on numpy and scipy, which `g6 --help` does not wait for.
        function: Callable[..., object] = import_module(f"g6.studies.{self.module}").answer
        return function

    @property
    def parameters(self) -> type:
        """Return the dataclass of its parameters."""
        parameters: type = get_type_hints(self.answer)["parameters"]
        return parameters

    @property
    def document(self) -> type:
        """Return the class of what it answers with."""
        document: type = get_type_hints(self.answer)["return"]
        return document


_OF_A_PROVIDER = ("data_dir", "config", "set", "provider", "recording")

STUDIES = (
    Study(
        "workers",
        "now.workers",
        "Show the processes of the running system by host, and the depth of each queue.",
        "g6 ps",
        command="ps",
        reader="running",
    ),
    Study(
        "trace",
        "now.cycle_trace",
        "Show the stages of a cycle's units with their waiting and running times, and its "
        "expiries.",
        "g6 trace 2026-11-18T05:30:00Z",
        reader="running",
    ),
    Study(
        "status",
        "now.system_status",
        "Show the newest cycle, each index, queues and the market, or a line per new cycle.",
        "g6 status",
        reader="status",
        watch="Write a line per new cycle until Ctrl-C.",
    ),
    Study(
        "check",
        "now.provider_answers",
        "Ask the provider for the price of each index, and say why where it does not answer.",
        "g6 check kite",
        details="The exit code is 1, with cause and fix, when it cannot be collected from.",
        reader="provider",
        settings=("provider*", "data_dir", "recording", "config", "set"),
    ),
    Study(
        "doctor",
        "checks.machine_health",
        "Look at Redis, disk, login, calendar, ports, settings and processes, and say what mends "
        "what is wrong.",
        "g6 doctor",
        details="The exit code is 1 when something is wrong.",
        reader="machine",
    ),
    Study(
        "providers",
        "now.source_answers",
        "List the providers and what each can do, those of other distributions too.",
        "g6 providers",
        reader="sources",
        settings=(),
    ),
    Study(
        "stored_days",
        "stored.days.stored_days",
        "List the stored days by index: in how many files, how far folded, how large.",
        "g6 data ls --date 2026-11-18",
        command="data ls",
        reader="archive",
    ),
    Study(
        "sizes",
        "stored.days.stored_sizes",
        "Measure what is stored by kind.",
        "g6 data size",
        command="data size",
        reader="archive",
    ),
    Study(
        "csv_files",
        "stored.days.csv_files",
        "Count the CSV files: how many, how large, from when to when, by index.",
        "g6 retention-scan --json",
        command="retention-scan",
        reader="archive",
    ),
    Study(
        "inspect",
        "stored.days.inspection",
        "Show a snapshot's rows, and nulls, least and largest value of each column; "
        "quality flags and IV statuses counted.",
        "g6 inspect NIFTY@2026-11-18T05:30:00Z",
        reader="archive",
    ),
    Study(
        "verify",
        "checks.verification",
        "Compute stored figures again by a second implementation and show the largest differences.",
        "g6 verify --cycles 20",
        details="The exit code is 1 when one is above the tolerance.",
        reader="units",
        progress="verifying",
    ),
    Study(
        "coverage",
        "stored.days.coverage_by_day",
        "Count the cycles of each index and day that were due, and how they ended.",
        "g6 data coverage --from 2026-11-18",
        command="data coverage",
        reader="past",
    ),
    Study(
        "gaps",
        "stored.days.cycle_gaps",
        "List the gaps: successive cycles of an index that are not OK, from when to when and why.",
        "g6 data gaps --index NIFTY --from 2026-11-18",
        command="data gaps",
        reader="past",
    ),
    Study(
        "expiries",
        "market.expiry_answers",
        "Show which listed expiry answers each rule, its strikes, lot and tick, and why.",
        "g6 expiries NIFTY --as-of 2026-11-20",
        details="The kept dumps answer of any past day.",
        reader="listings",
        settings=_OF_A_PROVIDER,
    ),
    Study(
        "calendar",
        "market.trading_days",
        "Show the sessions, holidays and expiries of a month, times in India.",
        "g6 calendar 2026-11",
        reader="listings",
        settings=("data_dir", "config", "set", "provider"),
    ),
    Study(
        "instrument",
        "market.contract_pages",
        "Say what a contract or an index is: lot, tick, expiry, bucket, where and when it is "
        "listed.",
        "g6 instrument search NIFTY 2026-12-01 24000",
        details="Beside the lot stand what it is worth and, by a file of the exchange below "
        "DATA_DIR/freeze, the most units of one order. Of an index every expiry that is listed, "
        "with its lot and its strikes (--json has each of them).",
        reader="listings",
        settings=_OF_A_PROVIDER,
    ),
    Study(
        "lots",
        "market.lot_units",
        "Show how many units contracts are and who says so, or hold the lots in files against "
        "that.",
        "g6 lots BhavCopy_NSE_FO_0_0_0_20241226_F_0000.csv.zip",
        details="The exit code is 1 when a lot in a file differs.",
        reader="end_of_day",
        settings=(),
    ),
    Study(
        "chain",
        "stored.chain_by_strike",
        "Show the newest stored chain of an index: calls left, puts right, ATM and walls marked.",
        "g6 chain NIFTY --expiry monthly",
        watch="Show each new cycle until Ctrl-C.",
    ),
    Study(
        "analyze",
        "stored.analysis",
        "Say what the newest stored chain says: ratios, max pain, levels, expected move, smile, "
        "exposures, risk.",
        "g6 analyze NIFTY",
    ),
    Study(
        "dossier",
        "stored.dossier",
        "Show trends of an index over rolling windows, its term structure, and the rank of its "
        "volatility.",
        "g6 dossier NIFTY --windows 30,120",
    ),
    Study(
        "buildup",
        "stored.buildup",
        "Show how open interest and premiums moved per strike, and what build-up that is; "
        "windows under 3 minutes count as 3.",
        "g6 buildup NIFTY --against 30",
    ),
    Study(
        "scan",
        "stored.scan",
        "Rank options whose open interest, volume or volatility moved unlike before, and name "
        "strikes that are new.",
        "g6 scan NIFTY --cycles 60",
        details="Steps are between cycles at least 3 minutes apart, each held against the steps "
        "before it today.",
    ),
    Study(
        "interest",
        "stored.interest_by_cycle",
        "Show PCR, max pain and open interest by cycle, over all strikes or chosen ones; "
        "without --expiry each cycle's nearest.",
        "g6 interest NIFTY --strikes 24000,24100,24200 --cycles 20",
    ),
    Study(
        "moves",
        "stored.moves",
        "Show expected moves as bands of the index, and the share of stored days on which the "
        "index stayed within them.",
        "g6 moves NIFTY --days 120",
    ),
    Study(
        "spreads",
        "stored.spreads",
        "Show bid-ask spreads: of each expiry now, and per strike of one expiry over the last "
        "cycles.",
        "g6 spreads NIFTY --expiry this_week --cycles 30",
    ),
    Study(
        "smile",
        "stored.smile_curves",
        "Implied volatility by strike, with the fitted surface; every expiry unless one is named.",
        "g6 plot smile NIFTY --out smile.png",
        command="plot smile",
    ),
    Study(
        "surface",
        "stored.surface_grid",
        "The volatility surface over moneyness and time.",
        "g6 plot surface NIFTY --out surface.html",
        command="plot surface",
    ),
    Study(
        "oi",
        "stored.interest_by_strike",
        "Open interest by strike and its change, with forward, max pain and walls.",
        "g6 plot oi NIFTY --expiry this_week --out oi.png",
        command="plot oi",
    ),
    Study(
        "straddle",
        "stored.straddle_by_cycle",
        "The straddle at the money over cycles, with its rolls, its VWAP and the index.",
        "g6 plot straddle NIFTY --cycles 100 --out straddle.png",
        command="plot straddle",
    ),
    Study(
        "overlays",
        "stored.overlays",
        "Sessions laid over each other by weekday.",
        "g6 plot overlays NIFTY --figure atm_iv_this_week --out overlays.png",
        command="plot overlays",
    ),
    Study(
        "heatmap",
        "stored.heatmap",
        "Open interest or volatility over strikes and cycles, or over strikes and expiries.",
        "g6 plot heatmap NIFTY --of iv --out heatmap.png",
        command="plot heatmap",
    ),
)


def by_name(name: str) -> Study:
    """Return a study by its name.

    Raises:
        KeyError: There is none of that name.

    >>> by_name("interest").module
    'stored.interest_by_cycle'
    """
    return {study.name: study for study in STUDIES}[name]


def by_command(words: str) -> Study:
    """Return a study by the words of its command.

    Raises:
        KeyError: There is none of that command.

    >>> by_command("ps").name
    'workers'
    """
    return {study.words: study for study in STUDIES}[words]
