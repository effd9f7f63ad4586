// Keeps the list of agents fresh while somebody looks at it.
"use strict";

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("agents");
  const shown = document.getElementById("agents");
  if (!fresh || !shown || fresh.innerHTML === shown.innerHTML) return;
  const focused = document.activeElement?.getAttribute("href");
  shown.replaceWith(fresh);
  if (focused) fresh.querySelector(`a[href="${focused}"]`)?.focus();
}

setInterval(refresh, 3000);
