"use strict";
// Runs on a canvas, with a color and a sign for each outcome.

const CELL = { width: 11, height: 18 };

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
  const runs = lastRuns(table, most);
  const canvas = sharpCanvas(Math.max(1, runs.length) * CELL.width, CELL.height);
  const context = canvas.getContext("2d");
  runs.forEach(({ status }, at) => drawCell(context, status.outcome, at * CELL.width));
  const counts = new Map();
  for (const { status } of runs) counts.set(status.outcome, (counts.get(status.outcome) ?? 0) + 1);
  const words = [...counts].map(([outcome, number]) => `${number} ${OUTCOMES[outcome]}`).join(", ");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Last ${count(runs.length, "run")}: ${words}`);
  canvas.title = canvas.getAttribute("aria-label");
  return canvas;
}

// The confidence interval of a rate on a line from 0 to 100 %.
function intervalBar(rate, low, high) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 10");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "interval");
  svg.setAttribute("aria-hidden", "true");
  const rectangle = (name, x, y, width, height) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    Object.entries({ class: name, x, y, width, height }).forEach((pair) => made.setAttribute(...pair));
    svg.append(made);
  };
  rectangle("line", 0, 4.5, 100, 1);
  if (rate !== null) {
    rectangle("range", 100 * low, 2, Math.max(0.8, 100 * (high - low)), 6);
    rectangle("rate", Math.min(99, 100 * rate), 0, 1, 10);
  }
  return svg;
}
