// The chart: a column for some minutes, sent below and saved above.
const chart = { data: null, selected: null };

// A round figure that is not smaller.
function ceiling(value) {
  if (value <= 100) return 100;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value) * power;
}

function drawChart(data) {
  chart.data = data;
  const place = $("columns");
  while (place.childElementCount > data.columns.length) place.lastElementChild.remove();
  while (place.childElementCount < data.columns.length)
    place.append(h("div", { class: "column" }, h("i", { class: "gone" }), h("i", { class: "sent" })));
  const top = ceiling(Math.max(...data.columns.map((each) => Math.max(each.before, each.after))));
  data.columns.forEach((each, index) => {
    const column = place.children[index];
    const [gone, sent] = column.children;
    sent.style.height = `${(100 * each.after) / top}%`;
    gone.style.height = `${(100 * Math.max(0, each.before - each.after)) / top}%`;
    column.classList.toggle("some", each.requests > 0);
    column.classList.toggle("bad", each.problems > 0);
  });
  drawAxes(data, top);
  const used = data.columns.filter((each) => each.requests);
  const sum = (name) => used.reduce((all, each) => all + each[name], 0);
  const length = data.seconds === 60 ? "the last hour" : "the last day";
  const told = used.length
    ? `${counted(sum("requests"), "request")} in ${length}` +
      (sum("before") ? `, ${number(sum("before"))} → ${number(sum("after"))} tokens` : "")
    : `No requests in ${length}`;
  place.setAttribute("aria-label", `${told}. Arrow keys go through the columns.`);
  chart.told = told;
  readOut();
}

function drawAxes(data, top) {
  const marks = [top, top / 2, 0].map((value) => compact.format(value));
  $("scale").replaceChildren(...marks.map((mark) => h("span", {}, mark)));
  const length = data.columns.length;
  const times = [0, 0.25, 0.5, 0.75].map((part) => clock(data.start + data.seconds * length * part));
  $("times").replaceChildren(...[...times, "now"].map((time) => h("span", {}, time)));
}

function readOut() {
  const { data, selected, told } = chart;
  const columns = $("columns").children;
  for (const column of columns) column.classList.remove("selected");
  const each = selected === null || !data ? null : data.columns[selected];
  if (!each) {
    write($("readout"), told || "");
    return;
  }
  columns[selected].classList.add("selected");
  const start = data.start + selected * data.seconds;
  const time = data.seconds === 60 ? clock(start) : `${clock(start)} to ${clock(start + data.seconds)}`;
  const problems = each.problems ? `, ${counted(each.problems, "problem")}` : "";
  const tokens = each.before
    ? `, ${number(each.before)} → ${number(each.after)} tokens, ${percent(each.before, each.after)} saved`
    : "";
  write($("readout"), `${time}: ${counted(each.requests, "request")}${tokens}${problems}`);
}

function select(index) {
  chart.selected = index;
  readOut();
}

function listenToChart() {
  const place = $("columns");
  place.addEventListener("pointermove", (event) => {
    const frame = place.getBoundingClientRect();
    const count = place.childElementCount;
    const index = Math.floor(((event.clientX - frame.left) / frame.width) * count);
    if (count) select(Math.max(0, Math.min(count - 1, index)));
  });
  place.addEventListener("pointerleave", () => select(null));
  // What changes by itself is not read out; what somebody goes through is.
  place.addEventListener("focus", () => $("readout").setAttribute("aria-live", "polite"));
  place.addEventListener("blur", () => {
    $("readout").setAttribute("aria-live", "off");
    select(null);
  });
  place.addEventListener("keydown", (event) => {
    const count = place.childElementCount;
    const from = chart.selected === null ? count : chart.selected;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: count - 1 }[event.key];
    if (to === undefined || !count) return;
    event.preventDefault();
    select(Math.max(0, Math.min(count - 1, to)));
  });
}
