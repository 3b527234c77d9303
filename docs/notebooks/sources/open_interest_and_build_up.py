"""Open interest and build-up: where positions are, where they moved, and with which premium."""

# %% [markdown]
# # Open interest and build-up
#
# Where positions stand, where they came and went, and what the premiums did meanwhile.

# %%
import g6

home = "~/.cache/g6/notebooks"
g6.sample(1, interval=600, to="2026-11-20", data_dir=home)
place = g6.sample(20, interval=3600, to="2026-11-20", data_dir=home)
chain = g6.load("NIFTY", "latest", data_dir=place)

# %% [markdown]
# Open interest by strike, above its change since the previous session. Gamma walls and max pain are marked behind the
# bars, a ring is on the longest bar of each side.

# %%
chain.g6.plot_oi(strikes=31)

# %% [markdown]
# Ratios, levels and sums over the day.

# %%
g6.plot.interest("NIFTY", cycles=39, data_dir=place)

# %% [markdown]
# Where interest built up within the day: colours of the lower scale are changes about zero.

# %%
g6.plot.heatmap("NIFTY", cycles=39, strikes=31, data_dir=place)

# %% [markdown]
# Interest that rises with the premium is a long build-up, without it a short one; interest that falls is covering or
# unwinding. Here over the last hour.

# %%
g6.ask.buildup("NIFTY", against="60", data_dir=place)

# %% [markdown]
# The same question over all strikes, as numbers of a frame: the five largest changes of the day on each side.

# %%
last = chain[chain["timestamp"] == chain["timestamp"].max()]
near = last[last["expiry"] == last["expiry"].min()].set_index("strike")
change = (near[["ce_oi", "pe_oi"]] - near[["ce_oi_prev", "pe_oi_prev"]].to_numpy()) / 1e5
{side: change[side].astype(float).round(1).nlargest(5).to_dict() for side in change}

# %% [markdown]
# Which options moved unlike before.

# %%
g6.ask.scan("NIFTY", cycles=39, data_dir=place)
