"""The values that Azure gives to a resource when it is made."""

import re
import uuid

from tests.terraform.standin.table import Attribute, Json, ResourceType, Values
from tests.terraform.standin.values import Unknown, is_known


def completed(table: ResourceType, plan: Values, subscription_id: str) -> Values:
    """Give a planned resource the values that were not known: by their templates, else new ones.

    Raises ValueError if something is unknown that terraform should know by now.
    """
    values = {name: _new(table.block.attributes.get(name), value) for name, value in plan.items()}
    words: Values = {"subscription_id": subscription_id, "uuid": str(uuid.uuid4()), **values}
    for name in sorted(values, key="id".__eq__):  # an id may be made of any other value
        template = table.block.attributes[name].value if name in table.block.attributes else None
        if template is not None and isinstance(plan[name], Unknown):
            words[name] = values[name] = _filled(template, words)
    for block, inner in table.block.bodies(values):
        inner.update({name: _new(block.attributes.get(name), value) for name, value in inner.items()})
    if not is_known(values):
        raise ValueError(f"Unknown values in {values}.")
    return values


def _filled(template: str, words: Values) -> str:
    def word(found: re.Match[str]) -> str:
        text = str(words[found["word"]])
        return text.rpartition("/")[2] if found["last"] else text

    return re.sub(r"{(?P<word>\w+)(?P<last>:name)?}", word, template)  # {some_id:name} is the id's last part


def _new(attribute: Attribute | None, value: object) -> object:
    return value if attribute is None or not isinstance(value, Unknown) else _of_type(attribute.type)


def _of_type(kind: Json) -> object:
    match kind:
        case "string":
            return str(uuid.uuid4())
        case "number":
            return 0
        case "bool":
            return False
        case ["map", _]:
            return {}
        case ["object", attributes]:
            return {name: _of_type(inner) for name, inner in attributes.items()}
    return []
