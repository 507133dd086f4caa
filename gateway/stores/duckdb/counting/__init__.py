"""Which records' bytes count: each flow once, even if several observers logged it.

A transfer between two machines is logged by both NICs, and reported by agents at both ends. Sums take one of these
observers, and the column `counted` says which record it is. `settling` has the rule as one statement over an hour.
"""
