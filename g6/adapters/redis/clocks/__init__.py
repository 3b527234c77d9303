"""Clocks that the processes of one system share through Redis."""
