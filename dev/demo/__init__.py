"""`make demo`: flow logs through the real function app, and a comparison of what was written with what arrived.

`set_up` configures a deployment. `made_up`, `neighbours` and `replayed` write logs, `due` says what must become of
those that were not made up, `ledger` keeps account of them all, `arrived` reads what the gateway and the quarantine
hold and what waits, `verdict` compares, and `screen` shows it.
"""
