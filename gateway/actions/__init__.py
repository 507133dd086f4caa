"""What people, tokens and the command line change: each action with its entry in the audit log, in one transaction.

Whoever adds an action adds its code and words to `gateway.stores.audit_log.Action`; the API, the console and the
command line call it here, so that none of them can forget the entry.
"""
