// What a script can spare whoever fills in a form: the time zone, the key that stands in the address, a second press.
const zone = document.querySelector("[data-guess]");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !zone.value && [...zone.options].some((option) => option.value === here)) zone.value = here;

const given = new URLSearchParams(location.hash.slice(1));
for (const field of document.querySelectorAll("[data-fragment]")) {
  field.value ||= given.get(field.dataset.fragment) ?? "";
}

// An open agenda keeps the page long: back to where one was is a matter of the fragment in the button's address.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
});
