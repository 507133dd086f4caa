"""A model of the protocol of claims: every way in which a few events, faults and sweeps can interleave.

`docs/claims.md` describes the protocol; this package explores it, without storage and without time. `python -m
dev.claims` goes through every state within the larger bounds, then takes out each rule of the protocol in turn, and
prints the shortest story in which something goes wrong without it. `make test` does the same within smaller bounds.

`passes` is about one log blob: claims, marks, posts and finishes. `hours` is about one hour: first visits, closing,
pointers, the watermark and deletion; what `passes` settles is taken for granted there. `explore` goes through either.

Some rules show only where times, several batches in flight and storage's own answers are real. `make chaos` plays
those: that no write says less than an earlier one tried; that a claim's end is counted by storage's clock, added to a
clock of the process that runs while it sleeps; that a claim is given up only when nothing is on the wire; that what an
entity can't hold goes into a blob of a new name at each save; that quarantine is written before the checkpoint moves;
that a mark doesn't prolong the claim; that only `ResourceNotFound` is absence.
"""
