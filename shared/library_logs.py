"""What the libraries log by themselves, and how it is suppressed."""

import logging

_LIBRARIES = ("azure.core", "azure.data", "azure.identity", "azure.storage", "msal", "urllib3")


def quiet_libraries() -> None:
    """Keep the libraries from logging: what they raise is reported in our own words.

    At INFO, the level of Azure's Python worker, azure-core writes several lines a request, and the host files them
    under the function's own category, where `host.json` can't tell them apart. At DEBUG urllib3 logs complete
    addresses, including the signature of a shared access signature; and even its warnings, and those of azure-identity,
    repeat what the other side answered, which may be a token. CRITICAL is what azure-core calls an answer cut short.
    """
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
