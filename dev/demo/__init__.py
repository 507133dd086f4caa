"""`make demo`: flow logs through the real function app, and a comparison of what was written with what arrived.

`made_up` and `replayed` write logs, `ledger` keeps account of them, `arrived` reads what the gateway and the quarantine
hold, `verdict` compares, and `screen` shows it.
"""
