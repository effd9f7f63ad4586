"""What the signature of a caller's number came to, why, and how SIP says so (RFC 8224 6.2.2). Pure nouns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ivr.model.errors import IvrError


class Why(StrEnum):
    """The reason of a verdict."""

    VERIFIED = "verified"
    # Nothing can be said: the number is as good as an unsigned one.
    UNSIGNED = "unsigned"
    UNSUPPORTED = "unsupported"  # no PASSporT of a kind that speaks of the caller
    DIVERTED = "diverted"  # signed for the number called first
    HOST_NOT_ALLOWED = "host_not_allowed"
    UNREACHABLE = "certificate_unreachable"
    # The signature is wrong: the number is worse than an unsigned one.
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNSAFE_URL = "unsafe_url"
    STALE = "stale"
    WRONG_CALLER = "wrong_caller"
    WRONG_CALLED = "wrong_called"
    BAD_SIGNATURE = "bad_signature"
    REPLAYED = "replayed"
    BAD_CERTIFICATE = "bad_certificate"
    UNTRUSTED = "untrusted"
    EXPIRED = "expired"
    NO_TN_AUTH_LIST = "no_tn_auth_list"
    NOT_COVERED = "number_not_covered"


_NOTHING_SAID = {Why.UNSIGNED, Why.UNSUPPORTED, Why.DIVERTED, Why.HOST_NOT_ALLOWED, Why.UNREACHABLE}
_BAD_INFO, _BAD_CREDENTIAL = (436, "Bad Identity Info"), (437, "Unsupported Credential")
_ANSWERS = {
    Why.UNSIGNED: (428, "Use Identity Header"),
    Why.STALE: (403, "Stale Date"),
    Why.HOST_NOT_ALLOWED: _BAD_INFO,
    Why.UNREACHABLE: _BAD_INFO,
    Why.UNSAFE_URL: _BAD_INFO,
    Why.BAD_CERTIFICATE: _BAD_CREDENTIAL,
    Why.UNTRUSTED: _BAD_CREDENTIAL,
    Why.EXPIRED: _BAD_CREDENTIAL,
    Why.NO_TN_AUTH_LIST: _BAD_CREDENTIAL,
    Why.NOT_COVERED: _BAD_CREDENTIAL,
}


class StirError(IvrError):
    """A PASSporT or its certificate is worth nothing, and why."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """attest: "A" | "B" | "C", "" when nothing was verified or the PASSporT attests nothing. origid: the carrier's
    name for where the call entered its network, for tracing; no secret, no number."""

    why: Why
    attest: str = ""
    origid: str = ""

    @property
    def verification(self) -> str:
        """ "passed" | "failed" | "none", as Caller.verification."""
        if self.why is Why.VERIFIED:
            return "passed"
        return "none" if self.why in _NOTHING_SAID else "failed"

    @property
    def answer(self) -> tuple[int, str]:
        """The SIP response of one who refuses the call for it."""
        return _ANSWERS.get(self.why, (438, "Invalid Identity Header"))
