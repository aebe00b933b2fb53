"use strict";
// A picture of the streaks of errors: tables as rows, executions from left to right.

const PICTURE_ROWS = 40;
const pictureHolder = document.getElementById("episode-picture");

// Executions on this page, in order of their ids.
const executionIds = [...new Set(parts.executions.map((each) => each.execution_id))];

// The place of an execution between the oldest and the newest on this page.
function placeInPicture(id) {
  let low = 0;
  let high = executionIds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (executionIds[middle] < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isLong(episode) {
  return episode.is_open || episode.errors >= report.variables.behaviour_min_streak;
}

// Tables with long streaks on this page, newest first; those of one incident follow each other.
function picturedTables(choice) {
  const ofTable = new Map();
  for (const episode of ofTables("episodes")(choice)) {
    if (episode.of.behaviour === "always_failing" || episode.last_execution_id < executionIds[0]) continue;
    if (!ofTable.has(episode.of)) ofTable.set(episode.of, []);
    ofTable.get(episode.of).push(episode);
  }
  const found = [];
  for (const [table, episodes] of ofTable) {
    const long = episodes.filter(isLong);
    if (!long.length) continue;
    const newest = long.reduce((a, b) => (b.first_execution_id > a.first_execution_id ? b : a));
    const incident = table.breaks.find((row) => row.first_execution_id === newest.first_execution_id)?.incident;
    found.push({ table, episodes, began: incident ?? newest.first_execution_id, first: newest.first_execution_id });
  }
  return found.sort((a, b) => b.began - a.began || b.first - a.first || a.table.place - b.table.place);
}

function showPicture(choice) {
  const found = picturedTables(choice);
  const shown = found.slice(0, PICTURE_ROWS);
  const notes = [];
  if (shown.length < found.length) notes.push(`Showing ${partOf(shown.length, found.length)} tables, the newest streaks first.`);
  if (!shown.length) notes.push("No table failed several times in a row.");
  else notes.push(`Left out: tables that never succeeded, and those without ${report.variables.behaviour_min_streak} errors in a row.`);
  note("episode-picture-note", notes.join(" "));
  const grid = element("div", { class: "picture" });
  if (shown.length) {
    const ends = [executionIds[0], executionIds[executionIds.length >> 1], executionIds.at(-1)];
    grid.append(element("span"), element("span", { class: "axis" }, ...ends.map((id) => element("span", {}, String(id)))));
  }
  for (const { table, episodes } of shown) grid.append(tableLink(table, table.label), bars(table, episodes));
  pictureHolder.replaceChildren(grid);
}

function bars(table, episodes) {
  const svg = drawing("svg", { viewBox: `0 0 ${executionIds.length} 10`, preserveAspectRatio: "none", role: "img" });
  const words = [];
  for (const episode of episodes) {
    const from = placeInPicture(episode.first_execution_id);
    const to = placeInPicture(episode.last_execution_id + 1);
    const title = drawing("title");
    title.textContent = `${episode.first_execution_id} to ${episode.last_execution_id}: ${count(episode.errors, "error")}`;
    words.push(title.textContent);
    const bar = drawing("rect", { class: "error", x: from, y: 1, width: Math.max(1, to - from), height: 8 });
    bar.append(title);
    svg.append(bar);
  }
  svg.setAttribute("aria-label", `${table.label}, executions ${words.slice(0, 5).join("; ")}`);
  return svg;
}
