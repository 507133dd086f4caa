"""Actions of people, tokens and the command line, each in one transaction with its entry in the audit log.

A new action needs a code and words in `gateway.stores.audit_log.Action`. The API, the console and the command line all
call it here, so that none of them can forget the entry.
"""
