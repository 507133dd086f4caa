"""Blueprint files: XML with the root `blueprint`, which contains `name`, `description`, `attribute` and
`intervalSeconds`.

The parser is expat, configured to refuse every document type: without one there are no entities to expand or to fetch.
"""

from html import escape
from pathlib import Path
from typing import Final
from xml.parsers import expat

from gateway.stores.blueprints import NewBlueprint

SHIPPED: Final = Path(__file__).parent / "Agent_Traffic_Collection_BP.xml"
"""The blueprint that comes with the gateway."""
MOST_CHARACTERS: Final = 32 * 1024
INTERVALS: Final = range(10, 3601)
"""The allowed intervals, in seconds."""
_ATTRIBUTE: Final = "Server Traffic"
_ROOT: Final = "blueprint"
_VERSION: Final = {"version": "1"}
LONGEST: Final = {"name": 100, "description": 500, "attribute": 100, "intervalSeconds": 20}
"""The elements, each of which occurs once in the root, with the most characters that it may have."""
_FORM: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<blueprint version="1">
  <name>{}</name>
  <description>{}</description>
  <attribute>{}</attribute>
  <intervalSeconds>{}</intervalSeconds>
</blueprint>
"""


class BlueprintError(Exception):
    """A file that is not a blueprint; the message says why and what to do."""


def read_blueprint(xml: str) -> NewBlueprint:
    """Read a file.

    Raises:
        BlueprintError: It is not a blueprint.
    """
    if len(xml) > MOST_CHARACTERS:
        raise BlueprintError(f"A blueprint has at most {MOST_CHARACTERS} characters. This must be another file.")
    texts = _Reader().read(xml)
    if texts["attribute"] != _ATTRIBUTE:
        raise BlueprintError(f"The attribute must be {_ATTRIBUTE}, the only one that agents deliver.")
    interval = texts["intervalSeconds"]
    if not (interval.isascii() and interval.isdecimal() and int(interval) in INTERVALS):
        raise BlueprintError(
            f"intervalSeconds must be a whole number from {INTERVALS[0]} to {INTERVALS[-1]}, not {interval!r}."
        )
    return NewBlueprint(texts["name"], texts["description"], int(interval), xml)


def written(name: str, description: str, interval_seconds: int) -> NewBlueprint:
    """Return the blueprint with these texts, and with the file that is read as the same blueprint.

    Raises:
        BlueprintError: A text or the interval is not allowed.
    """
    texts = (escape(text, quote=False) for text in (name, description, _ATTRIBUTE, str(interval_seconds)))
    return read_blueprint(_FORM.format(*texts))


class _Reader:
    """Collects the elements of one file."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._on_doctype
        self._parser.EntityDeclHandler = self._on_doctype
        self._parser.ProcessingInstructionHandler = self._on_instruction
        self._parser.StartElementHandler = self._on_start
        self._parser.EndElementHandler = self._on_end
        self._parser.CharacterDataHandler = self._on_text
        self._texts: dict[str, str] = {}
        self._open: list[str] = []

    def read(self, xml: str) -> dict[str, str]:
        """Return the texts of the elements by name."""
        try:
            self._parser.Parse(xml, True)
        except expat.ExpatError as error:
            problem = expat.ErrorString(error.code)
            raise BlueprintError(f"This is not XML: {problem}, line {error.lineno}. Choose a blueprint file.") from None
        texts = {name: " ".join(text.split()) for name, text in self._texts.items()}
        for name, longest in LONGEST.items():
            text = texts.get(name)
            if not text:
                raise BlueprintError(f"The element {name} is missing or empty. Add it to the blueprint.")
            if len(text) > longest or not text.isprintable():
                raise BlueprintError(
                    f"{name} has more than {longest} characters, or contains some that cannot be displayed."
                )
        return texts

    def _on_doctype(self, *_: object) -> None:
        raise BlueprintError(
            "A blueprint must not have a document type (DOCTYPE) or entities. Remove them from the file."
        )

    def _on_instruction(self, *_: object) -> None:
        raise BlueprintError("A blueprint must not have processing instructions. Remove them from the file.")

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        match self._open:
            case []:
                self._check_root(name, attributes)
            case [_] if name in LONGEST:
                if name in self._texts:
                    raise BlueprintError(f"The element {name} appears twice in the blueprint. Remove one.")
                if attributes:
                    raise BlueprintError(f"The element {name} must not have attributes. Remove them from the file.")
                self._texts[name] = ""
            case [*_, parent]:
                raise BlueprintError(
                    f"The element {name!r:.80} is not allowed in {parent}. A blueprint has {', '.join(LONGEST)}."
                )
        self._open.append(name)

    def _check_root(self, name: str, attributes: dict[str, str]) -> None:
        if name != _ROOT:
            raise BlueprintError(f"The root element must be {_ROOT}, not {name!r:.80}. Choose a blueprint file.")
        if attributes != _VERSION:
            raise BlueprintError('The root element must be <blueprint version="1">, without other attributes.')

    def _on_end(self, _name: str) -> None:
        self._open.pop()

    def _on_text(self, text: str) -> None:
        match self._open:
            case [_, name]:
                self._texts[name] += text
            case _ if text.strip():
                raise BlueprintError(f"There is text outside the elements: {text.strip()!r:.80}. Remove it.")
