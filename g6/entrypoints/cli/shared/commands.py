"""Every command: the module that registers it, its name, and its one line in `g6 --help`, in the order that is shown there.

`g6 --help` is printed from here, and `g6 NAME` imports that one module: so neither waits for what the other commands stand on.
"""

from __future__ import annotations

from g6.studies.table import by_command

TABLE = """
run.start | demo | Collect a few cycles of the simulated market and show them, without account or network.
run.start | run | Run the real pipeline for a bounded number of cycles, then stop.
run.start | up | Run workers, beat, serve and, if none is configured, Redis on this machine until Ctrl-C.
study | ps
study | trace
operate.switches | control | Throw a switch of a running system, from the next cycle on.
operate.serve | serve | Answer over HTTP: /metrics on one port; /healthz, /readyz, /status and /panels/NAME on another.
operate.serve | status | Show the newest cycle, each index, workers, queues and the market; with --watch a line per new cycle.
operate.stream | ticker | Stream ticks into the quote cache until Ctrl-C; g6 up does this by itself, another host may do it alone.
operate.rerunning | rerun | Do past cycles again from their stored quotes; never from today's market.
setup.scaffold | init | Write config/g6_config.json and .env.example into the working directory.
market.trading_days | calendar | Show the sessions, holidays and expiries of a month, times in India.
market.trading_days | providers | List the providers and what each can do; those that other distributions registered too.
market.listed_expiries | expiries | Show which listed expiry answers each rule, its strikes, lot and tick, and why; of any past day from the kept dumps.
market.contract_lookup | instrument | Say what a contract or an index is: lot, tick, expiry, bucket, where it is listed and was listed first and last.
market.lot_table | lots | Show how many units contracts are and who says so; with FILEs, hold the lots in them against that and exit 1 on a difference.
study | chain
study | analyze
past.verification | verify | Compute stored figures again by a second implementation and show the largest differences.
past.recomputing | recompute | Compute analytics of stored days again from what the market said, over all cores; quotes and statuses stay.
past.pruning | retention-scan | Count the CSV files: how many, how large, from when to when, by index.
past.inspection | inspect | Show a snapshot's rows, and of each column its nulls, least and largest value; quality flags and IV statuses counted.
study | dossier
study | buildup
study | scan
operate.kite_server | kite-server | Serve the simulated market or a recording as Kite Connect does: for the broker's own client with root= and nothing else.
study | interest
study | moves
study | spreads
setup.sign_in | login | Fetch the day's access token for Kite, which running workers take up by themselves.
operate.provider_check | check | Ask the provider for the price of each index; exit 1, with cause and fix, when it cannot be collected from.
past.pruning | retention | Prune old days; everything is kept unless you do.
past.compare | compare | Hold a recording against parity, or against the exchange.
setup.settings | config | Show, explain and check the configuration.
look.panels | panels | Check panel files.
past.archive | data | What is stored: list, measure, check, mend, compact.
past.importing | import | Bring in rows of other layouts.
look.plot | plot | Draw stored chains.
run.bench | bench | Time G6's arithmetic.
"""  # noqa: E501 - a line is a command

STUDY = "study"
"""Stands for the module of a command that asks a study: its sentence is in the table of studies."""


def _command(line: str) -> tuple[str, tuple[str, str]]:
    module, name, *sentence = line.split(" | ")
    return name, (module, sentence[0] if sentence else by_command(name).sentence)


COMMANDS = dict(map(_command, TABLE.strip().splitlines()))
"""By name: module and sentence."""
SELDOM = (
    "trace", "providers", "verify", "retention-scan", "inspect", "dossier", "buildup", "scan", "interest", "moves", "spreads",
    "import", "bench", "lots",
)  # fmt: skip
"""Named below the others in `g6 --help`, without their sentence: it fits a screen."""
