#!/usr/bin/env python3
"""bench_iv.py - implied volatility + Greeks: a candidate against named peers on the SAME inputs, in ONE run.

  python bench_iv.py --candidate pkg.mod:iv_func [--candidate-greeks pkg.mod:ivg_func] [--peers py_vollib_vectorized,fast_vollib]
                     [--sizes 200,2000,10000] [--set realistic|ticked|hard] [--rounds 9] [--json out.json] [--no-accuracy]
  python bench_iv.py --list                 all peers and whether they import here
  a candidate may also be /path/file.py:func

Candidate protocol (all arguments 1-D float64 arrays of one length; flag is +1.0 call / -1.0 put; r continuous; T in years of 365 days):
  iv_func (price,S,K,T,r,flag) -> iv                          (NaN where no volatility exists)
  ivg_func(price,S,K,T,r,flag) -> (iv, delta, gamma, theta per calendar day, vega per 1% vol, rho per 1% rate)

Method: every round times every contestant once, order rotated and reversed on odd rounds (A/B/B/A); a reading is the best of k calls
(k so that it lasts >= 20 ms, at most 50); the table shows the median over rounds and the MEDIAN OF PER-ROUND RATIOS candidate/peer.
Scalar peers are timed on at most --scalar-cap options.  Peers that lack a Greek are marked with the number they do give.
Exit status 1 if --require name:ratio (repeatable) is not met, e.g. --require py_vollib_vectorized:3 (candidate must be >= 3x faster).
"""
import argparse, csv, importlib, importlib.util, json, math, os, sys, time, warnings
import numpy as np
HERE = os.path.dirname(os.path.abspath(__file__))
warnings.filterwarnings('ignore')
Y = 365.0
EXP = [0.5/24/Y, 1/Y, 3/Y, 7/Y, 14/Y, 30/Y, 60/Y]

# ------------------------------------------------------------------ inputs
def _price(S, K, T, r, s, f):
    from scipy.special import ndtr
    D = np.exp(-r*T); w = s*np.sqrt(T); d1 = np.log(S/(K*D))/w + .5*w
    return f*(S*ndtr(f*d1) - K*D*ndtr(f*(d1-w)))
def realistic(n, seed=7, tick=None, live_only=True):
    """NIFTY-like: spot ~25,000, strikes 50 apart +-100, 7 expiries, smile 10-45 %.  live_only keeps options whose time value is > 0.05 (a quoted option)."""
    g = np.random.default_rng(seed); out = []; tot = 0
    while tot < n:
        S0 = 25000*math.exp(g.normal(0, .02)); atm = round(S0/50)*50
        for T in EXP:
            k = atm + 50.*np.arange(-100, 101); K = np.concatenate([k, k]); f = np.repeat([1., -1.], 201)
            m = np.abs(np.log(K/S0))/math.sqrt(T); s = np.clip(.10 + .12*m + .03*(K < S0) + g.normal(0, .002, K.size), .10, .45)
            r = np.full(K.size, .065 if T > 5/Y else .055); S = np.full(K.size, S0); Tt = np.full(K.size, T)
            p = _price(S, K, Tt, r, s, f)
            if live_only:
                ok = p - np.maximum(f*(S - K*np.exp(-r*Tt)), 0) > .05
                S, K, Tt, r, f, s, p = (a[ok] for a in (S, K, Tt, r, f, s, p))
            out.append((p, S, K, Tt, r, f, s)); tot += p.size
    cols = [np.concatenate(c) for c in zip(*out)]
    ix = np.random.default_rng(seed+1).permutation(tot)[:n]; cols = [np.ascontiguousarray(c[ix]) for c in cols]
    if tick: cols[0] = np.round(cols[0]/tick)*tick
    return cols
def hard(n, seed=11):
    g = np.random.default_rng(seed); s = 10**g.uniform(-2, math.log10(5), 3*n); T = 10**g.uniform(-4.5, .3, 3*n); w = s*np.sqrt(T)
    S = np.full(3*n, 25000.); K = S*np.exp(np.clip(g.uniform(-6, 6, 3*n)*w, -2, 2)); r = np.full(3*n, .065); f = np.where(g.random(3*n) < .5, 1., -1.)
    p = _price(S, K, T, r, s, f); tv = p - np.maximum(f*(S-K*np.exp(-r*T)), 0); ok = np.flatnonzero((tv > 1e-7) & (p < .9999*np.where(f > 0, S, K*np.exp(-r*T))))[:n]
    return [np.ascontiguousarray(a[ok]) for a in (p, S, K, T, r, f, s)]
def unsolvable():
    L = [('below_intrinsic_c',1000.,25000,24000,7/Y,1), ('below_intrinsic_p',950.,25000,26000,7/Y,-1), ('zero',0.,25000,25500,7/Y,1), ('negative',-1.,25000,25500,7/Y,1),
         ('nan',np.nan,25000,25500,7/Y,1), ('inf',np.inf,25000,25500,7/Y,1), ('above_upper_c',25001.,25000,25500,7/Y,1), ('above_upper_p',25500.,25000,25500,7/Y,-1),
         ('T_zero',10.,25000,25500,0.,1), ('T_negative',10.,25000,25500,-1/Y,1), ('zero_strike',10.,25000,0.,7/Y,1), ('nan_spot',10.,np.nan,25500,7/Y,1)]
    return L
_SHARED = os.path.join(HERE, *[os.pardir]*3, 'shared', 'bench', 'iv', 'vectors.csv'); _OWN = os.path.join(HERE, os.pardir, 'data', 'black76_vectors.csv')
def vectors(path=_SHARED if os.path.exists(_SHARED) else _OWN):
    R = [r for r in csv.DictReader(open(path)) if r['status'] == 'ok']; A = lambda k: np.array([float(r[k]) for r in R])
    return R, [A('price'), A('S'), A('K'), A('T'), A('r'), np.array([1. if r['flag'] == 'c' else -1. for r in R])], A

# ------------------------------------------------------------------ peers: name -> (kind, factory) ; factory() -> dict(iv=..., ivg=..., ng=number of Greeks)
PEERS = {}
def peer(name, kind='vector'):
    def d(fn): PEERS[name] = (kind, fn); return fn
    return d
def _cp(f): return np.where(f > 0, 'c', 'p')
def _split(fn, *a):            # libraries whose call/put switch is one scalar
    f = a[-1]; o = np.empty(len(f)); c = f > 0
    for m, q in ((c, True), (~c, False)):
        if m.any(): o[m] = fn(*[x[m] for x in a[:-1]], q)
    return o
def _loop(one):
    def run(p, S, K, T, r, f):
        o = np.empty(len(p))
        for i, (a, b, c, d, e, g) in enumerate(zip(p.tolist(), S.tolist(), K.tolist(), T.tolist(), r.tolist(), f.tolist())):
            try: o[i] = one(a, b, c, d, e, g)
            except Exception: o[i] = np.nan
        return o
    return run
def _loopg(one, gk):
    def run(p, S, K, T, r, f):
        o = np.full((6, len(p)), np.nan)
        for i, (a, b, c, d, e, g) in enumerate(zip(p.tolist(), S.tolist(), K.tolist(), T.tolist(), r.tolist(), f.tolist())):
            try: v = one(a, b, c, d, e, g); o[0, i] = v; o[1:, i] = gk(v, b, c, d, e, g)
            except Exception: pass
        return tuple(o)
    return run
def _vl(mod):
    def fac():
        iv = importlib.import_module(mod+'.black_scholes.implied_volatility').implied_volatility; an = importlib.import_module(mod+'.black_scholes.greeks.analytical')
        one = lambda p, S, K, T, r, f: iv(p, S, K, T, r, 'c' if f > 0 else 'p')
        gk = lambda v, S, K, T, r, f: [getattr(an, n)('c' if f > 0 else 'p', S, K, T, r, v) for n in ('delta', 'gamma', 'theta', 'vega', 'rho')]
        return dict(iv=_loop(one), ivg=_loopg(one, gk), ng=5)
    return fac
PEERS['vollib'] = ('scalar', _vl('vollib')); PEERS['py_vollib'] = ('scalar', _vl('py_vollib'))
@peer('lets_be_rational', 'scalar')
def _():
    from lets_be_rational import implied_volatility_from_a_transformed_rational_guess as g
    return dict(iv=_loop(lambda p, S, K, T, r, f: g(p*math.exp(r*T), S*math.exp(r*T), K, T, f)))
@peer('py_lets_be_quickly_rational', 'scalar')
def _():
    from py_lets_be_quickly_rational import implied_volatility_from_a_transformed_rational_guess as g
    return dict(iv=_loop(lambda p, S, K, T, r, f: g(p*math.exp(r*T), S*math.exp(r*T), K, T, f)))
@peer('py_vollib_vectorized')
def _():
    import py_vollib_vectorized as v
    iv = lambda p, S, K, T, r, f: v.vectorized_implied_volatility(p, S, K, T, r, _cp(f), return_as='numpy', on_error='ignore')
    def ivg(p, S, K, T, r, f):
        c = _cp(f); s = v.vectorized_implied_volatility(p, S, K, T, r, c, return_as='numpy', on_error='ignore'); g = v.get_all_greeks(c, S, K, T, r, s, return_as='dict')
        return (s, *[np.asarray(g[k]) for k in ('delta', 'gamma', 'theta', 'vega', 'rho')])
    return dict(iv=iv, ivg=ivg, ng=5)
def _fv(jack):
    def fac():
        import fast_vollib as v
        from fast_vollib.jackel import numpy_backend as jb
        def iv(p, S, K, T, r, f):
            c = _cp(f)
            return jb.implied_volatility('black_scholes', p, S, K, T, r, c, on_error='ignore') if jack else v.fast_implied_volatility(p, S, K, T, r, c, return_as='numpy', on_error='ignore')
        def ivg(p, S, K, T, r, f):
            s = iv(p, S, K, T, r, f); g = v.get_all_greeks(_cp(f), S, K, T, r, s, return_as='dict'); return (s, *[np.asarray(g[k]) for k in ('delta', 'gamma', 'theta', 'vega', 'rho')])
        return dict(iv=iv, ivg=ivg, ng=5)
    return fac
PEERS['fast_vollib'] = ('vector', _fv(False)); PEERS['fast_vollib.jackel'] = ('vector', _fv(True))
def _ie(par):
    def fac():
        import iv_engine as e
        def iv(p, S, K, T, r, f): G = np.exp(r*T); return _split(lambda a, b, c, d, q: e.implied_volatilities(a, b, c, d, q, par), p*G, S*G, K, T, f)
        def ivg(p, S, K, T, r, f):
            G = np.exp(r*T); F = S*G; s = iv(p, S, K, T, r, f); z = np.full(len(p), np.nan)
            return s, _split(lambda b, c, d, v, q: e.deltas(b, c, d, v, q, par), F, K, T, s, f), e.gammas(F, K, T, s, par)*G, z, e.vegas(F, K, T, s, par)/G*.01, z
        return dict(iv=iv, ivg=ivg, ng=3)
    return fac
PEERS['iv_engine'] = ('vector', _ie(False)); PEERS['iv_engine.par'] = ('vector', _ie(True))
@peer('lbriv')
def _():
    from lbriv import compute_trades_greeks as ctg
    def ivg(p, S, K, T, r, f):
        G = np.exp(r*T); n = len(p); o = np.empty((4, n)); D = 1/G; sq = np.sqrt(T)
        ctg(p*G, S*G, np.ascontiguousarray(K), (f > 0).astype(np.int8), D, o[0], o[1], o[2], o[3]); z = np.full(n, np.nan)
        v = o[0]/sq; v[o[0] == 0] = np.nan
        return v, o[1]*G, o[2]*G*G, z, o[3]*sq, z
    return dict(iv=lambda *a: ivg(*a)[0], ivg=ivg, ng=3)
@peer('jaeckel_cpp_in_lbp', 'scalar')        # Jaeckel's own C++ (2023) as vendored in lets-be-precise (proprietary licence: measure only)
def _():
    from lbp import lbr
    def one(p, S, K, T, r, f):
        KD = K*math.exp(-r*T); x = math.log(S/KD); return lbr.black_iv(p/math.sqrt(S*KD), x, 1 if f > 0 else -1)/math.sqrt(T)
    return dict(iv=_loop(one))
@peer('lets_be_precise', 'scalar')
def _():
    import lbp
    def one(p, S, K, T, r, f):
        KD = K*math.exp(-r*T); lk = math.log(KD/S); ab = abs(lk)
        c = (p - max(f*(S-KD), 0.))/min(S, KD)
        if not 0. < c < 1.: return math.nan
        return lbp.black_iv(c, -ab)/math.sqrt(T)
    return dict(iv=_loop(one))
def _ql(nm):
    def fac():
        import QuantLib as q; fn = getattr(q, nm)
        if nm.endswith('LiRS'): one = lambda p, S, K, T, r, f: fn(q.Option.Call if f > 0 else q.Option.Put, K, S*math.exp(r*T), p, math.exp(-r*T), 0., .2*math.sqrt(T), 1., 1e-12)/math.sqrt(T)
        else: one = lambda p, S, K, T, r, f: fn(q.Option.Call if f > 0 else q.Option.Put, K, S*math.exp(r*T), p, math.exp(-r*T), 0., .2*math.sqrt(T), 1e-12)/math.sqrt(T)
        return dict(iv=_loop(one))
    return fac
PEERS['quantlib'] = ('scalar', _ql('blackFormulaImpliedStdDev')); PEERS['quantlib.LiRS'] = ('scalar', _ql('blackFormulaImpliedStdDevLiRS'))
@peer('pyvolr')
def _():
    from pyvolr import bs
    iv = lambda p, S, K, T, r, f: bs.implied_vol(p, f.astype(np.int8), S, K, T, r, on_error='ignore')
    def ivg(p, S, K, T, r, f):
        fl = f.astype(np.int8); s = bs.implied_vol(p, fl, S, K, T, r, on_error='ignore'); g = bs.greeks(fl, S, K, T, r, s)
        return s, g['delta'], g['gamma'], g['theta']/365., g['vega']*.01, g['rho']*.01
    return dict(iv=iv, ivg=ivg, ng=5)
@peer('quantkit_rs')
def _():
    import quantkit as q
    iv = lambda p, S, K, T, r, f: _split(lambda a, b, c, d, e, k: q.implied_vol_batch(a, b, c, d, e, k, errors='nan'), p, S, K, r, T, f)
    def ivg(p, S, K, T, r, f):
        s = iv(p, S, K, T, r, f); o = np.full((5, len(p)), np.nan); ok = np.isfinite(s)
        for m, k in ((ok & (f > 0), True), (ok & (f < 0), False)):
            if m.any(): g = q.bs_greeks_batch(S[m], K[m], r[m], s[m], T[m], k); o[:, m] = [g[x] for x in ('delta', 'gamma', 'theta', 'vega', 'rho')]
        o[2] /= 365.; o[3] *= .01; o[4] *= .01
        return (s, *o)
    return dict(iv=iv, ivg=ivg, ng=5)
@peer('polars_vol')
def _():
    import polars as pl, polars_vol as v
    def df(p, S, K, T, r, f): return pl.DataFrame({'p': p, 'S': S, 'K': K, 'T': T, 'r': r, 'c': f > 0})
    iv = lambda *a: df(*a).select(v.implied_vol('p', 'K', 'S', 'T', 'r', 'c', method='halley')).to_series().to_numpy()
    def ivg(*a):
        d = df(*a).select(x=v.iv_and_greeks('p', 'K', 'S', 'T', 'r', 'c', method='halley')).unnest('x'); g = lambda k, m=1.: d[k].to_numpy()*m
        return g('implied_vol'), g('delta'), g('gamma'), g('theta', 1/365.), g('vega', .01), g('rho', .01)
    return dict(iv=iv, ivg=ivg, ng=5)
@peer('vanilla_option_pricers')
def _():
    import numba, vanilla_option_pricers as v; one = v.infer_bsm_implied_vol
    @numba.njit
    def k(p, S, K, T, r, f):
        o = np.empty(p.size)
        for i in range(p.size):
            D = np.exp(-r[i]*T[i]); o[i] = one(S[i]/D, T[i], K[i], p[i], D, 'C' if f[i] > 0 else 'P', 1e-12)
        return o
    return dict(iv=k)
@peer('calcbsimpvol')
def _():
    from calcbsimpvol import calcbsimpvol as c
    col = lambda a: a.reshape(-1, 1)
    def iv(p, S, K, T, r, f):      # S must be one number: strikes are rescaled to spot 1
        return np.asarray(c(dict(cp=col(f), P=col(p/S), S=np.asarray(1.), K=col(K/S), tau=col(T), r=col(r), q=np.asarray(0.)))).ravel()
    return dict(iv=iv)
@peer('bsm_calculator')
def _():
    from bsm_calculator import BSM
    def iv(p, S, K, T, r, f):
        o = np.empty(len(p))
        for m, k in ((f > 0, 'call'), (f < 0, 'put')): o[m] = BSM(S[m], K[m], T[m]*365., r[m], .2).implied_vol(p[m], k)
        return o
    return dict(iv=iv)
@peer('moneyness', 'scalar')
def _():
    import moneyness as m; fn = m.implied_vol if callable(m.implied_vol) else m.implied.implied_vol
    return dict(iv=_loop(lambda p, S, K, T, r, f: fn(m.Quote(S, K, T, r, p), m.OptionType.CALL if f > 0 else m.OptionType.PUT)))
@peer('bsm_pricer', 'scalar')
def _():
    from bsm.implied import implied_volatility as g; from bsm.types import OptionKind as O
    return dict(iv=_loop(lambda p, S, K, T, r, f: g(p, O.CALL if f > 0 else O.PUT, S, K, r, 0., T)))
@peer('financepy', 'scalar')
def _():
    from financepy.models.black_scholes_analytic import implied_volatility as g; from financepy.utils.global_types import OptionTypes as O
    return dict(iv=_loop(lambda p, S, K, T, r, f: g(S, T, K, r, 0., p, O.EUROPEAN_CALL.value if f > 0 else O.EUROPEAN_PUT.value)))
for _n in ('newton_bs', 'newton_cm', 'hh3_np', 'numba_hh3', 'numba_hh3_par', 'c_libmvec', 'c_simd'):
    def _mk(n=_n):
        sys.path.insert(0, HERE); import refs; return dict(iv=getattr(refs, n), ivg=getattr(refs, n+'_g', None), ng=5)
    PEERS['ref:'+_n] = ('vector', _mk)

# ------------------------------------------------------------------ measuring
def load(spec):
    m, f = spec.rsplit(':', 1)
    if m.endswith('.py'):
        sp = importlib.util.spec_from_file_location('cand_'+os.path.basename(m)[:-3], m); mod = importlib.util.module_from_spec(sp); sp.loader.exec_module(mod)
    else: mod = importlib.import_module(m)
    return getattr(mod, f)
def reading(fn, a, budget=.02, kmax=50):
    t = time.perf_counter(); fn(*a); d = time.perf_counter()-t; best = d; k = min(kmax, int(budget/max(d, 1e-7)))
    for _ in range(k):
        t = time.perf_counter(); fn(*a); best = min(best, time.perf_counter()-t)
    return best
def speed(cons, arrays, rounds, cap, what):
    res = {n: [] for n in cons}; names = list(cons)
    for rd in range(rounds):
        order = names[rd % len(names):] + names[:rd % len(names)]
        if rd % 2: order.reverse()
        for n in order:
            kind, d = cons[n]; fn = d.get(what)
            if fn is None: continue
            m = min(len(arrays[0]), cap) if kind == 'scalar' else len(arrays[0]); a = [x[:m] for x in arrays]
            res[n].append(reading(fn, a)/m*1e9)
    return {n: v for n, v in res.items() if v}
def accuracy(fn, a, truth, floor):
    o = np.asarray(fn(*a), float); e = np.abs(o-truth); ok = np.isfinite(o); return dict(n=len(truth), nan=int((~ok).sum()), max=float(np.max(e[ok], initial=0)), med=float(np.median(e[ok])) if ok.any() else None,
        p99=float(np.quantile(e[ok], .99)) if ok.any() else None, bad=int((~ok | (e > 1e-6+100*floor)).sum()), max_over_floor=float(np.max((e/(floor+4e-16*truth))[ok], initial=0)))
def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--candidate'); ap.add_argument('--candidate-greeks'); ap.add_argument('--peers', default='py_vollib_vectorized,fast_vollib,ref:hh3_np')
    ap.add_argument('--sizes', default='200,2000,10000'); ap.add_argument('--set', default='realistic', choices=['realistic', 'ticked', 'hard']); ap.add_argument('--rounds', type=int, default=9)
    ap.add_argument('--scalar-cap', type=int, default=400); ap.add_argument('--json'); ap.add_argument('--no-accuracy', action='store_true'); ap.add_argument('--no-speed', action='store_true'); ap.add_argument('--list', action='store_true'); ap.add_argument('--require', action='append', default=[])
    A = ap.parse_args(); names = list(PEERS) if A.peers == 'all' else [p for p in A.peers.split(',') if p]
    cons = {}; out = {}
    if A.candidate or A.candidate_greeks:
        d = dict(ng=5)
        if A.candidate: d['iv'] = load(A.candidate)
        if A.candidate_greeks: d['ivg'] = load(A.candidate_greeks)
        if 'iv' not in d: d['iv'] = lambda *a: d['ivg'](*a)[0]
        cons['CANDIDATE'] = ('vector', d)
    warm = realistic(32)[:6]
    # py_vollib_vectorized patches py_vollib's modules on import: imported BEFORE vollib/py_vollib it made them 4-5x slower (22 -> 100+ us). Load it last, refuse otherwise.
    for n in sorted(list(PEERS) if A.list else names, key=lambda n: n == 'py_vollib_vectorized'):
        t = time.perf_counter()
        try:
            if n in ('vollib', 'py_vollib') and 'py_vollib_vectorized' in sys.modules: raise RuntimeError('contaminated: py_vollib_vectorized already imported (by the candidate?)')
            kind, fac = PEERS[n]; d = fac(); t1 = time.perf_counter()-t; d['iv'](*warm); t2 = time.perf_counter()-t-t1
            if d.get('ivg'): d['ivg'](*warm)
            cons[n] = (kind, d); print(f'# {n:28s} {kind:7s} import {t1:6.2f}s first iv {t2:6.2f}s first greeks {time.perf_counter()-t-t1-t2:6.2f}s', flush=True)
        except Exception as e: print(f'# {n:28s} NOT USABLE: {type(e).__name__}: {str(e)[:110]!r}')
    if A.list: return 0
    base = 'CANDIDATE' if 'CANDIDATE' in cons else next(n for n in names if n in cons); fails = []
    if not A.no_speed:
        for n in (int(x) for x in A.sizes.split(',')):
            a = (realistic(n) if A.set == 'realistic' else realistic(n, tick=.05) if A.set == 'ticked' else hard(n))[:6]
            for what, lab in (('iv', 'IV only'), ('ivg', 'IV + 5 Greeks')):
                c = {k: v for k, v in cons.items() if v[1].get(what)}
                if not c: continue
                rounds = A.rounds if n <= 20000 else max(3, A.rounds//3)
                if n > 20000: c = {k: v for k, v in c.items() if v[0] == 'vector'}
                R = speed(c, a, rounds, A.scalar_cap, what); b = R.get(base); print(f'\n{A.set} n={n} {lab}: median of {rounds} rounds; ratio = this / {base} (per-round median; >1: slower than {base})')
                for k, v in sorted(R.items(), key=lambda kv: np.median(kv[1])):
                    ratio = float(np.median(np.array(v)/np.array(b))) if b else float('nan'); ng = '' if what == 'iv' or c[k][1].get('ng') == 5 else f" ({c[k][1].get('ng')} Greeks only)"
                    print(f'  {k:28s} {np.median(v):11.1f} ns/opt {1e9/np.median(v):13,.0f} opt/s  ratio {ratio:9.2f}  spread {min(v):.0f}-{max(v):.0f}{ng}', flush=True)
                    out.setdefault('speed', {}).setdefault(f'{A.set}/{n}/{what}', {})[k] = dict(ns=float(np.median(v)), ratio=ratio)
                    for q in A.require:
                        nm, x = q.rsplit(':', 1)
                        if nm == k and ratio < float(x): fails.append(f'{k} n={n} {what}: {ratio:.2f} < {x}')
    if not A.no_accuracy:
        R, a, col = vectors(); iv = col('iv'); fl = col('iv_floor_f64'); well = fl < 1e-8*iv; sets = {'vectors(well-posed)': ([x[well] for x in a], iv[well], fl[well])}
        for nm, g in (('realistic', realistic(4000)), ('hard', hard(2000))):
            S, K, T, r = g[1:5]; w = g[6]*np.sqrt(T); d1 = np.log(S/K)/w + r*T/w + .5*w; v = S*np.sqrt(T)*np.exp(-.5*d1*d1)/math.sqrt(2*math.pi)
            sets[nm] = (g[:6], g[6], 2.3e-16*(g[0]+S+K)/v)
        for s, (x, t, fl_) in sets.items():
            print(f'\naccuracy on {s} (n={len(t)}): |iv - truth|; bad = NaN or error > 1e-6 + 100 x attainable floor')
            for k, (kind, d) in cons.items():
                m = min(len(t), 1000) if kind == 'scalar' else len(t); q = accuracy(d['iv'], [z[:m] for z in x], t[:m], fl_[:m]); out.setdefault('accuracy', {}).setdefault(s, {})[k] = q
                print(f"  {k:28s} max {q['max']:9.2e} p99 {q['p99'] if q['p99'] is not None else float('nan'):9.2e} median {q['med'] if q['med'] is not None else float('nan'):9.2e} NaN {q['nan']:4d} bad {q['bad']:4d}/{q['n']} max/floor {q['max_over_floor']:.3g}")
        G = ('delta', 'gamma', 'theta_day', 'vega_1pct', 'rho_1pct'); print('\nGreeks on vectors(well-posed): max |error| / scale (scale = max(|truth|, 1e-3 x largest |truth|))')
        for k, (kind, d) in cons.items():
            if not d.get('ivg'): continue
            o = d['ivg'](*[x[well] for x in a]); row = []
            for i, g in enumerate(G):
                t = col(g)[well]; e = np.abs(np.asarray(o[i+1], float)-t)/np.maximum(np.abs(t), 1e-3*np.abs(t).max()); row.append(float(np.nanmax(e)) if np.isfinite(e).any() else None)
            out.setdefault('greeks', {})[k] = row; print(f'  {k:28s} ' + ' '.join(f'{g} {v:.1e}' if v is not None else f'{g} none' for g, v in zip(G, row)))
        print('\nunsolvable inputs, one at a time (what comes back)')
        U = unsolvable(); print('  '+' '*28, ' '.join(f'{u[0][:9]:>9s}' for u in U))
        for k, (kind, d) in cons.items():
            row = []
            for u in U:
                arr = [np.array([float(z)]) for z in (u[1], u[2], u[3], u[4], .065, u[5])]
                try:
                    if kind == 'scalar':   # unwrap the loop's try/except
                        one = d['iv'].__closure__[0].cell_contents; x = float(one(*[z.item() for z in arr]))
                    else: x = float(np.asarray(d['iv'](*arr)).ravel()[0])
                    row.append('nan' if x != x else f'{x:.3g}')
                except Exception as e: row.append(type(e).__name__[:9])
            out.setdefault('unsolvable', {})[k] = row; print(f'  {k:28s} ' + ' '.join(f'{z:>9s}' for z in row))
    if A.json: json.dump(out, open(A.json, 'w'), indent=1)
    for f in fails: print('REQUIRE NOT MET:', f)
    return 1 if fails else 0
if __name__ == '__main__': sys.exit(main())
