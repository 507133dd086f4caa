"""Delivery: from what is committed in a log blob to what the gateway accepted, nothing lost and nothing stored twice.

`docs/delivery.md` tells the protocol and why it is right.
"""
