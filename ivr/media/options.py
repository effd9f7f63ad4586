"""OPTIONS as a probe of load: 200 while a call would be taken, 503 with Retry-After while it would not, as for INVITE
(RFC 3261 sections 11 and 21.5.4).

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

_POOL_BYTES = 512
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


class _ListHead(ctypes.Structure):
    """What every pj_list begins with."""

    _fields_ = (("prev", ctypes.c_void_p), ("next", ctypes.c_void_p))


class OptionsGate:
    """Stands for as long as the library does. able() is asked at every request of no dialog and must not block;
    retry_after_s() when it said no."""

    def __init__(self, library_file: str, able: Callable[[], bool], retry_after_s: Callable[[], int]) -> None:
        self._able, self._retry_after_s = able, retry_after_s
        self._headers: dict[int, _ListHead] = {}
        library = ctypes.PyDLL(library_file)  # called from the interpreter's thread, and calls back into it
        library.pjsua_get_pjsip_endpt.restype = ctypes.c_void_p
        self._endpoint = ctypes.c_void_p(library.pjsua_get_pjsip_endpt())
        self._respond = library.pjsip_endpt_respond_stateless
        pointer = ctypes.c_void_p
        library.pjsua_pool_create.restype = library.pjsip_retry_after_hdr_create.restype = pointer
        library.pjsua_pool_create.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t)
        library.pjsip_retry_after_hdr_create.argtypes = (pointer, ctypes.c_int)
        library.pj_list_insert_before.argtypes = (pointer, pointer)
        self._library, self._pool = library, library.pjsua_pool_create(b"ivr-options", _POOL_BYTES, _POOL_BYTES)
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
        headers = ctypes.addressof(self._retry_after(self._retry_after_s()))
        self._respond(self._endpoint, received, _SERVICE_UNAVAILABLE, None, headers, None)
        return 1

    def _retry_after(self, seconds: int) -> _ListHead:
        """A list of one header, made once: the library copies it into each response."""
        head = self._headers.get(seconds)
        if head is None:
            head = self._headers[seconds] = _ListHead()
            head.prev = head.next = ctypes.addressof(head)
            header = self._library.pjsip_retry_after_hdr_create(self._pool, seconds)
            self._library.pj_list_insert_before(ctypes.addressof(head), header)
        return head
