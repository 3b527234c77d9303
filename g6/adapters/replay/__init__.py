"""Recorded markets behind the Provider port: exchanges' answers, tables, G6's own stored days.

answers (nse, bse) ─┐
tables ─────────────┼─▶ market_snapshot ─▶ recording (listed_contracts) ─▶ replay_provider
stored_chains ──────┘
"""

from g6.adapters.replay.recording import Recording
from g6.adapters.replay.replay_provider import Replay
from g6.adapters.replay.unread import WORDS, LeftOut, outcome_of, totals

__all__ = ["WORDS", "LeftOut", "Recording", "Replay", "outcome_of", "totals"]
