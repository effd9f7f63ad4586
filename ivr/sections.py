"""Sections of ivr.toml that check themselves. Owns their names, defaults and ranges, as ivr/config.py the others'."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ivr.model.webhooks import EventKind
from ivr.model.working_hours import working_hours


class IdentitySettings(BaseModel):
    """Identification. directory: imported: the customers of `ivr customers import`; rest: behind directory_url
    (docs/customers.md), token in directory_token_env. gateway: how messages reach telephones; off: no codes; webhook:
    POSTed to gateway_url, signed with the key in gateway_key_env; console: shown on standard output, for demos.
    key_env: environment variable with the key of code hashes and of marks of utterances; without it each start makes
    one. keep_audio_days: an utterance that comes again from another call within so many days is a sign of a recording;
    0: nothing is kept of any utterance. keep_tries_days: tries, proofs and signals are forgotten after so many."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: Literal["imported", "rest"] = "imported"
    directory_url: str = ""
    directory_token_env: str = "IVR_DIRECTORY_TOKEN"
    gateway: Literal["off", "webhook", "console"] = "off"
    gateway_url: str = ""
    gateway_key_env: str = "IVR_GATEWAY_KEY"
    gateway_timeout_ms: Annotated[int, Field(ge=100, le=5000)] = 1500
    key_env: str = "IVR_IDENTITY_KEY"
    keep_audio_days: Annotated[int, Field(ge=0, le=90)] = 14
    keep_tries_days: Annotated[int, Field(ge=90, le=3650)] = 400

    @model_validator(mode="after")
    def _complete(self) -> IdentitySettings:
        """Refuses a place without its address, and a gateway whose messages nobody could trust."""
        places = (("directory", "rest", self.directory_url), ("gateway", "webhook", self.gateway_url))
        for word, remote, url in places:
            if getattr(self, word) == remote and not url.startswith(("http://", "https://")):
                raise ValueError(f"{word}_url must be an http or https address, got {url!r}")
        if self.gateway == "webhook" and not os.environ.get(self.gateway_key_env):
            raise ValueError(f"messages are signed: set their key in the environment variable {self.gateway_key_env}")
        return self


class EffectsSettings(BaseModel):
    """What the effect report may reckon with; 0 or nothing: not stated. agent_hour: what an hour of an agent costs,
    bot_minute: a minute of the bot. agent_s, needs_agent: intent (or "else") -> seconds an agent takes for it, share of
    such calls an agent would have had to take. identify_s, again_s: seconds a transferred call saves an agent;
    asked_again: share of transfers in which callers had to say it again before; moved_twice: share of transfers that
    were passed on before; moved_on: agents' codes that say so now. customer_year: what a customer who stays is worth in
    a year. handling_holdout: share of households whose calls go straight to the queue, to measure what agents would
    have to do. working_hours: when people are there ("mon-fri 09:00-18:00"), in time_zone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agent_hour: Annotated[float, Field(ge=0)] = 0.0
    bot_minute: Annotated[float, Field(ge=0)] = 0.0
    agent_s: dict[str, float] = {}
    needs_agent: dict[str, float] = {}
    identify_s: Annotated[float, Field(ge=0)] = 0.0
    again_s: Annotated[float, Field(ge=0)] = 0.0
    asked_again: Annotated[float, Field(ge=0, le=1)] = 1.0
    moved_twice: Annotated[float, Field(ge=0, le=1)] = 0.0
    moved_on: tuple[str, ...] = ("passed_on", "wrong_queue")
    customer_year: Annotated[float, Field(ge=0)] = 0.0
    hours_a_day: Annotated[float, Field(gt=0, le=24)] = 8.0
    occupancy: Annotated[float, Field(gt=0, le=1)] = 0.8
    handling_holdout: Annotated[float, Field(ge=0, le=0.2)] = 0.0
    working_hours: tuple[str, ...] = ()
    time_zone: str = "UTC"

    @model_validator(mode="after")
    def _understood(self) -> EffectsSettings:
        """Refuses hours nobody can read."""
        working_hours(self.working_hours, self.time_zone)
        return self


class RecordingSettings(BaseModel):
    """Stereo recordings. on_request: only when asked for a live call over the API; all: every call."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["off", "on_request", "all"] = "on_request"
    dir: Path = Path("var/recordings")


class KeepSettings(BaseModel):
    """How long what callers said and did is kept, in days; 0: until somebody deletes it. calls_days: records of calls,
    what was said in them, notes; recordings_days: the files; offers_days: what was offered, answered and became of it.
    What proves an acceptance stays as long as the policy packs say, whatever stands here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calls_days: Annotated[int, Field(ge=0, le=3650)] = 0
    recordings_days: Annotated[int, Field(ge=0, le=3650)] = 0
    offers_days: Annotated[int, Field(ge=0, le=3650)] = 0

    @model_validator(mode="after")
    def _remembering(self) -> KeepSettings:
        """Refuses to forget what the gate still goes by: a year of offers, a week of calls."""
        if 0 < self.offers_days < 400:
            raise ValueError("offers_days must be 0 or 400 and up: the gate counts the offers of a year")
        if 0 < self.calls_days < 30:
            raise ValueError("calls_days must be 0 or 30 and up: outcomes of offers are looked for in later calls")
        return self


class LimitSettings(BaseModel):
    """drain_s: how long live calls may go on after SIGTERM. max_call_s: longest call. callback_s: promises kept by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    drain_s: Annotated[int, Field(ge=0, le=7200)] = 300
    max_call_s: Annotated[int, Field(ge=30, le=14400)] = 1800
    callback_s: Annotated[int, Field(ge=60, le=604800)] = 14400


class WebhookSettings(BaseModel):
    """One receiver of events. events: which, "*" = all. secret_env: environment variable with its secret, whsec_ and
    base64; two, separated by a blank, while it is being changed, the newer first. acknowledge: a transfer waits up to
    a second until it took the context. ca_file: authorities of the receiver (PEM), "" = the system's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    url: str
    events: Annotated[tuple[Literal["*"] | EventKind, ...], Field(min_length=1)] = ("*",)
    secret_env: str = "IVR_WEBHOOK_SECRET"
    timeout_ms: Annotated[int, Field(ge=100, le=30_000)] = 3000
    acknowledge: bool = False
    ca_file: str = ""

    @property
    def kinds(self) -> frozenset[str]:
        """The events it is told."""
        return frozenset(EventKind) if "*" in self.events else frozenset(self.events)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The newest first."""
        return tuple(os.environ.get(self.secret_env, "").split())

    def anchored(self, folder: Path) -> WebhookSettings:
        """The settings with a relative path taken from folder."""
        return self.model_copy(update={"ca_file": str(folder / self.ca_file)}) if self.ca_file else self

    @model_validator(mode="after")
    def _safe(self) -> WebhookSettings:
        """Refuses what would tell callers' affairs in the clear, or unsigned."""
        url = urlsplit(self.url)
        if not url.hostname or not (url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.hostname))):
            raise ValueError(f"url must be an https address (http only on this machine), got {self.url!r}")
        if url.username or url.password or url.fragment:
            raise ValueError("url must not hold a password: events are signed with the secret")
        if not self.secrets:
            raise ValueError(f"events are signed: set the secret in the environment variable {self.secret_env}")
        if not all(_is_secret(secret) for secret in self.secrets):
            raise ValueError(f"{self.secret_env} must hold whsec_ and 24 to 64 bytes as base64")
        return self


def subscribers(webhooks: Iterable[WebhookSettings]) -> dict[str, frozenset[str]]:
    """Endpoint -> the events it is told, as the store wants it."""
    return {webhook.name: webhook.kinds for webhook in webhooks}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_secret(text: str) -> bool:
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return False
    return text.startswith("whsec_") and 24 <= len(key) <= 64


def _named_once(webhooks: tuple[WebhookSettings, ...]) -> tuple[WebhookSettings, ...]:
    if len({webhook.name for webhook in webhooks}) < len(webhooks):
        raise ValueError("two have the same name: give each one of its own")
    return webhooks


Webhooks = Annotated[tuple[WebhookSettings, ...], AfterValidator(_named_once)]
