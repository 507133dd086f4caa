"""What a provider finds wrong in a configuration, and what it plans to make of it."""

import re
from collections.abc import Iterator
from itertools import zip_longest

from tests.terraform.standin.table import Attribute, Block, ResourceType, Values
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


def missing(resource: ResourceType, config: Values) -> list[str]:
    """Say what must be given and is null; terraform itself only sees that nothing is written."""
    return [
        f'Missing required argument: The argument "{name}" is required, but no definition was found.'
        for block, values in resource.block.bodies(config)
        for name, attribute in block.attributes.items()
        if attribute.required and values.get(name) is None
    ]


def _mistakes(attribute: Attribute, value: object) -> Iterator[str]:
    if not isinstance(value, str):
        return
    if attribute.one_of and value not in attribute.one_of:
        yield f"must be one of {', '.join(attribute.one_of)}, not {value}"
    if attribute.pattern is not None and not re.fullmatch(attribute.pattern, value):
        yield f"must match {attribute.pattern}, which {value} does not"


def planned(resource: ResourceType, proposed: Values, prior: Values | None = None) -> Values:
    """Complete what terraform proposes: defaults, `UNKNOWN` for what Azure will say, and nothing that is write-only.

    What Azure answered unasked stays if it is computed, or if the provider can't tell it from nothing (false, 0, an
    empty text or list); anything else is taken away again, and shows as a difference.
    """
    _plan(resource.block, proposed, prior)
    return proposed


def _plan(block: Block, values: Values, prior: Values | None) -> None:
    for name, attribute in block.attributes.items():
        before = UNKNOWN if prior is None else prior.get(name)
        values[name] = _planned(attribute, values.get(name), before)
    for name, nested in block.blocks.items():
        inside, were = values.get(name), (prior or {}).get(name) or []
        if isinstance(inside, list):
            for inner, was in zip_longest(inside, were[: len(inside)]):
                _plan(nested.block, inner, was)


def _planned(attribute: Attribute, value: object, before: object) -> object:
    if attribute.write_only:
        return None
    if value is not None:
        return value
    if attribute.default is not None:
        return attribute.default
    if attribute.computed:
        return before
    return None if before or isinstance(before, Unknown) else before


def replacing(resource: ResourceType, prior: Values, plan: Values) -> list[str]:
    """Name the attributes whose change takes a new resource in place of the old one."""
    attributes = resource.block.attributes.items()
    return [name for name, attribute in attributes if attribute.force_new and prior.get(name) != plan[name]]
