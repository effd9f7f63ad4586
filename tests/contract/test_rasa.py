"""Rasa as the understanding engine: real HTTP for everything that can go wrong, and a real Rasa 3.6.21 server."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from ivr.model.errors import IvrError
from ivr.nlu.rasa import RasaEngine
from ivr.supervisor import rasa_server
from tests.fakes.nlu import ScriptedNlu

NLU_EN = Path(__file__).parents[2] / "dialogs/insurance/nlu.en.yml"
REQUIREMENTS = Path(__file__).parents[2] / "requirements/rasa.txt"
# Installing takes two minutes and 2.5 GB: kept beside other caches of this user, by what is pinned.
KEPT = Path.home() / ".cache/ivr-rasa"
START_S = 240.0

PARSED = {
    "text": "where is my claim",
    "intent": {"name": "claim_status", "confidence": 0.8},
    "intent_ranking": [
        {"name": "claim_status", "confidence": 0.5},
        {"name": "payment", "confidence": 0.4},
        {"name": "affirm", "confidence": 0.1},
    ],
    "entities": [{"entity": "line", "value": "car", "start": 0, "end": 3, "confidence_entity": 0.9}],
}


@asynccontextmanager
async def rasa_like(answer: Any, *, late: bool = False, status: int = 200) -> AsyncIterator[tuple[str, list[Any]]]:
    """An HTTP server in Rasa's place; what it was asked. late: it answers when the test is over."""
    asked: list[Any] = []
    over = asyncio.Event()

    async def parse(request: web.Request) -> web.Response:
        asked.append((request.query.get("token"), await request.json()))
        if late:
            await over.wait()
        return web.json_response(answer, status=status)

    app = web.Application()
    app.router.add_post("/model/parse", parse)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}", asked
    over.set()
    await runner.cleanup()


def engine_for(url: str, reasons: list[str]) -> RasaEngine:
    spare = ScriptedNlu({"where is my claim": "payment"})
    return RasaEngine({"en": url}, spare, token="t" * 20, timeout_s=0.3, on_spare=reasons.append)


async def test_rasas_answer_is_read_with_its_ranking_entities_and_token() -> None:
    reasons: list[str] = []
    async with rasa_like(PARSED) as (url, asked):
        engine = engine_for(url, reasons)
        understood = await engine.parse("where is my claim", language="en", slot_types=("digits",))
        await engine.close()
    assert (understood.intent.name, understood.engine) == ("claim_status", "rasa")
    assert [intent.name for intent in understood.ranking] == ["claim_status", "payment", "affirm"]
    assert understood.entity("line") is not None
    assert asked == [("t" * 20, {"text": "where is my claim"})]
    assert reasons == []


async def test_what_the_step_expects_counts_more() -> None:
    async with rasa_like(PARSED) as (url, _):
        engine = engine_for(url, [])
        understood = await engine.parse("where is my claim", language="en", expected=["payment"])
        await engine.close()
    assert understood.intent.name == "payment"
    assert abs(sum(intent.confidence for intent in understood.ranking) - 1.0) < 1e-9


async def test_out_of_scope_has_no_intent_whatever_is_expected() -> None:
    ranking = [{"name": "nlu_fallback", "confidence": 0.7}, {"name": "payment", "confidence": 0.3}]
    async with rasa_like({**PARSED, "intent_ranking": ranking}) as (url, _):
        engine = engine_for(url, [])
        understood = await engine.parse("pizza", language="en", expected=["payment"])
        await engine.close()
    assert understood.intent.name == ""


@pytest.mark.parametrize(
    ("answer", "late", "status", "reason"),
    [
        (PARSED, True, 200, "slow"),
        ({"status": "failure"}, False, 500, "broken"),
        ({"hello": "world"}, False, 200, "broken"),
        ([1, 2], False, 200, "broken"),
    ],
)
async def test_a_server_that_fails_costs_one_wait_and_the_call_goes_on(
    answer: Any, late: bool, status: int, reason: str
) -> None:
    reasons: list[str] = []
    async with rasa_like(answer, late=late, status=status) as (url, asked):
        engine = engine_for(url, reasons)
        for _ in range(3):
            understood = await engine.parse("where is my claim", language="en")
            assert (understood.intent.name, understood.engine) == ("payment", "scripted")
        await engine.close()
    assert reasons == [reason]
    assert len(asked) == 1, "a server that failed was asked again at once"


async def test_no_server_at_all_is_no_trouble_for_the_call() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    reasons: list[str] = []
    engine = engine_for(f"http://127.0.0.1:{port}", reasons)
    assert (await engine.parse("where is my claim", language="en")).engine == "scripted"
    await engine.close()
    assert reasons == ["down"]


async def test_a_language_without_a_server_is_understood_by_the_spare_engine() -> None:
    engine = engine_for("http://127.0.0.1:1", [])
    assert (await engine.parse("where is my claim", language="ru")).engine == "scripted"
    await engine.close()


def test_a_short_token_is_refused() -> None:
    with pytest.raises(IvrError, match="16 characters"):
        rasa_server.environment("short")


def test_training_without_an_installation_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IvrError, match="ivr rasa install"):
        rasa_server.train(tmp_path, "demo", {"en": NLU_EN})


# ---- the real thing -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """(Rasa's folder, an English model trained from the shipped insurance data)."""
    folder = KEPT
    rasa_server.install(folder, REQUIREMENTS)
    project = tmp_path_factory.mktemp("rasa")
    (project / "venv").symlink_to(folder / "venv")
    yield project, rasa_server.train(project, "insurance", {"en": NLU_EN})["en"]


@pytest.mark.models
async def test_a_real_rasa_server_understands_callers_and_refuses_strangers(trained: tuple[Path, Path]) -> None:
    folder, model = trained
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    command = rasa_server.serve_command(folder, model, port=port)
    assert token not in " ".join(command), "every user of the machine can read a command line"
    server = await asyncio.create_subprocess_exec(
        *command,
        env=rasa_server.environment(token),
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    reasons: list[str] = []
    engine = RasaEngine(
        {"en": f"http://127.0.0.1:{port}"}, ScriptedNlu({}), token=token, timeout_s=5.0, on_spare=reasons.append
    )
    try:
        await _answers(f"http://127.0.0.1:{port}", token)
        for text, intent in (
            ("i'd like to check the status of my claim", "claim_status"),
            ("i want to speak to a person", "operator"),
            ("yes please", "affirm"),
            ("can you say that again", "repeat"),
        ):
            understood = await engine.parse(text, language="en")
            assert (understood.engine, understood.intent.name) == ("rasa", intent), understood
        found = await engine.parse("two oh four five one eight", language="en", slot_types=("digits",))
        assert found.entity("digits") is not None and found.entity("digits").value == "204518"  # type: ignore[union-attr]
        async with aiohttp.ClientSession() as stranger:
            url = f"http://127.0.0.1:{port}/model/parse"
            async with stranger.post(url, json={"text": "hello"}) as reply:
                assert reply.status == 401
        server.kill()
        await server.wait()
        assert (await engine.parse("yes please", language="en")).engine == "scripted"
        assert reasons == ["down"]
    finally:
        await engine.close()
        if server.returncode is None:
            server.kill()
            await server.wait()


async def _answers(url: str, token: str) -> None:
    async with asyncio.timeout(START_S), aiohttp.ClientSession() as client:
        while True:
            try:
                async with client.post(f"{url}/model/parse", params={"token": token}, json={"text": "yes"}) as reply:
                    if reply.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.5)
