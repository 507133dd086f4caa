"""Characters in a pasted value, or one read from a file, that do not belong to it.

Settings have no spaces, line breaks, quotation marks or invisible characters. They are reported rather than removed,
since others, especially the Functions host, use the same setting as it is. Nothing of the value is repeated.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_QUOTES: Final = "\"'`\u00ab\u00b4\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a\uff02\uff07"
_LINE_ENDS: Final = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_BLANKS: Final = " \t"
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zs"})
"""Unicode's categories of what is invisible or shows as a space; Cs is a byte of the environment that is not UTF-8."""
_SCRIPT: Final = re.compile(r"[\s\ufeff]*(?:(?:export|set|setx|env|declare -x)\s+|\$env:)(?=\w)", re.IGNORECASE)
_NAMED: Final = re.compile(r"[\s\ufeff]*([A-Za-z_]\w*)\s*[=:]\s*", re.ASCII)


def flaws(text: str, *names: str) -> Iterator[str]:
    """Yield what does not belong to a value: each flaw as the rest of a sentence about it, and what to do.

    Args:
        text: The value as it was found.
        names: Of settings. A value that begins with one of them is a whole line of some file.
    """
    rest = _without_name(text, {name.upper() for name in names})
    if rest != text:
        yield "begins with a name, like a line of a script. Keep only what comes after the name."
    seen = [place for place, character in enumerate(rest) if not _is_unseen(character)] or [len(rest)]
    before, core, after = rest[: seen[0]], rest[seen[0] : seen[-1] + 1], rest[seen[-1] + 1 :]
    yield from _quotation(core)
    if any(character in _LINE_ENDS for character in core):
        yield "has several lines. Give only the value, on one line."
    elif any(character in _LINE_ENDS for character in before + after):
        yield f"has a line break {_end(after, _LINE_ENDS)}. Remove it."
    if any(character in _BLANKS for character in core):
        yield "has a space in it. Give only the value."
    elif any(character in _BLANKS for character in before + after):
        yield f"has a space {_end(after, _BLANKS)}. Remove it."
    unseen = next((each for each in rest if _is_unseen(each) and each not in _LINE_ENDS + _BLANKS), None)
    if unseen is not None:
        yield f"has an invisible character in it (U+{ord(unseen):04X}). Remove it, or retype the value."


def _without_name(text: str, names: set[str]) -> str:
    script = _SCRIPT.match(text)
    named = _NAMED.match(text, script.end() if script else 0)
    return text[named.end() :] if named and (script or named[1].upper() in names) else text


def _quotation(core: str) -> Iterator[str]:
    # With backslashes before the quotation marks where JSON was pasted into JSON.
    bare = core.strip("\\")
    if len(bare) > 1 and bare[0] in _QUOTES and bare[-1] in _QUOTES:
        yield "is in quotes. Remove them."
    elif any(character in _QUOTES for character in core):
        yield "has a quotation mark in it. Remove it."
    elif "\\" in core:
        yield "has a backslash in it. Remove it."


def _end(after: str, characters: str) -> str:
    return "at its end" if any(each in characters for each in after) else "at its beginning"


def _is_unseen(character: str) -> bool:
    return character in _LINE_ENDS or unicodedata.category(character) in _UNSEEN
