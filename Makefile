# make demo      the first run: installs into .venv and shows six cycles of the simulated market
# make research  adds pandas, matplotlib, DuckDB and xlsxwriter to .venv: what g6 plot, g6 sql, g6 export and the notebooks use
# make test      installs the tools and runs the tests     (ARGS="-k name" for some of them, JOBS=1 for one process)
# make check     format, lint, types, layers, generated files; `make format` mends the first two
# make docs      writes the generated files again
# make notebooks    runs the notebooks of docs/notebooks and writes them with their outputs; a minute
# make chaos     kills, stops and empties what can be, and writes docs/reference/faults.md; 25 minutes (ARGS="--only 4,9", --short)
# make hosts     faults between hosts of their own (network namespaces, as root) and around the cycles: cables, toxics, Sentinels, disks; fifteen minutes
# make simulate    thousands of seeded schedules of faults in one process, judged by grid and files (CYCLES=100000; SEED=17 for one, both for those from it on)
# make planted     plants bugs one at a time and tells in how many schedules each is found, by what unit tests (ARGS="--only twin")
# make fuzz      feeds a million wrong packets, quotes, dumps, frames, Parquet files and configurations to what reads them (ARGS="--seed 1 --only dumps")
# make crash-points    ends backup, restore, archive, retention, folding, compaction, recompute and import before each change of a file or a bucket (ARGS="--only backup --every 5")
# make image-check    does what deploy/Dockerfile says in an empty sandbox, without a container engine, and runs what came of it; minutes (ARGS="--python /path/to/python3.13")
# make sbom      writes what an installation is made of into build/sbom.json (CycloneDX); make audit asks for known weaknesses
# make wheel     writes the wheel into dist/, and runs demo, chain and plot from one that is installed far from the checkout
# make pager      plants faults in a running system and holds Prometheus and Alertmanager against them; twenty minutes
# make dashboard-pictures    draws each panel of the dashboards from a real Prometheus beside a short run, into build/dashboards
# make demo-influx    a server that speaks InfluxDB's write API, cycles of the simulated market, and a query that shows the rows
# make images       the pictures of README.md, from what G6 writes
# make footprint    memory of g6 up by process, and seconds to the first chain of g6 demo
# make soak         fifteen minutes of 1 s cycles: content whole, memory, descriptors, keys and disk flat (ARGS="--cycles 120" for the shape, 3600 an hour)
# make soak-stream  fifteen minutes of listeners that come, go and stop reading: memory, descriptors and queues of g6 serve flat
# make bench, bench-cycle, bench-scale, bench-year, bench-broker, bench-small, bench-iv, bench-kite, bench-store, bench-keeping, bench-market, bench-stream, bench-eye, bench-bus, bench-fanout, bench-ask    measurements; they need an otherwise quiet machine
# make ask-the-past    every study and panel at every cycle of a simulated day, and again once it is compacted: the same bytes; twenty minutes
# make clean-days    thirty simulated days without a fault, on which no check of data quality may fail
# make session  whole sessions of the simulated market, expiry days among them, at sixty times their pace; seven minutes each
# make test-services    installs the servers that tests marked `services` need, on Debian as root
# make bench-services   installs the servers that only measurements need
# make lock      resolves the dependencies afresh, into both lock files
# make clean     takes away what make made, data/ excepted

SHELL := /bin/sh
.DELETE_ON_ERROR:
.PHONY: fuzz crash-points image-check sbom audit demo research test check format docs images notebooks demo-influx chaos hosts simulate planted bench bench-cycle bench-scale bench-year bench-broker bench-small footprint soak soak-stream bench-iv bench-kite bench-store bench-keeping bench-market bench-stream bench-eye bench-bus bench-fanout bench-ask ask-the-past clean-days session test-services bench-services lock clean wheel healthy-days pager dashboard-pictures help

PYTHON ?= $(firstword $(foreach each,python3 python3.13 python3.12 python3.11,$(shell $(each) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(each))))
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
ARGS ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
BENCH_SERVICES := nginx libnginx-mod-nchan
SERVICES := bubblewrap iproute2 redis-server systemd prometheus prometheus-alertmanager chromium victoria-metrics libreoffice-calc-nogui
unexport PYTHONDONTWRITEBYTECODE # the tests start a thousand processes; none should compile G6 anew

help:
	@sed -n 's/^# //p' Makefile

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "G6 needs Python 3.11 or newer, and none was found; say make PYTHON=/path/to/python3"; exit 2; }
	@echo "installing into $(VENV), once; about a minute"
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install -r requirements.lock
	$(PIP) install --no-deps --editable .
	@$(BIN)/python -m compileall -q g6 # pip leaves an editable package to its first start, which took 2 s longer
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(PIP) install -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.run
	@$(BIN)/g6 demo $(ARGS)

research: $(VENV)/.run
	$(PIP) install --constraint requirements-dev.lock --editable '.[notebook,duckdb,xlsx]'

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

notebooks: $(VENV)/.dev
	$(BIN)/python docs/notebooks/build.py $(ARGS)

wheel: $(VENV)/.dev
	$(BIN)/python -m hatchling build -t wheel -d dist
	$(BIN)/python -m pytest -q tests/e2e/system/test_wheel.py $(ARGS)

images: $(VENV)/.dev
	$(BIN)/python docs/images/draw.py

chaos: $(VENV)/.dev
	$(BIN)/python -m tests.chaos $(ARGS)

hosts: $(VENV)/.dev
	$(BIN)/python -m tests.chaos --only 15b,20,26,28,30,31,32,33,34,35 --add $(ARGS)

simulate: $(VENV)/.dev
	$(BIN)/python -m tests.simulate $(if $(SEED),--seed $(SEED)) $(if $(CYCLES),--cycles $(CYCLES)) $(ARGS)

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.property.fuzz $(ARGS)

crash-points: $(VENV)/.dev
	$(BIN)/python -m tests.property.crash_points $(ARGS)

image-check: $(VENV)/.dev
	$(BIN)/python -m tests.integration.deploy.image_check $(ARGS)

sbom: $(VENV)/.dev
	$(BIN)/python -m deploy.supply_chain bom build/sbom.json

audit: $(VENV)/.dev
	$(BIN)/python -m deploy.supply_chain audit $(ARGS)

planted: $(VENV)/.dev
	$(BIN)/python -m tests.planted $(ARGS)

bench: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/bench.py $(ARGS)

bench-cycle: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/cycle/bench_cycle.py $(ARGS)

bench-scale: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/cycle/scale/bench_scale.py $(ARGS)

bench-year: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/running/bench_year.py $(ARGS)

bench-broker: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/running/bench_broker.py $(ARGS)

bench-small: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/running/bench_small.py $(ARGS)

demo-influx: $(VENV)/.dev
	@$(BIN)/python -m tests.integration.influx.demo $(ARGS)

footprint: $(VENV)/.run
	$(BIN)/python tests/benchmarks/running/footprint.py $(ARGS)

soak: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/running/soak.py $(ARGS)

soak-stream: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/running/soak_stream.py $(ARGS)

bench-iv: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/run_bench_iv.py $(ARGS)

bench-store: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/bench_store.py $(ARGS)

bench-keeping: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/running/bench_keeping.py $(ARGS)

bench-market: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/bench_market.py $(ARGS)

healthy-days: $(VENV)/.dev
	$(BIN)/python -m tests.observe $(ARGS)

dashboard-pictures: $(VENV)/.dev
	$(BIN)/python -m tests.observe.pictures $(ARGS)

pager: $(VENV)/.dev
	$(BIN)/python -m tests.pager $(ARGS)

bench-kite: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks.provider.bench_kite $(ARGS)

bench-stream: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/bench_stream.py $(ARGS)

bench-eye: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/running/bench_eye.py $(ARGS)

bench-bus: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/running/bench_bus.py $(ARGS)

bench-fanout: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/fanout/bench_fanout.py $(ARGS)

bench-ask: $(VENV)/.dev
	$(BIN)/python tests/benchmarks/running/bench_ask.py $(ARGS)

ask-the-past: $(VENV)/.dev
	$(BIN)/python -m tests.integration.web.whole_day $(ARGS)

clean-days: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks.running.clean_days $(ARGS)

session: $(VENV)/.dev
	$(BIN)/python -m tests.e2e.expiry.expiry_day $(ARGS)

test-services:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-upgrade --no-install-recommends $(SERVICES); \
	else \
		echo "install $(SERVICES) with this system's package manager (apt-get as root does it here)"; \
	fi

bench-services:
	@$(MAKE) --no-print-directory test-services SERVICES="$(BENCH_SERVICES)"

lock: $(BIN)/python
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip --quiet install uv
	$(VENV)/lock/bin/uv pip compile -q -U --universal --no-header --no-annotate --no-emit-index-url -o requirements.lock \
		--extra host --extra web --extra kite pyproject.toml
	$(VENV)/lock/bin/uv pip compile -q -U --universal --no-header --no-annotate --no-emit-index-url -o requirements-dev.lock \
		-c requirements.lock --all-extras --group dev pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
