"""What was exposed to the internet: inbound flows from public addresses that a rule allowed."""

from dataclasses import replace

from gateway.stores.duckdb.columns import WORKED_OUT
from gateway.stores.duckdb.conditions import condition
from gateway.stores.duckdb.first import first_rows
from gateway.stores.duckdb.reading import Rows
from gateway.stores.duckdb.sums import SUMS
from gateway.traffic.answered import Answered
from gateway.traffic.basis import AS_LOGGED
from gateway.traffic.exposed import FROM_INTERNET, ExposedPort, from_internet
from gateway.traffic.fields import ANSWERED
from gateway.traffic.first import MOST_ROWS, First
from gateway.traffic.protocols import protocol_name
from gateway.traffic.question import Question
from gateway.traffic.terms import Services


def exposed_ports(rows: Rows, question: Question) -> First[ExposedPort]:
    """Return the ports that flows from the internet were allowed to, those with the most sources first."""
    narrowed = replace(question, search=from_internet(question.search))
    asked = condition(rows, narrowed)
    ports = rows(
        f"""SELECT protocol, dst_port, count(*), count(*) FILTER ({WORKED_OUT[ANSWERED]} = '{Answered.YES}'),
                   count(*) FILTER ({WORKED_OUT[ANSWERED]} = '{Answered.NO}'),
                   count(DISTINCT src_number) AS sources, count(DISTINCT dst_number), {SUMS[AS_LOGGED]}, max(time),
                   count(*) OVER ()
            FROM records WHERE {asked.sql} GROUP BY protocol, dst_port ORDER BY sources DESC, 3 DESC, 1, 2
            LIMIT {MOST_ROWS}""",  # noqa: S608 - ours
        asked.parameters,
    )
    return first_rows(ports, lambda protocol, port, *numbers: _exposed(protocol, port, *map(int, numbers)))


def _exposed(protocol: int, port: int, *numbers: int) -> ExposedPort:
    return ExposedPort(protocol_name(protocol), port, (*FROM_INTERNET, Services(((protocol, port),))), *numbers)
