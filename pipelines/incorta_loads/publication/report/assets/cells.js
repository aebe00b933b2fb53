"use strict";
// Runs on a canvas, with a color and a sign for each outcome.

const CELL = { width: 11, height: 18 };
const STRIP_ON_PHONE = 14;

let colors = readColors();

function readColors() {
  const style = getComputedStyle(document.documentElement);
  const found = { ring: style.getPropertyValue("--text").trim() };
  for (const outcome of Object.keys(OUTCOMES)) {
    found[outcome] = {
      fill: style.getPropertyValue(`--${outcome}`).trim(),
      sign: style.getPropertyValue(`--${outcome}-sign`).trim(),
    };
  }
  return found;
}

function sharpCanvas(width, height) {
  const canvas = element("canvas");
  resizeCanvas(canvas, width, height);
  return canvas;
}

function resizeCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.getContext("2d").scale(ratio, ratio);
}

function drawCell(context, outcome, x, y = 0) {
  const { fill, sign } = colors[outcome];
  context.fillStyle = fill;
  context.fillRect(x, y + 1, CELL.width - 1, CELL.height - 2);
  context.fillStyle = sign;
  context.font = "bold 12px ui-monospace, monospace";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(report.signs[outcome], x + (CELL.width - 1) / 2, y + CELL.height / 2 + 0.5);
}

// A small picture of the last runs of a table, with a text alternative.
function strip(table, most = 24) {
  return stripOf(lastRuns(table, most).map(({ status }) => status.outcome));
}

// A small picture of outcomes, oldest first; on a phone, of the newest that fit.
function stripOf(outcomes) {
  const runs = outcomes.slice(window.innerWidth < 600 ? -STRIP_ON_PHONE : 0);
  const canvas = sharpCanvas(Math.max(1, runs.length) * CELL.width, CELL.height);
  const context = canvas.getContext("2d");
  runs.forEach((outcome, at) => drawCell(context, outcome, at * CELL.width));
  const counts = new Map();
  for (const outcome of runs) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const words = [...counts].map(([outcome, number]) => `${number} ${OUTCOMES[outcome]}`).join(", ");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Last ${count(runs.length, "run")}: ${words}`);
  canvas.title = canvas.getAttribute("aria-label");
  return canvas;
}

function drawing(name, attributes = {}) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// The confidence interval of a rate on a line from 0 to 100 %.
function intervalBar(rate, low, high) {
  const svg = drawing("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", class: "interval", "aria-hidden": "true" });
  const rectangle = (name, x, y, width, height) => svg.append(drawing("rect", { class: name, x, y, width, height }));
  rectangle("line", 0, 4.5, 100, 1);
  if (rate !== null) {
    rectangle("range", 100 * low, 2, Math.max(0.8, 100 * (high - low)), 6);
    rectangle("rate", Math.min(99, 100 * rate), 0, 1, 10);
  }
  return svg;
}
