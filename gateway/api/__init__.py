"""The gateway's HTTP API, which function apps and scripts call."""
