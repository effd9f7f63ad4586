"""Messages between processes: JSON over AF_UNIX SEQPACKET, and the frames of caller audio.

Owns the encoding; knows no meaning. A message is {"type": class name, "data": {...}}; classes are the frozen
dataclasses of ivr.model.media, keying, holding and hearing, validated on arrival. msgspec keeps the media worker small.
"""

from __future__ import annotations

import dataclasses
import socket
import struct
from typing import Any, TypeVar

import msgspec

from ivr.model import hearing, holding, keying, media
from ivr.model.errors import WireError
from ivr.model.media import FRAME_BYTES

S = TypeVar("S")

MAX_MESSAGE_BYTES = 128 * 1024

_FRAME = struct.Struct("!26sIq")
_TYPES: dict[str, type[Any]] = {
    name: cls
    for module in (media, keying, holding, hearing)
    for name, cls in vars(module).items()
    if dataclasses.is_dataclass(cls) and isinstance(cls, type) and cls.__module__ == module.__name__
}
_encoder = msgspec.json.Encoder()


def encode(message: object) -> bytes:
    """A message as bytes, at most MAX_MESSAGE_BYTES long. Raises WireError."""
    name = type(message).__name__
    if name not in _TYPES:
        raise WireError(f"{name} is not a message of ivr.model.media or ivr.model.hearing")
    raw = _encoder.encode({"type": name, "data": message})
    if len(raw) > MAX_MESSAGE_BYTES:
        raise WireError(f"{name} takes {len(raw)} bytes, more than {MAX_MESSAGE_BYTES}")
    return raw


def decode(raw: bytes) -> Any:
    """The message in raw, as its dataclass. Raises WireError on an unknown type or a wrong field."""
    try:
        envelope = msgspec.json.decode(raw, type=dict[str, Any])
        return msgspec.convert(envelope["data"], _TYPES[envelope["type"]])
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise WireError(f"cannot read message {raw[:200]!r}: {error}") from error


def encode_settings(settings: object) -> str:
    """Settings of a worker for its command line."""
    return _encoder.encode(settings).decode()


def decode_settings(raw: str, cls: type[S]) -> S:
    """Settings from a command line. Raises WireError."""
    try:
        return msgspec.json.decode(raw, type=cls)
    except msgspec.MsgspecError as error:
        raise WireError(f"cannot read settings: {error}") from error


def pack_frame(leg: str, seq: int, at_ms: int, pcm: bytes, said: bytes = b"") -> bytes:
    """One 20 ms frame of caller audio: 26 bytes leg id, sequence number, capture time, 320 bytes PCM.

    said: what the leg was told in the same 20 ms, 320 bytes more, or b"" for silence. Its echo may come back.
    """
    return _FRAME.pack(leg.encode("ascii"), seq & 0xFFFFFFFF, at_ms) + pcm + said


def unpack_frame(raw: bytes) -> tuple[str, int, int, bytes]:
    """(leg, seq, at_ms, pcm) of a frame. Raises WireError when the length is wrong."""
    if len(raw) not in (_FRAME.size + FRAME_BYTES, _FRAME.size + 2 * FRAME_BYTES):
        raise WireError(f"a frame has {_FRAME.size + FRAME_BYTES} bytes, or {FRAME_BYTES} more, got {len(raw)}")
    leg, seq, at_ms = _FRAME.unpack_from(raw)
    return leg.decode("ascii"), seq, at_ms, raw[_FRAME.size : _FRAME.size + FRAME_BYTES]


def said_in(raw: bytes) -> bytes:
    """What the leg was told while this frame was heard, b"" for silence."""
    return raw[_FRAME.size + FRAME_BYTES :]


def seqpacket_pair() -> tuple[socket.socket, socket.socket]:
    """Two connected, non-blocking SEQPACKET sockets: one for us, one for a child."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    theirs.setblocking(False)
    return ours, theirs
