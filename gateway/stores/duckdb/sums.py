"""Sums of bytes in SQL, over the table `records`."""

from typing import Final

from gateway.traffic.basis import AS_LOGGED, ONCE

SUMS: Final = {
    ONCE: "coalesce(sum(counted_bytes), 0)",
    AS_LOGGED: "(coalesce(sum(bytes_src_to_dst), 0) + coalesce(sum(bytes_dst_to_src), 0))",
}
"""What each basis of `gateway.traffic.basis` sums."""
