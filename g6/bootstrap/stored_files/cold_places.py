"""The place for old days that a command names."""

from __future__ import annotations

from g6.adapters.parquet.cold_place import ColdPlace

__all__ = ["cold_place"]


def cold_place(address: str) -> ColdPlace:
    """Return the place of a folder's path or of an address of `pyarrow.fs`.

    Raises:
        UserError: A password stands in the address.
        Unavailable: It is no address that can be used.
    """
    return ColdPlace(address)
