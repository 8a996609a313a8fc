"""Monitoring: Prometheus, which collects metrics, and Grafana, which shows them."""
