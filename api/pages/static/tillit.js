// What pages do more easily with a script; each of them does all of it without one.
"use strict";

// A form that is being sent is not sent twice; one that fetches a file leaves its page as it is.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("again" in form.dataset) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
});

// Coming back through history, a page may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-busy");
  }
});

// A list that is chosen from goes there at once; its button is for whoever has no script.
for (const select of document.querySelectorAll("select[data-at-once]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
  for (const button of select.form.querySelectorAll("button")) button.hidden = true;
}

// Where something was just said, it is read out and seen first: of a form, and not of how things are.
const said = document.querySelector(".said, .wrong[role=alert]");
if (said) {
  said.tabIndex = -1;
  said.focus({ preventScroll: false });
}
