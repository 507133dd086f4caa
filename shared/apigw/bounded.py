"""Connections that wait for an answer no longer than they are told, whether nothing comes or a byte a second.

The timeout of a socket applies to one read, and an answer's headers and body take as many as there are bytes.
"""

import io
import socket
import time
from functools import partial
from http.client import HTTPResponse
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from shared.http import DirectAdapter

_STANDSTILL_SECONDS: Final = 30.0
"""How long nothing at all may come, however much time is left."""


class BoundedAdapter(DirectAdapter):
    """Reads an answer, headers and body, for as long as the read timeout says, and not longer."""

    def init_poolmanager(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 -- requests's own
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *given: Any, **named: Any) -> ProxyManager:  # noqa: ANN401 -- as above
        manager: ProxyManager = super().proxy_manager_for(*given, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class _Incoming(io.RawIOBase):
    # What a socket receives until then.
    def __init__(self, raw: io.RawIOBase, sock: socket.socket, end: float) -> None:
        super().__init__()
        self._raw, self._socket, self._end = raw, sock, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 -- any buffer
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(min(left, _STANDSTILL_SECONDS))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    def __init__(self, sock: socket.socket, *given: Any, end: float, **named: Any) -> None:  # noqa: ANN401
        super().__init__(sock, *given, **named)
        self.fp: Any = io.BufferedReader(_Incoming(self.fp.detach(), sock, end))


class _Connection(HTTPConnection):
    def getresponse(self) -> Any:  # noqa: ANN401 -- urllib3's own
        return _bounded(self, super().getresponse)


class _SecureConnection(HTTPSConnection):
    def getresponse(self) -> Any:  # noqa: ANN401 -- as above
        return _bounded(self, super().getresponse)


def _bounded(connection: Any, getresponse: Any) -> Any:  # noqa: ANN401 -- as above
    # By now its timeout is what is left for reading.
    connection.response_class = partial(_Answer, end=time.monotonic() + connection.timeout)
    try:
        return getresponse()
    finally:
        del connection.response_class  # a proxy's answer, when it connects again, is not this one


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS: Final = {"http": _Pool, "https": _SecurePool}
