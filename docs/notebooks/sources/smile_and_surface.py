"""Smile and surface: implied volatility over strikes, expiries and a day."""

# %% [markdown]
# # Smile and surface
#
# Implied volatility over strikes and expiries, how well the surface fits, and how its level and skew moved within a day.

# %%
import g6

home = "~/.cache/g6/notebooks"
g6.sample(1, interval=600, to="2026-11-20", data_dir=home)
place = g6.sample(20, interval=3600, to="2026-11-20", data_dir=home)
chain = g6.load("NIFTY", "latest", data_dir=place)

# %% [markdown]
# The smiles of the newest cycle share their scales. Dots are options out of the money, rings those in the money that differ.

# %%
g6.plot.smile("NIFTY", data_dir=place)

# %% [markdown]
# The fitted surface between the nearest and the farthest expiry, in moneyness: strike over the forward of its expiry.

# %%
g6.plot.surface("NIFTY", data_dir=place)

# %% [markdown]
# The numbers behind a picture are the document of its study.

# %%
smiles = g6.ask.smile("NIFTY", data_dir=place)
[(f"{curve.expiry:%d %b}", round(curve.forward, 1), curve.atm, round(curve.quality, 4)) for curve in smiles.expiries]

# %% [markdown]
# Two figures per cycle from the rows: volatility at the money, and the skew between a put and a call of the same
# distance. Only options that traded in time and had a volatility are used.

# %%
nearest = chain[chain["expiry"] == chain["expiry"].min()]


def level_and_skew(rows):
    """Return volatility at the money and put less call volatility two percent away, in percent."""
    distance = rows["strike"] / rows["forward"] - 1
    calls, puts = rows.set_index(distance)["ce_iv"].dropna(), rows.set_index(distance)["pe_iv"].dropna()

    def at(values, place):
        return values.iloc[abs(values.index - place).argmin()]

    return 100 * at(calls, 0.0), 100 * (at(puts, -0.02) - at(calls, 0.02))


cycles = nearest.groupby("timestamp")[["strike", "forward", "ce_iv", "pe_iv"]].apply(level_and_skew)
level, skew = cycles.str[0].rename("ATM, %"), cycles.str[1].rename("put less call, points")
level.to_frame().join(skew).describe().loc[["min", "mean", "max"]].round(2)

# %% [markdown]
# Where volatility rose and fell within the day, strike by strike.

# %%
g6.plot.heatmap("NIFTY", of="iv", cycles=39, strikes=21, data_dir=place)
