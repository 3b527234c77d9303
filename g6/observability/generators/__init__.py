"""What is generated from the catalogue: the files of Prometheus, Alertmanager and Grafana."""
