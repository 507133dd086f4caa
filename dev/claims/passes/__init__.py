"""One log blob, up to three commits, an event for each, and a sweep.

Events 1 and 3 run in one process, event 2 and the sweep in another. Any of them may stop, or die, between any two
steps. `docs/claims.md` has the steps by their numbers.
"""
