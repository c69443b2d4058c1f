// Checks that an entry is on record, in this browser and without asking anybody.
//
// RFC 6962 (hashing), RFC 9162 (proofs), C2SP signed-note, tlog-checkpoint and tlog-proof, as
// strictly as audit/verify.py: one way to write a number, one to write base64, no line too many.
"use strict";

const MOST_TEXT = 65536, MOST_HASHES = 64, MOST_SIGNATURES = 100, ED25519 = 1;

class Wrong extends Error {}

function must(so) {
  if (!so) throw new Wrong();
}

function base64(text, length) {
  let found;
  try {
    found = atob(text);
  } catch {
    throw new Wrong();
  }
  must(btoa(found) === text && (length === undefined || found.length === length));
  return Uint8Array.from(found, (sign) => sign.charCodeAt(0));
}

function decimal(text) {
  must(/^(?:0|[1-9][0-9]{0,18})$/.test(text));
  const number = BigInt(text);
  must(number < 2n ** 63n);
  return number;
}

function named(name) {
  must(name !== "" && !/[\p{C}\p{Z}\s+]/u.test(name));
  return name;
}

function short(text) {
  must(text.length <= 2 * MOST_TEXT && [...text].length <= MOST_TEXT);
  return text;
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function joined(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
}

function bytes(text) {
  return new TextEncoder().encode(text);
}

// NAME+ID+KEY, where the id is of that name and that key.
async function keyOf(text) {
  const [name, id, ...rest] = text.split("+");
  must(id !== undefined && rest.length > 0);
  named(name);
  const data = base64(rest.join("+"), 33);
  must(data[0] === ED25519);
  const expected = (await sha256(bytes(name + "\n"), data)).slice(0, 4);
  must(id === hex(expected));
  return { name, id, key: data.slice(1) };
}

function proofOf(text) {
  const end = short(text).indexOf("\n\n");
  must(end >= 0);
  const lines = text.slice(0, end).split("\n");
  must(lines.shift() === "c2sp.org/tlog-proof@v1");
  if (lines.length && lines[0].startsWith("extra ")) base64(lines.shift().slice(6));
  must(lines.length && lines[0].startsWith("index "));
  const index = decimal(lines.shift().slice(6));
  must(lines.length <= MOST_HASHES);
  return { index, hashes: lines.map((line) => base64(line, 32)), note: noteOf(text.slice(end + 2)) };
}

function noteOf(text) {
  must(!/[\u0000-\u0009\u000b-\u001f]/.test(short(text)));
  const end = text.lastIndexOf("\n\n");
  must(end >= 0 && text.endsWith("\n") && end + 2 < text.length);
  const lines = text.slice(end + 2, -1).split("\n");
  must(lines.length <= MOST_SIGNATURES);
  return { text: text.slice(0, end + 1), signatures: lines.map(signatureOf) };
}

function signatureOf(line) {
  const parts = line.split(" ");
  must(parts.length === 3 && parts[0] === "\u2014");
  const data = base64(parts[2]);
  must(data.length >= 5);
  return { name: named(parts[1]), id: hex(data.slice(0, 4)), signature: data.slice(4) };
}

function checkpointOf(text) {
  const lines = text.split("\n");
  must(lines.length === 4 && lines[3] === "");
  return { origin: named(lines[0]), size: decimal(lines[1]), root: base64(lines[2], 32) };
}

// Up from a leaf to the top of a tree of `size` leaves (RFC 9162, 2.1.3.2).
async function climbed(leaf, index, hashes, size) {
  must(index < size);
  let node = leaf, at = index, last = size - 1n;
  for (const hash of hashes) {
    must(last !== 0n);
    const left = (at & 1n) === 1n || at === last;
    const pair = left ? [hash, node] : [node, hash];
    node = await sha256(Uint8Array.of(1), ...pair);
    while (left && at !== 0n && (at & 1n) === 0n) [at, last] = [at >> 1n, last >> 1n];
    [at, last] = [at >> 1n, last >> 1n];
  }
  must(last === 0n);
  return node;
}

async function signedBy(known, note) {
  const ours = note.signatures.filter((one) => one.name === known.name && one.id === known.id);
  must(ours.length > 0);
  let key;
  try {
    key = await crypto.subtle.importKey("raw", known.key, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    must(error.name !== "DataError"); // no key at all; any other error is the browser's
    throw error;
  }
  for (const one of ours) {
    must(await crypto.subtle.verify({ name: "Ed25519" }, key, one.signature, bytes(note.text)));
  }
}

// Every step with whether it holds and what came out. Throws what this browser cannot do.
async function verify(entry, proofText, keyText) {
  const steps = {};
  async function step(name, work) {
    try {
      const [found, value] = await work();
      steps[name] = { holds: true, value };
      return found;
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      steps[name] = { holds: false, value: "" };
      return null;
    }
  }
  const known = await step("key", async () => {
    const key = await keyOf(keyText);
    return [key, key.name];
  });
  const proof = await step("proof", async () => {
    const found = proofOf(proofText);
    const checkpoint = checkpointOf(found.note.text);
    return [{ ...found, checkpoint }, `${found.index} / ${checkpoint.size}`];
  });
  const leaf = await step("leaf", async () => {
    const found = await sha256(Uint8Array.of(0), entry);
    return [found, hex(found)];
  });
  await step("top", async () => {
    must(proof);
    const found = await climbed(leaf, proof.index, proof.hashes, proof.checkpoint.size);
    must(hex(found) === hex(proof.checkpoint.root));
    return [found, hex(found)];
  });
  await step("signature", async () => {
    must(known && proof && proof.checkpoint.origin === known.name);
    await signedBy(known, proof.note);
    return [true, known.id];
  });
  return { holds: Object.values(steps).every((one) => one.holds), steps };
}

// The page: texts stand there in the reader's language, and are shown or hidden.
const place = document.querySelector("[data-check]");

if (place) {
  const of = (name) => place.querySelector(`[data-of="${name}"]`);
  const say = (within, word) => {
    for (const one of within.querySelectorAll("[data-said]")) one.hidden = one.dataset.said !== word;
  };
  const result = place.querySelector("[data-result]");

  async function run() {
    let found;
    try {
      found = await verify(bytes(of("entry").value), of("proof").value, of("key").value.trim());
    } catch {
      return say(result, "unable");
    }
    for (const [name, { holds, value }] of Object.entries(found.steps)) {
      const line = place.querySelector(`[data-step="${name}"]`);
      say(line, holds ? "yes" : "no");
      line.querySelector("code").textContent = value;
    }
    say(result, found.holds ? "yes" : "no");
  }

  function cleared() {
    for (const line of place.querySelectorAll("[data-step]")) {
      say(line, "");
      line.querySelector("code").textContent = "";
    }
    say(result, "");
  }

  const act = {
    run,
    // The first digit becomes the next one.
    alter() {
      const field = of("entry");
      field.value = field.value.replace(/[0-9]/, (digit) => String((Number(digit) + 1) % 10));
      return run();
    },
    back() {
      for (const field of place.querySelectorAll("[data-of]")) field.value = field.defaultValue;
      cleared();
    },
  };
  place.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-act]");
    if (pressed) act[pressed.dataset.act]();
  });
  place.addEventListener("input", cleared);
  place.hidden = false;
}
