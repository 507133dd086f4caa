"""Random flow logs for schedules."""

from datetime import datetime, timedelta
from random import Random

from dev.chaos.logs import LogWriter, Quirk
from dev.chaos.schedule import Content, Log, Style
from dev.flowlogs.cards import Card, Format, Load

_FORMATS = (Format.NSG_2, Format.NSG_2, Format.VNET_4, Format.VNET_4, Format.NSG_1)
_REPLACED = 0.08


def draw_logs(random: Random, hour: datetime, *, refusals: bool) -> tuple[Log, ...]:
    """Draw the logs of some network cards, of this hour or the next; with `refusals`, some hold what is refused."""
    quirks = {
        Quirk.MALFORMED: 0.06,
        Quirk.REFUSED: random.choice((0.0, 0.0, 0.02)) if refusals else 0.0,
        Quirk.REJECTED: random.choice((0.0, 0.02)),
    }
    writer = LogWriter(random, quirks)
    cards = range(1, 1 + random.choice((1, 2, 2, 3, 4)))
    return tuple(_log(random, writer, number, hour + timedelta(hours=random.choice((0, 0, 1)))) for number in cards)


def _log(random: Random, writer: LogWriter, number: int, hour: datetime) -> Log:
    card = Card(random.choice(_FORMATS), number, Load.SPARSE)
    style = random.choices(tuple(Style), weights=(16, 2, 1, 1))[0]
    contents = 2 if random.random() < _REPLACED else 1
    return Log(card, hour, tuple(_content(random, writer, card, hour, style) for _ in range(contents)))


def _content(random: Random, writer: LogWriter, card: Card, hour: datetime, style: Style) -> Content:
    times = [hour + timedelta(minutes=minute, seconds=30) for minute in range(random.randint(2, 5))]
    return Content(
        style, tuple(tuple(writer.chunk(card, time) for _ in range(random.choice((1, 1, 2)))) for time in times)
    )
