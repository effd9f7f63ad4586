"""The web application: routes, guard, templates, put together."""

from __future__ import annotations

from pathlib import Path

import aiohttp_jinja2
import jinja2
from aiohttp import web

from ivr.web import (
    accepted_api,
    agent_pages,
    api,
    at_desk_api,
    callbacks_api,
    care_api,
    contexts_api,
    effects_page,
    login,
    offers_api,
    overflow_api,
    pages,
    wrap_up_api,
)
from ivr.web.accounts import Accounts
from ivr.web.desk import Desk
from ivr.web.guard import Guard, dress

_HERE = Path(__file__).parent
MOST_BODY_BYTES = 64 * 1024
CLOSING_S = 2.0


def make_app(desk: Desk) -> web.Application:
    """The application, ready to be served. Its open streams end with desk.hub.close(), called on shutdown."""
    guard = Guard(desk, Accounts(desk.store, desk.token))
    middlewares = [pages.polite, guard.middleware]
    app = web.Application(middlewares=middlewares, client_max_size=MOST_BODY_BYTES)
    app[api.DESK], app[pages.GUARD] = desk, guard
    app[contexts_api.WRONG_TOKENS] = contexts_api.WrongTokens()
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clock_time=pages.clock_time, fields_of=pages.fields_of)
    app.add_routes(api.routes)
    app.add_routes(callbacks_api.routes)
    app.add_routes(overflow_api.routes)
    app.add_routes(contexts_api.routes)
    app.add_routes(offers_api.routes)
    app.add_routes(accepted_api.routes)
    app.add_routes(effects_page.routes)
    app.add_routes(login.routes)
    app.add_routes(wrap_up_api.routes)
    app.add_routes(at_desk_api.routes)
    app.add_routes(care_api.routes)
    app.add_routes(agent_pages.routes)
    app.add_routes(pages.routes)
    app.router.add_static("/static", _HERE / "static")
    app.on_response_prepare.append(dress)

    async def end_streams(_: web.Application) -> None:
        desk.hub.close()

    app.on_shutdown.append(end_streams)
    return app


class Site:
    """The application on a port. address: (host, port) it really has, for port 0."""

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner

    @classmethod
    async def open(cls, desk: Desk, host: str, port: int) -> Site:
        """Serve on host:port. Raises OSError when the port is taken."""
        runner = web.AppRunner(make_app(desk), access_log=None, shutdown_timeout=CLOSING_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            await runner.cleanup()
            raise
        return cls(runner)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._runner.addresses[0][:2]
        return str(host), int(port)

    async def close(self) -> None:
        """End the streams, finish answers under way, free the port."""
        await self._runner.cleanup()
