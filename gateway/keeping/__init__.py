"""How long records are kept: what has outlived its time, and what a hold keeps all the same."""
