"""Ports in one process's memory: a cycle from Python or in a test, without Redis.

They give the answers of their Redis counterparts, file by file, copies and read-only numbers
included, but share nothing with other processes.
"""
