"""What the gateway tells Prometheus: totals to everybody who reaches the listener, customers by a token of its own."""
