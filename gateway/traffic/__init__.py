"""Flow records as people ask for them: the language of a search, what is answered, and what a store of them does.

Nothing here knows how records are stored: `store` is the protocol, which the packages under `gateway/stores` implement.
"""
