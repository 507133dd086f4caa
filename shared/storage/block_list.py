"""Storage's answer to Get Block List (Blob service REST API)."""

from typing import Any
from xml.etree import ElementTree as ET

from shared.storage.foreign import ForeignAnswerError


class BlockListAnswer:
    """Storage's answer to Get Block List, of which the library is shown an empty list.

    It would make an object of each block by a description of its classes, and that takes most of an update's time once
    an hour's log has its hundred blocks.

    Attributes:
        committed: Each committed block's name and size, as storage lists them.
    """

    def __init__(self, answered: Any) -> None:  # noqa: ANN401 -- azure-core's response
        """Read the list.

        Raises:
            ForeignAnswerError: It can't be read.
        """
        self._answered = answered
        self._text = "<BlockList />"
        try:
            root = ET.fromstring(answered.body())  # noqa: S314 -- storage's own, as the library reads it
            self.committed = [_block(block) for block in root.iterfind("CommittedBlocks/Block")]
        except (ET.ParseError, ValueError, LookupError) as error:
            raise ForeignAnswerError(f"its list of blocks can't be read ({type(error).__name__})") from None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the library asks
        return getattr(self._answered, name)

    def text(self, *_: object) -> str:
        return self._text

    def body(self) -> bytes:
        return self._text.encode()


def _block(element: ET.Element) -> tuple[str, int]:
    name, size = element.findtext("Name", ""), int(element.findtext("Size", ""))
    if not name or size < 0:
        raise ValueError
    return name, size
