"""Arguments of any broadcastable shapes as columns of one length, and the chunks of columns."""

from collections.abc import Iterator
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["CHUNK", "Array", "chunks", "columns"]

Array = NDArray[np.float64]

_FLOAT = np.dtype(np.float64)

CHUNK = 10_240
"""Options that are worked on at once."""
# Their scratch is 1.5 MB, and memory stays flat. Fewer cost more in calls, more are no faster.


def columns(*arguments: ArrayLike) -> tuple[tuple[Array, ...], tuple[int, ...]]:
    """Return arguments as float64 arrays of one dimension and one length, and their shape.

    Nothing is copied where no copy is needed.

    Raises:
        ValueError: The shapes do not broadcast.

    >>> arrays, shape = columns([[1.0], [2.0]], 3.0)
    >>> [array.tolist() for array in arrays], shape
    ([[1.0, 2.0], [3.0, 3.0]], (2, 1))
    """
    shape = getattr(arguments[0], "shape", ())
    if len(shape) == 1 and all(
        type(array) is np.ndarray and array.dtype is _FLOAT and array.shape == shape
        for array in arguments
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
    """Return consecutive slices that cover a column.

    >>> [part.stop for part in chunks(20_000)]
    [10240, 20000]
    """
    return (slice(start, min(start + CHUNK, length)) for start in range(0, length, CHUNK))
