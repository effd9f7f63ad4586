"""What [identity] of ivr.toml becomes: a directory of customers, a gateway for messages, the desk they serve."""

from __future__ import annotations

import os
import sys

from ivr.call.code_gateway import ConsoleGateway, WebhookGateway
from ivr.call.directories import ImportedDirectory, RestDirectory
from ivr.call.identity_desk import IdentityDesk
from ivr.config import Settings
from ivr.metrics import Metrics
from ivr.model.ports import CodeGateway, Directory
from ivr.sections import IdentitySettings
from ivr.storage.store import Store


def open_identity(settings: Settings, store: Store, metrics: Metrics) -> IdentityDesk:
    """The desk all calls of the process share. Closed by whoever opened it; the store stays open."""
    told = settings.identity
    key = os.environ.get(told.key_env, "").encode()
    return IdentityDesk(
        open_directory(settings, store),
        store,
        open_gateway(told),
        metrics,
        key=key,
        keep_audio_days=told.keep_audio_days,
        compares_voices=settings.speech.voiceprints != "off",
    )


def open_directory(settings: Settings, store: Store) -> Directory:
    """Where customers are found."""
    told = settings.identity
    if told.directory == "rest":
        return RestDirectory(told.directory_url, os.environ.get(told.directory_token_env, ""))
    return ImportedDirectory(store)


def open_gateway(told: IdentitySettings) -> CodeGateway | None:
    """What brings messages to telephones, None when nothing does."""
    if told.gateway == "webhook":
        key = os.environ.get(told.gateway_key_env, "").encode()
        return WebhookGateway(told.gateway_url, key, told.gateway_timeout_ms / 1000)
    return ConsoleGateway(_on_console) if told.gateway == "console" else None


def _on_console(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
