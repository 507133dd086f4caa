"""The documents of the project, as pages of the console."""
