"""SQL over a month: questions to all stored days at once."""

# %% [markdown]
# # SQL over a month
#
# `g6.sql` asks DuckDB over every stored day: tables `chain`, `overview`, `instruments` and `events`, with the columns of
# `g6.load` and `date`. Files are read where they lie, and only the columns that a question names.

# %%
import g6

home = "~/.cache/g6/notebooks"
g6.sample(1, interval=600, to="2026-11-20", data_dir=home)
place = g6.sample(20, interval=3600, to="2026-11-20", data_dir=home)
g6.sql("select count(*) as rows, count(distinct date) as days, min(timestamp) as first, max(timestamp) as last from chain", data_dir=place)

# %% [markdown]
# Put/call ratio, volatility and straddle at the end of each day.

# %%
g6.sql(
    """
    select date, arg_max(spot, timestamp) as close, round(arg_max(pcr_nearest, timestamp), 2) as pcr,
           round(100 * arg_max(atm_iv_nearest, timestamp), 2) as iv, arg_max(straddle_nearest, timestamp) as straddle
    from overview group by date order by date desc limit 8
    """,
    data_dir=place,
)

# %% [markdown]
# What a day before expiry costs: the median straddle by days to expiry, in percent of the forward.

# %%
by_days = g6.sql(
    """
    select dte, round(median(100 * (ce_price + pe_price) / forward), 3) as straddle_pct, count(*) as cycles
    from chain where "offset" = 0 and ce_price > 0 and pe_price > 0
    group by dte having count(*) >= 5 order by dte
    """,
    data_dir=place,
)
by_days.head(10)

# %% [markdown]
# Where interest built up most within a day, over all days: strike and side with the largest rise from its first cycle to
# its last.

# %%
g6.sql(
    """
    with ends as (
        select date, expiry, strike, arg_max(ce_oi, timestamp) - arg_min(ce_oi, timestamp) as calls,
               arg_max(pe_oi, timestamp) - arg_min(pe_oi, timestamp) as puts
        from chain group by all
    )
    select date, expiry, strike, side, round(rise / 1e5, 1) as rise_lakh
    from ends unpivot (rise for side in (calls, puts)) order by rise desc limit 6
    """,
    data_dir=place,
)

# %% [markdown]
# The spread that a straddle at the money would have paid, by hour.

# %%
g6.sql(
    """
    select hour(timestamp) as hour, round(median(ce_ask - ce_bid + pe_ask - pe_bid), 2) as spread_points, count(*) as quotes
    from chain where "offset" = 0 and ce_bid > 0 and pe_bid > 0 group by all order by all
    """,
    data_dir=place,
)

# %% [markdown]
# A picture of an answer: the straddle against the time that is left.

# %%
axes = by_days.plot.scatter(x="dte", y="straddle_pct", figsize=(10, 4), title="NIFTY straddle at the money, simulated month")
axes.set_xlabel("calendar days to expiry")
axes.set_ylabel("straddle, % of the forward");
