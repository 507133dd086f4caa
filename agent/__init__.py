"""The agent: turns a machine's own connection table into flow records, and sends them to the edge.

It runs on Python 3.9 and newer, needs only psutil, and imports nothing from the rest of this project.
"""

__version__ = "0.1.0"
