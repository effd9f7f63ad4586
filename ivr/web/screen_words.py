"""Words for what a context packet says in codes, in each language: levels, evidence, warnings, why no offer now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenWords:
    """next_*: what the state of the request suggests; {intent} is its name."""

    levels: Mapping[str, str]
    evidence: Mapping[str, str]
    warnings: Mapping[str, str]
    blocked: Mapping[str, str]
    statuses: Mapping[str, str]
    next_failed: str
    next_failed_unnamed: str
    next_served: str
    next_open: str
    next_open_unnamed: str


ENGLISH = ScreenWords(
    levels={
        "L0": "Not identified",
        "L1": "Number recognised",
        "L2": "Matched by facts",
        "L3": "Code confirmed",
        "L4": "Two factors",
        "HUMAN": "Checked by a person",
    },
    evidence={
        "ani": "phone number",
        "attest_a": "carrier attestation",
        "dob": "date of birth",
        "name": "name",
        "policy_no": "policy number",
        "otp": "one-time code",
        "pin": "PIN",
        "spoken_id": "what they said of themselves",
        "attestation": "carrier attestation",
        "birth_date": "date of birth",
        "policy_number": "policy number",
        "account_number": "account number",
        "postcode": "postcode",
        "passphrase": "passphrase",
        "voiceprint": "voice",
        "service": "your own system",
    },
    warnings={
        "vulnerable": "Vulnerable customer: take time, sell nothing",
        "complaint": "Complaint open",
        "no_offers": "No offers: the customer asked for none",
    },
    blocked={
        "g.resolved": "first solve the request",
        "g.positive": "the call has not gone well",
        "g.never_intents": "not with a request of this kind",
        "g.vulnerable": "vulnerable customer",
        "g.repeat": "the customer called about this before",
        "g.wait": "the customer waited long",
        "g.load": "too many calls at present",
        "g.cap": "an offer was made not long ago",
        "g.optout": "the customer asked for no offers",
        "g.consent": "no consent to advertising",
        "g.level": "not identified well enough",
        "g.bot_disclosed": "the caller was not told it is a machine",
        "g.suspended": "offers to such customers are suspended",
    },
    statuses={"resolved": "Resolved", "informed": "Answered", "failed": "Failed", "open": "Not finished"},
    next_failed="Finish “{intent}” by hand and confirm it.",
    next_failed_unnamed="Finish the request by hand.",
    next_served="Ask what else the caller needs: the request is served.",
    next_open="Go on with “{intent}” where the assistant stopped.",
    next_open_unnamed="Ask what the caller needs.",
)

RUSSIAN = ScreenWords(
    levels={
        "L0": "Личность не установлена",
        "L1": "Номер известен",
        "L2": "Данные совпали",
        "L3": "Код подтверждён",
        "L4": "Два фактора",
        "HUMAN": "Проверено человеком",
    },
    evidence={
        "ani": "номер телефона",
        "attest_a": "подпись оператора связи",
        "dob": "дата рождения",
        "name": "имя",
        "policy_no": "номер полиса",
        "otp": "одноразовый код",
        "pin": "PIN",
        "spoken_id": "сказанное о себе",
        "attestation": "подпись оператора связи",
        "birth_date": "дата рождения",
        "policy_number": "номер полиса",
        "account_number": "номер счёта",
        "postcode": "почтовый индекс",
        "passphrase": "кодовая фраза",
        "voiceprint": "голос",
        "service": "ваша система",
    },
    warnings={
        "vulnerable": "Уязвимый клиент: не торопите, ничего не продавайте",
        "complaint": "Есть открытая жалоба",
        "no_offers": "Без предложений: клиент просил об этом",
    },
    blocked={
        "g.resolved": "сначала решите вопрос",
        "g.positive": "разговор шёл плохо",
        "g.never_intents": "не при таком вопросе",
        "g.vulnerable": "уязвимый клиент",
        "g.repeat": "клиент уже звонил об этом",
        "g.wait": "клиент долго ждал",
        "g.load": "сейчас слишком много звонков",
        "g.cap": "недавно уже предлагали",
        "g.optout": "клиент просил не предлагать",
        "g.consent": "нет согласия на рекламу",
        "g.level": "личность подтверждена слабо",
        "g.bot_disclosed": "не сказано, что отвечает робот",
        "g.suspended": "таким клиентам предложения приостановлены",
    },
    statuses={"resolved": "Решено", "informed": "Дан ответ", "failed": "Не вышло", "open": "Не закончено"},
    next_failed="Завершите «{intent}» вручную и подтвердите клиенту.",
    next_failed_unnamed="Завершите вопрос вручную.",
    next_served="Спросите, нужно ли что-то ещё: вопрос решён.",
    next_open="Продолжите «{intent}» с того места, где остановился помощник.",
    next_open_unnamed="Спросите, что нужно клиенту.",
)

SCREEN_WORDS: Mapping[str, ScreenWords] = {"en": ENGLISH, "ru": RUSSIAN}
