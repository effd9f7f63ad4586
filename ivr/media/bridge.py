"""The conference bridge of the SIP library without a sound device, which would be its clock.

Owns the one call that makes it exchange a frame; pjsua2 does not offer it, the library below does. Refuses to know
when: see metronome.
"""

from __future__ import annotations

import ctypes

from ivr.model.media import FRAME_BYTES

_AUDIO = 1  # PJMEDIA_FRAME_TYPE_AUDIO


class _Frame(ctypes.Structure):
    """pjmedia_frame of pjmedia/frame.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("buf", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("timestamp", ctypes.c_uint64),
        ("bit_info", ctypes.c_uint32),
    )


class Bridge:
    """library: the file pjsua2 is in; master_port: the address of the bridge's pjmedia_port, as setNoDev() gives it."""

    def __init__(self, library: str, master_port: int) -> None:
        # The interpreter is not let go: the callbacks that come out of it need it at once.
        self._get_frame = ctypes.PyDLL(library).pjmedia_port_get_frame
        self._port = ctypes.c_void_p(master_port)
        self._samples = ctypes.create_string_buffer(FRAME_BYTES)
        self._frame = _Frame(type=_AUDIO, buf=ctypes.addressof(self._samples))

    def exchange(self) -> None:
        """20 ms from every port to those that hear it, and on to the wire."""
        self._frame.size = FRAME_BYTES
        self._get_frame(self._port, ctypes.byref(self._frame))
