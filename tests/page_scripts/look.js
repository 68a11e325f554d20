// Tells what is wrong with the page as it stands, and where its pictures are.
({ regions, apart, contrast, smallest }) => {
  const MOST = 12; // of one kind of problem
  const TALLEST = 3000; // pixels of a screenshot
  const SLACK = 1.5; // pixels that rounding may cost
  const problems = [];
  const counts = {};

  const place = (element) => {
    const steps = [];
    for (let at = element; at && at !== document.body && steps.length < 4; at = at.parentElement) {
      const names = [...at.classList].slice(0, 2).map((name) => `.${name}`).join("");
      steps.unshift(at.localName + (at.id ? `#${at.id}` : names));
    }
    const words = (element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 40);
    return `${steps.join(" > ") || "body"}${words ? ` "${words}"` : ""}`;
  };

  const tell = (what, where, detail) => {
    counts[what] = (counts[what] || 0) + 1;
    if (counts[what] <= MOST) problems.push({ what, where, detail });
  };

  const seen = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  const ours = (element) => !apart.some((selector) => element.closest(selector));

  // --- the window ---------------------------------------------------------------
  const root = document.scrollingElement;
  const scrolls = (element, axis) =>
    ["auto", "scroll"].includes(getComputedStyle(element)[`overflow${axis}`]);
  const cuts = (element, axis) =>
    ["hidden", "clip"].includes(getComputedStyle(element)[`overflow${axis}`]);
  const inside = (element, test) => {
    for (let at = element.parentElement; at && at !== document.body; at = at.parentElement)
      if (test(at)) return at;
    return null;
  };

  if (root.scrollWidth > window.innerWidth + SLACK) {
    const wide = `${root.scrollWidth} of ${window.innerWidth} pixels`;
    const guilty = [...document.body.querySelectorAll("*")].filter(
      (element) =>
        seen(element) &&
        element.getBoundingClientRect().right > window.innerWidth + SLACK &&
        !inside(element, (outer) => scrolls(outer, "X") || cuts(outer, "X")),
    );
    for (const element of guilty.slice(0, 3)) tell("overflow", place(element), wide);
    if (!guilty.length) tell("overflow", "body", wide);
  }

  // --- texts --------------------------------------------------------------------
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const color = (written) => {
    if (!known.has(written)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = written;
      context.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
      known.set(written, [red, green, blue, alpha / 255]);
    }
    return known.get(written);
  };
  const over = (top, under) => {
    const mixed = [0, 1, 2].map((at) => top[at] * top[3] + under[at] * (1 - top[3]));
    return [...mixed, 1];
  };
  const light = (rgb) => {
    const [red, green, blue] = rgb.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const canvas = () => {
    // What is behind the page where it says nothing: white, or nearly black.
    const probe = document.createElement("i");
    probe.style.cssText = "position:absolute;color:Canvas";
    document.body.append(probe);
    const written = getComputedStyle(probe).color;
    probe.remove();
    return color(written);
  };
  const paper = canvas();

  // The color behind an element, and how opaque the element is; null behind an image.
  const behind = (element) => {
    const layers = [];
    let opacity = 1;
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null;
      opacity *= Number(style.opacity);
      const layer = color(style.backgroundColor);
      if (layer[3] > 0) layers.push(layer);
      if (layer[3] === 1) break;
    }
    return [layers.reduceRight((under, layer) => over(layer, under), paper), opacity];
  };

  const judgeContrast = (element) => {
    const found = behind(element);
    if (!found) return;
    const [under, opacity] = found;
    const style = getComputedStyle(element);
    const ink = color(style.color);
    const shown = over([...ink.slice(0, 3), ink[3] * opacity], under);
    const [high, low] = [light(shown), light(under)].sort((one, two) => two - one);
    const ratio = (high + 0.05) / (low + 0.05);
    const pixels = parseFloat(style.fontSize);
    const large = pixels >= 24 || (pixels >= 18.66 && Number(style.fontWeight) >= 700);
    const needed = large ? (contrast * 2) / 3 : contrast;
    if (ratio < needed - 0.005)
      tell("contrast", place(element), `${ratio.toFixed(2)} of ${needed.toFixed(1)}`);
  };

  const judgeCut = (element, boxes) => {
    let [across, down] = [true, true];
    for (let at = element; at && (across || down); at = at.parentElement) {
      const style = getComputedStyle(at);
      const frame = at.getBoundingClientRect();
      if (across && scrolls(at, "X")) across = false;
      if (down && scrolls(at, "Y")) down = false;
      const beside = (box) => box.right > frame.right + SLACK || box.left < frame.left - SLACK;
      if (across && cuts(at, "X") && style.textOverflow !== "ellipsis" && boxes.some(beside)) {
        tell("clipped", place(element), `beside ${place(at)}`);
        return;
      }
      // Glyphs may stand a little out of a line that is set tightly.
      const most = SLACK + parseFloat(style.fontSize) / 4;
      const below = (box) => box.bottom > frame.bottom + most || box.top < frame.top - most;
      if (down && cuts(at, "Y") && boxes.some(below)) {
        tell("clipped", place(element), `below ${place(at)}`);
        return;
      }
    }
  };

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  const judged = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("svg, script, style")) continue;
    if (!seen(element) || !ours(element)) continue;
    range.selectNodeContents(walker.currentNode);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 0);
    if (!boxes.length) continue;
    // For screen readers only: a box of one pixel, or far out to the left.
    const frame = element.getBoundingClientRect();
    const unseen = (at) => {
      const box = at.getBoundingClientRect();
      return (box.width <= 1.5 || box.height <= 1.5) && cuts(at, "X");
    };
    if (unseen(element) || inside(element, unseen) || frame.right <= SLACK) continue;
    judgeCut(element, boxes);
    if (judged.has(element)) continue;
    judged.add(element);
    judgeContrast(element);
  }

  // --- regions and pictures -----------------------------------------------------
  const media = "img, svg, canvas, video, picture";
  for (const selector of regions) {
    const matches = [...document.querySelectorAll(selector)];
    if (!matches.length) tell("empty", selector, "not on the page");
    else if (!matches.some(seen)) tell("empty", selector, "not to be seen");
    for (const element of matches.filter(seen)) {
      const box = element.getBoundingClientRect();
      const shows = element.innerText.trim() || element.matches(media) || element.querySelector(media);
      if (box.width < 4 || box.height < 4)
        tell("empty", place(element), `${box.width} by ${box.height} pixels`);
      else if (!shows) tell("empty", place(element), "nothing in it");
    }
  }

  const pictures = [];
  for (const image of document.images) {
    if (!seen(image)) continue;
    const name = image.currentSrc.slice(0, 80) || place(image);
    if (!image.complete || !image.naturalWidth) {
      tell("broken", name, image.alt || "no alternative text");
      continue;
    }
    const box = image.getBoundingClientRect();
    const x = box.x + window.scrollX;
    const y = box.y + window.scrollY;
    if (!inside(image, (outer) => scrolls(outer, "X")) && Math.min(box.width, box.height) >= smallest)
      pictures.push({ where: name, x, y, width: box.width, height: box.height });
  }
  const height = Math.min(root.scrollHeight, TALLEST);
  const page = { where: "", x: 0, y: 0, width: window.innerWidth, height };
  return { problems, page, pictures };
}
