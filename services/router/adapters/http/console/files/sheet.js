// The map of a parked case: where its candidates work, and the place that was named.

import { ask, h } from "./view.js";
import { say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
export const COLOURS = ["#88ccee", "#ddcc77", "#44aa99", "#ee8866", "#aa4499", "#999933", "#6699cc", "#bbcc33"];
let sheet = null;

const element = (name, attributes, ...children) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

/** The map as a figure; a click into a candidate's area calls `choose`. The list beside it says and does the same. */
export async function sheetView(reference, { names, choose }) {
  sheet ??= await ask("/console/map");
  const { areas, territories } = await ask(`/console/parked/${reference}/territories`);
  const owners = new Map();
  territories.forEach((each, n) => each.areas.forEach(ags => owners.set(ags, [...owners.get(ags) ?? [], n])));
  const title = element("title", {}, say("mapTitle"));
  const shapes = Object.entries(sheet.paths).map(([ags, path]) => {
    const own = owners.get(ags) ?? [];
    const shape = element("path", { d: path, fill: own.length === 1 ? COLOURS[own[0] % COLOURS.length] : own.length ? "#c9c3b3" : "#f1efe9", stroke: "#8a8577", "stroke-width": ".6" });
    if (own.length) shape.append(element("title", {}, own.map(n => names(territories[n].authority)).join(", ")));
    if (own.length === 1) {
      shape.setAttribute("class", "choice");
      shape.addEventListener("click", () => choose(territories[own[0]].authority));
    }
    return shape;
  });
  const here = areas.filter(ags => sheet.paths[ags]).map(ags => element("path", { d: sheet.paths[ags], fill: "none", stroke: "#1b2733", "stroke-width": "3", "pointer-events": "none" }));
  const drawn = element("svg", { viewBox: `0 0 ${sheet.width} ${sheet.height}`, role: "img", class: "sheet" }, title, ...shapes, ...here);
  const legend = h("ul", { class: "legend" }, territories.map((each, n) => h("li", {}, swatch(n), `${names(each.authority)} · ${say("areas", each.areas.length)}`)));
  return h("figure", { class: "map" }, drawn, h("figcaption", {}, legend, areas.length ? h("p", { class: "hint" }, say("mapHere")) : null, h("p", { class: "hint" }, sheet.attribution)));
}

const swatch = n => element("svg", { viewBox: "0 0 10 10", class: "swatch", "aria-hidden": "true" }, element("rect", { width: "10", height: "10", fill: COLOURS[n % COLOURS.length], stroke: "#55616d" }));
