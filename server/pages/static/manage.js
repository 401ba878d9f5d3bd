// The manage link's secret stands in the address, where no server sees it: handed over as if it had been pasted.
const ask = document.getElementById("open");
const key = new URLSearchParams(location.hash.slice(1)).get("key");
if (ask && key && !("refused" in ask.dataset)) {
  ask.elements.key.value = key;
  ask.requestSubmit(ask.elements.do);
}
// And put back there once the page is open, so that it can be kept and reloaded.
const opened = document.querySelector("[data-key]");
if (opened) history.replaceState(null, "", `${location.pathname}#key=${opened.dataset.key}`);
