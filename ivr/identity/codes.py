"""One-time codes: made at random, kept as a keyed hash bound to call and customer, sent to old numbers only. Pure.

After NIST SP 800-63B-4 3.1.3.2: at least six random digits, short-lived, used once, and never to a number that was
registered just now.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import date

from ivr.identity.numbers import number_type
from ivr.identity.policy import Codes, IdentityPolicy
from ivr.model.identity import Phone, TextMessage

_TAKES_TEXT = frozenset({"mobile", "fixed_or_mobile", "voip"})
_PREFIX_LESS = 4  # digits left out of a range: ten thousand numbers are one

_CODE_TEXTS = {
    "en": "Your code is {code}. It is valid for {minutes} minutes. We never ask for it in a call that we made.",
    "ru": "Ваш код: {code}. Он действует {minutes} мин. Мы никогда не спрашиваем его, когда звоним сами.",
}
_LOCKED_TEXTS = {
    "en": "Somebody could not prove by phone to be you, several times. If it was not you, please call us.",
    "ru": "По телефону несколько раз не удалось подтвердить вашу личность. Если это были не вы, позвоните нам.",
}


def new_code(codes: Codes) -> str:
    """Random digits."""
    return "".join(str(secrets.randbelow(10)) for _ in range(codes.digits))


def plain_code(said: str) -> str:
    """The digits of a code as keyed or spoken, "" when there are none."""
    digits = re.sub(r"[\s\-.,]", "", said)
    return digits if digits.isascii() and digits.isdigit() and len(digits) <= 12 else ""


def code_hash(code: str, *, key: bytes, call_id: str, customer_id: str) -> str:
    """What is stored of a code: worth nothing in another call, for another customer, or without the server's key."""
    bound = "\x1f".join((call_id, customer_id, code))
    return hmac.new(key, bound.encode(), hashlib.sha256).hexdigest()


def code_fits(hashed: str, said: str, *, key: bytes, call_id: str, customer_id: str) -> bool:
    """Whether this is the code, in constant time."""
    given = code_hash(plain_code(said), key=key, call_id=call_id, customer_id=customer_id)
    return hmac.compare_digest(given, hashed)


def days_on_file(phone: Phone, today: date) -> int:
    """Whole days since a number was registered; very many when nobody knows. Raises ValueError for no ISO date."""
    return (today - date.fromisoformat(phone.since[:10])).days if phone.since else 10_000


def number_for_codes(phones: Iterable[Phone], policy: IdentityPolicy, today: date) -> str:
    """The first number on file that can take a message and was registered long enough ago, "" when none is."""
    return next((p.number for p in phones if number_type(p.number) in _TAKES_TEXT and is_old(p, policy, today)), "")


def is_old(phone: Phone, policy: IdentityPolicy, today: date) -> bool:
    """Whether a number was registered more than number_new_days ago. A date that cannot be read is no proof of it."""
    try:
        return days_on_file(phone, today) > policy.risk.number_new_days
    except ValueError:
        return False


def number_range(number: str) -> str:
    """The range a number is of: codes asked for over a whole range are pumped for money."""
    return number[:-_PREFIX_LESS]


def code_message(code: str, number: str, language: str, policy: IdentityPolicy, message_id: str) -> TextMessage:
    """The message that brings a code."""
    text = _CODE_TEXTS.get(language, _CODE_TEXTS["en"]).format(code=code, minutes=policy.codes.valid_s // 60)
    return TextMessage(message_id=message_id, number=number, language=language, kind="code", text=text, code=code)


def locked_message(number: str, language: str, message_id: str) -> TextMessage:
    """The message to the owner of an account that was closed by failures."""
    text = _LOCKED_TEXTS.get(language, _LOCKED_TEXTS["en"])
    return TextMessage(message_id=message_id, number=number, language=language, kind="locked", text=text)
