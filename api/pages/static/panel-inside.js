// Inside the consent panel's frame: tells the page around it what is answered, and how high it is.
"use strict";
{
  const panel = document.querySelector("main");
  const asks = panel.querySelectorAll("[data-purpose]");
  let port = null;

  // A browser that goes back may remember; whoever is asked anew has answered nothing.
  const clear = () => {
    for (const one of panel.querySelectorAll("input")) one.checked = one.defaultChecked;
  };

  // "Not now" is no answer, and nothing is sent of it; where nothing is answered, nothing at all.
  const said = () => {
    const answers = {};
    for (const ask of asks) {
      const { purpose, language, terms } = ask.dataset;
      const answer = ask.querySelector("input:checked").value;
      if (answer) answers[purpose] = { allow: answer === "yes", language, terms };
    }
    if (!Object.keys(answers).length) return "";
    const { programme, shown } = panel.dataset;
    return JSON.stringify({ programme: Number(programme), shown, answers });
  };

  const tell = () => {
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    port?.postMessage({ value: said(), height, title: document.title });
  };

  clear();
  panel.addEventListener("change", tell);
  new ResizeObserver(tell).observe(document.body);
  // Only the page around this one is answered, by the way it hands over, and once.
  window.addEventListener("message", (event) => {
    const { source, data, ports } = event;
    if (port || source !== window.parent || data !== "tillit-panel" || ports.length !== 1) return;
    [port] = ports;
    port.onmessage = () => {
      clear();
      tell();
    };
    tell();
  });
}
