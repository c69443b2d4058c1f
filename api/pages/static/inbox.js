// Keys in the list of requests. They hold only while something in the list has the focus
// (WCAG 2.1.4), and do nothing that links and boxes do not do without them.
"use strict";

const list = document.getElementById("requests");
const keys = document.getElementById("keys");

const rows = () => [...list.querySelectorAll(":scope > li")];

function go(from, by) {
  const all = rows();
  const next = all[all.indexOf(from) + by];
  if (next) next.querySelector("a.open").focus();
}

if (list) {
  list.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const row = event.target.closest("li.card");
    if (!row) return;
    const does = {
      j: () => go(row, 1),
      ArrowDown: () => go(row, 1),
      k: () => go(row, -1),
      ArrowUp: () => go(row, -1),
      x: () => row.querySelector("input[type=checkbox]").click(),
      "?": () => {
        keys.open = true;
        keys.querySelector("summary").focus();
      },
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });
}
