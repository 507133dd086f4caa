"""What all processes of a schedule share."""

from dataclasses import dataclass
from random import Random

from dev.interleaved.estate import Estate
from dev.interleaved.faults import Faults
from dev.interleaved.gateway import Gateway
from dev.interleaved.loom import Loom


@dataclass(frozen=True, slots=True)
class Scene:
    """The world of a schedule: its time, its chances, and what there is in it."""

    loom: Loom
    random: Random
    estate: Estate
    gateway: Gateway
    faults: Faults
