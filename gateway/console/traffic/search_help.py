"""The help at the search box: an example of each key."""

from typing import Final

from gateway.traffic.field import Example
from gateway.traffic.fields import FIELDS

_WITHOUT_A_KEY: Final = Example(
    "10.0.0.6", "an address at either end; a network (10.0.0.0/8) or a port (3389) works too"
)
EXAMPLES: Final = (_WITHOUT_A_KEY, *(example for field in FIELDS for example in field.examples))
