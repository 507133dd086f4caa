import inspect
from asyncio.sslproto import SSLProtocol

import gateway.server  # noqa: F401 - what it sets is looked at


def test_a_tls_connection_that_waits_takes_little_memory():
    assert SSLProtocol.max_size == 32 * 1024
    # Python heeds it still.
    assert "bytearray(self.max_size)" in inspect.getsource(SSLProtocol.__init__)
