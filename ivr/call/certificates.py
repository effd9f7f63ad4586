"""Certificates of carriers, fetched over HTTPS from the repositories an operator allows, and kept.

Owns the network side of STIR: one flight a URL, time and size limits, what is kept and for how long. Whether a
certificate is any good is ivr.identity.credentials' matter. Source: RFC 8224 section 6.2, RFC 9111.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import aiohttp
from yarl import URL

from ivr.config import StirSettings
from ivr.identity.passport import check_url
from ivr.identity.verdict import StirError, Why
from ivr.log import get_log
from ivr.model.errors import ConfigError

if TYPE_CHECKING:
    from ivr.identity.credentials import Authorities, Credential

MOST_BYTES = 16 * 1024
# Seconds a certificate is kept: where the server does not say, and the least and the most when it does.
KEPT_S, KEPT_LEAST_S, KEPT_MOST_S = 3600.0, 60.0, 86400.0
FAILURE_KEPT_S = 30.0
_MOST_KEPT, _MOST_FAILURES, _MOST_FLIGHTS = 512, 1024, 16
_MAX_AGE = re.compile(r"(?:^|[,\s])(?:s-maxage|max-age)\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_UNKEPT = re.compile(r"(?:^|[,\s])(?:no-store|no-cache|private)(?:$|[,\s=])", re.IGNORECASE)

_log = get_log("call.certificates")
T = TypeVar("T")


class CertificateShelf:
    """The certificates of carriers, by URL. Raises ConfigError when the operator's authorities cannot be read."""

    def __init__(self, settings: StirSettings) -> None:
        self._settings = settings
        try:
            self._authorities = _authorities(settings.ca_file)
            self._tls: ssl.SSLContext | bool = True
            if settings.ca_file or settings.tls_ca_file:
                self._tls = ssl.create_default_context(cafile=settings.tls_ca_file or None)
        except (OSError, ValueError) as error:
            raise ConfigError(f"[stir] ca_file or tls_ca_file cannot be read: {error}") from error
        self._kept: OrderedDict[str, tuple[float, Credential]] = OrderedDict()
        self._failures: OrderedDict[str, tuple[float, Why]] = OrderedDict()
        self._flights: dict[str, asyncio.Task[Credential | Why]] = {}
        self._http: aiohttp.ClientSession | None = None

    async def credential(self, url: str) -> Credential:
        """The credential at url. Raises StirError when it may not, cannot or could lately not be fetched, or is bad."""
        check_url(url, self._settings.hosts)
        now = time.monotonic()
        if (kept := self._kept.get(url)) and kept[0] > now:
            self._kept.move_to_end(url)
            return kept[1]
        if (failure := self._failures.get(url)) and failure[0] > now:
            raise StirError(failure[1])
        flight = self._flights.get(url)
        if flight is None:
            if len(self._flights) >= _MOST_FLIGHTS:
                raise StirError(Why.UNREACHABLE)
            flight = self._flights[url] = asyncio.get_running_loop().create_task(self._fly(url))
            flight.add_done_callback(lambda _done: self._flights.pop(url, None))
        # A call that stops waiting leaves the flight to those that come after it.
        found = await asyncio.shield(flight)
        if isinstance(found, Why):
            raise StirError(found)
        return found

    async def close(self) -> None:
        """End what is still in flight."""
        for flight in tuple(self._flights.values()):
            flight.cancel()
        if self._http is not None:
            await self._http.close()

    async def _fly(self, url: str) -> Credential | Why:
        from ivr.identity.credentials import credential

        try:
            pem, kept_s = await self._fetch(url)
            found = credential(pem, self._authorities)
        except StirError as error:
            _log.warning("certificate.refused", url=url, why=error.why.value)
            _keep(self._failures, url, FAILURE_KEPT_S, error.why, _MOST_FAILURES)
            return error.why
        _keep(self._kept, url, kept_s, found, _MOST_KEPT)
        return found

    async def _fetch(self, url: str) -> tuple[bytes, float]:
        """(PEM, seconds to keep it). Redirects are not followed: they lead to hosts nobody allowed."""
        if self._http is None:
            timeout = aiohttp.ClientTimeout(total=self._settings.fetch_ms / 1000)
            self._http = aiohttp.ClientSession(
                timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        headers = {"Accept": "application/pem-certificate-chain, application/x-pem-file", "Accept-Encoding": "identity"}
        try:
            where = URL(url, encoded=True)
            async with self._http.get(where, ssl=self._tls, headers=headers, allow_redirects=False) as response:
                if response.status != 200:
                    raise StirError(Why.UNREACHABLE)
                pem = bytearray()
                async for chunk in response.content.iter_chunked(4096):
                    pem += chunk
                    if len(pem) > MOST_BYTES:
                        raise StirError(Why.BAD_CERTIFICATE)
                return bytes(pem), kept_for(response.headers.get("Cache-Control", ""))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            _log.warning("certificate.unreachable", url=url, error=f"{type(error).__name__}: {error}")
            raise StirError(Why.UNREACHABLE) from error


def _authorities(file: str) -> Authorities:
    """Those of the operator, none without a file. Raises OSError, ValueError."""
    if not file:
        return ()
    from ivr.identity.credentials import read_authorities  # with cryptography 9 MB, for those alone whose trunks sign

    return read_authorities(Path(file).read_bytes())


def kept_for(cache_control: str) -> float:
    """Seconds a certificate is kept by its Cache-Control, within KEPT_LEAST_S and KEPT_MOST_S: even one that wants
    not to be kept serves the calls of the same minute."""
    if _UNKEPT.search(cache_control):
        return KEPT_LEAST_S
    found = _MAX_AGE.search(cache_control)
    return min(max(float(found[1]), KEPT_LEAST_S), KEPT_MOST_S) if found else KEPT_S


def _keep(shelf: OrderedDict[str, tuple[float, T]], url: str, seconds: float, what: T, most: int) -> None:
    shelf[url] = (time.monotonic() + seconds, what)
    shelf.move_to_end(url)
    if len(shelf) > most:
        shelf.popitem(last=False)
