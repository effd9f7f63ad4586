"""Rasa as the understanding engine: POST /model/parse of Rasa Open Source 3.6 (rasa.com/docs/rasa/pages/http-api).

Owns the request, its time limit and what happens when the server is down or slow: the call goes on with the spare
engine, and whoever watches is told. One Rasa server per language; typed values are read here as in every engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import aiohttp

from ivr.log import get_log
from ivr.model.ids import monotonic_ms
from ivr.model.ports import NluEngine
from ivr.model.understanding import NO_CONTEXT, Entity, Intent, SlotContext, Understanding
from ivr.nlu.spoken import find

EXPECTED_BOOST = 3.0
# Rasa's FallbackClassifier gives out-of-scope sentences this intent.
FALLBACK_INTENT = "nlu_fallback"
# After a failure callers do not wait for the server again until this long has passed.
REST_MS = 5_000

_log = get_log("nlu.rasa")


class RasaEngine:
    """An NluEngine over Rasa servers. servers: language -> base URL. timeout_s: for one parse, connecting included.

    on_spare(reason) is called for every parse the spare engine did instead: "slow", "down" or "broken".
    """

    name = "rasa"

    def __init__(
        self,
        servers: Mapping[str, str],
        spare: NluEngine,
        *,
        token: str = "",
        timeout_s: float = 1.0,
        on_spare: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self._servers, self._spare, self._token = dict(servers), spare, token
        self._timeout_s, self._on_spare = timeout_s, on_spare
        self._client: aiohttp.ClientSession | None = None
        self._resting_until_ms: dict[str, int] = {}

    async def parse(
        self,
        text: str,
        *,
        language: str,
        expected: Sequence[str] | None = None,
        slot_types: Sequence[str] = (),
        slot_context: SlotContext = NO_CONTEXT,
    ) -> Understanding:
        """What text means, by Rasa when it answers in time, else by the spare engine."""
        document = await self._ask(text, language) if text.strip() else None
        if document is None:
            return await self._spare.parse(
                text, language=language, expected=expected, slot_types=slot_types, slot_context=slot_context
            )
        ranking = _weighed(_ranking(document), expected or ())
        best = ranking[0] if ranking else Intent(name="", confidence=0.0)
        values = tuple(e for slot_type in slot_types if (e := find(slot_type, text, language, slot_context)))
        found = tuple(e for e in _entities(document) if e.entity not in slot_types)
        return Understanding(text=text, intent=best, ranking=ranking, entities=values + found, engine=self.name)

    async def close(self) -> None:
        """Close the connections and the spare engine."""
        if self._client is not None:
            await self._client.close()
        await self._spare.close()

    async def _ask(self, text: str, language: str) -> Mapping[str, Any] | None:
        """The parse JSON, None when the spare engine has to do."""
        server = self._servers.get(language)
        if server is None or monotonic_ms() < self._resting_until_ms.get(server, 0):
            return None
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(server, text)
        except TimeoutError:
            self._rest(server, "slow", f"no answer within {self._timeout_s} s")
        except aiohttp.ClientConnectionError as error:
            self._rest(server, "down", str(error))
        except (aiohttp.ClientError, ValueError) as error:
            self._rest(server, "broken", str(error))
        return None

    async def _post(self, server: str, text: str) -> Mapping[str, Any]:
        if self._client is None:
            self._client = aiohttp.ClientSession()
        params = {"token": self._token} if self._token else {}
        async with self._client.post(f"{server}/model/parse", params=params, json={"text": text}) as reply:
            reply.raise_for_status()
            document = await reply.json(content_type=None)
        if not isinstance(document, dict) or not isinstance(document.get("intent_ranking"), list):
            raise ValueError(f"no parse result: {str(document)[:200]}")
        return document

    def _rest(self, server: str, reason: str, what: str) -> None:
        self._resting_until_ms[server] = monotonic_ms() + REST_MS
        # The address may carry no token: it travels as a parameter.
        _log.warning("rasa.spared", server=server, reason=reason, what=what, rests_ms=REST_MS)
        self._on_spare(reason)


def _ranking(document: Mapping[str, Any]) -> list[Intent]:
    """Rasa's ranking, with "" for what it holds to be out of scope."""
    ranking = [
        Intent(name=str(row.get("name") or ""), confidence=float(row.get("confidence") or 0.0))
        for row in document["intent_ranking"]
        if isinstance(row, dict)
    ]
    return [Intent(name="" if i.name == FALLBACK_INTENT else i.name, confidence=i.confidence) for i in ranking]


def _weighed(ranking: list[Intent], expected: Collection[str]) -> tuple[Intent, ...]:
    """The ranking with expected intents counted more, as the embedded engine does; out of scope stays out of scope."""
    if not ranking or ranking[0].name == "":
        return tuple(ranking[:1])
    weights = [intent.confidence * (EXPECTED_BOOST if intent.name in expected else 1.0) for intent in ranking]
    total = sum(weights) or 1.0
    weighed = [Intent(name=i.name, confidence=w / total) for i, w in zip(ranking, weights, strict=True)]
    return tuple(sorted(weighed, key=lambda intent: -intent.confidence))


def _entities(document: Mapping[str, Any]) -> tuple[Entity, ...]:
    rows = [row for row in document.get("entities", []) if isinstance(row, dict) and row.get("entity")]
    return tuple(
        Entity(
            entity=str(row["entity"]),
            value=str(row.get("value", "")),
            readings=(str(row.get("value", "")),),
            start=int(row.get("start", 0)),
            end=int(row.get("end", 0)),
            confidence=float(row.get("confidence_entity") or 1.0),
        )
        for row in rows
    )
