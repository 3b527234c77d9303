"""Every study: one record from which its command, its Python call and its reference page follow.

Nothing here imports a study: `g6 --help` and `import g6` read this table and stay cheap.
"""

from __future__ import annotations

from g6.studies.stored_studies import STORED_STUDIES
from g6.studies.study import Study

__all__ = ["STUDIES", "Study", "by_command", "by_name"]


_OF_A_PROVIDER = ("data_dir", "config", "set", "provider", "recording")

STUDIES = (
    Study(
        "workers",
        "now.workers",
        "Show the system's processes and the length of each queue.",
        "g6 ps",
        command="ps",
        reader="running",
    ),
    Study(
        "trace",
        "now.cycle_trace",
        "Show where the time of one cycle went, stage by stage.",
        "g6 trace 2026-11-18T05:30:00Z",
        details="Each stage of each unit stands with its waiting and running times in "
        "milliseconds, and each expiry with its strikes.",
        reader="running",
    ),
    Study(
        "logs",
        "now.log_lines",
        "Show what the processes of a run wrote into their logs.",
        "g6 logs --level WARNING --since -1h",
        details="Logs of g6 up, run and demo are in DATA_DIR/logs: `g6.log` has each cycle, stage, "
        "gap and alert, and each process has a file of its own.",
        reader="logs",
        follow="Go on with each new line until Ctrl-C.",
    ),
    Study(
        "status",
        "now.system_status",
        "Show the newest cycle, the indices, the queues and the market.",
        "g6 status",
        reader="status",
        watch="Write a line per new cycle until Ctrl-C.",
    ),
    Study(
        "day",
        "checks.trading_day",
        "Show the checklist of a trading day, with what is to be done.",
        "g6 day --date 2026-11-18",
        details="Before the open: token, dump, calendar, disk and clock. After the close: "
        "completeness, gaps and compaction. On a closed day it is one sentence. The exit code is "
        "1 when something is to be done now.",
        reader="day",
    ),
    Study(
        "health",
        "now.system_health",
        "Tell whether the running system is ready, and what keeps it.",
        "g6 health --json",
        details="It says what /readyz says, part by part, and is quick: for scripts and for the "
        "health check of a container. The exit code is 0 when everything is ready, 1 when "
        "something is not, and 2 where no system runs.",
        reader="health",
        watch="Show what has changed, until Ctrl-C.",
    ),
    Study(
        "check",
        "now.provider_answers",
        "Ask the provider for prices, and say why it does not answer.",
        "g6 check kite",
        details="The exit code is 1, with cause and fix, when quotes cannot be collected.",
        reader="provider",
        settings=("provider*", "data_dir", "recording", "config", "set"),
    ),
    Study(
        "doctor",
        "checks.machine_health",
        "Find what is wrong with this machine, and what mends it.",
        "g6 doctor",
        details="It looks at Redis, disk, login, calendar, ports, settings and processes, and "
        "prints the command that mends what is wrong. The exit code is 1 when something is.",
        reader="machine",
        watch="Look again every few seconds, and show what has changed, until Ctrl-C.",
        bundle="Write one archive for a bug report as well: findings, settings, status, events, "
        "logs. Secrets are masked.",
    ),
    Study(
        "providers",
        "now.source_answers",
        "List the providers and what each of them can do.",
        "g6 providers",
        details="Those that other distributions registered are listed too.",
        reader="sources",
        settings=(),
    ),
    Study(
        "stored_days",
        "stored.days.stored_days",
        "List the stored days with their files and their sizes.",
        "g6 data ls --date 2026-11-18",
        details="Of each index it says in how many files a day is stored, and how far it is "
        "folded.",
        command="data ls",
        reader="archive",
    ),
    Study(
        "catalogue",
        "stored.days.catalogue",
        "Tell which cycles of which indices and days are stored.",
        "g6 data catalogue NIFTY",
        details="Of each index and day it says how many chains there are, from when to when, "
        "under which settings they were computed, and how large they are.",
        command="data catalogue",
        reader="archive",
    ),
    Study(
        "certificate",
        "stored.days.day_certificate",
        "Show what a stored day holds and lacks, and verify that.",
        "g6 certificate 2026-11-18 --verify",
        details="Compaction writes it: coverage and gaps of each index, sources, configurations, "
        "row counts and SHA-256 of the files, and a root that names the day before. With --verify "
        "the exit code is 1 when a file, a root or a signature is not what it says.",
        reader="certificates",
    ),
    Study(
        "quality",
        "checks.quality.day_quality",
        "Show which checks of data quality ran, and which failed.",
        "g6 quality 2026-11-18",
        details="Each day is checked when it is certified, and the results are kept: which checks "
        "ran, on how many rows, in how many cycles each failed. A day that is not compacted yet, "
        "and a cycle (--at), are checked now. --days 30 lists the failures of the kept days. The "
        "exit code is 1 when a check failed.",
        reader="quality",
    ),
    Study(
        "sizes",
        "stored.days.stored_sizes",
        "Measure what is stored, by kind.",
        "g6 data size",
        command="data size",
        reader="archive",
    ),
    Study(
        "day_estimate",
        "market.day_estimate",
        "Estimate what a day of this configuration will take on the disk.",
        "g6 data size --estimate --interval 30",
        details="Contracts are those of the simulated market, else of the newest listing that is "
        "kept.",
        command="data size --estimate",
        reader="collection",
    ),
    Study(
        "plan",
        "market.capacity_plan",
        "Count what a wish needs: processes, memory, Redis, disk.",
        "g6 plan --indices 60 --interval 5",
        details="It counts with what cycles of up to 60 indices cost where they were measured, for "
        "quotes that come from a stream or at once, and says what is used up first.",
        reader="nothing",
        settings=(),
    ),
    Study(
        "pruning_plan",
        "stored.days.pruning_plan",
        "Show what would be deleted, and delete nothing.",
        "g6 retention plan --keep-days 365",
        command="retention plan",
        reader="archive",
    ),
    Study(
        "csv_files",
        "stored.days.csv_files",
        "Count the CSV files of each index, with size and age.",
        "g6 retention-scan --json",
        command="retention-scan",
        reader="archive",
    ),
    Study(
        "inspect",
        "stored.days.inspection",
        "Show a stored snapshot's rows and a summary of its columns.",
        "g6 inspect NIFTY@2026-11-18T05:30:00Z",
        details="The summary has nulls, distinct values, the least and the largest value of each "
        "column. Quality flags and IV statuses are counted.",
        reader="archive",
    ),
    Study(
        "verify",
        "checks.verification",
        "Compute stored figures again by a second method and compare.",
        "g6 verify --cycles 20",
        details="The second implementation shares no code with the first. The largest difference "
        "of each figure is shown, and the exit code is 1 when one is above the tolerance.",
        reader="units",
        progress="verifying",
    ),
    Study(
        "damage",
        "checks.stored_damage",
        "Read every stored file, and say what mends each damage.",
        "g6 data check --date 2026-11-18",
        details="The exit code is 1 when there is any.",
        command="data check",
        reader="damages",
        progress="checking",
    ),
    Study(
        "panel_files",
        "checks.panel_checks",
        "Compare panel files with the hashes in their manifest.",
        "g6 panels verify index_NIFTY --strict",
        details="Exit 0 clean (or not strict), 1 issues, 2 could not run.",
        command="panels verify",
        reader="panels",
        settings=("config", "data_dir"),
    ),
    Study(
        "coverage",
        "stored.days.coverage_by_day",
        "Count the cycles that were due each day, and how they ended.",
        "g6 data coverage --from 2026-11-18",
        command="data coverage",
        reader="past",
    ),
    Study(
        "gaps",
        "stored.days.cycle_gaps",
        "List the gaps: cycles of an index that are missing, and why.",
        "g6 data gaps --index NIFTY --from 2026-11-18",
        details="A gap is a run of successive cycles that are not OK, from when to when.",
        command="data gaps",
        reader="past",
    ),
    Study(
        "unanswered_expiries",
        "market.unanswered_expiries",
        "List the configured expiries that nothing listed answers.",
        "g6 config check",
        details="g6 config check refuses them, after the settings themselves.",
        command="config check",
        reader="collection",
    ),
    Study(
        "expiries",
        "market.expiry_answers",
        "Show which listed expiry each bucket stands for, and why.",
        "g6 expiries NIFTY --as-of 2026-11-20",
        details="Strikes, lot and tick stand beside it. Instrument dumps that were kept answer "
        "for any past day.",
        reader="listings",
        settings=_OF_A_PROVIDER,
    ),
    Study(
        "calendar",
        "market.trading_days",
        "Show the sessions, holidays and expiries of a month.",
        "g6 calendar 2026-11",
        details="Times are India's.",
        reader="listings",
        settings=("data_dir", "config", "set", "provider"),
    ),
    Study(
        "instrument",
        "market.contract_pages",
        "Describe a contract or an index, or search for contracts.",
        "g6 instrument search NIFTY 2026-12-01 24000",
        details="It shows lot, tick, expiry and bucket, where and since when a contract is "
        "listed, and what a lot is worth. The most units of one order come from a file of "
        "the exchange below DATA_DIR/freeze. Of an index every listed expiry is shown "
        "with its lot and its strikes (--json has each of them).",
        reader="listings",
        settings=_OF_A_PROVIDER,
    ),
    Study(
        "market_rules",
        "market.market_rules",
        "Show the dated rules: lots, ticks, expiries, sessions.",
        "g6 rules show --json",
        details="--json writes them as a file for other programs, each with its source.",
        command="rules show",
        reader="listings",
        settings=("data_dir", "config", "set"),
    ),
    Study(
        "rule_checks",
        "market.rule_checks",
        "Hold the day's listing against the dated rules.",
        "g6 rules check",
        details="Lots, ticks and weekdays of every listed expiry are compared, and the line to add "
        "is printed. The exit code is 1 when one differs, or when nobody knows a listing. What the "
        "simulated market makes up, such as lots that no circular has told yet, breaks no rule.",
        command="rules check",
        reader="listings",
        settings=_OF_A_PROVIDER,
    ),
    Study(
        "lots",
        "market.lot_units",
        "Show lot sizes and their sources, or check files against them.",
        "g6 lots BhavCopy_NSE_FO_0_0_0_20241226_F_0000.csv.zip",
        details="The exit code is 1 when a lot in a file differs.",
        reader="end_of_day",
        settings=(),
    ),
    Study(
        "participants",
        "stored.days.participants_by_day",
        "Show index futures and options by kind of participant.",
        "g6 participants --days 5",
        details="Contracts of clients, domestic and foreign institutions and proprietary traders, "
        "by the exchange's daily file. g6 import participants keeps such files.",
        reader="participants",
    ),
    *STORED_STUDIES,
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
