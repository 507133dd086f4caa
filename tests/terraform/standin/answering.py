"""What Azure answers to what it was sent, as a provider reads it: defaults, cases, and what is never returned.

`api.json` is what the published API descriptions say (`describe` makes it); `answers.json` pairs an attribute with its
property there, or says what is known from elsewhere, and from where.

An attribute that the descriptions give no default for is left out of the answer, or is false; a provider shows no
difference for either.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.terraform.standin.table import Json, Values
from tests.terraform.standin.values import Unknown

_FOLDER: Final = Path(__file__).parent


class Unheard(Exception):
    """A value that the API's description does not have."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of one attribute.

    Attributes:
        default: What is answered where nothing was sent.
        values: Those that there are, as the service spells them; any if empty.
        read_only: Whether only Azure says it.
        kept: Whether Azure never returns it, and the provider keeps it in its state.
    """

    default: Json = None
    values: tuple[str, ...] = ()
    read_only: bool = False
    kept: bool = False


def read_answers() -> dict[str, dict[str, Answer]]:
    """What is known of the attributes, by resource type and path, such as `webhook_endpoint.url`."""
    described = json.loads((_FOLDER / "api.json").read_text())
    return {
        kind: {path: _answer(said, described.get(kind, {}).get("properties", {})) for path, said in attributes.items()}
        for kind, attributes in json.loads((_FOLDER / "answers.json").read_text()).items()
    }


def _answer(said: Mapping[str, Json], properties: Mapping[str, Json]) -> Answer:
    if "property" not in said:
        return Answer(default=said.get("answer"), kept="kept" in said)
    described = properties[said["property"]]
    return Answer(described.get("default"), tuple(described.get("values", ())), described.get("readOnly", False))


_ANSWERS: Final = read_answers()


def answered(kind: str, sent: Values) -> Values:
    """What is read back after a resource was sent. Raises Unheard."""
    values = copy.deepcopy(sent)
    if isinstance(values.get("location"), str):
        values["location"] = normal_location(values["location"])
    for path, answer in _ANSWERS.get(kind, {}).items():
        for body, name in _places(values, path.split(".")):
            body[name] = _said(answer, path, body.get(name))
    return values


def normal_location(location: str) -> str:
    """A location's name, however it is displayed."""
    return location.replace(" ", "").lower()


def forgetting(kind: str, values: Values) -> Values:
    """A resource without what Azure never returns, as whoever imports it gets it."""
    kept = [path for path, answer in _ANSWERS.get(kind, {}).items() if answer.kept]
    return values | dict.fromkeys(kept)


def remembering(kind: str, values: Values, state: Values) -> Values:
    """A resource as it is read, with what the provider keeps in its state."""
    kept = [path for path, answer in _ANSWERS.get(kind, {}).items() if answer.kept]
    return values | {name: state[name] for name in kept}


def _said(answer: Answer, path: str, value: object) -> object:
    if value is None or isinstance(value, Unknown):
        return value if answer.default is None else answer.default
    if not answer.values or not isinstance(value, str):
        return value
    spelt = [known for known in answer.values if known.lower() == value.lower()]
    if not spelt:
        raise Unheard(f"{path}: {value} is not one of {', '.join(answer.values)}.")
    return spelt[0]


def _places(values: Values, path: list[str]) -> Iterator[tuple[Values, str]]:
    """The bodies that an attribute is in, one for each block of a kind."""
    head, *rest = path
    if not rest:
        yield values, head
        return
    for body in values.get(head) or ():
        yield from _places(body, rest)
