// Keeps the shell: the built files of the page, and a page that says plainly that there is no line. Nothing of a
// meeting, and no answer of the server about one, ever gets in here.
const SHELL = `openchair-${VERSION}`;
const OFFLINE = "/offline";

addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELL)
      .then((shell) => shell.addAll([OFFLINE, "/static/pages.css", "/static/leave.js", "/static/icon.svg"]))
      .then(() => skipWaiting()),
  );
});

addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== SHELL).map((name) => caches.delete(name))))
      .then(() => clients.claim()),
  );
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => caches.match(OFFLINE)));
  else if (pathname.startsWith("/assets/")) event.respondWith(kept(request));
  else if (pathname.startsWith("/static/")) event.respondWith(fetch(request).catch(() => caches.match(request)));
});

async function kept(request) {
  const shell = await caches.open(SHELL);
  const found = await shell.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await shell.put(request, answer.clone());
  return answer;
}
