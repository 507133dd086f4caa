"""Delivery to the edge: what it has not accepted yet is on disk."""
