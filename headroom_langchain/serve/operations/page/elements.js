// Elements, and how figures are written. Texts only ever become text nodes.
const $ = (id) => document.getElementById(id);

function h(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === false || value === null || value === undefined) continue;
    if (key === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const whole = new Intl.NumberFormat("en-US");
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

const two = (value) => String(value).padStart(2, "0");
const number = (value) => whole.format(value);
const brief = (value) => (value < 10000 ? whole.format(value) : compact.format(value));
const exact = (value) => (value < 1e6 ? whole.format(value) : compact.format(value));
const counted = (value, thing) => `${number(value)} ${thing}${value === 1 ? "" : "s"}`;

function percent(before, after, digits = 0) {
  if (!before) return "–";
  const saved = 100 * (1 - after / before);
  // Not all of it, and not nothing, unless it is so.
  const shown = Math.min(saved, after ? 100 - 10 ** -digits : 100).toFixed(digits);
  return `${shown.replace("-", "−")} %`;
}

function seconds(value) {
  if (value === null) return "–";
  if (value < 0.9995) return `${Math.round(value * 1000)} ms`;
  if (value < 59.95) return `${value.toFixed(value < 9.995 ? 2 : 1)} s`;
  const [unit, part, length] = value < 3599.5 ? ["min", "s", 60] : ["h", "min", 3600];
  const all = Math.round((value / length) * 60);
  return `${Math.floor(all / 60)} ${unit} ${two(all % 60)} ${part}`;
}

function size(value) {
  if (value < 1000) return counted(value, "byte");
  return value < 999500 ? `${(value / 1000).toFixed(1)} kB` : `${number(Math.round(value / 1e5) / 10)} MB`;
}

function clock(at, fine) {
  const time = new Date(at * 1000);
  const told = `${two(time.getHours())}:${two(time.getMinutes())}`;
  return fine ? `${told}:${two(time.getSeconds())}` : told;
}

function day(at) {
  const time = new Date(at * 1000);
  if (time.toDateString() === new Date().toDateString()) return "";
  return time.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}

const long = (before, largest) => `${Math.max(4, 100 * Math.min(1, before / largest))}%`;

// A bar: its length is what there was, its full part what was sent of it.
function bar(before, after, largest) {
  const full = h("i", { class: "full" });
  const element = h("span", { class: "bar", "aria-hidden": "true" }, full);
  element.style.width = long(before, largest);
  full.style.width = `${100 * Math.min(1, after / before)}%`;
  return element;
}
