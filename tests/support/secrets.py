"""Secrets as an answer may give them back, and what is left of them in a text."""

import base64
import re
from urllib.parse import quote

TOKEN = "sl1_Zk3v9QmT7xWe2bN8cR4yL6pJhG5fDaS0uVtXo7Ei-KqB_wYzM"
"""A token like any other: nothing that is written for people has six of its characters in a row."""
_PIECE = 6


def forms(secret: str) -> dict[str, list[str]]:
    """Return texts that hold a secret, by the form that it has there; some need two texts."""
    middle = len(secret) // 2
    return {
        "as written": [f"Bearer {secret} is odd"],
        "alone": [secret],
        "quoted": [f'unknown value "{secret}".'],
        "in JSON": [f'{{"authorization":"Bearer {secret}"}}'],
        "in an address": [f"https://gateway.example.com/?token={secret}&x=1"],
        "40 characters": [f"the token {secret[:40]} is unknown"],
        "12 characters": [f"the token {secret[:12]} is unknown"],
        "its end": [f"the token *****{secret[-12:]} is unknown"],
        "in two halves": [f"value {secret[:middle]}", f"value {secret[middle:]}"],
        "in two halves of one": [f"value {secret[:middle]} and {secret[middle:]}"],
        "upper case": [secret.upper()],
        "lower case": [secret.lower()],
        "reversed": [secret[::-1]],
        "base64": [f"Basic {base64.b64encode(secret.encode()).decode()}"],
        "base64 with a name": [f"Basic {base64.b64encode(f'user:{secret}'.encode()).decode()}"],
        "base64 for addresses": [base64.urlsafe_b64encode(secret.encode()).decode()],
        "percent-encoded": [quote(secret, safe="")],
        "percent-encoded whole": ["".join(f"%{byte:02X}" for byte in secret.encode())],
        "hex": [secret.encode().hex()],
        "hex, spaced": [secret.encode().hex(" ")],
        "hex with colons": [secret.encode().hex(":")],
        "numbers": [" ".join(str(byte) for byte in secret.encode())],
        "escaped": ["".join(f"\\u{ord(char):04x}" for char in secret)],
        "with hyphens": ["-".join(re.findall(".{1,4}", secret))],
        "with dots": [".".join(secret)],
        "in fours": [" ".join(re.findall(".{1,4}", secret))],
        "in twos": [" ".join(re.findall(".{1,2}", secret))],
        "spelt out": [" ".join(secret)],
        "with a space that has no width": ["\u200b".join(secret)],
        "in wide characters": ["".join(chr(ord(char) + 0xFEE0) for char in secret)],
        "over lines": ["\n".join(re.findall(".{1,9}", secret))],
    }


def traces(secret: str, shown: str) -> set[str]:
    """Return the pieces of a secret, six characters each, that a text holds in whatever case, order and encoding."""
    encoded = [
        secret,
        secret[::-1],
        secret.encode().hex(),
        "".join(f"00{byte:02x}" for byte in secret.encode()),
        "".join(f"u00{byte:02x}" for byte in secret.encode()),
        "".join(str(byte) for byte in secret.encode()),
        *(base64.b64encode(b"x" * lead + secret.encode()).decode()[4:-4] for lead in range(3)),
    ]
    bare = _bare(shown)
    pieces = {bare_form[at : at + _PIECE] for bare_form in map(_bare, encoded) for at in range(len(bare_form) - _PIECE)}
    return {piece for piece in pieces if piece in bare}


def _bare(text: str) -> str:
    wide = "".join(chr(ord(char) - 0xFEE0) if "\uff01" <= char <= "\uff5e" else char for char in text)
    return re.sub("[^a-z0-9]", "", wide.lower())
