/* The two floors of the solver in C: one loop over the options, four or eight of them at a time.

   gcc -O3 -march=native -ffast-math, exp and log from libmvec. The same three steps as g6/domain/pricing/black76 takes for a
   listed option, in the same doubles and to the same accuracy: fold and first guess (table of Bachelier's root), one Halley step
   (two tails, one exp), and sigma, delta, gamma, theta, vega, rho at its end. Whether the step was the last, and whether the
   input was an option at all, is looked at as there; what fails is NaN here, and counted.

   The tails of the normal law are taken in one of two ways: with -DLIBMVEC as erfc of libmvec, which is what plain C and a compiler
   give (glibc 2.35 has it), else as erfcx by a polynomial, which is harder to undercut. */
#include <math.h>

#define DEGREE 24

/* Tables made by refs.py: erfcx(x)(1 + 2x) as a polynomial of (x - 3.75)/(x + 3.75), and slope and intercept of the guess. */
static double poly[DEGREE + 1];

void set_polynomial(const double *given) {
    for (int i = 0; i <= DEGREE; i++) poly[i] = given[i];
}

/* What the leg of a price, that of spot or strike, has of the tail at x: density erfcx(x), which is price erfc(x). */
#ifdef LIBMVEC
static inline __attribute__((always_inline)) double leg_of(double x, double price, double density) {
    (void)density;
    return price * erfc(x);
}
#else
static inline __attribute__((always_inline)) double erfcx(double x) {
    double size = fabs(x), t = (size - 3.75) / (size + 3.75), sum = poly[DEGREE];
#pragma GCC unroll 24
    for (int i = DEGREE - 1; i >= 0; i--) sum = sum * t + poly[i];
    sum /= 1.0 + 2.0 * size;
    return x < 0.0 ? 2.0 * exp(x * x) - sum : sum;
}

static inline __attribute__((always_inline)) double leg_of(double x, double price, double density) {
    (void)price;
    return density * erfcx(x);
}
#endif

#define COLUMNS                                                                                                                \
    const double *restrict price, const double *restrict forward, const double *restrict strike, const double *restrict years, \
        const double *restrict rate, const double *restrict phi
#define TABLES const double *restrict slope, const double *restrict intercept, int cells

static inline __attribute__((always_inline)) int work(
    int n, COLUMNS, TABLES, double missing, double *restrict sigma, double *restrict greeks, int with_greeks) {
    const double per_unit = 512.0, root_pi = 1.7724538509055160273;
    double *restrict delta = greeks, *restrict gamma = greeks + n, *restrict theta = greeks + 2 * n;
    double *restrict vega = greeks + 3 * n, *restrict rho = greeks + 4 * n;
    int rest = 0;
#pragma GCC ivdep
    for (int i = 0; i < n; i++) {
        /* fold */
        double growth = exp(rate[i] * years[i]), spot = forward[i] / growth, present = strike[i] / growth;
        double gap = spot - present, money = phi[i] * gap, value = price[i] - (money > 0.0 ? money : 0.0);
        double scale = sqrt(spot * present), half_k = fabs(log(spot / scale)), distance = fabs(gap);
        /* guess */
        double total = value + distance, level = log(total / value), place = level * per_unit;
        int cell = (int)place;
        cell = cell < 0 ? 0 : cell >= cells ? cells - 1 : cell;
        double v = (slope[cell] * level + intercept[cell]) * total * half_k / distance;
        v = v / (1.0 - v * v / 12.0);
        /* Halley */
        double side = gap < 0.0 ? -0.5 : 0.5, away = half_k / v, half = v * side, near = away + half, far = away - half;
        double away2 = away * away, half2 = half * half, density = scale / exp(away2 + half2), curvature = away2 - half2;
        double spot_leg = leg_of(near, spot, density), strike_leg = leg_of(far, present, density);
        double newton = (value - (strike_leg - spot_leg) * side) / density * root_pi / v;
        double pull = curvature * newton, rise = pull + 1.0, relative = newton / rise;
        double after = v + v * relative, root = sqrt(years[i] * 0.5), answer = after / root;
        int is_final = (price[i] * 1.3322676295501878e-15 < value) & (fabs(newton) + fabs(pull) < 1e-5);
        is_final &= (answer > 0.0) & (forward[i] > 0.0) & (answer < 1e15) & (years[i] < 1e15) & (fabs(phi[i]) == 1.0);
        rest += !is_final;
        sigma[i] = is_final ? answer : missing;
        if (with_greeks) {
            double tilt = relative * 1.1283791670955125739 * density, either = phi[i] * 0.5 + side;
            double first = (spot_leg + far * tilt) * side, second = (strike_leg + near * tilt) * side;
            double leg = either * present - second, carried = density * (rise + pull) * 0.28209479177387814347;
            double own = carried * root;
            delta[i] = is_final ? either - first / spot : missing;
            gamma[i] = is_final ? carried / (spot * spot * after) : missing;
            theta[i] = is_final ? (own * answer / years[i] + leg * rate[i]) * (-1.0 / 365.0) : missing;
            vega[i] = is_final ? own * 0.02 : missing;
            rho[i] = is_final ? leg * years[i] * 0.01 : missing;
        }
    }
    return rest;
}

int implied(int n, COLUMNS, TABLES, double missing, double *restrict sigma) {
    return work(n, price, forward, strike, years, rate, phi, slope, intercept, cells, missing, sigma, sigma, 0);
}

int implied_and_greeks(int n, COLUMNS, TABLES, double missing, double *restrict sigma, double *restrict greeks) {
    return work(n, price, forward, strike, years, rate, phi, slope, intercept, cells, missing, sigma, greeks, 1);
}
