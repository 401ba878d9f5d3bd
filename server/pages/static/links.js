// Copies and prints links.
const status = document.getElementById("status");

async function copy(text) {
  await navigator.clipboard.writeText(text);
  status.textContent = "";
  requestAnimationFrame(() => (status.textContent = status.dataset.copied));
}

const links = [...document.querySelectorAll(".link")];
if (navigator.clipboard) {
  for (const link of links) {
    const button = link.querySelector("[data-copy]");
    button.hidden = false;
    button.addEventListener("click", () => copy(link.querySelector("[data-url]").href));
  }
  const all = document.querySelector("[data-copy-all]");
  all.hidden = false;
  all.addEventListener("click", () =>
    copy(links.map((link) => `${link.querySelector("h2").textContent}: ${link.querySelector("[data-url]").href}`).join("\n")),
  );
}
const print = document.querySelector("[data-print]");
print.hidden = false;
print.addEventListener("click", () => window.print());

// What was posted is not posted again by reloading: from here on this is the manage page, if one holds its link.
const { manage } = document.querySelector(".links").dataset;
if (manage) {
  const { pathname, hash } = new URL(manage);
  history.replaceState(null, "", pathname + hash);
}
