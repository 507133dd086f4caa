"""Characters that people don't see, written so that they do."""

import re
from typing import Final

_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction of writing
    "\u00ad\u115f\u1160\u180e\u200b-\u200d\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"  # those that take no space
)
_TWO_BYTES: Final = 0xFFFF


def visible(text: str) -> str:
    r"""Return a text with its control and format characters as `\u202e`.

    Characters that change the direction of writing, or take no space, would make one name look like another.
    """
    if text.isascii() and text.isprintable():  # nearly all of them, of which exports have millions
        return text
    return _UNSEEN.sub(lambda found: _escape(ord(found[0])), text)


def _escape(character: int) -> str:
    return f"\\u{character:04x}" if character <= _TWO_BYTES else f"\\U{character:08x}"
