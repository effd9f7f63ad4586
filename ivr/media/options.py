"""OPTIONS as a probe of load: 200 while a call would be taken, 503 while it would not (RFC 3261 section 11).

The library answers every OPTIONS with 200 by itself and offers no hook for it, so a module of ours stands before its
own (pjsip/sip_module.h of 2.15). Owns the layout of that struct; a request it cannot read is left to the library.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable

from ivr.log import get_log

_BEFORE_APPLICATION = 60  # after dialogs, before what the library itself does with a request of no dialog
_LOOKED_AT = 1024  # of a request as received: the packet begins some 300 bytes in
_REQUEST = re.compile(rb"([A-Z]+) sips?:[^ \r\n]+ SIP/2\.0\r\n")
_SERVICE_UNAVAILABLE = 503
_log = get_log("media.options")

_OnRequest = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


class _Module(ctypes.Structure):
    """pjsip_module."""

    _fields_ = (
        ("prev", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("name_length", ctypes.c_ssize_t),
        ("id", ctypes.c_int),
        ("priority", ctypes.c_int),
        ("load", ctypes.c_void_p),
        ("start", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("unload", ctypes.c_void_p),
        ("on_rx_request", _OnRequest),
        ("on_rx_response", ctypes.c_void_p),
        ("on_tx_request", ctypes.c_void_p),
        ("on_tx_response", ctypes.c_void_p),
        ("on_tsx_state", ctypes.c_void_p),
    )


class OptionsGate:
    """Stands for as long as the library does. able() is asked at every request of no dialog and must not block."""

    def __init__(self, library_file: str, able: Callable[[], bool]) -> None:
        self._able = able
        library = ctypes.PyDLL(library_file)  # called from the interpreter's thread, and calls back into it
        library.pjsua_get_pjsip_endpt.restype = ctypes.c_void_p
        self._endpoint = ctypes.c_void_p(library.pjsua_get_pjsip_endpt())
        self._respond = library.pjsip_endpt_respond_stateless
        pointer = ctypes.c_void_p
        self._respond.argtypes = (pointer, pointer, ctypes.c_int, pointer, pointer, pointer)
        name = b"mod-ivr-options"
        self._on_request = _OnRequest(self._look)
        self._module = _Module(
            name=name, name_length=len(name), id=-1, priority=_BEFORE_APPLICATION, on_rx_request=self._on_request
        )
        status = library.pjsip_endpt_register_module(self._endpoint, ctypes.byref(self._module))
        if status:
            _log.warning("options.not_watched", status=status)

    def _look(self, received: int) -> int:
        """1 when the request was answered here."""
        if self._able():
            return 0
        request = _REQUEST.search(ctypes.string_at(received, _LOOKED_AT))
        if request is None or request[1] != b"OPTIONS":
            return 0
        self._respond(self._endpoint, received, _SERVICE_UNAVAILABLE, None, None, None)
        return 1
