// Shows every time by the visitor's own clock, the meeting's own beside it, and sorts the week into the visitor's days.
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const spaced = (zone) => zone.replaceAll("_", " ");
const moment = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayName = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });

for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  const there = time.textContent.split(", ").pop();
  const zone = time.nextElementSibling;
  time.textContent = moment.format(at);
  if (clock.format(at) === there) zone.remove();
  else zone.textContent = `(there ${there}, ${zone.textContent.slice(1, -1)})`;
}

const note = document.querySelector(".zone-note");
if (note) note.textContent = `Times are those of your own clock (${spaced(here)}).`;

for (const week of document.querySelectorAll(".days")) {
  const days = new Map();
  for (const meeting of week.querySelectorAll("li")) {
    const day = dayName.format(new Date(meeting.querySelector("time").dateTime));
    days.set(day, [...(days.get(day) ?? []), meeting]);
  }
  week.replaceChildren(
    ...[...days].flatMap(([day, meetings]) => {
      const heading = document.createElement("h3");
      heading.textContent = day;
      const list = document.createElement("ul");
      list.className = "meetings";
      list.append(...meetings);
      return [heading, list];
    }),
  );
}
