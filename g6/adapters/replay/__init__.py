"""Recorded markets: NSE's option-chain answers, tables of snapshots and G6's own stored days behind the Provider port.

snapshot ◀─ nse · table ─▶ table_files · stored ─▶ recording (history) ─▶ provider
"""

from g6.adapters.replay.provider import Replay
from g6.adapters.replay.recording import Recording

__all__ = ["Recording", "Replay"]
