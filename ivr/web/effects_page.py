"""The effect page: "Always?", what it rests on, and what the automation does besides. Owns the page, its exports and
the one thing a person does here: reopening a group that was suspended."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from aiohttp import web

from ivr.call.journal import wall_clock
from ivr.log import get_log
from ivr.model.offers import EVERYBODY
from ivr.offers.effects.words import MEASURED, OUTCOMES, STATED, VERDICTS, likelihood, number
from ivr.web.api import DESK, body_of
from ivr.web.effects_charts import Interval, closing_in, forest
from ivr.web.effects_words import FIGURES, HOW, WORDS
from ivr.web.guard import error
from ivr.web.language import language_of
from ivr.web.pages import GUARD, page

routes = web.RouteTableDef()
MARKS = {"hates": "bad", "likes": "good", "does_not_mind": "good"}
_log = get_log("web.effects")


@routes.get("/effects")
async def effects_page(request: web.Request) -> web.Response:
    """What offers do; ?price_csat=... with other prices of harm."""
    return await _page(request, "title")


@routes.get("/direct")
async def direct_page(request: web.Request) -> web.Response:
    """What the automation does, directly and indirectly."""
    return await _page(request, "direct_title")


async def _page(request: web.Request, part: str) -> web.Response:
    desk, language = request.app[DESK], language_of(request)
    document = await desk.effects() if desk.effects is not None else None
    off = [each for each in await desk.store.suspensions() if not each.reopened_at]
    words = {
        "assistant": desk.assistant,
        "login": request.app[GUARD].needs_login,
        "language": language,
        "part": part,
        "money": _money(document, request.query) if document and document["report"] else None,
        "missing": _missing(document["ledger"], language) if document else {},
        "w": WORDS[language],
        "off": off,
        "document": document,
        "report": document["report"] if document else None,
        "verdicts": VERDICTS[language],
        "how": HOW[language],
        "figures": FIGURES[language],
        "outcomes": OUTCOMES[language],
        "stated": STATED[language],
        "measured": MEASURED,
        "charts": _charts(document, language) if document and document["report"] else [],
        "groups": document["report"]["groups"] if document and document["report"] else [],
        "titles": _titles(document, language),
        "number": partial(number, language=language),
        "likely": _likely(document["report"], language) if document and document["report"] else [],
    }
    return page("effects.html", request, words)


@routes.get("/api/effects")
async def effects_json(request: web.Request) -> web.Response:
    """What the page shows, as data."""
    desk = request.app[DESK]
    if desk.effects is None:
        return error(404, "no effects are reported here")
    return web.json_response(dict(await desk.effects()))


@routes.get("/api/effects.csv")
async def effects_csv(request: web.Request) -> web.Response:
    """The figures, one a line, for a spreadsheet."""
    desk = request.app[DESK]
    if desk.effects is None:
        return error(404, "no effects are reported here")
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(("part", "group", "figure", "value", "low", "high", "unit", "how", "rows"))
    lines.writerows(_lines(await desk.effects()))
    headers = {"Content-Disposition": 'attachment; filename="effects.csv"'}
    return web.Response(text=written.getvalue(), content_type="text/csv", headers=headers)


@routes.post("/effects/reopen")
async def reopen(request: web.Request) -> web.Response:
    """A person takes a suspension back, and signs for it."""
    body = await body_of(request)
    group, by = str(body.get("group", "")), str(body.get("by", "")).strip()
    if not group or not by:
        raise web.HTTPBadRequest(reason="say which group, and who you are")
    if not await request.app[DESK].store.reopen(group, wall_clock(), by[:80]):
        raise web.HTTPNotFound(reason="this group is not suspended")
    _log.warning("offers.reopened", group=group, by=by[:80])
    return web.Response(status=303, headers={"Location": "/effects"})


def _money(document: Mapping[str, Any], asked: Mapping[str, str]) -> dict[str, Any] | None:
    """Revenue, harm and net of an opportunity at the file's prices, or at those asked for; a price nobody can read is
    the file's."""
    report, prices = document["report"], dict(document["prices"])
    if report["money"] is None:
        return None
    for name, stated in document["prices"].items():
        try:
            price = float(asked.get(f"price_{name}", "").replace(",", "."))
        except ValueError:
            continue
        prices[name] = price if math.isfinite(price) else stated
    effects = {f["outcome"]: f["effect"] for f in report["overall"]}
    harm = sum(price * effects[name] for name, price in prices.items() if name in effects)
    revenue = report["money"]["revenue"]
    return {"revenue": revenue, "harm": harm, "net": revenue - harm, "prices": prices}


def _titles(document: Mapping[str, Any] | None, language: str) -> dict[str, str]:
    """What groups are called; everybody is one."""
    report = document["report"] if document else None
    titles = {group: of[language] for group, of in report["titles"].items()} if report else {}
    return {**titles, EVERYBODY: WORDS[language]["everybody"]}


def _likely(report: Mapping[str, Any], language: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(outcome, its margin, a cell for everybody and each group) of every harm; a cell: what it says, and why."""
    words, rows = WORDS[language], dict[str, tuple[str, str, list[tuple[str, str]]]]()
    for each in report["p_harm_beyond_margin"]["readings"]:
        name = each["outcome"]
        margin = words["points"].format(points=f"{100 * each['margin']:g}")
        cells = rows.setdefault(name, (OUTCOMES[language][name], margin, []))[2]
        early = (words["young"], words["callers"].format(**each))
        cells.append(early if each["p"] is None else (likelihood(each["p"]), ""))
    return list(rows.values())


def _missing(ledger: Sequence[Mapping[str, Any]], language: str) -> dict[str, dict[str, list[str]]]:
    """Column -> what it takes -> figures that are not measurable yet."""
    found: dict[str, dict[str, list[str]]] = {"direct": {}, "indirect": {}, "offers": {}}
    for figure in ledger:
        if figure["value"] is None:
            names = found[figure["column"]].setdefault(figure["note"].get(language, ""), [])
            names.append(FIGURES[language].get(figure["name"], figure["name"]))
    return found


def _lines(document: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    for figure in document["ledger"]:
        cells = (figure[name] for name in ("name", "value", "low", "high", "unit", "how", "rows"))
        yield (figure["column"], "", *cells)
    report = document["report"]
    if report is None:
        return
    parts = [("", report["overall"]), *((group["group"], group["findings"]) for group in report["groups"])]
    for group, findings in parts:
        for f in findings:
            yield ("experiment", group, f["outcome"], f["effect"], f["low"], f["high"], "", "randomised", f["rows"])
    for each in report["p_harm_beyond_margin"]["readings"]:
        named, callers = (
            f"p_harm_beyond_margin {each['outcome']}",
            sum(p["treated"] + p["held"] for p in each["phases"]),
        )
        yield ("posterior", each["group"], named, each["p"], "", "", "probability", "decides nothing", callers)
    for each in report["stated"]["said"] if report["stated"] else ():
        cells = (each[name] for name in ("answer", "share", "low", "high"))
        yield ("stated", "", *cells, "share", "of those who answered", report["stated"]["answered"])
    for group in report["groups"]:
        yield ("verdict", group["group"], group["verdict"], "", "", "", "", "randomised", group["rows"])
    for value in document["policies"]:
        cells = (value[name] for name in ("policy", "value", "low", "high"))
        yield ("ranking", "", *cells, document["currency"], "from the log", round(value["effective"]))


def _charts(document: Mapping[str, Any], language: str) -> list[tuple[str, str, Any]]:
    """(title, legend, drawing) of every chart there are data for."""
    words, report, made = WORDS[language], document["report"], []
    for outcome, title, form in (("csat", words["satisfaction"], "+.2f"), ("annoyed", words["annoyed"], "+.1%")):
        limit = document["margins"].get(outcome)
        lines = [_interval(f, words["everybody"], "") for f in report["overall"] if f["outcome"] == outcome]
        for group in report["groups"]:
            found = [f for f in group["findings"] if f["outcome"] == outcome]
            name = report["titles"][group["group"]][language]
            lines += [_interval(f, name, MARKS.get(group["verdict"], "")) for f in found]
        if lines:
            made.append((title, words["legend"], forest(lines, title=title, limit=limit, form=form)))
        looks = [look for look in document["looks"] if look["outcome"] == outcome]
        if len(looks) > 1:
            course = f"{title}. {words['course']}"
            made.append((course, words["course_legend"], closing_in(looks, title=course, limit=limit, form=form)))
    values = [
        Interval(
            label=v["policy"],
            value=v["value"],
            low=v["low"] if v["trusted"] else None,
            high=v["high"] if v["trusted"] else None,
            thin_low=v["low"],
            thin_high=v["high"],
        )
        for v in document["policies"]
    ]
    if values:
        drawn = forest(values, title=words["policies"], limit=None)
        made.append((words["policies"], words["policies_legend"], drawn))
    return made


def _interval(finding: Mapping[str, Any], label: str, mark: str) -> Interval:
    return Interval(
        label=label,
        value=finding["effect"],
        low=finding["low"],
        high=finding["high"],
        thin_low=finding["fixed"][0],
        thin_high=finding["fixed"][1],
        mark=mark,
    )
