"""A gateway's store with a week of made-up flow records in it, written by SQL, since ten million posts would take long.

Two thousand NICs; each speaks with a dozen others and with some forty addresses of the internet, from where
twenty thousand scanners knock at random cards. Records arrive in posts of ten thousand, nearly in the order of time.
"""

from pathlib import Path
from typing import Final

import duckdb

from gateway.stores.duckdb.counting.batch import HOUR_MS
from gateway.stores.duckdb.counting.settling import mark_all
from gateway.stores.duckdb.records import DuckDBRecords

WEEK_MS: Final = 7 * 24 * 3_600_000
START_MS: Final = 1_795_000_000_000
_RECORDS_A_POST: Final = 10_000
_CARDS: Final = 2_000

_RULES: Final = f"""
    INSERT INTO rules (customer, rule_id, digest, text_bytes, name) SELECT {{customer}}, range, range, 40, CASE range
        WHEN 0 THEN 'DefaultRule_DenyAllInBound'
        WHEN 1 THEN 'DefaultRule_AllowVnetInBound'
        WHEN 2 THEN 'DefaultRule_AllowInternetOutBound'
        ELSE 'UserRule_allow-' || range END
    FROM range(40);
    INSERT INTO origins (
        customer, origin_id, digest, text_bytes,
        encryption, mac, acl_id, resource_id, flow_log_id, source, version, mapped
    )
    SELECT {{customer}}, range, range, 250, 'NX', printf('002248%06X', range),
        '/subscriptions/s/resourceGroups/shop/providers/Microsoft.Network/networkSecurityGroups/nsg-' || range % 40,
        '/subscriptions/s/resourceGroups/shop/providers/Microsoft.Network/virtualNetworks/vnet-' || range % 20,
        '/subscriptions/s/resourceGroups/watcher/flowLogs/log-' || range % 20, 'vnet', 4, 0
    FROM range({_CARDS});
"""
_POSTS: Final = """
    INSERT INTO posts (id, customer, key, body_hash, answer, accepted_at, account, log, newest, rejected)
    SELECT $before + range + 1, $customer, 'key-' || range, '', '{}',
        $start + (range + 1) * $span // $posts, 'shop', 'log', $start + (range + 1) * $span // $posts, 0
    FROM range($posts)
"""
_SPANS: Final = """
    UPDATE posts SET first_time = spans.first, last_time = spans.last
    FROM (
        SELECT post, min(time) AS first, max(time) AS last FROM records WHERE customer = $customer GROUP BY post
    ) AS spans
    WHERE spans.post = posts.id
"""
_RECORDS: Final = """
    INSERT INTO records (
        post, line, customer, time, src_number, src_port, dst_number, dst_port, protocol, direction, decision, state,
        packets_src_to_dst, bytes_src_to_dst, packets_dst_to_src, bytes_dst_to_src, rule_id, origin_id
    )
    WITH drawn AS (
        SELECT range AS n, random() AS kind, random() AS step, random() AS a, random() AS b, random() AS c,
               (power(random(), 2) * $cards)::BIGINT % $cards AS card
        FROM range($first, $first + $count)
    ), made AS (
        SELECT *, kind < 0.3 AS scan, kind >= 0.3 AND kind < 0.7 AS inside,
            $ten + card * 256 + 4 AS here,
            $ten + (hash(card, (a * 12)::INTEGER) % $cards)::BIGINT * 256 + 4 AS neighbour,
            1207959552 + (hash(card % 100, (a * 40)::INTEGER, 'away') % 1000000000)::BIGINT AS away,
            1207959552 + (hash((power(a, 3) * 20000)::INTEGER, 'scanner') % 1000000000)::BIGINT AS scanner
        FROM drawn
    )
    SELECT $before + n // $size + 1, n % $size, $customer, $start + n * $span // $all + (b * 60000)::BIGINT,
        $ipv4::UHUGEINT + CASE WHEN scan THEN scanner WHEN inside AND step > 0.95 THEN away
                               WHEN inside THEN neighbour ELSE here END,
        (1024 + c * 64000)::USMALLINT,
        $ipv4::UHUGEINT + CASE WHEN scan OR inside THEN here ELSE away END,
        CASE WHEN scan AND step < 0.5 THEN (b * 65535)::INTEGER
             ELSE [443, 5432, 80, 53, 1433, 22, 3389, 8080][1 + (b * 8)::INTEGER % 8] END,
        CASE WHEN step < 0.1 THEN 17 ELSE 6 END,
        if(scan OR inside, 'inbound', 'outbound'), if(scan, 'deny', 'allow'),
        CASE WHEN scan THEN 'deny' WHEN step < 0.3 THEN 'begin' WHEN step < 0.7 THEN 'continue' ELSE 'end' END,
        if(scan OR step < 0.3, NULL, (b * 100)::BIGINT), if(scan OR step < 0.3, NULL, (b * 100000)::BIGINT),
        if(scan OR step < 0.3, NULL, (c * 100)::BIGINT), if(scan OR step < 0.3, NULL, (c * 1000000)::BIGINT),
        CASE WHEN scan THEN 0 WHEN inside AND step < 0.5 THEN 1 WHEN inside THEN 3 + card % 37 ELSE 2 END, card
    FROM made
"""


def fill(path: Path, customer: int, records: int, start_ms: int = START_MS) -> None:
    """Fill a store, which is new or has been filled with other customers' records.

    Args:
        path: Its file.
        customer: Whose the records are.
        records: How many; a multiple of ten thousand.
        start_ms: When the week begins, in epoch milliseconds.
    """
    DuckDBRecords.open(path).close()
    posts = records // _RECORDS_A_POST
    common = {"customer": customer, "start": start_ms, "span": WEEK_MS}
    with duckdb.connect(path, config={"threads": 1}) as connection:
        connection.execute("SELECT setseed(0.5)")
        connection.execute(_RULES.format(customer=customer))
        [(before,)] = connection.execute("SELECT coalesce(max(id), 0) FROM posts").fetchall()
        connection.execute(_POSTS, {**common, "posts": posts, "before": before})
        connection.execute(f"SELECT max(nextval('post_id')) FROM range({posts})")
        for first in range(0, records, 500_000):
            connection.execute(
                _RECORDS,
                {
                    **common,
                    "before": before,
                    "first": first,
                    "count": min(500_000, records - first),
                    "all": records,
                    "size": _RECORDS_A_POST,
                    "cards": _CARDS,
                    "ten": 10 << 24,
                    "ipv4": str(0xFFFF_0000_0000),
                },
            )
        connection.execute(
            f"""INSERT INTO unsettled SELECT DISTINCT customer, time // {HOUR_MS}, true FROM records
                WHERE customer = {customer}"""
        )
        connection.execute(_SPANS, {"customer": customer})
        mark_all(connection, lambda _told: None)
