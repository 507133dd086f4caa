"""Metrics for Prometheus: totals for everybody who reaches the listener, customers' figures with a token."""
