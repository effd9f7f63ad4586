"""The demo company's CRM: a small HTTP service beside the product, reached like any customer's own.

Owns the HTTP face; the data is in crm_data, crm_policies and crm_bank. Refuses to be more than a stand-in: it listens
on loopback only and has no authentication. POST /_faults makes it really slow or really dead, so that callers can meet
that too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from aiohttp import web

from ivr.demo.crm_bank import BankRegister, advisers
from ivr.demo.crm_data import Register
from ivr.demo.crm_directory import CUSTOMERS, demo_desk, routes
from ivr.demo.crm_people import Invented
from ivr.demo.crm_policies import PolicyDesk, today_utc

MAX_BODY_BYTES = 64 * 1024
MAX_DELAY_MS = 60_000

_E164 = re.compile(r"\+[1-9]\d{6,14}")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Faults:
    """How this CRM misbehaves now. mode: "ok", "slow" (each answer delay_ms late) or "down" (connections are cut)."""

    mode: str = "ok"
    delay_ms: int = 0


REGISTER = web.AppKey("register", Register)
DESK = web.AppKey("desk", PolicyDesk)
BANK = web.AppKey("bank", BankRegister)
FAULTS = web.AppKey("faults", Faults)


def make_crm(database: Path, invented: Sequence[Invented] = ()) -> web.Application:
    """The CRM over this SQLite file, which is made and filled when the application starts. invented: more customers,
    known to identification alone."""
    app = web.Application(middlewares=[_misbehave], client_max_size=MAX_BODY_BYTES)
    app[REGISTER] = Register(database)
    app[DESK] = PolicyDesk(database)
    app[BANK] = BankRegister(database)
    app[CUSTOMERS] = demo_desk(invented)
    app[FAULTS] = Faults()
    app.on_startup.append(_prepare)
    app.add_routes(routes())
    app.add_routes(
        [
            web.get("/customers", _find_customer),
            web.post("/customers/verify", _verify),
            web.get("/claims/{number}", _claim),
            web.get("/customers/{customer_id}/contacts", _contacts),
            web.put("/customers/{customer_id}/address", _move),
            web.post("/customers/{customer_id}/code", _send_code),
            web.post("/customers/{customer_id}/code/check", _check_code),
            web.get("/postcodes/{postcode}", _area),
            web.post("/policies/{policy}/copies", _copy),
            web.get("/policies/{policy}/payments", _payments),
            web.post("/policies/{policy}/pay-link", _pay_link),
            web.post("/policies/{policy}/promises", _promise),
            web.post("/accounts/verify", _verify_account),
            web.get("/accounts/{number}/balance", _balance),
            web.post("/cards/{last4}/block", _block),
            web.get("/cards/{last4}/delivery", _delivery),
            web.get("/advisers", _advisers),
            web.post("/{kind:leads|callbacks}", _file),
            web.get("/{kind:leads|callbacks|messages|copies|promises}", _filed),
            web.post("/_faults", _set_faults),
        ]
    )
    return app


async def _prepare(app: web.Application) -> None:
    await asyncio.to_thread(app[REGISTER].prepare)
    await asyncio.to_thread(app[DESK].prepare, today_utc())
    await asyncio.to_thread(app[BANK].prepare)


@web.middleware
async def _misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
    faults = request.app[FAULTS]
    if request.path != "/_faults":
        if faults.mode == "down" and request.transport is not None:
            request.transport.abort()
            return web.Response(status=503)  # goes nowhere; the handler must not run
        if faults.mode == "slow":
            await asyncio.sleep(faults.delay_ms / 1000)
    return await handler(request)


async def _find_customer(request: web.Request) -> web.Response:
    phone = "+" + request.query.get("phone", "").strip().removeprefix("+")  # an unescaped + arrives as a blank
    if not _E164.fullmatch(phone):
        return _refusal(400, "phone is not an E.164 number")
    found = await asyncio.to_thread(request.app[REGISTER].customers_by_phone, phone)
    if not found:
        return _refusal(404, "no customer has this number")
    if len(found) > 1:
        return _refusal(409, "several customers share this number")
    return web.json_response(found[0])


async def _claim(request: web.Request) -> web.Response:
    number, customer_id = request.match_info["number"], request.query.get("customer_id", "")
    claim = await asyncio.to_thread(request.app[REGISTER].claim, number, customer_id)
    return web.json_response(claim) if claim else _refusal(404, "this customer has no such claim")


async def _verify(request: web.Request) -> web.Response:
    body = await _json_object(request)
    policy, pin = body.get("policy"), body.get("pin")
    if not isinstance(policy, str) or not isinstance(pin, str):
        return _refusal(400, "policy and pin must be texts")
    try:
        customer = await asyncio.to_thread(request.app[REGISTER].verify, policy, pin)
    except KeyError:
        return _refusal(404, "no such policy")
    return web.json_response(customer) if customer else _refusal(403, "wrong pin")


async def _contacts(request: web.Request) -> web.Response:
    customer_id, language = request.match_info["customer_id"], request.query.get("language", "en")
    contacts = await asyncio.to_thread(request.app[DESK].contacts, customer_id, language)
    return web.json_response(contacts) if contacts else _refusal(404, "no such customer")


async def _area(request: web.Request) -> web.Response:
    area = request.app[DESK].area(request.match_info["postcode"], request.query.get("language", "en"))
    return web.json_response(area) if area else _refusal(404, "no town has this postcode")


async def _move(request: web.Request) -> web.Response:
    body = await _json_object(request)
    texts, numbers = [body.get("postcode"), body.get("street")], [body.get("house_number"), body.get("flat_number")]
    if not all(isinstance(t, str) and t for t in texts) or not all(type(n) is int and n >= 0 for n in numbers):
        return _refusal(400, "postcode and street must be texts, house_number and flat_number whole numbers")
    moved = await asyncio.to_thread(request.app[DESK].move, request.match_info["customer_id"], body)
    return web.json_response(body) if moved else _refusal(404, "no such customer or postcode")


async def _send_code(request: web.Request) -> web.Response:
    sent = await asyncio.to_thread(request.app[DESK].send_code, request.match_info["customer_id"], time.time())
    return web.json_response(sent, status=201) if sent else _refusal(409, "no telephone that takes messages")


async def _check_code(request: web.Request) -> web.Response:
    code, customer_id = (await _json_object(request)).get("code"), request.match_info["customer_id"]
    if not isinstance(code, str):
        return _refusal(400, "code must be a text")
    try:
        customer = await asyncio.to_thread(request.app[DESK].check_code, customer_id, code, time.time())
    except KeyError:
        return _refusal(410, "no code is alive")
    return web.json_response(customer) if customer else _refusal(403, "wrong code")


async def _copy(request: web.Request) -> web.Response:
    policy, customer_id, body = await _customers_policy(request)
    if body.get("by") not in ("email", "post"):
        return _refusal(400, 'by is "email" or "post"')
    sent = await asyncio.to_thread(request.app[DESK].copy, policy, customer_id, body["by"], today_utc())
    return web.json_response(sent, status=201) if sent else _refusal(404, "this customer has no such policy")


async def _payments(request: web.Request) -> web.Response:
    policy, customer_id = request.match_info["policy"], request.query.get("customer_id", "")
    dues = await asyncio.to_thread(request.app[DESK].dues, policy, customer_id)
    return web.json_response(dues) if dues else _refusal(404, "this customer has no such policy")


async def _pay_link(request: web.Request) -> web.Response:
    policy, customer_id, _body = await _customers_policy(request)
    try:
        sent = await asyncio.to_thread(request.app[DESK].pay_link, policy, customer_id)
    except KeyError:
        return _refusal(404, "this customer has no such policy")
    return web.json_response(sent, status=201) if sent else _refusal(409, "no telephone that takes messages")


async def _promise(request: web.Request) -> web.Response:
    policy, customer_id, body = await _customers_policy(request)
    try:
        pay_on = date.fromisoformat(str(body.get("pay_on")))
    except ValueError:
        return _refusal(400, "pay_on is a date, YYYY-MM-DD")
    try:
        promised = await asyncio.to_thread(request.app[DESK].promise, policy, customer_id, pay_on, today_utc())
    except KeyError:
        return _refusal(404, "this customer has no such policy")
    return web.json_response(promised, status=201) if promised else _refusal(422, "a day past or too far off")


async def _customers_policy(request: web.Request) -> tuple[str, str, dict[str, Any]]:
    """(policy, customer, the whole body) of a wish about a policy."""
    body = await _json_object(request)
    return request.match_info["policy"], str(body.get("customer_id", "")), body


async def _verify_account(request: web.Request) -> web.Response:
    body = await _json_object(request)
    account, pin = body.get("account"), body.get("pin")
    if not isinstance(account, str) or not isinstance(pin, str):
        return _refusal(400, "account and pin must be texts")
    try:
        customer = await asyncio.to_thread(request.app[BANK].verify, account, pin)
    except KeyError:
        return _refusal(404, "no such account")
    return web.json_response(customer) if customer else _refusal(403, "wrong pin")


async def _balance(request: web.Request) -> web.Response:
    number, customer_id = request.match_info["number"], request.query.get("customer_id", "")
    account = await asyncio.to_thread(request.app[BANK].balance, number, customer_id)
    return web.json_response(account) if account else _refusal(404, "this customer has no such account")


async def _advisers(request: web.Request) -> web.Response:
    return web.json_response({"names": advisers(request.query.get("language", ""))})


async def _block(request: web.Request) -> web.Response:
    customer_id = (await _json_object(request)).get("customer_id")
    if not isinstance(customer_id, str):
        return _refusal(400, "customer_id must be a text")
    card = await asyncio.to_thread(request.app[BANK].block, request.match_info["last4"], customer_id)
    return web.json_response(card) if card else _refusal(404, "this customer has no such card")


async def _delivery(request: web.Request) -> web.Response:
    last4, customer_id = request.match_info["last4"], request.query.get("customer_id", "")
    delivery = await asyncio.to_thread(request.app[BANK].delivery, last4, customer_id)
    return web.json_response(delivery) if delivery else _refusal(404, "no such card is on its way to this customer")


async def _file(request: web.Request) -> web.Response:
    body = await _json_object(request)
    number = await asyncio.to_thread(request.app[REGISTER].file_paper, request.match_info["kind"], body)
    return web.json_response({"id": number}, status=201)


async def _filed(request: web.Request) -> web.Response:
    return web.json_response(await asyncio.to_thread(request.app[REGISTER].papers, request.match_info["kind"]))


async def _set_faults(request: web.Request) -> web.Response:
    body = await _json_object(request)
    mode, delay_ms = body.get("mode"), body.get("delay_ms", 0)
    if mode not in ("ok", "slow", "down"):
        return _refusal(400, 'mode is "ok", "slow" or "down"')
    if not isinstance(delay_ms, int) or not 0 <= delay_ms <= MAX_DELAY_MS:
        return _refusal(400, f"delay_ms is a whole number, 0..{MAX_DELAY_MS}")
    faults = request.app[FAULTS]
    faults.mode, faults.delay_ms = mode, delay_ms
    return web.json_response({"mode": mode, "delay_ms": delay_ms})


async def _json_object(request: web.Request) -> dict[str, Any]:
    """The request's JSON object. Answers 400 when it is none."""
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text='{"error": "the body is not a JSON object"}', content_type="application/json")
    return body


def _refusal(status: int, error: str) -> web.Response:
    return web.json_response({"error": error}, status=status)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m ivr.demo.crm", description="The demo company's CRM.")
    parser.add_argument("--port", type=int, required=True, help="TCP port on 127.0.0.1")
    parser.add_argument("--database", type=Path, required=True, help="SQLite file, made when missing")
    given = parser.parse_args()
    app = make_crm(given.database)
    web.run_app(app, host="127.0.0.1", port=given.port, access_log=None, shutdown_timeout=2)


if __name__ == "__main__":
    main()
