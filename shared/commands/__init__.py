"""The operator's commands, each in one or more modules: arguments, output, and exit codes.

Everything else is in the packages that the function app uses too.
"""
