"""The studies of stored chains and overview rows, records as those of `table`."""

from __future__ import annotations

from g6.studies.study import Study

__all__ = ["STORED_STUDIES"]

STORED_STUDIES = (
    Study(
        "overview",
        "stored.overview.overview_board",
        "Show the newest overview row of every index.",
        "g6 overview",
        details="Figures are those of the nearest expiry. --json has the trend of the last cycles "
        "too.",
    ),
    Study(
        "chain",
        "stored.chain_by_strike",
        "Show an index's newest chain, calls left and puts right.",
        "g6 chain NIFTY --expiry monthly",
        details="ATM and the highest open interest of each side are marked.",
        watch="Show each new cycle until Ctrl-C.",
    ),
    Study(
        "ladder",
        "stored.overview.ladder",
        "Show the strikes near the money with their build-up.",
        "g6 ladder NIFTY --window 10",
        details="Open interest, its change since the previous session, last prices and the kind of "
        "build-up stand beside each other, calls left and puts right.",
    ),
    Study(
        "analyze",
        "stored.analysis",
        "Show what a chain says: ratios, levels, expected move, risk.",
        "g6 analyze NIFTY",
        details="Put/call ratios, max pain, levels of open interest, expected move, smile, "
        "exposures and risk are those of the newest stored chain.",
    ),
    Study(
        "dossier",
        "stored.dossier",
        "Show an index's trends, term structure and volatility rank.",
        "g6 dossier NIFTY --windows 30,120",
    ),
    Study(
        "buildup",
        "stored.buildup",
        "Show how open interest and premiums moved at each strike.",
        "g6 buildup NIFTY --against 30",
        details="Each strike's kind of build-up is named. Windows under 3 minutes count as 3.",
    ),
    Study(
        "scan",
        "stored.scan",
        "Rank options whose interest, volume or volatility jumped.",
        "g6 scan NIFTY --cycles 60",
        details="Strikes that are new are named. Steps are between cycles at least 3 minutes "
        "apart, and each is compared with the steps before it today.",
    ),
    Study(
        "interest",
        "stored.interest_by_cycle",
        "Show PCR, max pain and open interest, cycle by cycle.",
        "g6 interest NIFTY --strikes 24000,24100,24200 --cycles 20",
        details="They are those of all strikes, or of chosen ones. Without --expiry they are "
        "those of each cycle's nearest expiry.",
    ),
    Study(
        "levels",
        "stored.overview.levels_by_cycle",
        "Show the index, its levels and its ratios through a session.",
        "g6 levels NIFTY --points 40",
        details="PCR, max pain, support and resistance are those of each cycle's nearest expiry.",
    ),
    Study(
        "exposures",
        "stored.exposures_by_strike",
        "Show exposures by strike, the gamma walls and the flip.",
        "g6 exposures NIFTY --expiry this_week",
        details="They are sums over all expiries unless one is named, in rupees, under the "
        "convention that dealers hold calls and owe puts.",
    ),
    Study(
        "moves",
        "stored.moves",
        "Show expected moves, and how often the index stayed inside.",
        "g6 moves NIFTY --days 120",
        details="Moves are shown as bands of the index, and the share is that of the stored days.",
    ),
    Study(
        "spreads",
        "stored.spreads",
        "Show bid-ask spreads by expiry and by strike.",
        "g6 spreads NIFTY --expiry this_week --cycles 30",
        details="Each expiry's are those of the newest cycle, and those of one expiry's strikes "
        "are over the last cycles.",
    ),
    Study(
        "smile",
        "stored.smile_curves",
        "Show implied volatility by strike, with the fitted surface.",
        "g6 plot smile NIFTY --out smile.png",
        details="Every expiry is shown unless one is named.",
        command="plot smile",
    ),
    Study(
        "surface",
        "stored.surface_grid",
        "Show the volatility surface over moneyness and time.",
        "g6 plot surface NIFTY --out surface.html",
        command="plot surface",
    ),
    Study(
        "oi",
        "stored.interest_by_strike",
        "Show open interest by strike, max pain and gamma walls.",
        "g6 plot oi NIFTY --expiry this_week --out oi.png",
        command="plot oi",
    ),
    Study(
        "straddle",
        "stored.straddle_by_cycle",
        "Show the straddle at the money, cycle by cycle.",
        "g6 plot straddle NIFTY --cycles 100 --out straddle.png",
        details="Its rolls, its VWAP and the index stand beside it.",
        command="plot straddle",
    ),
    Study(
        "payoff",
        "stored.overview.payoff_by_level",
        "Show what a position gains at other spots, now and at expiry.",
        "g6 payoff NIFTY --legs 2026-11-23:24000:CE,2026-11-23:24000:PE",
        details="It is the straddle at the money unless legs are named. Break-evens are those of "
        "the day on which the first leg expires.",
    ),
    Study(
        "overlays",
        "stored.overlays",
        "Show the sessions of a figure laid over each other.",
        "g6 plot overlays NIFTY --figure atm_iv_this_week --out overlays.png",
        details="Sessions are grouped by weekday.",
        command="plot overlays",
    ),
    Study(
        "heatmap",
        "stored.heatmap",
        "Show open interest or volatility by strike and time.",
        "g6 plot heatmap NIFTY --of iv --out heatmap.png",
        details="With --by expiry its columns are expiries.",
        command="plot heatmap",
    ),
)
"""They follow all others in the table."""
