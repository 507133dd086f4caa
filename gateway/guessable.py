"""Which passwords are too easy to guess.

The estimate is zxcvbn's (Wheeler, USENIX Security 2016): how many guesses an attacker needs who tries common passwords,
words, names, dates, rows of keys and repetitions first. Nothing leaves the process.
"""

import re
from typing import Final

from zxcvbn import zxcvbn

SHORTEST: Final = 12
"""The fewest characters of a password."""
_LONGEST_ESTIMATED: Final = 32
"""The time of an estimate grows faster than the text. This many characters take some milliseconds as a rule, and up to
0.3 s if most are signs that can stand for several letters. What can't be guessed by its beginning can't be guessed."""
_HARD: Final = 4
"""The score from ten thousand million guesses on, which take centuries against scrypt."""
_KNOWN: Final = ("azure", "sluice", "correct", "horse", "battery", "staple")
"""Words that are no secret here, as in the best-known example of a passphrase."""
_SHORTEST_KNOWN: Final = 3


def password_error(password: str, user: str) -> str:
    """Return what is wrong with a new password of a user, and what to do; empty if nothing is.

    Args:
        password: The password.
        user: The user's name. It adds nothing to a password, like other words that are known.
    """
    if len(password) < SHORTEST:
        return f"Choose at least {SHORTEST} characters; a few words make a good password."
    if _is_guessable(_without_known(password, user)):
        return (
            "This password is too easy to guess: it is common, or made of names, dates, rows of keys or repetitions. "
            "Choose four unrelated words, or random characters."
        )
    return ""


def _is_guessable(text: str) -> bool:
    return zxcvbn(text[:_LONGEST_ESTIMATED])["score"] < _HARD if text else True


def _without_known(password: str, user: str) -> str:
    parts = {*_KNOWN, *(part for part in re.split(r"[\W_]+", user) if len(part) >= _SHORTEST_KNOWN)}
    # The longest first, so that no part of another leaves a rest of it behind.
    known = "|".join(re.escape(part) for part in sorted(parts, key=lambda part: (-len(part), part)))
    return re.sub(known, "", password, flags=re.IGNORECASE)
