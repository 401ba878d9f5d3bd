// Changes and deletes a meeting through the API. The key stays in the address's fragment, which no server sees.
const key = new URLSearchParams(location.hash.slice(1)).get("key");
const page = document.getElementById(key ? "with-key" : "no-key");
const status = document.getElementById("status");
const change = document.getElementById("change");
page.hidden = false;

function say(text, links = {}) {
  const list = document.createElement("ul");
  for (const [name, url] of Object.entries(links)) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = link.textContent = url;
    item.append(`New ${name} link, shown this once: `, link);
    list.append(item);
  }
  status.replaceChildren(text, ...(list.childElementCount ? [list] : []));
}

async function ask(method, body) {
  try {
    const answer = await fetch(`/api/meetings/${page.dataset.slug}`, {
      method,
      headers: { "Authorization": `Bearer ${key}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const told = answer.status === 204 ? {} : await answer.json();
    if (answer.ok) return told;
    const field = change.elements.namedItem(told.error.field ?? "");
    if (field instanceof HTMLElement) field.focus();
    say(told.error.message);
  } catch {
    say("The server cannot be reached. Nothing was changed; please try again.");
  }
  return null;
}

change.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(change);
  const body = { name: form.get("name"), description: form.get("description"), listed: form.has("listed") };
  const passcode = form.get("passcode-is");
  if (passcode === "new" && !form.get("passcode")) return say("Please type the new passcode.");
  if (passcode !== "kept") body.passcode = passcode === "new" ? form.get("passcode") : null;
  if (form.has("renew")) body.renew = form.getAll("renew");
  const told = await ask("PATCH", body);
  if (!told) return;
  const links = Object.fromEntries((body.renew ?? []).map((role) => [role, told[`${role}_url`]]));
  say("Saved.", links);
  for (const box of change.querySelectorAll("[name=renew]")) box.checked = false;
  if (links.manage) {
    status.append("From now on this page works from its new link only.");
    change.hidden = document.getElementById("delete").hidden = true;
  }
});

document.getElementById("delete").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!(await ask("DELETE"))) return;
  change.hidden = event.target.hidden = true;
  say("The meeting is deleted.");
});
