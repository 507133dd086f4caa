"""Delivery: from what is committed in a log blob to what the gateway has accepted, with nothing lost and nothing stored
twice.

`docs/delivery.md` describes the protocol and why it is right.
"""
