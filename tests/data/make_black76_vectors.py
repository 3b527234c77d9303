"""Writes black76_vectors.csv: options, their implied volatility and Greeks to 60 digits, and inputs that have none.

    python tests/data/make_black76_vectors.py

Each price is computed from a chosen volatility, rounded to float64 (or to the tick), and the volatility of the rounded
price found again, so that `iv` is exact for the numbers in the file. `iv_floor_f64` is the error that rounding the
inputs alone makes unavoidable: 2^-52 (price + S |N(d1)| + KD |N(d2)|)/vega. Options whose time value is under 16 units
in the last place of the spot are left out; below that the rounding of S exp(rT) decides the answer.
Columns are those that tests/benchmarks/bench_iv.py reads, and three Greeks more.
"""

import csv
import itertools
import math
from pathlib import Path

import mpmath as mp

mp.mp.dps = 60
INPUTS = ["id", "category", "status", "S", "K", "T", "r", "flag", "price", "sigma_gen"]
TRUTHS = [
    "iv",
    "iv_floor_f64",
    "delta",
    "gamma",
    "theta_day",
    "vega_1pct",
    "rho_1pct",
    "vanna_1pct",
    "charm_day",
    "vomma_1pct",
]
COLUMNS = INPUTS + TRUTHS
SPOT = 24_650.0
YEAR = 365.0
Option = tuple[str, float, float, float, float, int, float]  # category, S, K, T, r, phi, sigma


def listed() -> list[Option]:
    """Chains from one minute to a year, strikes by standard deviations, smile included."""
    terms = {
        "1min": 1 / 525_600,
        "30min": 1 / 17_520,
        "3h": 0.125 / YEAR,
        "2d": 2 / YEAR,
        "9d": 9 / YEAR,
        "37d": 37 / YEAR,
        "1y": 1.0,
    }
    found = []
    for turn, ((name, years), z) in enumerate(
        itertools.product(terms.items(), (-7, -4, -2.5, -1, -0.3, 0, 0.2, 0.9, 2, 3.5, 6))
    ):
        sigma = 0.11 + 0.03 * abs(z) + 0.02 * (z < 0)
        strike = (
            round(SPOT * math.exp(z * sigma * math.sqrt(years)) / 50) * 50
            if years > 1e-3
            else SPOT * math.exp(z * sigma * math.sqrt(years))
        )
        rate = (0.055, 0.0, 0.1, -0.01)[turn % 4]
        found += [
            (f"listed_{name}", SPOT, float(strike), years, rate, phi, sigma) for phi in (1, -1)
        ]
    return found


def extreme() -> list[Option]:
    """Far tails down to 1e-300, prices close to their bound, hair-thin and huge variances, other scales."""
    found = []
    for h in (9, 14, 20, 28, 34, 36.5):
        for w, phi in ((0.002, 1), (0.05, -1), (0.4, 1)):
            found.append(("far_tail", SPOT, SPOT * math.exp(phi * h * w), 0.04, 0.0, phi, w / 0.2))
    for w, k in itertools.product((2.5, 5.0, 8.0, 11.0), (-1.0, 0.0, 0.7)):
        found.append(("near_bound", SPOT, SPOT * math.exp(k), 1.0, 0.05, 1 if k >= 0 else -1, w))
    for w in (1e-9, 1e-7, 1e-5):
        found += [
            ("at_the_money_thin", SPOT, SPOT, 1 / 525_600, 0.0, phi, w * 725.0) for phi in (1, -1)
        ]
    for scale in (1e-6, 1.0, 1e9):
        found += [("scale", scale, scale * 1.05, 0.25, 0.03, phi, 0.3) for phi in (1, -1)]
    for sigma, years, z in itertools.product((0.9, 2.2, 4.5), (0.02, 0.3, 1.9), (-2, 0.5, 1.5)):
        found.append(
            (
                "hard",
                SPOT,
                SPOT * math.exp(z * sigma * math.sqrt(years)),
                years,
                0.065,
                1 if z > 0 else -1,
                sigma,
            )
        )
    return found


def ticked() -> list[Option]:
    """Quotes on the grid of 0.05."""
    return [
        ("tick", SPOT, SPOT + 50 * step + 0.0, days / YEAR, 0.055, phi, 0.13 + 0.004 * abs(step))
        for days in (1, 6, 27)
        for step in (-14, -6, -1, 0, 3, 8, 17)
        for phi in (1, -1)
    ]


def unsolvable() -> list[list[object]]:
    """Inputs without a volatility: category, status, S, K, T, r, flag, price."""
    nan, inf, week = math.nan, math.inf, 7 / YEAR
    cases: list[tuple[str, float, float, float, float, str, float]] = [
        ("below_intrinsic", SPOT, 23_000.0, week, 0.055, "c", 1_500.0),
        ("below_intrinsic", SPOT, 26_000.0, week, 0.055, "p", 1_200.0),
        ("below_intrinsic", SPOT, 24_000.0, week, 0.0, "c", 650.0),
        ("below_intrinsic", SPOT, 25_000.0, week, 0.055, "c", 0.0),
        ("below_intrinsic", SPOT, 25_000.0, week, 0.055, "p", -3.0),
        ("below_intrinsic", SPOT, 25_000.0, week, 0.055, "c", -inf),
        ("above_bound", SPOT, 25_000.0, week, 0.0, "c", SPOT),
        ("above_bound", SPOT, 25_000.0, week, 0.0, "p", 25_000.0),
        ("above_bound", SPOT, 25_000.0, week, 0.055, "c", 30_000.0),
        ("above_bound", SPOT, 25_000.0, week, 0.055, "p", inf),
        ("expired", SPOT, 25_000.0, 0.0, 0.055, "c", 10.0),
        ("expired", SPOT, 25_000.0, -week, 0.055, "p", 10.0),
        ("expired", nan, 25_000.0, 0.0, 0.055, "p", nan),
        ("no_price", SPOT, 25_000.0, week, 0.055, "c", nan),
        ("no_forward", nan, 25_000.0, week, 0.055, "c", 10.0),
        ("no_forward", 0.0, 25_000.0, week, 0.055, "p", 10.0),
        ("no_forward", -SPOT, -25_000.0, week, 0.055, "c", 10.0),
        ("no_forward", inf, 25_000.0, week, 0.055, "c", 10.0),
        ("no_convergence", SPOT, 0.0, week, 0.055, "c", 10.0),
        ("no_convergence", SPOT, -25_000.0, week, 0.055, "c", 10.0),
        ("no_convergence", SPOT, nan, week, 0.055, "p", 10.0),
    ]
    return [[f"none_{status}", status, *rest] for status, *rest in cases]


def money(spot: mp.mpf, present: mp.mpf, w: mp.mpf, phi: int) -> mp.mpf:
    """Black-Scholes value on S and KD."""
    d1 = mp.log(spot / present) / w + w / 2
    return phi * (spot * mp.ncdf(phi * d1) - present * mp.ncdf(phi * (d1 - w)))


def root_of_variance(spot: mp.mpf, present: mp.mpf, value: mp.mpf) -> mp.mpf:
    """Bisection of the out-of-the-money value in ln w, until 60 digits stand still."""
    phi = 1 if spot <= present else -1
    low, high = mp.log(mp.mpf("1e-12")), mp.log(mp.mpf(40))
    for _ in range(215):
        middle = (low + high) / 2
        if money(spot, present, mp.exp(middle), phi) < value:
            low = middle
        else:
            high = middle
    return mp.exp((low + high) / 2)


def solved(option: Option, price: float) -> list[mp.mpf] | None:
    """iv, its floor and the Greeks of the rounded price; None where too little time value is left to tell."""
    spot, strike, years, rate, phi = (mp.mpf(x) for x in option[1:6])
    present = strike * mp.exp(-rate * years)
    value = price - max(phi * (spot - present), mp.mpf(0))
    if value <= 0 or (phi * (spot - present) > 0 and value < 16 * math.ulp(option[1])):
        return None
    w = root_of_variance(spot, present, value)
    sigma, root = w / mp.sqrt(years), mp.sqrt(years)
    d1 = mp.log(spot / present) / w + w / 2
    d2 = d1 - w
    density, leg = mp.npdf(d1), present * mp.ncdf(phi * d2)
    vega = spot * density * root
    return [
        sigma,
        mp.mpf(2) ** -52 * (mp.mpf(price) + spot * mp.ncdf(phi * d1) + leg) / vega,
        phi * mp.ncdf(phi * d1),
        density / (spot * w),
        -(spot * density * sigma / (2 * root) + phi * rate * leg) / 365,
        vega / 100,
        phi * years * leg / 100,
        -density * d2 / sigma / 100,
        -density * (rate / w - d2 / (2 * years)) / 365,
        vega * d1 * d2 / sigma / 10_000,
    ]


def rows() -> list[list[object]]:
    made: list[list[object]] = []
    for option in listed() + extreme() + ticked():
        category, spot, strike, years, rate, phi, sigma = option
        present = mp.mpf(strike) * mp.exp(-mp.mpf(rate) * mp.mpf(years))
        price = float(money(mp.mpf(spot), present, mp.mpf(sigma) * mp.sqrt(mp.mpf(years)), phi))
        if category == "tick":
            price = round(price / 0.05) * 0.05
        figures = solved(option, price)
        if figures is not None:
            flag = "c" if phi > 0 else "p"
            made.append(
                [
                    category,
                    "ok",
                    spot,
                    strike,
                    years,
                    rate,
                    flag,
                    price,
                    sigma,
                    *(mp.nstr(x, 25) for x in figures),
                ]
            )
    return made + [case + [""] * (len(COLUMNS) - 1 - len(case)) for case in unsolvable()]


def main() -> None:
    with Path(__file__).with_name("black76_vectors.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([number, *row] for number, row in enumerate(rows()))


if __name__ == "__main__":
    main()
