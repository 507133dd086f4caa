"""What a provider finds wrong in a configuration, and what it plans to make of it."""

import re
from collections.abc import Iterator

from tests.terraform.standin.table import Attribute, ResourceType, Values
from tests.terraform.standin.values import UNKNOWN, Unknown


def mistakes(resource: ResourceType, config: Values) -> list[str]:
    """Say what is wrong with the values that a configuration gives."""
    found = [
        f"{name} {mistake}"
        for block, values in resource.block.bodies(config)
        for name, attribute in block.attributes.items()
        for mistake in _mistakes(attribute, values.get(name))
    ]
    for group in resource.exactly_one_of:
        given = [name for name in group if config.get(name) not in (None, [], {})]
        if len(given) != 1 and not any(isinstance(config.get(name), Unknown) for name in group):
            found.append(f"exactly one of {', '.join(group)} must be given")
    return found


def _mistakes(attribute: Attribute, value: object) -> Iterator[str]:
    if not isinstance(value, str):
        return
    if attribute.one_of and value not in attribute.one_of:
        yield f"must be one of {', '.join(attribute.one_of)}, not {value}"
    if attribute.pattern is not None and not re.fullmatch(attribute.pattern, value):
        yield f"must match {attribute.pattern}, which {value} does not"


def planned(resource: ResourceType, proposed: Values) -> Values:
    """Complete what terraform proposes: defaults, `UNKNOWN` for what Azure will say, and nothing that is write-only."""
    for block, values in resource.block.bodies(proposed):
        for name, attribute in block.attributes.items():
            values[name] = _planned(attribute, values.get(name))
    return proposed


def _planned(attribute: Attribute, value: object) -> object:
    if attribute.write_only:
        return None
    if value is not None:
        return value
    if attribute.default is not None:
        return attribute.default
    return UNKNOWN if attribute.computed else None


def replacing(resource: ResourceType, prior: Values, plan: Values) -> list[str]:
    """Name the attributes whose change takes a new resource in place of the old one."""
    attributes = resource.block.attributes.items()
    return [name for name, attribute in attributes if attribute.force_new and prior.get(name) != plan[name]]
