"""The operator's commands, a module or a few each: arguments, what is printed, and exit codes.

What they do beyond reading arguments and printing is in the packages that the function app uses too.
"""
