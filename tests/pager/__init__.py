"""Planted faults on a running system, and whom the pager wakes: `make pager` writes the matrix."""
