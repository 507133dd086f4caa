"""Flow logs as Azure writes them, made up, together with what must become of every tuple.

`nics` says whose log it is, `traffic` makes up what a NIC sees, `formats` writes that down in a format and
states the flow record that each tuple must come to, `minutes` cuts log records, and `blob` commits them. What must
become of a tuple is computed from the traffic, without a look at the code under test.
"""
