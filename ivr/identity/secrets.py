"""PINs and passphrases: how they are written plainly, hashed and checked. Argon2id with RFC 9106's parameters for
little memory (3 passes, 64 MiB, 4 lanes): about 200 ms of a processor, so it is called from a thread.

A check takes as long for a customer without a secret, or for nobody, as for a wrong one.
"""

from __future__ import annotations

import re
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY

LEAST_PIN, MOST_PIN = 4, 12
LEAST_PASSPHRASE = 8  # letters and digits

_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
# Of random bytes that are kept nowhere: checked against when there is nothing to check.
_NOTHING = "$argon2id$v=19$m=65536,t=3,p=4$Zk1mVnhwZ3JqTlhOb0hCRQ$qkQ2Y1mVtKxZr9b0mT5u1w3yD8sJfLhGcXnPvReWoAI"
_NO_WORD = re.compile(r"[^\w]+|_", re.UNICODE)


def plain_pin(said: str) -> str:
    """The digits of a PIN as keyed or spoken, "" when it cannot be one."""
    digits = re.sub(r"[\s\-.,]", "", said)
    return digits if digits.isascii() and digits.isdigit() and LEAST_PIN <= len(digits) <= MOST_PIN else ""


def plain_passphrase(said: str) -> str:
    """The words of a passphrase without case, accents, punctuation and spacing; "" when there are too few letters."""
    decomposed = unicodedata.normalize("NFKD", said.casefold().replace("ё", "е"))
    letters = "".join(c for c in decomposed if not unicodedata.combining(c) or c == "\u0306")  # й is no и
    words = _NO_WORD.sub("", unicodedata.normalize("NFC", letters))
    return words if len(words) >= LEAST_PASSPHRASE else ""


def hash_secret(plain: str, *, invented: bool = False) -> str:
    """Argon2id in PHC format, salted. plain: as plain_pin or plain_passphrase write it. invented: nobody's secret,
    which may be hashed at little cost. Raises ValueError for ""."""
    if not plain:
        raise ValueError("nothing to hash: no PIN has fewer than 4 digits, no passphrase fewer than 8 letters")
    return (_QUICK if invented else _HASHER).hash(plain)


def secret_fits(hashed: str, plain: str) -> bool:
    """Whether plain is what was hashed. A missing or damaged hash fits nothing, and takes as long to say so."""
    known = hashed if hashed.startswith("$argon2id$") else ""
    try:
        fits = _HASHER.verify(known or _NOTHING, plain or "-")
    except VerifyMismatchError:
        return False
    except (InvalidHashError, VerificationError):
        return secret_fits("", plain) if known else False
    return fits and bool(known) and bool(plain)
