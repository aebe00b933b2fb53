"use strict";
// Numbers, times and states in words.

const OUTCOMES = {
  failure: "failed",
  partial: "finished with errors",
  unknown: "unknown status",
  interrupted: "interrupted",
  skipped: "skipped",
  running: "running",
  queued: "queued",
  success: "succeeded",
};

const BEHAVIOURS = {
  always_failing: "never succeeded",
  broken_since: "broken",
  intermittent: "now and then",
  recovered: "recovered",
  new: "new",
  gone: "gone",
  insufficient_data: "too few runs",
  healthy: "healthy",
};

const VERDICTS = { regressed: "worse", outage: "outage", improved: "better" };

const RULES = {
  success_above_error: "success above an error",
  error_above_success: "error above successes only",
  ended_above_running: "ended above a running node",
  unknown_status: "status without a rule",
  unknown_type: "type without a rule",
};

// An element with attributes and children. Text is never parsed as HTML.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// A name from the cluster keeps its own text direction.
function nameOf(text) {
  return element("bdi", {}, text);
}

const grouped = new Intl.NumberFormat("en");

function count(number, noun) {
  return `${grouped.format(number)} ${noun}${number === 1 ? "" : "s"}`;
}

// One decimal place, as in the terminal. Only exact values are shown as 0 and 100.
function percent(share) {
  if (share === null) return "–";
  const value = 100 * share;
  if (value > 0 && value < 0.05) return "< 0.1";
  if (value < 100 && value >= 99.95) return "> 99.9";
  return value.toFixed(1).replace(/\.0$/, "");
}

function partOf(part, whole) {
  return `${grouped.format(part)} of ${grouped.format(whole)}`;
}

function interval(low, high) {
  return low === null ? "" : `${percent(low)} to ${percent(high)} %`;
}

function probability(p) {
  return p === null ? "" : p < 0.0001 ? "< 0.0001" : p.toPrecision(2);
}

function utc(seconds) {
  return seconds === null ? "" : `${new Date(1000 * seconds).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

// The unit of a duration, and its length in seconds.
function unitOf(seconds) {
  return [["h", 3600], ["min", 60]].find(([, each]) => seconds >= 10 * each) ?? ["s", 1];
}

function lowerEnd(seconds) {
  const [unit, length] = unitOf(seconds);
  return `${Math.floor(seconds / length)} ${unit}`;
}

// A duration between two bounds, rounded outwards, as in the terminal.
function between(shortest, longest) {
  const [unit, length] = unitOf(longest);
  const [low, high] = [Math.floor(shortest / length), Math.ceil(longest / length)];
  if (!low) return `< ${Math.max(1, high)} ${unit}`;
  return low === high ? `${high} ${unit}` : `${low}–${high} ${unit}`;
}

// A moment between two, to the second.
function utcBetween(after, by) {
  const [first, last] = [after, by].map((each) => new Date(1000 * each).toISOString().slice(0, 19).replace("T", " "));
  return first.slice(0, 10) === last.slice(0, 10) ? `${first}–${last.slice(11)} UTC` : `${first} – ${last} UTC`;
}

function ago(seconds) {
  const passed = Math.max(0, Date.now() / 1000 - seconds);
  const [unit, length] = [["day", 86400], ["hour", 3600], ["minute", 60]].find(([, each]) => passed >= each * (each === 86400 ? 2 : 1)) ?? ["second", 1];
  if (unit === "second") return "less than a minute ago";
  return `${count(Math.floor(passed / length), unit)} ago`;
}
