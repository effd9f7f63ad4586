// Keeps the table of calls fresh: an event that changes a record fetches the table again, at most once a second.
"use strict";

let waiting = false;

async function refresh() {
  waiting = false;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
  if (fresh) document.getElementById("main").replaceWith(fresh);
}

const stream = new EventSource("/calls/events");
stream.addEventListener("call", (event) => {
  const { kind } = JSON.parse(event.data);
  if (waiting || !/^(call|handoff|identity|dialog\.request)/.test(kind)) return;
  waiting = true;
  setTimeout(refresh, 1000);
});
addEventListener("pagehide", () => stream.close());
