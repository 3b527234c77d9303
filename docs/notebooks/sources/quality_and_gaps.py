"""Quality and gaps: which quotes may be believed, and which cycles are missing."""

# %% [markdown]
# # Quality and gaps
#
# Which quotes may be believed, why an option has no volatility, and what is missing of a day.

# %%
import shutil
import tempfile
from pathlib import Path

import g6
from g6.errors import NothingToDo

home = "~/.cache/g6/notebooks"
g6.sample(1, interval=600, to="2026-11-20", data_dir=home)
place = g6.sample(20, interval=3600, to="2026-11-20", data_dir=home)
long = g6.load("NIFTY", "latest", shape="long", data_dir=place)

# %% [markdown]
# `quality` has one bit per doubt. A doubtful quote is kept, and left out of sums and fits.

# %%
BITS = {1: "stale", 2: "untraded today", 4: "no two-sided book", 8: "crossed", 16: "below intrinsic", 32: "wide", 64: "missing", 2048: "thin"}
{word: int((long["quality"] & bit > 0).sum()) for bit, word in BITS.items()}

# %% [markdown]
# A missing volatility has a reason beside it, and is never zero.

# %%
long["iv_status"].value_counts()

# %%
assert (long["iv"].isna() | (long["iv"] > 0)).all()
long[long["iv"].isna()].groupby("iv_status", observed=True)["last"].describe()[["count", "50%", "max"]].dropna()

# %% [markdown]
# What trading would cost: spreads of each expiry now, and by strike.

# %%
g6.ask.spreads("NIFTY", data_dir=place)

# %% [markdown]
# Stored figures against a second implementation that shares no code with the first.

# %%
g6.ask.verify(cycles=2, data_dir=place)

# %% [markdown]
# Each cycle that was due is accounted for. Here a day is taken out of a copy, to see what a loss looks like.

# %%
copy = Path(tempfile.mkdtemp()) / "a_day_lost"
shutil.copytree(place, copy)
lost = g6.days(data_dir=copy)[-3]
for path in copy.rglob(f"date={lost}"):
    shutil.rmtree(path)
g6.ask.coverage(first=str(g6.days(data_dir=copy)[-4]), data_dir=copy)

# %%
g6.ask.gaps(data_dir=copy)

# %% [markdown]
# A day that is not there is a sentence, not an empty frame.

# %%
try:
    g6.load("NIFTY", lost, data_dir=copy)
except NothingToDo as error:
    print(str(error).replace(str(copy), "a_day_lost"))
shutil.rmtree(copy.parent)
