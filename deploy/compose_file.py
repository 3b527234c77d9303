"""Writes `deploy/compose.yaml` from the table of roles."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from deploy.make_secrets import READERS
from deploy.roles import (
    FLOWER_PORT,
    INFLUX_PORT,
    REDIS_PORT,
    ROLES,
    ROWS,
    SECRETS,
    STOP_SECONDS,
    USER,
    WEB_PORT,
    Role,
    Rows,
)
from g6.config.loading import INSTANCE_VARIABLE
from g6.observability.generators.prometheus_files import METRICS_TARGET, prometheus_settings

NOTE = "# Written by `make docs` from deploy/; edit deploy/{source} instead.\n"
IMAGES = {
    "redis": "redis:7.4-bookworm",
    "influxdb": "influxdb:2.7",
    "prometheus": "prom/prometheus:v2.53.4",
    "alertmanager": "prom/alertmanager:v0.28.1",
    "grafana": "grafana/grafana:11.6.1",
}
GRAFANA_PORT = 3000
PAGES = {"serve": WEB_PORT, "flower": FLOWER_PORT}
"""Services whose page the host's loopback shows."""

HEAD = """# The whole system on one host: `docker compose up` here runs the simulated market.
# The live market: g6.env and `--profile kite`. More workers of a queue: `--scale analytics=3`.
name: g6

x-restricted: &restricted
  restart: unless-stopped
  init: true
  read_only: true
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  pids_limit: 512
  ulimits: {core: 0}
  logging:
    driver: json-file
    options: {max-size: 10m, max-file: "5"}

"""


def environment() -> Mapping[str, str]:
    """Return the variables of every process of G6, the same for all: they are one configuration."""
    return {
        "G6_SECRETS_DIR": SECRETS,
        "G6_DATA_DIR": f"{ROWS}/live",
        "G6_DEMO_DIR": f"{ROWS}/demo",
        "G6_ALERTS__RULES_FILE": f"{ROWS}/alerts.toml",
        "G6_SERVE__HOST": "0.0.0.0",  # noqa: S104 - of its own container, and with a token
        "G6_FLOWER__HOST": "0.0.0.0",  # noqa: S104 - likewise, with a password
        "G6_INFLUX__URL": f"http://influxdb:{INFLUX_PORT}",
        "REMAP_SIGTERM": "SIGQUIT",
        "OMP_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }


def compose() -> str:
    """Return deploy/compose.yaml."""
    parts = [NOTE.format(source="compose_file.py"), HEAD, _base(), "services:\n", _secrets()]
    parts += [_redis(), *map(_service, ROLES), _influx(), *_watchers(), _volumes()]
    return "".join(parts)


def prometheus() -> str:
    """Return deploy/prometheus.yml, which finds `serve` by its name and shows its token."""
    target = f"serve:{METRICS_TARGET.rpartition(':')[2]}"
    return prometheus_settings(target, token_file=f"{SECRETS}/serve_token")


def _base() -> str:
    variables = "".join(f'    {name}: "{value}"\n' for name, value in environment().items())
    return f"""x-g6: &g6
  <<: *restricted
  image: g6:local
  user: "{USER}:{USER}"
  tmpfs: [/tmp]
  stop_grace_period: {STOP_SECONDS}s
  env_file:
    - path: g6.env
      required: false
  environment: &variables
{variables}  depends_on:
    redis: {{condition: service_healthy}}

"""


def _secrets() -> str:
    volumes = _lines((f"secrets-{reader}:/secrets/{reader}" for reader in READERS), 6)
    return f"""  # Makes what is missing of certificates, passwords and tokens, and ends.
  secrets:
    <<: *restricted
    image: g6:local
    build: {{context: .., dockerfile: deploy/Dockerfile}}
    user: "{USER}:{USER}"
    restart: "no"
    network_mode: none
    command: {_words(["python", "/opt/g6/deploy/make_secrets.py", "/secrets", "--host", "redis"])}
    healthcheck: {{disable: true}}
    volumes:
      - secrets-authority:/secrets/authority
{volumes}
"""


def _redis() -> str:
    ping = (
        f'REDISCLI_AUTH="$$(cat {SECRETS}/health_password)" redis-cli --user health '
        f"--tls --cacert {SECRETS}/ca.pem -p {REDIS_PORT} ping | grep -q PONG"
    )
    return f"""  # Queues, ledger, bus and frames, over TLS with users.
  redis:
    <<: *restricted
    image: {IMAGES["redis"]}
    user: "999:999"
    group_add: ["{USER}"]
    command: ["redis-server", "/etc/redis.conf"]
    healthcheck: {_check(["CMD-SHELL", ping], 5, 10)}
    depends_on:
      secrets: {{condition: service_completed_successfully}}
    volumes:
      - ./redis.conf:/etc/redis.conf:ro
      - secrets-redis:{SECRETS}:ro
      - redis:/data

"""


def _service(role: Role) -> str:
    volumes = [f"secrets-g6:{SECRETS}:ro"]
    if role.rows is not Rows.NONE:
        volumes.append(f"rows:{ROWS}" + (":ro" if role.rows is Rows.READ else ""))
    lines = [
        f"  # {role.name}: {role.sentence}.",
        f"  {role.name}:",
        "    <<: *g6",
        f"    command: {_words(role.command)}",
        f"    healthcheck: {_check(['CMD', *role.alive], 30, 60)}",
    ]
    if role.instance:
        lines.append("    environment:")
        lines += ["      <<: *variables", f'      {INSTANCE_VARIABLE}: "{role.instance}"']
    if role.profile:
        lines.append(f"    profiles: [{role.profile}]")
    if role.name in PAGES:
        port = PAGES[role.name]
        lines.append(f'    ports: ["127.0.0.1:{port}:{port}"]')
    return "\n".join([*lines, "    volumes:", _lines(volumes, 6)]) + "\n\n"


def _influx() -> str:
    return f"""  # Rows for dashboards that read InfluxDB.
  influxdb:
    <<: *restricted
    image: {IMAGES["influxdb"]}
    user: "1000:1000"
    group_add: ["{USER}"]
    tmpfs: [/tmp]
    environment:
      DOCKER_INFLUXDB_INIT_MODE: setup
      DOCKER_INFLUXDB_INIT_USERNAME: g6
      DOCKER_INFLUXDB_INIT_PASSWORD_FILE: {SECRETS}/password
      DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE: {SECRETS}/token
      DOCKER_INFLUXDB_INIT_ORG: g6
      DOCKER_INFLUXDB_INIT_BUCKET: g6
    healthcheck: {_check(["CMD", "influx", "ping"], 10, 30)}
    depends_on:
      secrets: {{condition: service_completed_successfully}}
    volumes:
      - ./influx-buckets.sh:/docker-entrypoint-initdb.d/influx-buckets.sh:ro
      - secrets-influx:{SECRETS}:ro
      - influx-data:/var/lib/influxdb2
      - influx-settings:/etc/influxdb2

"""


def _watchers() -> Iterable[str]:
    """Yield Prometheus, and what shares its network namespace.

    Prometheus and Alertmanager ask for no password, so they listen on that namespace's loopback.
    Grafana, which asks for one, is what the host shows.
    """
    storage = ["--storage.tsdb.path=/prometheus", "--storage.tsdb.retention.time=15d"]
    listen = "--web.listen-address=127.0.0.1:9090"
    prometheus_words = ["--config.file=/etc/prometheus/prometheus.yml", *storage, listen]
    yield f"""  # Series, rules and alerts. Its loopback is shared by Alertmanager and Grafana.
  prometheus:
    <<: *restricted
    image: {IMAGES["prometheus"]}
    user: "65534:65534"
    group_add: ["{USER}"]
    command: {_words(prometheus_words)}
    healthcheck: {_check(["CMD", "wget", "-qO-", "http://127.0.0.1:9090/-/healthy"], 10, 30)}
    ports: ["127.0.0.1:{GRAFANA_PORT}:{GRAFANA_PORT}"]
    depends_on:
      secrets: {{condition: service_completed_successfully}}
    volumes:
      - ./prometheus.yml:/etc/prometheus/prometheus.yml:ro
      - ../prometheus/rules:/etc/prometheus/rules:ro
      - secrets-watch:{SECRETS}:ro
      - series:/prometheus

"""
    words = [
        "--config.file=/etc/alertmanager/alertmanager.yml",
        "--storage.path=/alertmanager",
        "--web.listen-address=127.0.0.1:9093",
        # Without this it opens port 9094 on every address for others of its kind.
        "--cluster.listen-address=",
    ]
    yield f"""  alertmanager:
    <<: *restricted
    image: {IMAGES["alertmanager"]}
    user: "65534:65534"
    network_mode: "service:prometheus"
    command: {_words(words)}
    healthcheck: {_check(["CMD", "wget", "-qO-", "http://127.0.0.1:9093/-/healthy"], 10, 30)}
    depends_on:
      prometheus: {{condition: service_healthy}}
    volumes:
      - ../prometheus/alertmanager.yml:/etc/alertmanager/alertmanager.yml:ro
      - alerts:/alertmanager

"""
    health = f"http://127.0.0.1:{GRAFANA_PORT}/api/health"
    yield f"""  # Its user is admin, and the password stands in {SECRETS}/grafana_password.
  grafana:
    <<: *restricted
    image: {IMAGES["grafana"]}
    user: "472:0"
    group_add: ["{USER}"]
    tmpfs: [/tmp]
    network_mode: "service:prometheus"
    environment:
      GF_SECURITY_ADMIN_PASSWORD__FILE: {SECRETS}/grafana_password
      GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: /etc/grafana/dashboards/g6-home.json
      GF_ANALYTICS_REPORTING_ENABLED: "false"
      GF_ANALYTICS_CHECK_FOR_UPDATES: "false"
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false"
    healthcheck: {_check(["CMD", "wget", "-qO-", health], 10, 60)}
    depends_on:
      prometheus: {{condition: service_healthy}}
    volumes:
      - ./grafana-sources.yaml:/etc/grafana/provisioning/datasources/g6.yaml:ro
      - ./grafana-dashboards.yaml:/etc/grafana/provisioning/dashboards/g6.yaml:ro
      - ../grafana/dashboards:/etc/grafana/dashboards:ro
      - secrets-watch:{SECRETS}:ro
      - grafana:/var/lib/grafana

"""


def _volumes() -> str:
    names = ["rows", "redis", "influx-data", "influx-settings", "series", "alerts", "grafana"]
    names += [f"secrets-{reader}" for reader in ("authority", *READERS)]
    return "volumes:\n" + "".join(f"  {name}:\n" for name in names)


def _check(test: Sequence[str], seconds: int, start: int) -> str:
    return (
        f"{{test: {_words(test)}, interval: {seconds}s, timeout: 10s, retries: 3, "
        f"start_period: {start}s}}"
    )


def _words(words: Sequence[str]) -> str:
    return json.dumps(list(words))


def _lines(items: Iterable[str], indent: int) -> str:
    return "\n".join(f"{' ' * indent}- {item}" for item in items)
