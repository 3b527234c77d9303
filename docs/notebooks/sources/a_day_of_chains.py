"""A day of chains: what is stored, and how it is read."""

# %% [markdown]
# # A day of chains
#
# What G6 stored on a day, and the ways to read it. The days are simulated and made once, in a directory of their own.
# For your own days, leave `data_dir` out: `g6.load` reads what the command line reads.

# %%
import g6

home = "~/.cache/g6/notebooks"
g6.sample(1, interval=600, to="2026-11-20", data_dir=home)  # the last day, every ten minutes
place = g6.sample(20, interval=3600, to="2026-11-20", data_dir=home)  # a month of days, every hour
g6.indices(data_dir=place), len(g6.days(data_dir=place)), g6.expiries("NIFTY", data_dir=place)

# %% [markdown]
# One row per cycle, expiry and strike, calls and puts side by side, instants in India's time. Every column with unit and
# meaning: [columns](../reference/columns.md).

# %%
chain = g6.load("NIFTY", "latest", data_dir=place)
chain[["timestamp", "expiry", "strike", "spot", "forward", "ce_price", "pe_price", "ce_iv", "pe_iv", "ce_oi", "pe_oi"]].tail(3)

# %%
chain.groupby("timestamp").size().tail(3)

# %% [markdown]
# A row per index and cycle, with its figures: the overview.

# %%
overview = g6.load("NIFTY", "latest", "overview", data_dir=place)
overview[["timestamp", "status", "spot", "atm", "straddle_nearest", "atm_iv_nearest", "pcr_nearest"]].tail(3)

# %% [markdown]
# The long shape has a row per option, for grouping.

# %%
long = g6.load("NIFTY", "latest", shape="long", columns=["timestamp", "side", "oi"], data_dir=place)
long.groupby(["timestamp", "side"], observed=True)["oi"].sum().unstack().tail(3)

# %% [markdown]
# What was known at an instant: nothing that was observed later is in it.

# %%
morning = g6.load("NIFTY", "latest", as_of="2026-11-20T11:01", data_dir=place)
morning["timestamp"].max(), morning["observed_at"].max()

# %% [markdown]
# A study answers one question as the command of its name does. Which there are: [studies](../reference/studies.md).

# %%
g6.ask.interest("NIFTY", cycles=5, data_dir=place)

# %% [markdown]
# Pictures come from the store, or from a loaded frame. Which there are: [pictures](../reference/pictures.md).

# %%
g6.plot.straddle("NIFTY", cycles=39, data_dir=place)

# %%
chain.g6.plot_smile(expiry="this_week")
