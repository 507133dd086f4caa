"""Prepares a fresh clone: Python 3.13 with every package in `.venv`, Azurite and axe-core under `dev/`.

`make setup` runs it with whatever Python the machine has, so everything in this package keeps to Python 3.9 and its
standard library. Whatever is up to date is left alone; interrupted steps are repeated.
"""
