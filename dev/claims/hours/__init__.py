"""One hour of one NIC: up to three commits, an event for each, two sweeps one after the other, and a tidying.

What a pass does under its claim is two steps here, a claim and a finish, and a claim may run out at any moment.
"""
