// "Leave quickly": at once to a neutral page, which takes the place of this one in the tab's history. Escape three times
// does the same. Runs before the rest of the page is there.
const WITHIN = 1500; // ms
let presses = [];

function leaveQuickly() {
  const to = document.getElementById("leave")?.href ?? "about:blank";
  document.documentElement.hidden = true;
  try {
    sessionStorage.clear();
  } catch {
    // It keeps nothing, then.
  }
  document.cookie = "language=; path=/; max-age=0";
  location.replace(to);
}

addEventListener("click", (event) => {
  if (!(event.target instanceof Element) || !event.target.closest("#leave")) return;
  event.preventDefault();
  leaveQuickly();
});

addEventListener("keydown", (event) => {
  if (event.repeat) return;
  presses = event.key === "Escape" ? [...presses, event.timeStamp].slice(-3) : [];
  if (presses.length === 3 && presses[2] - presses[0] < WITHIN) leaveQuickly();
}, true);
