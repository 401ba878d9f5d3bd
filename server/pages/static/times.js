// Shows every time in the visitor's own zone, and keeps the meeting's own beside it.
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const format = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", hour: "numeric", minute: "2-digit" });
for (const time of document.querySelectorAll("time[datetime]")) {
  const zone = time.nextElementSibling;
  const theirs = time.textContent;
  const mine = format.format(new Date(time.dateTime));
  if (zone?.classList.contains("zone") && zone.textContent !== `(${here.replaceAll("_", " ")})`) {
    time.textContent = mine;
    zone.textContent = `(your time; there it is ${theirs.split(", ").pop()} ${zone.textContent.slice(1, -1)})`;
  } else {
    time.textContent = mine;
    zone?.remove();
  }
}
