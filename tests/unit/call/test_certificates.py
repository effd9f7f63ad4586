"""Certificates come over real HTTPS; a call waits for its verdict a moment, never for a slow server."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from ivr.call.ani import CallingNumber, Signatures
from ivr.call.certificates import CertificateShelf, kept_for
from ivr.call.journal import Journal
from ivr.cli import main
from ivr.config import ServerSettings, Settings, StirSettings, TrunkSettings
from ivr.identity.verdict import StirError, Why
from ivr.metrics import Metrics
from ivr.model.errors import ConfigError
from ivr.model.ids import monotonic_ms
from ivr.model.media import CallArrived
from tests.fakes.stir import Holder, identity, issue, passport, web_server

ROOT, WEB_ROOT = issue("Root", ca=True), issue("Web root", ca=True)
CARRIER = issue("SHAKEN 709J", ROOT)
CALLER, CALLED = "12025550101", "12025550199"


class Repository:
    """An HTTPS server with certificates. asked: paths, in order; gate: closed, /slow does not answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.port = 0

    def url(self, path: str) -> str:
        return f"https://127.0.0.1:{self.port}/{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path == "/slow":
            await self.gate.wait()
        if request.path == "/elsewhere":
            raise web.HTTPFound(self.url("carrier"))
        if request.path == "/nothing":
            raise web.HTTPNotFound
        if request.path == "/endless":
            return web.Response(body=CARRIER.pem + b"#" * 20000)
        return web.Response(body=CARRIER.pem, headers={"Cache-Control": "max-age=600"})


@pytest_asyncio.fixture
async def repository(tmp_path: Path) -> AsyncIterator[Repository]:
    repository = Repository()
    app = web.Application()
    app.router.add_get("/{name}", repository.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls_of(web_server(WEB_ROOT), tmp_path))
    await site.start()
    repository.port = runner.addresses[0][1]
    (tmp_path / "ca.pem").write_bytes(ROOT.pem)
    (tmp_path / "web.pem").write_bytes(WEB_ROOT.pem)
    try:
        yield repository
    finally:
        repository.gate.set()
        await runner.cleanup()


def tls_of(server: Holder, folder: Path) -> ssl.SSLContext:
    (folder / "server.pem").write_bytes(server.pem + server.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def stir(repository: Repository, folder: Path, **changes: Any) -> StirSettings:
    known = {"ca_file": str(folder / "ca.pem"), "tls_ca_file": str(folder / "web.pem")}
    return StirSettings(**{**known, "hosts": (f"127.0.0.1:{repository.port}",), **changes})


async def refused(shelf: CertificateShelf, url: str) -> Why:
    with pytest.raises(StirError) as caught:
        await shelf.credential(url)
    return caught.value.why


async def test_a_certificate_is_fetched_once_for_all_calls(repository: Repository, tmp_path: Path) -> None:
    shelf = CertificateShelf(stir(repository, tmp_path))
    found = await asyncio.gather(*(shelf.credential(repository.url("carrier")) for _ in range(5)))
    assert len(set(map(id, found))) == 1
    await shelf.credential(repository.url("carrier"))
    assert repository.asked == ["/carrier"]
    await shelf.close()


async def test_what_is_no_certificate_is_refused_and_not_asked_for_again(
    repository: Repository, tmp_path: Path
) -> None:
    shelf = CertificateShelf(stir(repository, tmp_path))
    for _ in range(2):
        assert await refused(shelf, repository.url("nothing")) is Why.UNREACHABLE
        assert await refused(shelf, repository.url("elsewhere")) is Why.UNREACHABLE
        assert await refused(shelf, repository.url("endless")) is Why.BAD_CERTIFICATE
    assert repository.asked == ["/nothing", "/elsewhere", "/endless"]
    assert await refused(shelf, "https://127.0.0.1:1/carrier") is Why.HOST_NOT_ALLOWED
    assert await refused(shelf, repository.url("carrier").replace("https", "http")) is Why.UNSAFE_URL
    await shelf.close()


async def test_a_server_nobody_vouches_for_or_that_is_slow_is_not_reached(
    repository: Repository, tmp_path: Path
) -> None:
    doubtful = CertificateShelf(stir(repository, tmp_path, tls_ca_file=str(tmp_path / "ca.pem")))
    assert await refused(doubtful, repository.url("carrier")) is Why.UNREACHABLE
    assert repository.asked == []
    impatient = CertificateShelf(stir(repository, tmp_path, fetch_ms=100))
    assert await refused(impatient, repository.url("slow")) is Why.UNREACHABLE
    await doubtful.close()
    await impatient.close()


def test_authorities_that_cannot_be_read_are_a_mistake_of_the_operator(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(ConfigError, match="ca_file"):
            CertificateShelf(StirSettings(ca_file=str(tmp_path / name)))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("max-age=600", 600),
        ("public, Max-Age = 5", 60),
        ("max-age=999999999", 86400),
        ("no-store, max-age=600", 60),
        ("max-age=x", 3600),
        ("", 3600),
    ],
)
def test_certificates_are_kept_as_their_server_says_within_reason(header: str, seconds: float) -> None:
    assert kept_for(header) == seconds


# ---- beside a call ------------------------------------------------------------------------------------------------


async def calling(
    repository: Repository,
    folder: Path,
    *,
    path: str = "carrier",
    reject: str = "off",
    orig: str = CALLER,
    pai: str = "<tel:+12025550101>",
    signed: bool = True,
    noted: asyncio.Event | None = None,
    **changes: Any,
) -> tuple[CallingNumber, Journal]:
    settings = Settings(
        server=ServerSettings(region="US"),
        trunks=(TrunkSettings(name="t", peers=("10.0.0.5",), trusted=True, verstat=True, stir=True, reject=reject),),  # type: ignore[arg-type]
        stir=stir(repository, folder, **changes),
    )
    url = repository.url(path)
    header = identity(passport(CARRIER.key, orig=orig, dest=CALLED, iat=time.time(), x5u=url), x5u=url)
    arrived = CallArrived(
        leg="L",
        sip_call_id="c",
        request_uri=f"sip:+{CALLED}@bot",
        from_header="<sip:x@y>;tag=1",
        to_header=f"<sip:+{CALLED}@bot>",
        headers=(("P-Asserted-Identity", pai), *((("Identity", header),) if signed else ())),
        source="10.0.0.5:5060",
        arrived_at_ms=0,
    )
    signatures = Signatures(settings.stir, Metrics())
    if noted is None:  # the verdict needs no server then, and is in time on any machine
        with suppress(StirError):
            await signatures.shelf.credential(url)
    journal = Journal("L", (lambda _entry: noted and noted.set(),))
    number = CallingNumber(arrived, settings, signatures, journal)
    number.begin()
    return number, journal


async def test_a_verdict_that_is_in_time_is_there_when_the_dialog_begins(
    repository: Repository, tmp_path: Path
) -> None:
    number, journal = await calling(repository, tmp_path)
    assert number.caller.verification == "none"
    caller = await number.settled()
    assert (caller.verification, caller.attest, caller.believed) == ("passed", "A", True)
    data = journal.entries[-1].data
    assert (journal.entries[-1].kind, data["why"], data["late"]) == ("number.verified", "verified", False)


async def test_our_verdict_goes_before_the_peers(repository: Repository, tmp_path: Path) -> None:
    pai = "<tel:+12025550101;verstat=TN-Validation-Passed-A>"
    number, _ = await calling(repository, tmp_path, orig="12025550102", pai=pai)
    assert number.caller.attest == "A"
    assert (await number.settled()).verification == "failed"
    number, _ = await calling(repository, tmp_path, pai=pai, signed=False)
    assert (await number.settled()).attest == "A"


async def test_a_late_verdict_holds_nobody_up_and_is_later_evidence(repository: Repository, tmp_path: Path) -> None:
    noted = asyncio.Event()
    number, journal = await calling(repository, tmp_path, path="slow", reject="failed", noted=noted, wait_ms=40)
    began_ms = monotonic_ms()
    assert await number.refusal() is None
    assert (await number.settled()).verification == "none"
    assert monotonic_ms() - began_ms < 1500 and journal.entries == []
    repository.gate.set()
    await asyncio.wait_for(noted.wait(), 5)
    assert number.caller.attest == "A"
    assert journal.entries[0].data["late"] is True


async def test_a_withheld_number_is_verified_and_stays_withheld(repository: Repository, tmp_path: Path) -> None:
    pai = "<tel:+12025550101>, <sip:anonymous@anonymous.invalid>"
    number, journal = await calling(repository, tmp_path, pai=pai)
    caller = await number.settled()
    assert (caller.verification, caller.ani, caller.believed) == ("passed", "", False)
    assert "2025550101" not in repr(journal.entries) + repr(caller) and journal.entries[0].data["origid"] == ""


@pytest.mark.parametrize(
    ("reject", "changes", "answer"),
    [
        ("off", {"orig": "12025550102"}, None),
        ("failed", {}, None),
        ("failed", {"orig": "12025550102"}, (438, "Invalid Identity Header")),
        ("failed", {"path": "endless"}, (437, "Unsupported Credential")),
        ("failed", {"path": "nothing"}, None),
        ("failed", {"signed": False}, None),
        ("absent", {"signed": False}, (428, "Use Identity Header")),
        ("absent", {}, None),
    ],
)
async def test_only_a_trunk_that_says_so_refuses_and_says_why(
    repository: Repository, tmp_path: Path, reject: str, changes: dict[str, Any], answer: tuple[int, str] | None
) -> None:
    number, _ = await calling(repository, tmp_path, reject=reject, **changes)
    assert await number.refusal() == answer


@pytest.mark.alone
async def test_a_captured_invite_is_checked_by_a_command_that_tells_what_verifying_costs(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = repository.url("carrier")
    header = identity(passport(CARRIER.key, orig=CALLER, dest=CALLED, iat=time.time(), x5u=url), x5u=url)
    lines = (f"INVITE sip:+{CALLED}@bot SIP/2.0", "f: <sip:x@y>;tag=1", f"t: <sip:+{CALLED}@bot>", "i: c")
    invite = "\r\n".join((*lines, f"P-Asserted-Identity: <tel:+{CALLER}>", f"y: {header}", "", ""))
    (tmp_path / "invite.txt").write_text(invite)
    (tmp_path / "ivr.toml").write_text(
        '[[trunks]]\nname = "t"\npeers = ["10.0.0.5"]\ntrusted = true\nstir = true\n'
        f'[stir]\nca_file = "ca.pem"\ntls_ca_file = "web.pem"\nhosts = ["127.0.0.1:{repository.port}"]\n'
    )
    words = ["number", "check", str(tmp_path / "invite.txt"), "--source", "10.0.0.5", "--repeat", "100", "--json"]
    assert await asyncio.to_thread(main, [*words, "-c", str(tmp_path / "ivr.toml")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ani"], found["why"], found["attest"]) == (f"+{CALLER}", "verified", "A")
    assert found["cpu_ms_p99"] <= 5 and repository.asked == ["/carrier"]
