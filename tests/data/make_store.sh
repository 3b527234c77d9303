#!/bin/sh
# Make tests/data/store: what the code of this commit stores of two indices and five cycles on two days.
# Only commands of `g6` are used, so that the script outlives the modules behind them.
# The store in the repository is kept as it is: a later version must open what this one wrote.
#
#     sh tests/data/make_store.sh NEW_DIRECTORY
set -eu

directory=$1
[ ! -e "$directory" ] || { echo "$directory exists; name a new directory" >&2; exit 2; }

collect() {
    g6 run --cycles "$2" --start "$1" --interval 60 --speed max --provider sim --seed 7 \
        --indices NIFTY,MIDCPNIFTY --data-dir "$directory" \
        --set index_params.NIFTY.strikes_itm=2 --set index_params.NIFTY.strikes_otm=2 \
        --set index_params.MIDCPNIFTY.strikes_itm=2 --set index_params.MIDCPNIFTY.strikes_otm=2
}

collect 2026-11-17T05:30:00Z 3
collect 2026-11-18T05:30:00Z 2
g6 data compact --date 2026-11-17 --data-dir "$directory"

# A compacted day and a day in parts, CSV, listings and events stay; what belongs to a running system goes.
rm -rf "$directory/.broker" "$directory/.owner.json" "$directory/logs" "$directory/panels" "$directory/events/.position.json"
find "$directory" -name '*.lock' -delete
