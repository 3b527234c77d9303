"""Arguments of any broadcastable shapes as columns of one length, and the chunks in which columns are worked through."""

from collections.abc import Iterator
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["CHUNK", "Array", "chunks", "columns"]

Array = NDArray[np.float64]

_FLOAT = np.dtype(np.float64)

CHUNK = 10_240
"""Options worked on at once: their scratch is 1.5 MB, and memory stays flat. Fewer cost more in calls, more are no faster."""


def columns(*arguments: ArrayLike) -> tuple[tuple[Array, ...], tuple[int, ...]]:
    """The arguments as float64 arrays of one dimension and one length, without a copy where none is needed, and their shape.

    Raises ValueError where the shapes do not broadcast.
    """
    shape = getattr(arguments[0], "shape", ())
    if len(shape) == 1 and all(
        type(each) is np.ndarray and each.dtype is _FLOAT and each.shape == shape
        for each in arguments
    ):
        return cast("tuple[Array, ...]", arguments), shape
    arrays = [np.asarray(argument, dtype=np.float64) for argument in arguments]
    shape = arrays[0].shape
    if any(array.shape != shape for array in arrays):
        shape = np.broadcast(*arrays).shape
    return tuple(_column(array, shape) for array in arrays), shape


def _column(array: Array, shape: tuple[int, ...]) -> Array:
    if array.shape == shape:
        return array if array.ndim == 1 else array.reshape(-1)
    full = np.empty(shape)
    full[...] = array
    return full.reshape(-1)


def chunks(length: int) -> Iterator[slice]:
    """Consecutive slices that cover a column."""
    return (slice(start, min(start + CHUNK, length)) for start in range(0, length, CHUNK))
