// Builds elements, and the two pictures: a case's history in lanes, and the growth of the log.

import { clock, day, kindName, laneName, laneOf, LANES, moment, number, say, span } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "g", "path", "line", "circle", "text", "title", "desc"]);

/** An element; strings become text, never markup. `on…` attributes are listeners. */
export function h(tag, attributes = {}, ...children) {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined));
  return element;
}

const WIDEST = 64, NARROWEST = 22, LANE = 40, TOP = 34, BELOW = 22, EDGE = 10, LABEL = 62, GAP = 46;

/** The case as a picture: a lane for each who acts, a column for each step, the time that passed between them.
 *
 * Columns are as wide as the room allows; where even narrow ones do not fit, the picture goes on below itself. */
export function picture(steps, room) {
  const lanes = Object.keys(LANES).filter(lane => steps.some(step => laneOf(step.leaf.type) === lane));
  const available = Math.max(room - 50, 220), left = available < 420 ? 112 : 128;
  const column = Math.max(NARROWEST, Math.min(WIDEST, (available - left - EDGE) / steps.length));
  const inBand = Math.max(2, Math.floor((available - left - EDGE) / column + 1e-6));
  const bands = Math.ceil(steps.length / inBand), tall = TOP + LANE * lanes.length + BELOW;
  const width = left + column * Math.min(inBand, steps.length) + EDGE, height = tall * bands;
  const band = i => Math.floor(i / inBand);
  const x = i => left + column * (i % inBand + 0.5);
  const y = i => tall * band(i) + TOP + LANE * (lanes.indexOf(laneOf(steps[i].leaf.type)) + 0.5);
  const [first, last] = [steps[0], steps.at(-1)].map(step => moment(step.leaf.time));
  const svg = h("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": "picture-title" },
    h("title", { id: "picture-title" }, say("picture", steps.length, first, last)));
  for (let n = 0; n < bands; n += 1) {
    lanes.forEach((lane, i) => {
      const middle = tall * n + TOP + LANE * (i + 0.5);
      svg.append(h("line", { class: "lane", x1: left, x2: width - EDGE, y1: middle, y2: middle }),
        h("text", { class: "lane-name", x: 0, y: middle + 4 }, laneName(lane)));
    });
  }
  const way = steps.map((step, i) => {
    if (i % inBand === 0) return `M${x(i)} ${y(i)}`;
    const middle = x(i) - column / 2;
    return `C${middle} ${y(i - 1)} ${middle} ${y(i)} ${x(i)} ${y(i)}`;
  });
  svg.append(h("path", { class: "way", d: way.join("") }));
  let date = "", labelled = -1;
  steps.forEach((step, i) => {
    const today = day(step.leaf.time), free = labelled < 0 || band(labelled) !== band(i) || x(i) - x(labelled) >= LABEL;
    if (today !== date && free) {
      const near = x(i) + LABEL / 2 > width;
      svg.append(h("text", { class: "tick", x: near ? width : x(i), y: tall * band(i) + 14, "text-anchor": near ? "end" : "middle" }, today));
      labelled = i;
    }
    date = today;
    svg.append(h("circle", { class: `dot ${mood(step)}`, cx: x(i), cy: y(i), r: 6.5 },
      h("title", {}, `${kindName(step.leaf.type)}, ${moment(step.leaf.time)}`)));
    if (i % inBand > 0 && column >= GAP) {
      const passed = Date.parse(step.leaf.time) - Date.parse(steps[i - 1].leaf.time);
      svg.append(h("text", { class: "gap", x: x(i) - column / 2, y: tall * (band(i) + 1) - 6, "text-anchor": "middle" }, passed > 0 ? `+${span(passed)}` : ""));
    }
  });
  return h("div", { class: "picture" }, svg);
}

/** How a step looks: whose it is, and whether it was proven. */
export function mood(step) {
  const proven = step.included && step.opened !== false ? "good" : "bad";
  return laneOf(step.leaf.type) === "look" ? `look ${proven}` : proven;
}

/** How the log grew: entries over time, from samples spread evenly over the entries. */
export function growth(samples, size) {
  const [w, hgt, bottom] = [320, 120, 100];
  const times = samples.map(sample => Date.parse(sample.time));
  const from = Math.min(...times), to = Math.max(...times, from + 1);
  const x = time => 4 + (w - 8) * (time - from) / (to - from);
  const y = index => bottom - (bottom - 8) * (index + 1) / size;
  let latest = from;
  const points = samples.map((sample, i) => {
    latest = Math.max(latest, times[i]); // an event may be logged behind a later one
    return `${x(latest).toFixed(1)} ${y(sample.index).toFixed(1)}`;
  });
  const label = say("growth", moment(from), moment(to), number(size));
  return h("svg", { class: "chart", viewBox: `0 0 ${w} ${hgt}`, role: "img", "aria-label": label },
    h("path", { class: "area", d: `M4 ${bottom}L${points.join("L")}L${x(latest).toFixed(1)} ${bottom}Z` }),
    h("path", { class: "curve", d: `M4 ${bottom}L${points.join("L")}` }),
    h("line", { class: "axis", x1: 4, x2: w - 4, y1: bottom, y2: bottom }),
    h("text", { x: 4, y: hgt - 5 }, edge(from, to, from)),
    h("text", { x: w - 4, y: hgt - 5, "text-anchor": "end" }, edge(from, to, to)));
}

/** The time of day where all of it happened on one, else the day. */
const edge = (from, to, time) => day(from) === day(to) ? clock(time) : day(time);
