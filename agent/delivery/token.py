"""The token, in a file that only its user can read."""

from __future__ import annotations

import os
import re
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agent.errors import SettingError

_LONGEST: Final = 16 * 1024
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""A bearer token's characters. Anything else would appear in an error of http.client, for everybody to read."""
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_NAMED: Final = re.compile(r"(?:export\s+|set\s+|\$env:)?\w+\s*[=:]\s*[^\s=]", re.IGNORECASE)
"""The beginning of a line of a script. In a token, an equals sign is followed only by others."""
_QUOTES: Final = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"


@dataclass(frozen=True)
class Token:
    """The token; only `reveal` discloses it.

    Attributes:
        reveal: The token itself.
    """

    reveal: str = field(repr=False)

    def __str__(self) -> str:
        return "(secret)"


def read_token(file: Path) -> Token:
    """Read the token.

    Raises:
        SettingError: There is none, or others can read it.
    """
    # Checked and read through the same descriptor, so that nobody can replace the file in between.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(file, flags)
        with open(descriptor, "rb") as opened:  # noqa: PTH123 -- it is open already
            _check(file, os.fstat(descriptor))
            content = opened.read(_LONGEST + 1)
    except OSError as error:
        message = f"The token file {file} can't be read: {error.strerror}."
        raise SettingError(message) from error
    text = content.decode("ascii", "replace").strip()
    if len(content) > _LONGEST or not _TOKEN.fullmatch(text) or _NAMED.match(text):
        message = f"The token file {file} {_flaw(content)} It must contain one token, and nothing else."
        raise SettingError(message)
    return Token(text)


def _flaw(content: bytes) -> str:
    """Return what a token file contains besides a token, or instead of one, without repeating any of it."""
    if content.startswith(_UTF_16):
        return "is in UTF-16: save it as plain text in UTF-8."
    if content.startswith(_BYTE_ORDER_MARK):
        return "begins with a byte order mark: save it without one."
    text = content.decode("utf-8", "replace").strip()
    for found, said in (
        (not text, "is empty."),
        (len(content) > _LONGEST, "is too long for a token."),
        (len(text.splitlines()) > 1, "has several lines."),
        (_NAMED.match(text), "begins with a name, like a line of a script."),
        (text[:1] in _QUOTES and text[-1:] in _QUOTES, "has the token in quotes: remove them."),
        (any(each in _QUOTES for each in text), "has a quotation mark in it."),
        (any(each in " \t" for each in text), "has a space in it."),
    ):
        if found:
            return said
    return "has characters that a token can't have."


def _check(file: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        message = f"The token file {file} is not a regular file."
        raise SettingError(message)
    if sys.platform == "win32":
        return  # which has access lists instead: see the documentation
    user = os.getuid()
    if _is_credential(file):
        # systemd lets the service read a file of root's with an access list, which shows as a permission of the group.
        if status.st_mode & stat.S_IRWXO or status.st_uid not in (0, user):
            message = f"The credential {file} can be read by anybody."
            raise SettingError(message)
        return
    if status.st_uid != user:
        message = f"The token file {file} belongs to another user: make it yours with `chown`, then `chmod 600 {file}`."
        raise SettingError(message)
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"The token file {file} is open to other users: `chmod 600 {file}`."
        raise SettingError(message)


def _is_credential(file: Path) -> bool:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(directory) and file.parent == Path(str(directory))
