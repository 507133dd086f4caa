"""Blueprint files as browsers upload them, whatever they contain."""

import codecs
from typing import Final

from gateway.console.forms import Form
from gateway.edge.blueprint_file import MOST_CHARACTERS, BlueprintError, read_blueprint
from gateway.stores.blueprints import NewBlueprint

_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_CHOOSE: Final = "Choose a file, such as the one that comes with the gateway."


def uploaded_blueprint(form: Form, name: str) -> NewBlueprint:
    """Return the blueprint in the file that was chosen in a field.

    Raises:
        BlueprintError: There is none in it, for a reason to show at the field.
    """
    if form.is_cut:
        raise BlueprintError(f"This file is too large: a blueprint has at most {MOST_CHARACTERS} characters. {_CHOOSE}")
    content = form.files.get(name, b"")
    if not content.strip():
        raise BlueprintError(f"No file was chosen, or it is empty. {_CHOOSE}")
    return read_blueprint(_decoded(content))


def _decoded(content: bytes) -> str:
    # XML has no zero bytes; half of those of UTF-16 are zero in a file that is mostly English.
    if content.startswith(_WIDE) or b"\0" in content:
        raise BlueprintError(
            "This file is UTF-16, as Windows PowerShell writes by default, or is not text. Save it as UTF-8, such as "
            "with Set-Content -Encoding utf8, and choose it again."
        )
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise BlueprintError(
            f"This file is not UTF-8: byte {error.start + 1:,} is not part of any character. Save it as UTF-8, and "
            "choose it again."
        ) from None
