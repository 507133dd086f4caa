"""Plays delivery's own code a step at a time, in memory, in an order and at times that a seed decides.

Everything that delivery asks of storage, of the gateway and of the clock goes through a loom (`loom`), which lets one
task go on at a time: so processes are killed and put to sleep between any two steps, answers are lost or come late, and
nothing is waited for. `python -m dev.interleaved` plays thousands of schedules, and then takes each rule of the
protocol (`docs/claims.md`) out of the code in turn (`rules`), which must go wrong.

`dev.chaos` plays fewer schedules, on real storage and real processes; `dev.claims` explores a model of the protocol
exhaustively. This is the code itself between the two.
"""
