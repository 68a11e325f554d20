// Asks the server what is new, again and again, and goes on when it was away.
const OFTEN = 1500;
const LATE = [1000, 2000, 4000, 5000];
const live = { cursor: "", span: "hour", paused: false, failures: 0, timer: 0, asking: null };

// The server may be mounted below a path, and the address may lack its last slash.
const base = location.pathname.endsWith("/") ? location.pathname : `${location.pathname}/`;

async function ask() {
  clearTimeout(live.timer);
  if (live.asking) live.asking.abort();
  const asking = (live.asking = new AbortController());
  const late = setTimeout(() => asking.abort(), 10000);
  const query = new URLSearchParams({ span: live.span, cursor: live.cursor });
  try {
    const answer = await fetch(`${base}headroom/activity?${query}`, { cache: "no-store", signal: asking.signal });
    if (!answer.ok) throw new Error(`The server answers ${answer.status}`);
    const told = await answer.json();
    if (asking !== live.asking) return;
    live.failures = 0;
    draw(told);
    show(live.paused ? "paused" : "live");
  } catch (error) {
    if (asking !== live.asking) return;
    live.failures += 1;
    const away = error instanceof TypeError || error.name === "AbortError";
    show("away", away ? "Server not reachable" : error.message);
  } finally {
    clearTimeout(late);
  }
  if (asking === live.asking) later();
}

function later() {
  clearTimeout(live.timer);
  if (live.paused || document.hidden) return;
  const wait = live.failures ? LATE[Math.min(live.failures, LATE.length) - 1] : OFTEN;
  live.timer = setTimeout(ask, wait);
}

function show(state, told) {
  const names = { live: "Live", paused: "Paused", away: `${told}, trying again` };
  $("state").dataset.state = state;
  write($("state"), names[state]);
  if (document.body.dataset.view === "connecting" && state === "away") document.body.dataset.view = "empty";
}

function draw(told) {
  live.cursor = told.cursor;
  list.contents = told.contents;
  write($("version"), told.version);
  write($("flight"), told.in_flight > 0 ? `${number(told.in_flight)} in flight` : "");
  if (told.whole || told.requests.length) {
    take(told.requests, told.whole);
    drawRequests();
  }
  drawSums(told.sums, told.since);
  drawChart(told.chart);
  const view = told.sums.requests ? "some" : "empty";
  if (document.body.dataset.view !== view) {
    document.body.dataset.view = view;
    $("connect").open = view === "empty";
  }
}

function drawSums(sums, since) {
  const { before, after } = sums;
  document.title = before ? `${percent(before, after)} saved · headroom` : "headroom";
  write($("since"), `since ${[day(since), clock(since)].join(" ").trim()}`);
  write($("share"), percent(before, after, 1));
  write($("difference"), before ? `${number(before - after)} tokens less`.replace("-", "−") : "no texts of tools yet");
  $("bar").firstElementChild.style.width = before ? `${Math.min(100, (100 * after) / before)}%` : "0";
  write($("before"), before ? `${number(before)} tokens came` : "");
  write($("after"), before ? `${number(after)} were sent on` : "");
  const facts = [
    ["Requests", number(sums.requests), ""],
    ["Compressed", number(sums.compressed), ""],
    ["Problems", number(sums.problems), sums.problems ? "bad" : ""],
    ["Retrievals", number(sums.retrievals), ""],
    ["First byte", median("first_byte"), ""],
    ["Whole answer", median("seconds"), ""],
  ];
  const place = $("facts");
  if (!place.childElementCount)
    place.append(...facts.map(([name]) => h("div", {}, h("dt", {}, name), h("dd", {}))));
  for (const index of [4, 5]) place.children[index].title = "Median of the requests below";
  facts.forEach(([, value, mood], index) => {
    place.children[index].className = mood;
    write(place.children[index].lastElementChild, value);
  });
}

// Of the requests in the list; half of them took longer.
function median(name) {
  const values = list.entries.map((entry) => entry[name]).filter((value) => value !== null);
  values.sort((one, other) => one - other);
  return values.length ? seconds(values[Math.floor(values.length / 2)]) : "–";
}

function choose(name, act) {
  const buttons = document.querySelectorAll(`button[data-${name}]`);
  for (const button of buttons)
    button.addEventListener("click", () => {
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
      act(button.dataset[name]);
    });
}

function connect() {
  write($("anthropic"), `ANTHROPIC_BASE_URL=${location.origin}${base.slice(0, -1)}`);
  write($("openai"), `OPENAI_BASE_URL=${location.origin}${base}v1`);
  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText($(button.dataset.copy).textContent);
      write(button, "Copied");
      setTimeout(() => write(button, "Copy"), 1500);
    });
  }
}

connect();
listenToChart();
choose("span", (span) => {
  live.span = span;
  chart.selected = null;
  ask();
});
choose("filter", (filter) => {
  list.filter = filter;
  drawRequests();
});
$("more").addEventListener("click", () => {
  list.all = true;
  drawRequests();
});
$("pause").addEventListener("click", () => {
  live.paused = !live.paused;
  $("pause").setAttribute("aria-pressed", String(live.paused));
  write($("pause"), live.paused ? "Resume" : "Pause");
  if (live.paused) {
    show("paused");
    later();
  } else ask();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !live.paused) ask();
});
const first = JSON.parse($("first").textContent);
if (first) {
  draw(first);
  show("live");
  later();
} else ask();
