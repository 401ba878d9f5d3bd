// Shows every time by the visitor's own clock, the meeting's own beside it, and sorts the week into the visitor's days.
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const city = here.split("/").pop().replaceAll("_", " ");
const day = { weekday: "short", day: "numeric", month: "short" };
const moment = new Intl.DateTimeFormat("en-GB", { ...day, hour: "2-digit", minute: "2-digit" });
const dayName = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });

for (const time of document.querySelectorAll("time[datetime]")) {
  const there = time.textContent;
  const ours = (time.textContent = moment.format(new Date(time.dateTime)));
  const zone = time.nextElementSibling;
  const [weekday, clock] = [there.slice(0, 3), there.slice(-5)];
  if (ours.slice(-5) === clock && ours.startsWith(weekday)) zone.remove();
  else zone.textContent = `(${ours.startsWith(weekday) ? "" : `${weekday} `}${clock} in ${zone.dataset.city})`;
}

const note = document.querySelector(".zone-note");
if (note) note.firstElementChild.textContent = `Times are those of your own clock (${city}).`;

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
