"""The gateway's HTTP API: what functions and scripts call."""
