"""The floors in C as peers of bench_iv.py, `ref:c_libmvec` and `ref:c_simd`. They are compiled where gcc is.

`c_libmvec` is plain C for gcc with libmvec's exp, log and erfc, `c_simd` the harder floor with a polynomial in erfc's place.
Their three steps are those of g6.domain.pricing.black76 for a listed option (iv_floor.c). The table of the first guess is the same
one, the polynomial fitted here to scipy's erfcx. What the solver does beside them for other options (reasons, brackets) it does not.
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
LIBMVEC = "-DLIBMVEC"
DEGREE = 24
Array = NDArray[np.float64]
_ADDRESS = ctypes.c_void_p


@cache
def _floor(*more: str) -> ctypes.CDLL:
    """Compile and load a floor, under the compiler's options and these.

    Raises:
        FileNotFoundError: There is no gcc.
    """
    flags = (*FLAGS, *more)
    mark = hashlib.sha256(SOURCE.read_bytes() + repr(flags).encode()).hexdigest()[:12]
    target = BUILD / f"iv_floor-{mark}.so"
    if not target.exists():
        BUILD.mkdir(exist_ok=True)
        subprocess.run(["gcc", *flags, SOURCE, "-o", target, "-lmvec", "-lm"], check=True)
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


def _volatilities(floor: ctypes.CDLL, columns: tuple[Array, ...]) -> Array:
    arguments, _kept = _arguments(*columns)
    sigma = np.empty(len(columns[0]))
    floor.implied(*arguments, sigma.ctypes.data)
    return sigma


def _with_greeks(floor: ctypes.CDLL, columns: tuple[Array, ...]) -> tuple[Array, ...]:
    arguments, _kept = _arguments(*columns)
    figures = np.empty((6, len(columns[0])))
    floor.implied_and_greeks(*arguments, figures.ctypes.data, figures[1:].ctypes.data)
    return tuple(figures)


def c_simd(*columns: Array) -> Array:
    """Return the volatilities."""
    return _volatilities(_floor(), columns)


def c_simd_g(*columns: Array) -> tuple[Array, ...]:
    """Return the volatilities and five Greeks."""
    return _with_greeks(_floor(), columns)


def c_libmvec(*columns: Array) -> Array:
    """Return the volatilities, by libmvec's erfc."""
    return _volatilities(_floor(LIBMVEC), columns)


def c_libmvec_g(*columns: Array) -> tuple[Array, ...]:
    """Return the volatilities and five Greeks, by libmvec's erfc."""
    return _with_greeks(_floor(LIBMVEC), columns)
