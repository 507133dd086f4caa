from dataclasses import dataclass
from typing import Final

HOST_SHARE: Final = 0.4


@dataclass(frozen=True, slots=True)
class Size:
    megabytes: int
    cores: float


SIZES: Final = (Size(512, 0.25), Size(2048, 1.0), Size(4096, 2.0))
