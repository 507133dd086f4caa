"""Random flow logs for schedules."""

from datetime import datetime, timedelta
from random import Random

from dev.chaos.logs import LogWriter, Quirk
from dev.chaos.schedule import Content, Log, Style
from dev.flowlogs.nics import Format, Load, Nic

_FORMATS = (Format.NSG_2, Format.NSG_2, Format.VNET_4, Format.VNET_4, Format.NSG_1)
_STYLES = {Style.BLOCKS: 16, Style.TRAILING_COMMA: 2, Style.SHARED_CLOSER: 1, Style.WHOLE: 1, Style.CUT: 2}
_REPLACED = 0.12


def draw_logs(random: Random, hour: datetime, *, refusals: bool) -> tuple[Log, ...]:
    """Draw the logs of some NICs, of this hour or the next; with `refusals`, some hold what is refused."""
    quirks = {
        Quirk.MALFORMED: 0.06,
        Quirk.REFUSED: random.choice((0.0, 0.0, 0.02)) if refusals else 0.0,
        Quirk.REJECTED: random.choice((0.0, 0.02)),
    }
    writer = LogWriter(random, quirks)
    nics = range(1, 1 + random.choice((1, 2, 2, 3, 4)))
    return tuple(_log(random, writer, number, hour + timedelta(hours=random.choice((0, 0, 1)))) for number in nics)


def _log(random: Random, writer: LogWriter, number: int, hour: datetime) -> Log:
    nic = Nic(random.choice(_FORMATS), number, Load.SPARSE)
    styles = [_style(random)]
    if random.random() < _REPLACED:
        # What replaces a log may be written in another way, as by somebody who restores it.
        styles.append(random.choice((styles[0], Style.WHOLE, _style(random))))
    return Log(nic, hour, tuple(_content(random, writer, nic, hour, style) for style in styles))


def _style(random: Random) -> Style:
    return random.choices(tuple(_STYLES), weights=tuple(_STYLES.values()))[0]


def _content(random: Random, writer: LogWriter, nic: Nic, hour: datetime, style: Style) -> Content:
    times = [hour + timedelta(minutes=minute, seconds=30) for minute in range(random.randint(2, 5))]
    return Content(
        style, tuple(tuple(writer.chunk(nic, time) for _ in range(random.choice((1, 1, 2)))) for time in times)
    )
