// The list of requests; a row never changes, it is put in once and goes when it is old.
const KEPT = 200;
const FIRST = 25;
const list = { entries: [], filter: "all", all: false, afresh: true, bodies: new Map(), contents: false, largest: 1 };

const matches = {
  all: () => true,
  compressed: (entry) => entry.hidden.length > 0,
  problems: (entry) => ["failed", "refused"].includes(entry.outcome),
};

function take(entries, afresh) {
  list.afresh = afresh;
  const known = new Set(afresh ? [] : list.entries.map((entry) => entry.id));
  const fresh = entries.filter((entry) => !known.has(entry.id));
  list.entries = [...fresh, ...(afresh ? [] : list.entries)].slice(0, KEPT);
  if (afresh) list.bodies.clear();
  const largest = Math.max(1, ...list.entries.map((entry) => entry.before));
  if (largest !== list.largest)
    for (const entry of list.entries) {
      const drawn = list.bodies.get(entry.id)?.querySelector(".tokens .bar");
      if (drawn) drawn.style.width = long(entry.before, largest);
    }
  list.largest = largest;
  const kept = new Set(list.entries.map((entry) => entry.id));
  for (const id of list.bodies.keys()) if (!kept.has(id)) list.bodies.delete(id);
}

function drawRequests() {
  const table = $("requests").querySelector("table");
  const wanted = list.entries.filter(matches[list.filter]);
  // The one that the address names is always among them.
  const linked = wanted.findIndex((entry) => location.hash === `#request-${entry.id}`);
  const shown = list.all ? wanted : wanted.slice(0, Math.max(FIRST, linked + 1));
  let at = table.tBodies[0] || null;
  for (const entry of shown) {
    if (!list.bodies.has(entry.id)) list.bodies.set(entry.id, drawRequest(entry));
    const body = list.bodies.get(entry.id);
    // Only what is not in its place is moved, so that the focus stays where it is.
    if (body === at) at = at.nextElementSibling;
    else table.insertBefore(body, at);
  }
  while (at) {
    const next = at.nextElementSibling;
    at.remove();
    at = next;
  }
  const rest = wanted.length - shown.length;
  $("more").hidden = rest === 0;
  write($("more"), `Show ${number(rest)} more`);
  table.hidden = shown.length === 0;
  $("none").hidden = shown.length > 0;
  const none = { compressed: "Nothing was compressed in them.", problems: "There were no problems." };
  write($("none"), none[list.filter] || "No requests yet.");
}

function drawRequest(entry) {
  const body = h("tbody", { role: "rowgroup", id: `request-${entry.id}`, class: list.afresh ? null : "fresh" });
  const open = h(
    "button",
    { type: "button", class: "open", "aria-expanded": "false", title: new Date(entry.at * 1000).toISOString() },
    h("span", { class: "unseen" }, "Details of the request at "),
    [day(entry.at), clock(entry.at, true)].join(" ").trim(),
  );
  const row = h(
    "tr",
    { role: "row", class: mood(entry) },
    cell("time", open),
    cell("name", ...named(entry)),
    cell("status", ...status(entry)),
    cell("tokens", entry.before ? drawn(entry) : dash()),
    cell("share", entry.hidden.length ? percent(entry.before, entry.after) : dash()),
    cell("rounds", ...rounds(entry)),
    cell("first", seconds(entry.first_byte)),
    cell("total", seconds(entry.seconds)),
  );
  const toggle = () => {
    const details = body.querySelector(".details");
    if (details) details.remove();
    else body.append(drawDetails(entry));
    open.setAttribute("aria-expanded", String(!details));
    const place = details ? location.pathname + location.search : `#${body.id}`;
    history.replaceState(null, "", place);
  };
  row.addEventListener("click", () => {
    if (!getSelection().toString()) toggle();
  });
  body.append(row);
  if (location.hash === `#${body.id}`) {
    body.append(drawDetails(entry));
    open.setAttribute("aria-expanded", "true");
  }
  return body;
}

const cell = (name, ...children) => h("td", { role: "cell", class: name }, ...children);
const dash = () => h("span", { class: "soft" }, "–");
const mood = (entry) => (matches.problems(entry) ? "bad" : null);
const figures = (text) => h("span", { class: "figures" }, text);

function drawn(entry) {
  const drawing = h("span", { class: "drawn" }, bar(entry.before, entry.after, list.largest));
  return h("span", { class: "both" }, figures(`${brief(entry.before)} → ${brief(entry.after)}`), drawing);
}

function named(entry) {
  const how = entry.dialect ? entry.dialect + (entry.stream ? ", stream" : "") : "passed on unread";
  const name = entry.model || `${entry.method} ${entry.path}`;
  return [h("span", { class: "model", title: name }, name), h("span", { class: "soft how" }, how)];
}

function status(entry) {
  const told = { ok: "", failed: "failed", refused: "refused", left: "left" }[entry.outcome];
  const code = entry.status ? String(entry.status) : "–";
  return [h("span", { class: "code" }, code), told ? h("span", { class: "told" }, told) : null];
}

function rounds(entry) {
  if (entry.rounds < 2 && !entry.retrievals) return [h("span", { class: "soft" }, brief(entry.rounds))];
  const asked = entry.retrievals ? h("span", { class: "soft" }, `, ${entry.retrievals} retrieved`) : null;
  return [brief(entry.rounds), asked];
}

function drawDetails(entry) {
  const parts = [];
  if (entry.problem) parts.push(h("p", { class: "problem" }, entry.problem));
  for (const note of entry.notes) parts.push(h("p", { class: "note" }, note));
  parts.push(facts(entry));
  if (entry.hidden.length) parts.push(hidden(entry));
  if (entry.asked.length) parts.push(asked(entry));
  return h("tr", { role: "row", class: "details" }, h("td", { role: "cell", colspan: "8" }, ...parts));
}

function facts(entry) {
  const usage = entry.usage;
  const provider = usage && [
    `${number(usage.input)} read`,
    usage.cached ? `${number(usage.cached)} cached` : "",
    usage.written ? `${number(usage.written)} to the cache` : "",
    `${number(usage.output)} written`,
  ];
  const first = entry.first_byte === null ? "" : `first byte after ${seconds(entry.first_byte)}`;
  const all = [
    ["Request", `${entry.method} ${entry.path}`],
    ["Answer", [first, `${seconds(entry.seconds)} in all`, counted(entry.rounds, "round")].filter(Boolean).join(", ")],
    ["Bodies", `${size(entry.bytes_in)} in, ${size(entry.bytes_out)} out`],
    ["Provider counted", provider ? provider.filter(Boolean).join(", ") : ""],
    ["All texts", entry.texts ? `${number(entry.texts)} with ${number(entry.before)} → ${number(entry.after)} tokens` : ""],
    ["Id", entry.id],
  ];
  const shown = all.filter(([, value]) => value);
  return h("dl", { class: "line" }, ...shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function hidden(entry) {
  const largest = Math.max(...entry.hidden.map((each) => each.before));
  const rows = entry.hidden.map((each) =>
    h(
      "li",
      {},
      h("span", { class: "what" }, h("strong", {}, each.tool), " ", told(each)),
      figures(`${exact(each.before)} → ${exact(each.after)}`),
      h("span", { class: "drawn" }, bar(each.before, each.after, largest)),
      h("span", { class: "share" }, percent(each.before, each.after)),
      each.key ? reference(entry, each.key) : h("span", {}),
    ),
  );
  const more = entry.more ? h("p", { class: "soft" }, `and ${counted(entry.more, "text")} more`) : null;
  return h("div", {}, h("h3", {}, "What was compressed"), h("ul", { class: "hidden" }, ...rows), more);
}

function told(each) {
  const kind = each.kind ? `${each.kind}, ` : "";
  return h("span", { class: "soft" }, kind + (each.omitted ? `${each.omitted} hidden` : "rewritten, nothing hidden"));
}

function reference(entry, key) {
  const code = h("code", {}, key);
  if (!list.contents) return code;
  const place = `${base}headroom/original/${encodeURIComponent(key)}?request=${encodeURIComponent(entry.id)}`;
  return h("a", { href: place, target: "_blank", rel: "noopener", title: "Open the original" }, code);
}

function asked(entry) {
  const rows = entry.asked.map((each) => {
    const what = each.keys.length ? each.keys.map((key) => h("code", {}, key)) : ["no key"];
    const answer = each.error ? "was told an error" : `was given ${counted(each.tokens, "token")}`;
    const between = what.flatMap((one, index) => (index ? [", ", one] : [one]));
    return h("li", {}, h("span", { class: "soft" }, `Round ${each.round} asked for `), ...between, h("span", { class: "soft" }, ` and ${answer}`));
  });
  return h("div", {}, h("h3", {}, "What the model asked for"), h("ul", { class: "asked" }, ...rows));
}
