"""Recorded markets: NSE's option-chain answers, tables of snapshots and G6's own stored days behind the Provider port.

snapshot ◀─ nse · bse ─▶ answer_files · table ─▶ table_files · stored ─▶ recording (history) ─▶ provider
"""

from g6.adapters.replay.recording import Recording
from g6.adapters.replay.replay_provider import Replay
from g6.adapters.replay.unread import WORDS, LeftOut, totals

__all__ = ["WORDS", "LeftOut", "Recording", "Replay", "totals"]
