from collections.abc import Callable, Iterator

import pytest

from tests.support.proxies import EXCEPTIONS, Proxy, proxying


@pytest.fixture
def set_proxy(monkeypatch: pytest.MonkeyPatch) -> Callable[[Proxy], None]:
    """Has the environment lead to a proxy, by every name that there is for one."""

    def set_it(proxy: Proxy) -> None:
        for name, value in proxy.environment.items():
            monkeypatch.setenv(name, value)
        for name in EXCEPTIONS:
            monkeypatch.delenv(name, raising=False)

    return set_it


@pytest.fixture
def proxy(set_proxy: Callable[[Proxy], None]) -> Iterator[Proxy]:
    """The environment's proxy, which lets nothing through."""
    with proxying() as running:
        set_proxy(running)
        yield running
