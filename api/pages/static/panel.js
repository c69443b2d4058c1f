// Puts the consent panel into a shop's form: a frame that has no origin, and a hidden field.
// It reads nothing of the page but its own attributes, keeps nothing, and asks nobody else.
"use strict";
(() => {
  const script = document.currentScript;
  const LONGEST = 16384, HIGHEST = 20000;

  const address = () => {
    const asked = new URL("/panel/choices", script.src);
    const { purposes = "", language = document.documentElement.lang } = script.dataset;
    const named = purposes.split(",").map((one) => one.trim()).filter(Boolean);
    if (named.length) asked.searchParams.set("purposes", named.join(","));
    if (language) asked.searchParams.set("language", language);
    return asked.href;
  };

  // What comes by the frame's own port, if it is of the shape that a panel sends.
  const fits = (said) =>
    typeof said === "object" && said !== null &&
    typeof said.value === "string" && said.value.length <= LONGEST &&
    typeof said.title === "string" &&
    Number.isInteger(said.height) && said.height > 0 && said.height <= HIGHEST;

  const begin = () => {
    const place = document.querySelector("[data-tillit-panel]");
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = "tillit-consent";
    input.autocomplete = "off";
    input.value = ""; // nothing is answered until it is

    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts"); // no origin: no cookies, no storage
    frame.credentialless = true;
    frame.referrerPolicy = "no-referrer";
    frame.width = "100%";
    frame.height = "0"; // nothing to see before the panel has spoken, nor where it cannot be had
    frame.title = "Tillit";
    frame.style.border = "0";
    frame.style.display = "block";

    let port = null;
    // Nothing that is said to the page is listened to: only what the frame says by this port.
    frame.addEventListener("load", () => {
      input.value = "";
      port?.close();
      const channel = new MessageChannel();
      port = channel.port1;
      port.onmessage = ({ data }) => {
        if (!fits(data)) return;
        frame.title = data.title;
        frame.height = String(data.height);
        if (input.value === data.value) return;
        input.value = data.value;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      };
      frame.contentWindow.postMessage("tillit-panel", "*", [channel.port2]);
    });
    if (place) place.append(frame, input);
    else script.after(frame, input);
    input.form?.addEventListener("reset", () => port?.postMessage("reset"));
    frame.src = address();
  };

  if (!script) return;
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
