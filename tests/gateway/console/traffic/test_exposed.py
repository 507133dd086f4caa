import pytest

from gateway.clock import to_ms
from tests.gateway.client import record
from tests.gateway.console.sheet import Sheet


@pytest.mark.parametrize(
    ("protocol", "port", "name", "service"),
    [
        (6, 22, "tcp 22", "SSH sensitive"),
        (6, 443, "tcp 443", "HTTPS"),
        (17, 22, "udp 22", ""),
        (17, 53, "udp 53", "DNS"),
        (1, 0, "icmp", ""),
    ],
)
def test_what_usually_listens_goes_by_protocol_and_port(team, post, clock, protocol, port, name, service):
    exposed = record(protocol=protocol, src_ip="13.107.21.200", dst_port=port, direction="inbound", decision="allow")
    post(team, exposed | {"time": to_ms(clock.now()) - 1})
    page = team.reader.get("/exposed")
    assert f'<th scope="row">{name}</th>' in page.text
    (row,) = Sheet.of(page).rows("ports")
    assert " ".join(row.cells[0].split()) == service


def test_a_closed_port_is_not_answered_though_it_sends_a_reset(team, post, clock):
    inbound = record(protocol=6, src_ip="13.107.21.200", dst_port=22, direction="inbound", decision="allow")
    backs = [(1, 54), (1, 54), (1, 74), (None, None)]
    post(
        team,
        *(
            inbound | {"time": to_ms(clock.now()) - 1, "packets_dst_to_src": packets, "bytes_dst_to_src": size}
            for packets, size in backs
        ),
    )
    page = Sheet.of(team.reader.get("/exposed"))
    (row,) = page.rows("ports")
    records, answered, unanswered = row.cells[3:6]
    assert (records, answered, unanswered) == ("4", "1", "2")
    leads_to = next(each.address for each in row.links if each.text == "2")
    assert "answered:no" in leads_to
    assert len(Sheet.of(team.reader.get(leads_to)).rows("records")) == 2
