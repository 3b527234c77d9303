"""The ledger in one process's memory."""

from g6.adapters.memory.ledger.memory_ledger import MemoryLedger

__all__ = ["MemoryLedger"]
