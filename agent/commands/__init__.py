"""The agent's commands, one file each."""
