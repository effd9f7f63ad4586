"""The operator's settings: ivr.toml, checked once at the edge. Paths are taken relative to the file's folder.

Owns names, defaults and ranges; refuses to know what the rooms do with them. deploy/ivr.toml explains each line.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ivr.deviations import Told, deviation
from ivr.model.errors import ConfigError
from ivr.sections import EffectsSettings, IdentitySettings, KeepSettings, LimitSettings, RecordingSettings, Webhooks
from ivr.toml_places import line_of

Port = Annotated[int, Field(ge=1, le=65535)]


def _network(peer: str) -> str:
    """An IP address or network."""
    ipaddress.ip_network(peer, strict=False)
    return peer


Peer = Annotated[str, AfterValidator(_network)]
NLU_ENGINES = ("auto", "tfidf", "minilm", "e5")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(_Section):
    """Where the process lives and which assistant it runs. region: default region of bare phone numbers (ISO 3166).
    cell: what the calls of this house are kept under, "" = host name and run_dir; never that of another house."""

    run_dir: Path = Path("var/run")
    assistant: Path = Path("dialogs/insurance")
    language: str = "en"
    region: str = "US"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    cell: str = ""


class SipSettings(_Section):
    """The SIP side. Worker n takes port + n and the RTP ports from rtp_port + n * rtp_ports_per_worker on.

    trusted_peers: IP addresses whose P-Asserted-Identity is believed, the short form of [[trunks]]. public_host: the
    address in SDP and Contact.
    """

    host: str = "127.0.0.1"
    port: Port = 5060
    public_host: str = ""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    max_callers_per_worker: Annotated[int, Field(ge=1, le=4)] = 2
    rtp_port: Port = 10000
    rtp_ports_per_worker: Annotated[int, Field(ge=8, le=1000)] = 40
    trusted_peers: tuple[Peer, ...] = ()
    user_agent: str = "ivr"


class TrunkSettings(_Section):
    """A trunk INVITEs come by, known by peers: IP addresses or networks (CIDR); the narrowest that fits counts.

    trusted: its P-Asserted-Identity and Remote-Party-ID are believed; from_asserted: its From as well. region: that of
    numbers without a country code, "" = [server] region. numbers: more numbers of ours a PASSporT may name as called.
    verstat: whether its verdict on STIR counts; plain_verstat: what its bare TN-Validation-Passed attests. stir:
    whether we verify Identity headers. reject: what is refused (RFC 8224 6.2.2): nothing, numbers proven false, or
    unsigned ones too. strict: the number of an untrusted peer that asserts an identity counts for nothing. transfer:
    how its callers get to agents: through us, or by REFER, which the far end must be known to honour. token_keys: its
    callers may bring a context's eight digits as keys. refer_uui: where the context stands in a REFER to this trunk.
    """

    name: Annotated[str, Field(min_length=1, max_length=40)]
    peers: Annotated[tuple[Peer, ...], Field(min_length=1)]
    trusted: bool = False
    from_asserted: bool = False
    region: str = ""
    numbers: tuple[str, ...] = ()
    verstat: bool = False
    plain_verstat: Literal["", "A", "B", "C"] = ""
    stir: bool = False
    reject: Literal["off", "failed", "absent"] = "off"
    strict: bool = False
    transfer: Literal["bridge", "attended", "blind"] = "bridge"
    refer_uui: Literal["uri", "header", "both"] = "uri"
    token_keys: bool = False


class StirSettings(_Section):
    """Our own verification of callers' numbers. ca_file: certificates of the authorities (PEM). hosts: where
    certificates may be fetched: "host" (ports 443 and 8443), "host:port", "*.domain", or "*". tls_ca_file: authorities
    of these servers, "" = the system's. wait_ms: a call waits for the verdict so long, else it is later evidence."""

    ca_file: str = ""
    hosts: tuple[str, ...] = ()
    tls_ca_file: str = ""
    freshness_s: Annotated[int, Field(ge=5, le=300)] = 60
    wait_ms: Annotated[int, Field(ge=0, le=300)] = 300
    fetch_ms: Annotated[int, Field(ge=100, le=5000)] = 2000


class SpeechRoomSettings(_Section):
    """Hearing and speaking. recognizer: engine name, auto: Vosk where its model is installed, else Whisper;
    recognizers: language -> engine, where it differs; voices: engines in order of preference. model_mirrors: base URLs
    `ivr models install` tries before those of the catalogue. voiceprints: what tells voices apart, off: nothing."""

    workers: Annotated[int, Field(ge=1, le=64)] = 1
    recognizer: Literal["auto", "whisper", "vosk"] = "auto"
    recognizers: dict[str, Literal["auto", "whisper", "vosk"]] = {}
    voices: tuple[str, ...] = ("piper", "festival", "pyttsx3")
    cache_dir: Path = Path("var/prompts")
    models_dir: Path = Path("voice_models")
    model_mirrors: tuple[str, ...] = ()
    threads: Annotated[int, Field(ge=1, le=16)] = 1
    decodes: Annotated[int, Field(ge=1, le=4)] = 2
    voiceprints: Literal["off", "resemblyzer"] = "off"


class NluSettings(_Section):
    """Understanding. engine: auto takes the best installed model for each language. cache_dir: sentence vectors.

    rasa_servers: language -> base URL, for the engine "rasa". rasa_token_env: the environment variable with their
    token. rasa_timeout_ms: a call waits for Rasa so long, then goes on with the embedded engine.
    """

    engine: Literal["auto", "tfidf", "minilm", "e5", "rasa"] = "auto"
    cache_dir: Path = Path("var/nlu")
    rasa_servers: dict[str, str] = {}
    rasa_token_env: str = "IVR_RASA_TOKEN"
    rasa_timeout_ms: Annotated[int, Field(ge=50, le=5000)] = 1000


class WebSettings(_Section):
    """The HTTP side. token_env: environment variable holding the access token; needed off loopback. keep_accesses_days:
    who looked at what is forgotten after so many."""

    host: str = "127.0.0.1"
    port: Port = 8080
    token_env: str = "IVR_WEB_TOKEN"
    keep_accesses_days: Annotated[int, Field(ge=30, le=3650)] = 400

    @property
    def token(self) -> str:
        """The access token, "" when none is set."""
        return os.environ.get(self.token_env, "")


class StorageSettings(_Section):
    """Where calls are kept: a SQLAlchemy async URL."""

    url: str = "sqlite:///var/ivr.sqlite3"


class OffersSettings(_Section):
    """The experiment: salt of the household hash (another one draws a new experiment) and the share held out, 0..1.
    stated_share: of the offers made, 0..1, whose callers are asked what they were like."""

    salt: str = "ivr"
    holdout: Annotated[float, Field(ge=0.0, le=0.5)] = 0.2
    stated_share: Annotated[float, Field(ge=0.0, le=1.0)] = 0.1


class Settings(_Section):
    """Everything ivr.toml may say. variables: values for ${NAME} in dialogs, before the environment is asked."""

    server: ServerSettings = ServerSettings()
    sip: SipSettings = SipSettings()
    trunks: tuple[TrunkSettings, ...] = ()
    stir: StirSettings = StirSettings()
    speech: SpeechRoomSettings = SpeechRoomSettings()
    nlu: NluSettings = NluSettings()
    web: WebSettings = WebSettings()
    storage: StorageSettings = StorageSettings()
    identity: IdentitySettings = IdentitySettings()
    webhooks: Webhooks = ()
    offers: OffersSettings = OffersSettings()
    effects: EffectsSettings = EffectsSettings()
    recording: RecordingSettings = RecordingSettings()
    keep: KeepSettings = KeepSettings()
    limits: LimitSettings = LimitSettings()
    variables: dict[str, str] = {}

    @property
    def known_trunks(self) -> tuple[TrunkSettings, ...]:
        """The trunks, with what [sip] trusted_peers says in short."""
        peers = self.sip.trusted_peers
        short = (TrunkSettings(name="trusted_peers", peers=peers, trusted=True),) if peers else ()
        return (*self.trunks, *short)


def load_settings(path: Path) -> Settings:
    """Read and check ivr.toml. Raises ConfigError with a line per mistake: file:line, what is wrong, what to write."""
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give another file with -c") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        told = error.errors()
        inner = {each["loc"][:depth] for each in told for depth in range(len(each["loc"]))}
        # A list with a wrong entry is told as too short as well.
        raise ConfigError("\n".join(_mistake(path, text, t) for t in told if t["loc"] not in inner)) from error
    return check(anchored(settings, path.parent))


def _mistake(path: Path, text: str, told: Told) -> str:
    code, what, fix = deviation(Settings, told)
    fix = "deploy/ivr.toml explains it." if code == "value" else fix
    return f"{path}:{line_of(text, told['loc'])}: [{'.'.join(map(str, told['loc']))}] {what}. {fix}"


def check(settings: Settings) -> Settings:
    """Refuse combinations that are unsafe or cannot work. Raises ConfigError."""
    if settings.identity.gateway == "console" and settings.sip.host not in LOOPBACK:
        raise ConfigError(
            "[identity] gateway console shows codes on the console: it is for [sip] host on loopback only"
        )
    if settings.web.host not in LOOPBACK and not settings.web.token:
        raise ConfigError(
            f"[web] host {settings.web.host} is reachable from outside: set the access token in the environment "
            f"variable {settings.web.token_env}, or bind to 127.0.0.1"
        )
    sip = settings.sip
    last_sip, last_rtp = sip.port + sip.workers - 1, sip.rtp_port + sip.workers * sip.rtp_ports_per_worker - 1
    if last_sip > 65535 or last_rtp > 65535:
        raise ConfigError(
            f"[sip] {sip.workers} workers need SIP ports to {last_sip} and RTP ports to {last_rtp}; 65535 is the last"
        )
    if sip.rtp_port <= last_sip and sip.port <= last_rtp:
        raise ConfigError(f"[sip] SIP ports {sip.port}-{last_sip} and RTP ports {sip.rtp_port}-{last_rtp} overlap")
    if sip.rtp_port % 2:
        raise ConfigError(f"[sip] rtp_port must be even (RFC 3550 section 11), got {sip.rtp_port}")
    _check_trunks(settings)
    return settings


def _check_trunks(settings: Settings) -> None:
    owners: dict[object, str] = {}
    for trunk in settings.known_trunks:
        if trunk.name in owners.values():
            raise ConfigError(f"[[trunks]] two are named {trunk.name!r}: give each a name of its own")
        for peer in trunk.peers:
            network = ipaddress.ip_network(peer, strict=False)
            if network in owners:
                raise ConfigError(
                    f"[[trunks]] {peer} belongs to {owners[network]!r} and to {trunk.name!r}: name it once"
                )
            owners[network] = trunk.name
        if trunk.stir and not settings.stir.ca_file:
            raise ConfigError(f"[[trunks]] {trunk.name!r} has stir = true: set [stir] ca_file, else nothing can pass")
        if trunk.reject != "off" and not trunk.stir:
            raise ConfigError(f'[[trunks]] {trunk.name!r} rejects by STIR: set stir = true, or reject = "off"')


def anchored(settings: Settings, folder: Path) -> Settings:
    """The settings with every relative path taken from folder."""
    base = folder.resolve()
    server, speech, recording, stir = settings.server, settings.speech, settings.recording, settings.stir
    files = {name: str(base / path) for name in ("ca_file", "tls_ca_file") if (path := getattr(stir, name))}
    url = settings.storage.url
    prefix = "sqlite:///"
    if url.startswith(prefix) and not url.startswith(prefix + "/"):
        url = f"{prefix}{base / url[len(prefix) :]}"
    voices = {"cache_dir": base / speech.cache_dir, "models_dir": base / speech.models_dir}
    moved = {
        "server": server.model_copy(update={"run_dir": base / server.run_dir, "assistant": base / server.assistant}),
        "speech": speech.model_copy(update=voices),
        "nlu": settings.nlu.model_copy(update={"cache_dir": base / settings.nlu.cache_dir}),
        "recording": recording.model_copy(update={"dir": base / recording.dir}),
        "storage": settings.storage.model_copy(update={"url": url}),
        "stir": stir.model_copy(update=files),
        "webhooks": tuple(webhook.anchored(base) for webhook in settings.webhooks),
    }
    return settings.model_copy(update=moved)


def variables(settings: Settings) -> dict[str, str]:
    """What ${NAME} in dialogs may refer to: ivr.toml first, then the environment."""
    return {**os.environ, **settings.variables}
