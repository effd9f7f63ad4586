// The live parts of the agent page: state, screen pop, transcript, callbacks. Texts enter the page as text only;
// the screen's HTML is rendered and escaped by the server, and scripts in it could not run (CSP, DOMParser).
"use strict";

const desk = document.getElementById("desk");
const agent = desk.dataset.agent;
const words = JSON.parse(desk.dataset.words);
const base = `/agent/${encodeURIComponent(agent)}`;
const title = document.title;
const speakers = { bot: "Assistant", caller: "Caller", agent: "Agent" };
const byId = (id) => document.getElementById(id);
let since = Date.now() - Number(byId("state").dataset.sinceMs);

function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.textContent = at.toLocaleString([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
    if (time.nextSibling && time.nextSibling.textContent.trim() === "UTC") time.nextSibling.textContent = "";
  }
}

function showState(state, sinceMs) {
  const shown = byId("state");
  shown.dataset.state = state;
  shown.querySelector(".word").textContent = words[state] || state;
  since = Date.now() - sinceMs;
  for (const button of byId("presence").querySelectorAll("button")) {
    const pressed = (button.value === "ready" && state === "available") || (button.value === state);
    button.setAttribute("aria-pressed", String(pressed));
  }
  tick();
}

function tick() {
  const s = Math.max(0, Math.floor((Date.now() - since) / 1000));
  const clock = s < 3600 ? `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}` : `${Math.floor(s / 3600)} h`;
  byId("state").querySelector(".for").textContent = clock;
}

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
  item.className = speakers[line.who] ? line.who : "";
  if (line.seq) item.dataset.seq = line.seq;
  const who = document.createElement("b");
  who.textContent = speakers[line.who] || "";
  const text = document.createElement("span");
  text.textContent = line.text;
  item.append(who, text);
  list.append(item);
  list.scrollTop = list.scrollHeight;
}

function waitForCall() {
  const section = document.createElement("section");
  section.className = "waiting";
  const big = document.createElement("p");
  big.className = "big";
  big.textContent = "Waiting for a call";
  const small = document.createElement("p");
  small.className = "faint";
  small.textContent = "Who calls and why appears here before your phone rings.";
  section.append(big, small);
  byId("screen").replaceChildren(section);
  document.title = title;
}

function pop(data) {
  replaceScreen(data.html);
  document.title = `☎ ${data.title}`;
  byId("announce").textContent = `Call coming: ${data.title}`;
  // Two frames later it is on the glass; a hidden tab draws no frames, and so does not claim to show it.
  requestAnimationFrame(() => requestAnimationFrame(() => {
    fetch(`${base}/shown/${encodeURIComponent(data.pop_id)}`, { method: "POST" }).catch(() => lost());
  }));
}

function notice(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

function lost() {
  byId("connection").dataset.live = "no";
  byId("connection").textContent = "Reconnecting…";
}

async function send(form, fields) {
  const sent = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) };
  try {
    const answer = await fetch(form.action, sent);
    const body = await answer.json();
    notice(answer.ok ? "" : body.error);
    return answer.ok ? body : null;
  } catch {
    notice("The server does not answer. Try again.");
    return null;
  }
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
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form, event.submitter));
  const body = await send(form, fields);
  if (form.id === "presence") {
    if (body) showState(body.state, body.since_ms);
    if (body && body.state === "available") waitForCall();
  } else {
    await refreshCallbacks();
  }
});

function listen(stream, name, act) {
  stream.addEventListener(name, (event) => act(JSON.parse(event.data)));
}

const stream = new EventSource(`${base}/events`);
stream.addEventListener("open", () => {
  byId("connection").dataset.live = "yes";
  byId("connection").textContent = "Live";
});
stream.addEventListener("error", lost);
listen(stream, "state", (data) => {
  showState(data.state, data.since_ms || 0);
  if (data.state === "available" && document.querySelector(".who")) waitForCall();
});
listen(stream, "pop", pop);
listen(stream, "history", (data) => data.lines.forEach(addLine));
listen(stream, "transcript", addLine);
listen(stream, "ended", () => {
  const mark = document.querySelector(".ended");
  if (mark) mark.hidden = false;
  document.title = title;
});
listen(stream, "clear", waitForCall);
listen(stream, "callbacks", refreshCallbacks);
addEventListener("pagehide", () => stream.close());

showState(byId("state").dataset.state, Number(byId("state").dataset.sinceMs));
localise(document);
setInterval(tick, 1000);
