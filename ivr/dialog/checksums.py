"""Check digits of cards and account numbers: they tell the right reading of a number from a misheard one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

_VERHOEFF_PRODUCT = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_PLACE = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
_INN_WEIGHTS = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)


def luhn(digits: str) -> bool:
    """Payment cards, IMEI (ISO/IEC 7812-1)."""
    doubled = (int(d) * (1 + at % 2) for at, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def mod11(digits: str) -> bool:
    """Weights 2..7 from the right before the check digit; a remainder that would need "X" is no number."""
    total = sum(int(d) * (2 + at % 6) for at, d in enumerate(reversed(digits[:-1])))
    return (11 - total % 11) % 11 == int(digits[-1])


def mod97(digits: str) -> bool:
    """The two last digits are 98 minus the rest modulo 97 (ISO 7064 MOD 97-10)."""
    return int(digits) % 97 == 1


def verhoeff(digits: str) -> bool:
    """Finds every single wrong digit and every swap of two (Verhoeff 1969)."""
    check = 0
    for at, digit in enumerate(reversed(digits)):
        check = int(_VERHOEFF_PRODUCT[check][int(_VERHOEFF_PLACE[at % 8][int(digit)])])
    return check == 0


def inn(digits: str) -> bool:
    """Russian taxpayer number, 10 or 12 digits."""

    def right(length: int) -> bool:
        weights = _INN_WEIGHTS[-length:]
        return sum(w * int(d) for w, d in zip(weights, digits, strict=False)) % 11 % 10 == int(digits[length])

    return (len(digits) == 10 and right(9)) or (len(digits) == 12 and right(10) and right(11))


def snils(digits: str) -> bool:
    """Russian personal insurance account, 11 digits, the last two a sum modulo 101."""
    if len(digits) != 11:
        return False
    return sum(int(d) * (9 - at) for at, d in enumerate(digits[:9])) % 101 % 100 == int(digits[9:])


CHECKSUMS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {"luhn": luhn, "mod11": mod11, "mod97": mod97, "verhoeff": verhoeff, "inn": inn, "snils": snils}
)


def correct(name: str, value: str) -> bool:
    """Does value pass that checksum? What is not all digits, or too short to have one, does not."""
    return len(value) > 1 and value.isascii() and value.isdigit() and CHECKSUMS[name](value)
