"""Random numbers by address: the same words give the same numbers, in any order and anywhere."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri


def words(count: int, *address: object) -> NDArray[np.uint64]:
    """Return `count` random 64-bit words, shape (count,), that belong to `address`.

    A longer answer begins with the shorter one.
    """
    # The raw words of the counter-based Philox generator are part of its definition. NumPy's
    # distributions on top of them may change between versions, so none is used.
    digest = blake2b("|".join(map(str, address)).encode(), digest_size=16).digest()
    key = np.frombuffer(digest, dtype="<u8")
    return np.asarray(np.random.Philox(key=key).random_raw(count), dtype=np.uint64)


def uniform(count: int, *address: object) -> NDArray[np.float64]:
    """Return `count` numbers strictly between 0 and 1, shape (count,)."""
    # A double holds 53 bits. The half keeps 0 out, which `ndtri` would turn into -inf.
    return ((words(count, *address) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normal(count: int, *address: object) -> NDArray[np.float64]:
    """Return `count` standard normal numbers, shape (count,)."""
    return np.asarray(ndtri(uniform(count, *address)), dtype=np.float64)


def smooth_normal(count: int, length: int, *address: object) -> NDArray[np.float64]:
    """Return standard normal numbers, shape (count,), that resemble their `length` predecessors."""
    kernel = np.exp(-np.arange(3.0 * length) / length)
    kernel /= np.sqrt(kernel @ kernel)
    return np.convolve(normal(count + len(kernel) - 1, *address), kernel, mode="valid")


def single_uniform(*address: object) -> float:
    """Return the one number strictly between 0 and 1 that belongs to `address`."""
    return float(uniform(1, *address)[0])
