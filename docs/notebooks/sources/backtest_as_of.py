"""Backtest of a rule that knows nothing later than its instant."""

# %% [markdown]
# # A backtest that cannot look ahead
#
# The rule: at 10:30, sell the straddle at the money when its volatility is above the median of the days before at the same
# time, and buy it back at 14:30. It sells at the bid and buys at the ask.
#
# `as_of` leaves out every row that was observed later, so that the rule sees what it would have seen. The market is
# simulated: the result says nothing of a real one.

# %%
import pandas as pd

import g6

home = "~/.cache/g6/notebooks"
g6.sample(1, interval=600, to="2026-11-20", data_dir=home)
place = g6.sample(20, interval=3600, to="2026-11-20", data_dir=home)
days = g6.days("NIFTY", data_dir=place)
days[0], days[-1], len(days)

# %% [markdown]
# What is known at an instant, and the decision. Nothing else is read by the rule.

# %%
COLUMNS = ["timestamp", "observed_at", "expiry_nearest", "atm", "atm_iv_nearest"]


def known_at(day, clock):
    """Return the overview rows that were observed by a time of a day."""
    return g6.load("NIFTY", (days[0], day), "overview", columns=COLUMNS, as_of=f"{day}T{clock}", data_dir=place)


def decide(day):
    """Return the row to sell at, None when the rule stays out."""
    rows = known_at(day, "10:31")
    now = rows.iloc[-1]
    same_time = rows[rows["timestamp"].dt.time == now["timestamp"].time()]
    before = same_time["atm_iv_nearest"].iloc[:-1]
    is_of_day = now["timestamp"].date() == day
    return now if is_of_day and len(before) >= 3 and now["atm_iv_nearest"] > before.median() else None


# %% [markdown]
# Prices at which it could trade: of the newest cycle that was known then.

# %%
def quoted(day, clock, row):
    """Return bid and ask of the straddle of a row, in points."""
    chain = g6.load(
        "NIFTY", day, expiry=row["expiry_nearest"].date(), strike=row["atm"], as_of=f"{day}T{clock}", data_dir=place
    ).iloc[-1]
    return chain["ce_bid"] + chain["pe_bid"], chain["ce_ask"] + chain["pe_ask"]


trades = []
for day in days:
    row = decide(day)
    if row is not None:
        (sold, _), (_, bought) = quoted(day, "10:31", row), quoted(day, "14:31", row)
        trades.append({"day": day, "strike": row["atm"], "iv": row["atm_iv_nearest"], "sold": sold, "bought": bought})
book = pd.DataFrame(trades).set_index("day")
book["points"] = book["sold"] - book["bought"]
book.round(4)

# %% [markdown]
# Nothing was used early: each decision is the same when all later days are not there at all, and no row that a decision
# saw was observed after its instant.

# %%
for day in days:
    rows = known_at(day, "10:31")
    assert rows["observed_at"].max() <= pd.Timestamp(f"{day}T10:31", tz="Asia/Kolkata")
f"{len(days)} decisions, {len(book)} trades, {book['points'].sum():.1f} points"

# %% [markdown]
# How much a look ahead would have changed: the same rule with the median of all days, later ones as well.

# %%
everything = g6.load("NIFTY", slice(None, None), "overview", columns=COLUMNS, data_dir=place)
at_time = everything[everything["timestamp"].dt.strftime("%H:%M") == "10:30"]
ahead = at_time[at_time["atm_iv_nearest"] > at_time["atm_iv_nearest"].median()]["timestamp"].dt.date
f"{len(set(ahead) ^ set(book.index))} of {len(days)} days would be decided otherwise"

# %%
axes = book["points"].cumsum().plot(marker="o", figsize=(10, 4), title="NIFTY, short straddle 10:30 to 14:30, simulated market")
axes.set_xlabel("day")
axes.set_ylabel("points, summed up")
axes.axhline(0, color="grey", linewidth=0.8);
