"""The agent: turns a machine's own connection table into flow records, and sends them to the edge.

It runs on Python 3.9 and newer, needs psutil and nothing else, and imports nothing of the rest of this project.
"""

__version__ = "0.1.0"
