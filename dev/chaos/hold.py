"""Posts that the gateway holds, so that their sender can be killed right then."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Hold:
    """A post whose answer is held back until its sender is gone, once it got as far as it should.

    Attributes:
        linger: Seconds for which it is still in progress after that, before it is stored; None if it is stored at once.
        held: Set once it is held.
    """

    linger: float | None
    held: asyncio.Event = field(default_factory=asyncio.Event)

    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the application's place for one post."""
        if self.linger is None:
            await self._stored(app, scope, receive, send)
        else:
            await self._arrived(self.linger, app, scope, receive, send)

    async def _stored(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await app(scope, receive, keep)
        if answer[0]["status"] == HTTPStatus.ACCEPTED:
            await self._until_gone(receive)
        else:
            for message in answer:
                await send(message)

    async def _arrived(self, linger: float, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        body = [await receive()]

        async def lingering() -> Message:
            # Asked for the body, the gateway has accepted the key, and refuses others with the same one.
            if not body:
                return await receive()
            await self._until_gone(receive)
            await asyncio.sleep(linger)
            return body.pop()

        async def answer(message: Message) -> None:
            if not self.held.is_set():
                await send(message)

        await app(scope, lingering, answer)

    async def _until_gone(self, receive: Receive) -> None:
        self.held.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS):
                while (await receive())["type"] != "http.disconnect":
                    pass
