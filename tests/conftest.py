"""What every test may ask for: the repository, shared data, a database, ports of its own, a system program.

Rooms add their own conftest in their folders; this one knows no room.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.scheduling import CallsBesideEachOther, give_way

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI") == "true"

# Below the range Linux hands out for outgoing connections, so nothing takes a port between reservation and use.
FIRST_PORT, LAST_PORT, BLOCK = 20000, 32000, 20

PACKAGES = {"sipp": "sip-tester", "chromium": "chromium", "festival": "festival festvox-ru", "kamailio": "kamailio"}


# Tests start processes by the hundred: what the first has compiled the others read, wherever that is not the custom.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# As in ivr.__main__: numpy's threads take more from the other test process than they give to this one.
for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(pool, "1")

# Tests load much and throw little of it away: looking for garbage as often as usual takes a tenth of their time.
USUAL = gc.get_threshold()
SELDOM = (10_000, *USUAL[1:])
gc.set_threshold(*SELDOM)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Under `pytest -n`, tests.scheduling says which process runs what, unless whole files are asked for."""
    return None if config.getoption("dist") == "loadfile" else CallsBesideEachOther(config, log)


def pytest_collection_finish() -> None:
    """What was imported and collected stays, and is not looked through for garbage again and again."""
    gc.freeze()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Tell scripts/test what failed, once for all processes."""
    told = os.environ.get("IVR_FAILED_TESTS")
    if told and report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        with Path(told).open("a") as failed:
            failed.write(f"{report.nodeid}\n")


def pytest_addoption(parser: pytest.Parser) -> None:
    """scripts/test runs what measures time before all else."""
    parser.addoption("--alone", choices=("only", "never"), help="only the tests marked alone, or all but them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what --alone leaves out."""
    wanted = config.getoption("--alone")
    if wanted is None:
        return
    measuring, others = list[pytest.Item](), list[pytest.Item]()
    for item in items:
        (measuring if "alone" in item.keywords else others).append(item)
    items[:], left_out = (measuring, others) if wanted == "only" else (others, measuring)
    config.hook.pytest_deselected(items=left_out)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Beside processes that place calls, everything else gives way. What measures time is interrupted by the collector
    of garbage as the product is, which sets aside what stays (ivr.supervisor.service)."""
    gc.set_threshold(*(USUAL if "alone" in item.keywords else SELDOM))
    if "PYTEST_XDIST_WORKER" in os.environ:
        give_way(item.nodeid)


def _missing(what: str) -> None:
    """In CI nothing may be missing; elsewhere the test is skipped with one line."""
    if IN_CI:
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The folder of pyproject.toml."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recordings and training data too large to commit: IVR_SHARED_DATA, or ../shared/data beside the repository."""
    folder = Path(os.environ.get("IVR_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        _missing("shared data is missing: set IVR_SHARED_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def needs() -> Callable[[str], str]:
    """needs("sipp") is the path of a system program; without it the test is skipped, in CI it fails."""

    def path_of(program: str) -> str:
        found = shutil.which(program)
        if found is None:
            _missing(f"{program} is missing: apt-get install {PACKAGES.get(program, program)}")
        return str(found)

    return path_of


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """fresh_database(file) is the URL of an empty database at the newest revision, made there.

    It is a copy of one the store itself has migrated, once in a test process: that is half a second of computing.
    """
    from ivr.storage.store import Store

    made = tmp_path_factory.mktemp("migrated") / "empty.db"

    async def migrate() -> None:
        await (await Store.open(f"sqlite:///{made}")).close()

    with ThreadPoolExecutor(1) as outside:  # whoever asks first may be in an event loop
        outside.submit(lambda: asyncio.run(migrate())).result()
    assert not made.with_name(f"{made.name}-wal").exists(), "all of it is in the file"
    content = made.read_bytes()

    def make(file: Path) -> str:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return f"sqlite:///{file}"

    return make


@pytest.fixture
def database_url(fresh_database: Callable[[Path], str], tmp_path: Path) -> str:
    """The URL of an empty database of this test's own at the newest revision: tmp_path / "ivr.db"."""
    return fresh_database(tmp_path / "ivr.db")


def _free(port: int) -> bool:
    """Nobody listens on the port, neither UDP nor TCP, on any local address."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True


@contextmanager
def _block_taken(first: int) -> Iterator[bool]:
    """Holds the block [first, first + BLOCK) against other test runs of this machine while the context lasts."""
    folder = Path(tempfile.gettempdir()) / f"ivr-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    with (folder / str(first)).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield all(_free(port) for port in range(first, first + BLOCK))


@contextmanager
def _reserved(count: int) -> Iterator[range]:
    blocks = -(-count // BLOCK)
    for first in range(FIRST_PORT, LAST_PORT - blocks * BLOCK, BLOCK):
        with ExitStack() as held:
            if all(held.enter_context(_block_taken(first + n * BLOCK)) for n in range(blocks)):
                yield range(first, first + count)
                return
    pytest.fail(f"no {count} free ports in a row between {FIRST_PORT} and {LAST_PORT}")


@pytest.fixture
def reserve_ports() -> Iterator[Callable[[int], range]]:
    """reserve_ports(n): n ports in a row, free for UDP and TCP, ours until the test ends. The first is even (RTP)."""
    with ExitStack() as held:
        yield lambda count: held.enter_context(_reserved(count))


@pytest.fixture(scope="session")
def reserve_ports_for_session() -> Iterator[Callable[[int], range]]:
    """Like reserve_ports, for servers shared by many tests."""
    with ExitStack() as held:
        yield lambda count: held.enter_context(_reserved(count))
