"""Shows that every flow record arrives exactly once, whatever dies, stalls, fails or is announced twice.

`python -m dev.chaos --schedules 1000` plays that many random schedules on real parts: real Azurite, the real reference
gateway in a process of its own, and worker processes that run the real ingester. Processes are killed and frozen at
named steps of delivery, by wrapping the collaborators that delivery is given; the gateway fails on demand, and a proxy
before storage answers wrongly at every operation; events are repeated, reordered, lost and concurrent. After each
schedule, time continues, sweeps run until nothing changes, and the contents of the gateway and of quarantine are
compared with what was written.

`python -m dev.chaos.controls` removes each check of storage's answers in turn (`checks`), and shows that a schedule
made for it (`storage_pieces`) then fails.

A schedule (`schedule`, drawn in `draw`) is data that follows from its seed alone. `play` plays it in a `world`, `crew`
leads the worker processes (`worker`, put together in `parts`), and `verdict` compares. How threads and processes
interleave is up to the machine, so a seed repeats a schedule, not every race in it.
"""
