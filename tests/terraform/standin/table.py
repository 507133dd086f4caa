"""The arguments of the resources that the module uses, as read from `table.json`.

Names and types are those of hashicorp/azurerm 5.2.0 and hashicorp/azuread 3.9.0. Of blocks inside a resource the table
holds those that the module writes. A resource or block that the module comes to use is added there, from what
`terraform providers schema -json` says with the real providers.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

type Json = Any
type Values = dict[str, Any]
"""The attributes and blocks of a resource, or of a block in it, by name."""

_TABLE = Path(__file__).with_name("table.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One argument or result of a resource.

    Attributes:
        type: Terraform's type, in its JSON form, such as `"string"` or `["list", "string"]`.
        default: What the provider takes where the configuration says nothing.
        force_new: Whether a change replaces the resource.
        one_of: The values that there are; any if empty.
        pattern: A regular expression that a text matches as a whole.
        value: Of a computed text, a template of other attributes, as in `{name}`.
    """

    type: Json
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    write_only: bool = False
    default: Json = None
    force_new: bool = False
    one_of: tuple[str, ...] = ()
    pattern: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Attributes and further blocks, by name."""

    attributes: Mapping[str, Attribute]
    blocks: "Mapping[str, NestedBlock]"

    def bodies(self, values: Values) -> "Iterator[tuple[Block, Values]]":
        """Pair this block, and every block inside it, with their values, as far as those are known."""
        yield self, values
        for name, nested in self.blocks.items():
            inside = values.get(name)
            for inner in inside if isinstance(inside, list) else ():
                yield from nested.block.bodies(inner)


@dataclass(frozen=True, slots=True)
class NestedBlock:
    """A block as it stands in another one; `most` 0 is without end."""

    nesting: str
    least: int
    most: int
    block: Block


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of resource or data source.

    Attributes:
        exactly_one_of: Groups of attributes of which one is given.
        globally_unique: Whether all of Azure has one of a name.
    """

    version: int
    block: Block
    exactly_one_of: tuple[tuple[str, ...], ...] = ()
    globally_unique: bool = False


@dataclass(frozen=True, slots=True)
class ProviderTable:
    """What one provider knows."""

    provider: Block
    resources: Mapping[str, ResourceType]
    data_sources: Mapping[str, ResourceType]


def read_tables() -> dict[str, ProviderTable]:
    """The tables of all providers by their names, such as `azurerm`."""
    return {name: _provider(table) for name, table in json.loads(_TABLE.read_text()).items()}


def _provider(table: Json) -> ProviderTable:
    return ProviderTable(
        _block(table["provider"]),
        {name: _resource_type(resource) for name, resource in table["resources"].items()},
        {name: _resource_type(source) for name, source in table["data_sources"].items()},
    )


def _resource_type(table: Json) -> ResourceType:
    groups = tuple(tuple(group) for group in table.get("exactly_one_of", []))
    return ResourceType(table["version"], _block(table), groups, table.get("globally_unique", False))


def _block(table: Json) -> Block:
    return Block(
        {name: Attribute(**attribute) for name, attribute in table.get("attributes", {}).items()},
        {
            name: NestedBlock(nested["nesting"], nested.get("min", 0), nested.get("max", 0), _block(nested))
            for name, nested in table.get("blocks", {}).items()
        },
    )
