"""The vectorised-C floor as a peer of bench_iv.py, under the name `ref:c_simd`. It is compiled where gcc is.

Its three steps are those of g6.domain.pricing.black76 for a listed option (iv_floor.c). The table of the first guess is the same
one, erfcx a polynomial fitted here to scipy's. What the solver does beside them for other options (reasons, brackets) it does not.
"""

import ctypes
import hashlib
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy.special import erfcx

from g6.domain.pricing.black76.guess import _table

SOURCE = Path(__file__).with_name("iv_floor.c")
BUILD = Path(__file__).resolve().parents[3] / "build"
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fno-math-errno", "-shared", "-fPIC")
DEGREE = 24
Array = NDArray[np.float64]
_ADDRESS = ctypes.c_void_p


@cache
def _floor() -> ctypes.CDLL:
    """Compile and load the floor.

    Raises:
        FileNotFoundError: There is no gcc.
    """
    content = SOURCE.read_bytes()
    target = (
        BUILD / f"iv_floor-{hashlib.sha256(content + repr(FLAGS).encode()).hexdigest()[:12]}.so"
    )
    if not target.exists():
        BUILD.mkdir(exist_ok=True)
        subprocess.run(["gcc", *FLAGS, SOURCE, "-o", target, "-lmvec", "-lm"], check=True)
    library = ctypes.CDLL(str(target))
    columns = [ctypes.c_int, *[_ADDRESS] * 8, ctypes.c_int, ctypes.c_double]
    library.implied.argtypes = [*columns, _ADDRESS]
    library.implied_and_greeks.argtypes = [*columns, _ADDRESS, _ADDRESS]
    library.set_polynomial(_polynomial().ctypes.data_as(_ADDRESS))
    return library


def _polynomial() -> Array:
    """Return erfcx(x)(1 + 2x) on x >= 0 as a polynomial of t = (x - 3.75)/(x + 3.75)."""
    nodes = np.cos(np.pi * (np.arange(200) + 0.5) / 200)
    x = 3.75 * (1 + nodes) / (1 - nodes)
    fitted = chebyshev.chebfit(nodes, erfcx(x) * (1 + 2 * x), DEGREE)
    return np.ascontiguousarray(chebyshev.cheb2poly(fitted))


@cache
def _tables() -> tuple[Array, Array]:
    slope, intercept = _table()
    return np.ascontiguousarray(slope), np.ascontiguousarray(intercept)


def _arguments(
    price: Array, spot: Array, strike: Array, years: Array, rate: Array, flag: Array
) -> tuple[list[object], list[Array]]:
    forward = spot * np.exp(rate * years)
    columns = [price, forward, strike, years, rate, flag]
    slope, intercept = _tables()
    kept = [np.ascontiguousarray(column, np.float64) for column in columns]
    addresses = [column.ctypes.data for column in (*kept, slope, intercept)]
    # The columns are returned beside their addresses, so that they live as long.
    return [len(price), *addresses, len(slope), float("nan")], kept


def c_simd(*columns: Array) -> Array:
    """Return the volatilities."""
    arguments, _kept = _arguments(*columns)
    sigma = np.empty(len(columns[0]))
    _floor().implied(*arguments, sigma.ctypes.data)
    return sigma


def c_simd_g(*columns: Array) -> tuple[Array, ...]:
    """Return the volatilities and five Greeks."""
    arguments, _kept = _arguments(*columns)
    figures = np.empty((6, len(columns[0])))
    _floor().implied_and_greeks(*arguments, figures.ctypes.data, figures[1:].ctypes.data)
    return tuple(figures)
