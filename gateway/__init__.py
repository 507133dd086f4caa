"""The gateway: takes flow records, keeps them, and shows them to people."""

__version__ = "0.1.0"
