#!/bin/sh
# Rows of a simulated and of a replayed market go to buckets of their own; InfluxDB's set-up makes one.
set -eu
for kind in sim replay; do
    influx bucket create --org g6 --name "g6_$kind"
done
