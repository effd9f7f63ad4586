// The live parts of the agent page: state, signs of life, screen pop, transcript, notes of the call, callbacks. Texts enter the
// page as text only; the screen's HTML is rendered and escaped by the server, and scripts in it could not run (CSP, DOMParser).
"use strict";

const desk = document.getElementById("desk");
const words = JSON.parse(desk.dataset.words);
const reasons = JSON.parse(desk.dataset.reasons);
const mine = desk.dataset.mine === "yes";
const base = `/agent/${encodeURIComponent(desk.dataset.agent)}`;
const title = document.title;
const byId = (id) => document.getElementById(id);
const markIn = (root) => root.querySelector('meta[name="csrf"]')?.content || "";
let csrf = markIn(document);
const page = `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
let since = Date.now() - Number(byId("state").dataset.sinceMs);
let until = 0;

// ---- sending ----

// Whoever was signed out and signs in again in another tab has a new mark; this page goes on with it.
async function renewMark() {
  const answer = await fetch(base);
  if (!answer.ok || answer.redirected) return false;
  const fresh = markIn(new DOMParser().parseFromString(await answer.text(), "text/html"));
  const changed = fresh !== csrf;
  csrf = fresh;
  return changed;
}

async function post(url, fields, quiet = false, again = true) {
  const headers = { "Content-Type": "application/json" };
  if (csrf) headers["X-Csrf-Token"] = csrf;
  try {
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(fields), keepalive: true });
    const body = answer.status === 204 ? {} : await answer.json();
    if (answer.status === 403 && again && (await renewMark())) return post(url, fields, quiet, false);
    if (answer.status === 401) notice(words.signed_out);
    else if (!quiet) notice(answer.ok ? "" : body.error);
    return answer.ok ? body : null;
  } catch {
    if (!quiet) notice(words.no_server);
    return null;
  }
}

function beat(leaving) {
  if (mine) post(`${base}/beat`, leaving ? { page, leaving } : { page }, true);
}

function notice(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

function lost() {
  byId("connection").dataset.live = "no";
  byId("connection").textContent = words.reconnecting;
}

// ---- state ----

function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const form = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    time.textContent = at.toLocaleString(document.documentElement.lang, form);
    if (time.nextSibling && time.nextSibling.textContent.trim().startsWith("UTC")) {
      time.nextSibling.textContent = time.nextSibling.textContent.replace("UTC", "");
    }
  }
}

function showState({ state, since_ms, reason, left_ms }) {
  const shown = byId("state");
  if (shown.dataset.state === "wrap_up" && state !== "wrap_up") saveLate();
  shown.dataset.state = desk.dataset.state = state;
  const word = shown.querySelector(".word");
  if (word.textContent !== (words[state] || state)) word.textContent = words[state] || state;
  shown.querySelector(".because").textContent = state === "not_ready" ? reasons[reason] || words[reason] || reason || "" : "";
  since = Date.now() - (since_ms || 0);
  until = state === "wrap_up" && left_ms ? Date.now() + left_ms : 0;
  for (const button of byId("presence").querySelectorAll(":scope > button")) {
    const pressed = (button.value === "ready" && state === "available") || button.value === state;
    button.setAttribute("aria-pressed", String(pressed));
  }
  tick();
}

function tick() {
  const s = Math.max(0, Math.floor((until ? until - Date.now() : Date.now() - since) / 1000));
  const clock = s < 3600 ? `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}` : `${Math.floor(s / 3600)} h`;
  byId("state").querySelector(".for").textContent = until ? `−${clock}` : clock;
}

// ---- the call ----

function replaceScreen(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  byId("screen").replaceChildren(...parsed.body.children);
  localise(byId("screen"));
}

function addLine(line) {
  const list = byId("lines");
  if (!list) return;
  const last = Number(list.lastElementChild?.dataset.seq || 0);
  if (line.seq && line.seq <= last) return;
  const item = document.createElement("li");
  item.className = ["bot", "caller", "agent"].includes(line.who) ? line.who : "";
  if (line.seq) item.dataset.seq = line.seq;
  const who = document.createElement("b");
  who.textContent = words[item.className] || "";
  const text = document.createElement("span");
  text.textContent = words[line.mark] || line.text;
  item.append(who, text);
  const following = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.append(item);
  if (following) list.scrollTop = list.scrollHeight;
}

function waitForCall() {
  const section = document.createElement("section");
  section.className = "waiting";
  for (const [kind, text] of [["big", words.waiting], ["faint", words.waiting_more]]) {
    const line = document.createElement("p");
    line.className = kind;
    line.textContent = text;
    section.append(line);
  }
  byId("screen").replaceChildren(section);
  document.title = title;
  openWrap("");
}

function pop(data) {
  if (data.call_id !== byId("wrap").dataset.call) saveLate();
  replaceScreen(data.html);
  if (data.call_id !== byId("wrap").dataset.call) openWrap(data.call_id, data.noted);
  document.title = `☎ ${data.title}`;
  byId("announce").textContent = `${words.call_coming}: ${data.title}`;
  // Two frames later it is on the glass; a hidden tab draws no frames, and so does not claim to show it.
  if (mine) {
    requestAnimationFrame(() => requestAnimationFrame(() => {
      post(`${base}/shown/${encodeURIComponent(data.pop_id)}`, {}, true);
    }));
  }
}

// ---- notes of the call: buttons are stored at once, the rest when saved or when the wrap-up ends ----

const wrap = byId("wrap");
const isOn = (part) => wrap.querySelector(`[data-part="${part}"]`).getAttribute("aria-pressed") === "true";
let unsaved = false;

function openWrap(call, noted = {}) {
  wrap.dataset.call = call;
  wrap.action = `/api/calls/${encodeURIComponent(call || "none")}/wrap-up`;
  wrap.querySelector("fieldset").disabled = !call || !mine;
  for (const toggle of wrap.querySelectorAll(".toggle")) {
    toggle.setAttribute("aria-pressed", String(Boolean(noted[toggle.dataset.part])));
  }
  byId("code").value = noted.code || "";
  byId("note").value = noted.note || "";
  unsaved = false;
}

// The card comes from the server: what is offered is drawn and stored there, and only when the request is solved.
async function askForOffer() {
  const call = wrap.dataset.call;
  const body = call && (await post(`/api/calls/${encodeURIComponent(call)}/offer`, { agent_id: desk.dataset.agent }, true));
  if (body) showOffer(body.html);
}

function showOffer(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("offer");
  if (fresh && byId("offer")) byId("offer").replaceWith(fresh);
}

// When the agent ticked that product and price were read back is part of the proof.
document.addEventListener("change", ({ target }) => {
  if (target.name === "told") target.dataset.at = target.checked ? Date.now() : "";
});

// A mark holds at once on every page that shows the call; a page that is not connected has it from its own answer.
function showCare({ call_id, warnings, offer }) {
  const fresh = new DOMParser().parseFromString(warnings, "text/html").getElementById("warnings");
  if (!fresh || !byId("warnings") || call_id !== wrap.dataset.call) return;
  localise(fresh);
  byId("warnings").replaceWith(fresh);
  byId("caring")?.remove();
  showOffer(offer);
}

async function answerOffer(form, fields) {
  const boxes = [...form.querySelectorAll('[name="told"]')];
  const open = boxes.filter((box) => !box.checked);
  if (fields.answer === "accepted" && open.length) {
    notice(words.tick_first);
    open[0].focus();
    return;
  }
  const told = boxes.filter((box) => box.checked).map((box) => box.value).join(",");
  const read = Number(form.querySelector('[name="told"][value="read_back"]')?.dataset.at);
  const body = await post(form.action, { ...fields, told, ticked_s: read ? (Date.now() - read) / 1000 : 0 });
  if (body) showOffer(body.html);
}

async function note(fields) {
  const call = wrap.dataset.call;
  if (!call) return null;
  const body = await post(wrap.action, { ...fields, agent_id: desk.dataset.agent });
  if (body) say(words.saved);
  return body;
}

function say(text) {
  byId("saved").textContent = text;
  setTimeout(() => { byId("saved").textContent = ""; }, 4000);
}

function written() {
  return { code: byId("code").value, note: byId("note").value, solved: isOn("solved"), asked_again: isOn("asked_again") };
}

async function saveLate() {
  if (!unsaved || !mine) return;
  unsaved = false;
  if (await note(written())) say(words.saved_late);
}

wrap.addEventListener("input", () => { unsaved = true; });
wrap.addEventListener("click", async (event) => {
  const toggle = event.target.closest(".toggle");
  if (!toggle) return;
  event.preventDefault();
  const on = toggle.getAttribute("aria-pressed") !== "true";
  toggle.setAttribute("aria-pressed", String(on));
  const stored = await note({ [toggle.dataset.part]: on });
  if (!stored) toggle.setAttribute("aria-pressed", String(!on));
  else if (toggle.dataset.part === "solved") await askForOffer();
});
wrap.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!byId("code").value) {
    notice(words.choose_first);
    byId("code").focus();
    return;
  }
  unsaved = false;
  const saved = await note(written());
  unsaved = !saved;
  if (saved && event.submitter?.dataset.then === "ready") setState({ state: "ready" });
});

// ---- buttons and keys ----

async function setState(fields) {
  const body = await post(byId("presence").action, { ...fields, page });
  if (body) showState(body);
  if (body && body.state === "available") waitForCall();
}

async function refreshCallbacks() {
  try {
    const answer = await fetch(base);
    if (!answer.ok) return;
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = parsed.getElementById("callbacks");
    if (!fresh) return;
    byId("callbacks").replaceWith(fresh);
    localise(fresh);
  } catch {
    lost();
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form === wrap || form.matches(".languages") || form.action.endsWith("/logout")) return;
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form, event.submitter));
  if (form.id === "presence") {
    byId("reasons").open = false;
    await setState(fields);
  } else if (form.matches(".answers")) {
    await answerOffer(form, fields);
  } else if (form.closest(".caring")) {
    const body = await post(form.action, fields);
    if (body) showCare(body);
  } else if (form.closest(".acts")) {
    closeMenus(null);
    await post(form.action, fields);
  } else {
    await post(form.action, fields);
    await refreshCallbacks();
  }
});

document.addEventListener("toggle", async (event) => {
  if (event.target.id !== "passing" || !event.target.open) return;
  const answer = await fetch(base).catch(() => null);
  const fresh = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("target");
  if (fresh && byId("target")) byId("target").replaceChildren(...fresh.children);
}, true);

function closeMenus(besides) {
  for (const menu of document.querySelectorAll(".menu[open]")) if (menu !== besides) menu.open = false;
}

const keys = {
  KeyR: () => byId("presence").querySelector("button.main").click(),
  KeyN: () => byId("presence").querySelector('[value="not_ready"]').click(),
  KeyP: () => { byId("reasons").open = true; byId("reasons").querySelector("button").focus(); },
  KeyS: () => wrap.querySelector('[data-part="solved"]').click(),
  KeyA: () => wrap.querySelector('[data-part="asked_again"]').click(),
  KeyW: () => byId("code").focus(),
  KeyC: () => { if (byId("caring")?.checkVisibility()) { byId("caring").open = true; byId("caring").querySelector("button").focus(); } },
  Enter: () => wrap.querySelector('[data-then="ready"]').click(),
  Digit1: () => press('.ringing [value="take"]'),
  Digit2: () => press('.ringing [value="return"]'),
  Digit3: () => press('[data-part="solved"]'),
  Digit4: () => press('[data-part="asked_again"]'),
  Digit5: () => press('.answers [value="accepted"]'),
  Digit6: () => press('.answers [value="declined"]'),
  Digit7: () => press('.answers [value="not_now"]'),
  Digit8: () => press('.answers [value="never_again"]'),
  Digit9: () => press('[data-then="ready"]'),
  Digit0: () => { if (byId("passing")?.checkVisibility()) { byId("passing").open = true; byId("target").focus(); } },
};

function press(what) {
  const button = document.querySelector(what);
  if (button?.checkVisibility() && !button.closest("fieldset:disabled")) button.click();
}

const writing = (event) => event.target.closest("input:not([type=checkbox]), select, textarea");

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
  const code = event.code.replace("Numpad", "Digit");
  const alone = !event.altKey && code.startsWith("Digit") && !writing(event) && !event.repeat;
  if (!(event.altKey || alone) || event.ctrlKey || event.metaKey || event.shiftKey || !keys[code]) return;
  event.preventDefault(); // by the key's place, so that it works in any keyboard layout
  keys[code]();
});
document.addEventListener("click", (event) => closeMenus(event.target.closest(".menu")));

// ---- the stream ----

function listen(stream, name, act) {
  stream.addEventListener(name, (event) => act(JSON.parse(event.data)));
}

function connect() {
  const stream = new EventSource(`${base}/events`);
  addEventListener("pagehide", () => stream.close());
  stream.addEventListener("open", () => {
    byId("connection").dataset.live = "yes";
    byId("connection").textContent = words.live;
  });
  stream.addEventListener("error", () => {
    lost();
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 3000); // refused: a browser asks no more by itself
  });
  listen(stream, "state", (data) => {
    showState(data);
    if (data.state === "available" && document.querySelector(".who")) waitForCall();
  });
  listen(stream, "beat", () => beat(false)); // the server counts the seconds: a tab in the background may not
  listen(stream, "pop", pop);
  listen(stream, "care", showCare);
  listen(stream, "history", (data) => data.lines.forEach(addLine));
  listen(stream, "transcript", addLine);
  listen(stream, "ended", () => {
    const mark = document.querySelector(".ended");
    if (mark) mark.hidden = false;
    document.title = title;
  });
  listen(stream, "clear", waitForCall);
  listen(stream, "passing", ({ what }) => {
    if (byId("passed")) byId("passed").textContent = words[what === "kept" ? "still_yours" : what] || "";
  });
  listen(stream, "callbacks", refreshCallbacks);
}

connect();
addEventListener("pagehide", () => beat(true));

const first = byId("state").dataset;
showState({ state: first.state, since_ms: Number(first.sinceMs), left_ms: Number(first.leftMs), reason: first.reason });
localise(document);
setInterval(tick, 1000);
