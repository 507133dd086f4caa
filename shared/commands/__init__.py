"""The operator's commands, a module each: its arguments, what it prints, and how it exits.

What they do beyond reading arguments and printing is in the packages that the function app uses too.
"""
