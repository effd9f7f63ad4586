"""Installing models: from a real HTTP server, from packages, from folders; and everything a hostile archive tries."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from ivr.cli import main
from ivr.model.errors import SpeechError
from ivr.speech.catalogue import MANIFEST, Catalogue
from ivr.speech.installing import Wish, install

NAME = "toy-model-1"
Files = dict[str, bytes]
GOOD: Files = {f"{NAME}/am/final.mdl": b"weights" * 1000, f"{NAME}/conf/model.conf": b"--beam=10\n"}


def zipped(files: Files, change: Callable[[zipfile.ZipInfo], None] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            member = zipfile.ZipInfo(name)
            if change is not None:
                change(member)
            archive.writestr(member, body)
    return out.getvalue()


class Server:
    """Serves what `bodies` holds by path, and counts."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path not in self.bodies:
            raise web.HTTPNotFound
        return web.Response(body=self.bodies[request.path])


@pytest.fixture
def server() -> Iterator[Server]:
    """A real aiohttp server in a thread of its own: the installer is a blocking program."""
    served, started, loop = Server(), threading.Event(), asyncio.new_event_loop()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/{path:.*}", served.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        started.set()
        return runner

    def run() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(10)
    yield served
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture
def models(tmp_path: Path, server: Server) -> Callable[..., Catalogue]:
    """models(body, sha256=...): a catalogue whose toy model is served with that body."""

    def make(body: bytes, *, sha256: str | None = None, size: int | None = None) -> Catalogue:
        server.bodies["/toy.zip"] = body
        (tmp_path / "catalogue.toml").write_text(
            f"""
[[model]]
id = "toy"
kind = "asr"
engine = "vosk"
languages = ["en"]
licence = "MIT"
[[model.sources]]
url = "{server.url}/toy.zip"
root = "{NAME}"
bytes = {len(body) if size is None else size}
sha256 = "{hashlib.sha256(body).hexdigest() if sha256 is None else sha256}"
"""
        )
        return Catalogue(tmp_path)

    return make


def bring(catalogue: Catalogue, **wish: object) -> Path:
    return install(catalogue, catalogue.named("toy"), Wish(**wish), lambda *_: None)  # type: ignore[arg-type]


def untouched(catalogue: Catalogue) -> bool:
    left = [path.name for path in catalogue.installed.iterdir()] if catalogue.installed.exists() else []
    return not [name for name in left if name != ".lock"]


def test_an_archive_is_downloaded_verified_and_unpacked_without_its_top_folder(models, server: Server) -> None:
    catalogue = models(zipped(GOOD))
    folder = bring(catalogue)
    assert (folder / "am" / "final.mdl").read_bytes() == GOOD[f"{NAME}/am/final.mdl"]
    assert catalogue.resolve(catalogue.named("toy")) == folder
    assert bring(catalogue) == folder and server.asked == ["/toy.zip"]  # what is here is not fetched again
    assert sorted(path.name for path in catalogue.installed.iterdir()) == [
        ".lock",
        "first-seen.json",
        "toy",
        "verified.json",
    ]


def test_a_wrong_archive_is_refused_and_leaves_nothing(models) -> None:
    catalogue = models(zipped(GOOD), sha256="0" * 64)
    with pytest.raises(SpeechError, match="SHA-256"):
        bring(catalogue)
    assert untouched(catalogue)


@pytest.mark.parametrize("size", [10, 10**6])
def test_an_archive_of_another_length_is_refused(models, size: int) -> None:
    catalogue = models(zipped(GOOD), size=size)
    with pytest.raises(SpeechError, match="bytes"):
        bring(catalogue)
    assert untouched(catalogue)


def test_a_server_without_the_archive_is_a_clear_error_and_a_mirror_helps(models, server: Server) -> None:
    catalogue = models(zipped(GOOD))
    body = server.bodies.pop("/toy.zip")
    with pytest.raises(SpeechError, match="404"):
        bring(catalogue)
    server.bodies["/mirror/toy.zip"] = body
    assert bring(catalogue, mirrors=(f"{server.url}/gone", f"{server.url}/mirror")).is_dir()


def test_an_archive_of_unknown_hash_needs_a_hash_or_trust(models, server: Server) -> None:
    body = zipped(GOOD)
    catalogue = models(body, sha256="")
    with pytest.raises(SpeechError, match="--trust-first-use"):
        bring(catalogue)
    assert server.asked == []
    with pytest.raises(SpeechError, match="SHA-256"):
        bring(catalogue, sha256="1" * 64)
    assert bring(catalogue, sha256=hashlib.sha256(body).hexdigest()).is_dir()


def test_what_was_trusted_once_must_stay_the_same(models, server: Server) -> None:
    catalogue = models(zipped(GOOD), sha256="", size=0)
    folder = bring(catalogue, trust_first_use=True)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
    server.bodies["/toy.zip"] = zipped({**GOOD, f"{NAME}/more": b"x"})
    with pytest.raises(SpeechError, match="SHA-256"):
        bring(catalogue, trust_first_use=True)


def symlink(member: zipfile.ZipInfo) -> None:
    member.external_attr = (stat.S_IFLNK | 0o777) << 16


@pytest.mark.parametrize(
    ("files", "change", "why"),
    [
        ({f"{NAME}/../../evil": b"x"}, None, "outside"),
        ({"../evil": b"x"}, None, "outside"),
        ({"/evil": b"x"}, None, "outside"),
        ({"C:/evil": b"x"}, None, "outside"),
        ({f"{NAME}\\..\\evil": b"x"}, None, "outside"),
        ({f"{NAME}/link": b"/etc/passwd"}, symlink, "link"),
        ({f"{NAME}/bomb": b"\0" * 30_000_000}, None, "would unpack"),
        ({"other/file": b"x"}, None, "no folder"),
    ],
)
def test_a_hostile_archive_writes_nothing(models, tmp_path: Path, files, change, why: str) -> None:
    def deflated(member: zipfile.ZipInfo) -> None:
        member.compress_type = zipfile.ZIP_DEFLATED
        if change is not None:
            change(member)

    catalogue = models(zipped({**files}, deflated))
    with pytest.raises(SpeechError, match=why):
        bring(catalogue)
    assert untouched(catalogue)
    assert not list(tmp_path.parent.rglob("evil"))


@pytest.mark.parametrize("body", [b"", b"no zip at all", zipped(GOOD)[:-30]])
def test_what_is_no_archive_is_refused(models, body: bytes) -> None:
    catalogue = models(body, size=0)
    with pytest.raises(SpeechError, match="no sound zip"):
        bring(catalogue)
    assert untouched(catalogue)


@pytest.mark.parametrize("change", ["file", "strange", "list"])
def test_a_model_that_was_changed_afterwards_is_not_handed_out(models, change: str) -> None:
    catalogue = models(zipped(GOOD))
    folder = bring(catalogue)
    if change == "file":
        (folder / "conf" / "model.conf").write_text("--beam=1\n")
    elif change == "strange":
        (folder / "am" / "extra.fst").write_text("x")
    else:
        (folder / MANIFEST).unlink()
    with pytest.raises(SpeechError, match="toy"):
        catalogue.resolve(catalogue.named("toy"))


def test_a_folder_put_there_by_hand_is_refused_until_it_is_installed(models, tmp_path: Path) -> None:
    catalogue = models(zipped(GOOD))
    (catalogue.home(catalogue.named("toy")) / "am").mkdir(parents=True)
    (catalogue.home(catalogue.named("toy")) / "am" / "final.mdl").write_bytes(b"mine")
    with pytest.raises(SpeechError, match="--from"):
        catalogue.resolve(catalogue.named("toy"))
    mine = tmp_path / "mine"
    (mine / "am").mkdir(parents=True)
    (mine / "am" / "final.mdl").write_bytes(b"mine")
    assert (bring(catalogue, source=mine) / "am" / "final.mdl").read_bytes() == b"mine"


def test_an_archive_of_ones_own_is_taken(models, tmp_path: Path) -> None:
    body = zipped(GOOD)
    catalogue = models(body)
    (tmp_path / "mine.zip").write_bytes(body)
    assert (bring(catalogue, source=tmp_path / "mine.zip") / "conf" / "model.conf").is_file()
    (tmp_path / "other.zip").write_bytes(zipped({**GOOD, f"{NAME}/more": b"x"}))
    with pytest.raises(SpeechError, match="SHA-256"):
        bring(catalogue, source=tmp_path / "other.zip")


def test_the_commands_install_list_and_verify(models, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    catalogue = models(zipped(GOOD))
    (tmp_path / "ivr.toml").write_text('[speech]\nmodels_dir = "."\n')
    options = ["--json", "-c", str(tmp_path / "ivr.toml")]

    def run(*words: str) -> tuple[int, dict]:
        status = main(["models", *words, *options])
        return status, json.loads(capsys.readouterr().out or "{}")

    _, listed = run("list")
    assert [(m["id"], m["state"]) for m in listed["models"]] == [("toy", "not installed")]
    assert run("install", "toy") == (0, {"installed": [{"id": "toy", "folder": str(catalogue.installed / "toy")}]})
    assert run("list")[1]["models"][0]["state"] == "ready"
    assert run("verify") == (0, {"models": {"toy": ""}})
    (catalogue.installed / "toy" / "conf" / "model.conf").write_text("--beam=1!\n")
    status, verified = run("verify")
    assert status == 1 and "toy" in verified["models"]["toy"]
    assert run("install", "nothing")[0] == 1


def test_entries_of_an_operators_own_go_before_those_of_the_product(models, tmp_path: Path) -> None:
    models(zipped(GOOD))
    (tmp_path / "local.toml").write_text(
        '[[model]]\nid = "mine"\nkind = "asr"\nengine = "vosk"\nlanguages = ["en"]\nlicence = "own"\n'
    )
    assert Catalogue(tmp_path).find("asr", "vosk", "en").model_id == "mine"


def test_parts_from_packages_are_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, body in ((1, b"abc"), (2, b"def")):
        (tmp_path / f"part_{number}_of_toy").mkdir()
        (tmp_path / f"part_{number}_of_toy" / "piece").write_bytes(body)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "catalogue.toml").write_text(
        f"""
[[model]]
id = "toy"
kind = "asr"
engine = "whisper"
languages = ["ru"]
licence = "MIT"
files = [{{ name = "model.bin", bytes = 6, sha256 = "{hashlib.sha256(b"abcdef").hexdigest()}" }}]
[[model.sources]]
package = "toy-1 toy-2"
[model.sources.parts]
"model.bin" = ["part_1_of_toy/piece", "part_2_of_toy/piece"]
"""
    )
    catalogue = Catalogue(tmp_path)
    assert (bring(catalogue) / "model.bin").read_bytes() == b"abcdef"


def spread(tmp_path: Path, server: Server, files: Files) -> Catalogue:
    """A catalogue whose toy model lies in single files under the server's /voice."""
    listed = ",".join(
        f'{{name = "{name}", bytes = {len(body)}, sha256 = "{hashlib.sha256(body).hexdigest()}"}}'
        for name, body in files.items()
    )
    (tmp_path / "catalogue.toml").write_text(
        f"""
[[model]]
id = "toy"
kind = "tts"
engine = "piper"
languages = ["ru"]
licence = "MIT"
files = [{listed}]
[[model.sources]]
base = "{server.url}/voice"
"""
    )
    return Catalogue(tmp_path)


def test_a_model_of_single_files_is_collected_by_their_names(tmp_path: Path, server: Server) -> None:
    files = {"voice.onnx": b"network" * 900, "voice.onnx.json": b"{}"}
    server.bodies = {f"/voice/{name}": body for name, body in files.items()}
    folder = bring(spread(tmp_path, server, files))
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MANIFEST} == files


@pytest.mark.parametrize("wrong", [b"{ }", b"[]", None])
def test_one_wrong_file_of_several_installs_nothing(tmp_path: Path, server: Server, wrong: bytes | None) -> None:
    files = {"voice.onnx": b"network" * 900, "voice.onnx.json": b"{}"}
    server.bodies = {"/voice/voice.onnx": files["voice.onnx"]}
    if wrong is not None:
        server.bodies["/voice/voice.onnx.json"] = wrong
    catalogue = spread(tmp_path, server, files)
    with pytest.raises(SpeechError, match=r"voice\.onnx\.json"):
        bring(catalogue)
    assert untouched(catalogue)


def test_a_mirror_with_another_file_is_passed_over(tmp_path: Path, server: Server) -> None:
    files = {"voice.onnx": b"network" * 900}
    server.bodies = {"/voice/voice.onnx": files["voice.onnx"], "/mirror/voice.onnx": b"altered" * 900}
    folder = bring(spread(tmp_path, server, files), mirrors=[f"{server.url}/mirror"])
    assert (folder / "voice.onnx").read_bytes() == files["voice.onnx"]
    assert server.asked == ["/mirror/voice.onnx", "/voice/voice.onnx"]
