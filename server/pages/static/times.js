// Shows every time by the visitor's own clock, the meeting's own beside it, and sorts the week into the visitor's days.
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const note = document.querySelector(".zone-note[data-clock]"); // without it the visitor has chosen a clock
const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const digits = { numberingSystem: "latn" };
const dayOf = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short", ...digits });
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...digits });
const longDay = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", ...digits });

if (note) {
  const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const city = here.split("/").pop().replaceAll("_", " ");
  note.firstElementChild.textContent = say(note.dataset.clock, { city });
  for (const time of document.querySelectorAll("time[datetime]")) {
    const zone = time.nextElementSibling;
    const moment = new Date(time.dateTime);
    const there = zone.dataset;
    if (-moment.getTimezoneOffset() === Number(there.offset)) {
      zone.remove();
      continue;
    }
    time.textContent = `${dayOf.format(moment)}, ${clock.format(moment)}`;
    const isSameDay = moment.getDate() === Number(there.date);
    zone.textContent = `(${say(note.dataset.there, { city: there.city, time: isSameDay ? there.time : `${there.day}, ${there.time}` })})`;
  }
  for (const week of document.querySelectorAll(".days")) sort(week);
  // What is asked for next is asked for by the same clock.
  const zone = document.querySelector("[data-zone]");
  if (zone) {
    zone.value = here;
    zone.disabled = false;
    for (const link of document.querySelectorAll(".day-tabs a, .pager a")) {
      const address = new URL(link.href);
      address.searchParams.set("zone", here);
      link.href = address;
    }
  }
}

function sort(week) {
  const days = new Map();
  for (const meeting of week.querySelectorAll("li")) {
    const day = longDay.format(new Date(meeting.querySelector("time").dateTime));
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
