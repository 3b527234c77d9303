"""What the solver answers: a volatility per option, or the reason why there is none."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["Solution", "SolverStatus"]


class SolverStatus(IntEnum):
    """Why an option has, or has not, an implied volatility. The name is the word that is stored."""

    ok = 0
    below_intrinsic = 1  # no time value: price at or below the discounted payoff on the forward
    above_bound = 2  # price at or above what the option can ever be worth
    expired = 3  # no time left
    no_convergence = 4  # iterations exhausted, or strike, rate, years or phi are no contract
    no_price = 5  # the price is NaN
    no_forward = 6  # the forward is not a positive finite number
    # 7 to 13 are words that pricing adds: a code is the place of its word in `iv_status`, and words
    # are only appended.
    at_payoff = 14  # time value within rounding of the payoff: any volatility would be noise


@dataclass(frozen=True, slots=True)
class Solution:
    """Implied volatilities of the broadcast shape of the arguments.

    Attributes:
        sigma: Fractions per root year, NaN wherever the status is not ok.
        status: Codes of `SolverStatus`.
        iterations: Evaluations of the price that each option took, 0 where none was needed.
    """

    sigma: NDArray[np.float64]
    status: NDArray[np.int8]
    iterations: NDArray[np.int16]
