"use strict";
// The card of one table, and the tree of one execution, on top of the page.

const RUNS_OF_CARD = 60;
const dialog = document.getElementById("card");
let opened = {}; // { card: key } or { execution: key }, as in the address

// Shows what the address names; closes the dialog if it names nothing.
function showOpened() {
  const content = opened.card !== undefined ? cardOf(opened.card) : opened.execution !== undefined ? treeOf(opened.execution) : null;
  if (!content) {
    if (dialog.open) dialog.close();
    return;
  }
  const close = element("button", { type: "button", class: "close" }, "Close");
  close.addEventListener("click", () => dialog.close());
  dialog.replaceChildren(close, ...content);
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

function headed(title, ...content) {
  return [element("h2", { id: "card-title" }, nameOf(title)), ...content];
}

function facts(pairs) {
  const list = element("dl", { class: "facts" });
  for (const [term, ...values] of pairs) {
    const lines = values.flat().filter((each) => each !== null && each !== "");
    if (lines.length) list.append(element("dt", {}, term), element("dd", {}, ...lines.map((each) => element("div", {}, each))));
  }
  return list;
}

function cardOf(key) {
  const table = tableOfKey.get(key);
  if (!table) return headed(key, element("p", {}, "This table is not on this page."));
  const only = new URLSearchParams({ schema: table.schema_name, table: `"${table.label}"` });
  return headed(
    key,
    element("p", {}, stateWords(table)),
    facts([
      ["Last runs", runsOfCard(table)],
      ["Error rate", `${percent(table.error_rate)} %, ${errorsAndInterval(table, "errors", "counted", "error_rate")}`, table.recent_counted ? `recent executions: ${errorsAndInterval(table, "recent_errors", "recent_counted", "recent_error_rate")}` : null],
      ["Worse?", worseWords(table)],
      ["Duration", parts.table_durations.filter((row) => row.of === table).map((row) => element("span", {}, nameOf(row.load_plan), ": ", ...usualWords({ ...row, of: table })))],
      ["Incidents", [...new Set(table.breaks.map((row) => row.incident))].map((id) => incidentOfCard(table, id))],
      ["Episodes", episodesOfCard(table)],
      ["Fails with", togetherWith(table)],
      ["Load plans", [...table.inPlans.values()].map((row) => element("span", {}, nameOf(row.load_plan), `: ${partOf(row.errors, row.counted)} runs in error`))],
    ]),
    element("p", {}, element("a", { href: `#${only}` }, "Show only this table on the page")),
  );
}

function stateWords(table) {
  const words = [BEHAVIOURS[table.behaviour]];
  if (isFailing(table)) {
    words.push(`: ${count(table.current_streak, "error")} in a row since execution `, executionLink(table, table.failing_since_execution_id));
    words.push(table.last_success_execution_id === null ? "; never a success" : "; the last success was ", table.last_success_execution_id === null ? "" : executionLink(table, table.last_success_execution_id));
  } else if (table.current_streak) {
    words.push(`: ${count(table.current_streak, "run")} in a row without an error`);
  }
  return element("span", {}, ...words, ".");
}

function runsOfCard(table) {
  const runs = lastRuns(table, window.innerWidth < 600 ? STRIP_ON_PHONE : RUNS_OF_CARD);
  if (!runs.length) return "not on this page";
  const [first, last] = [runs[0], runs.at(-1)].map((each) => executionLink(table, each.execution.execution_id));
  const canvas = stripOf(runs.map(({ status }) => status.outcome));
  canvas.style.maxWidth = "100%";
  return element("div", {}, element("div", {}, canvas), element("span", { class: "quiet" }, "executions ", first, " to ", last));
}

function errorsAndInterval(row, errors, counted, rate) {
  return `${partOf(row[errors], row[counted])} runs, 95 % interval ${interval(row[`${rate}_low`], row[`${rate}_high`])}`;
}

function worseWords(table) {
  if (table.compared_verdict === "insufficient_data") return "too few runs after successes to tell";
  const since = worseSince(table);
  const words = VERDICTS[table.compared_verdict] ?? "no more than chance explains";
  return element("span", {}, words, since ? " since execution " : "", since, `; errors in ${errorsOfRuns(table)}; p ${probability(evidence(table))}`);
}

// What happened, and the other tables to which it happened.
function incidentOfCard(table, id) {
  const others = parts.tables.filter((each) => each !== table && brokeIn(each, { cluster: table.cluster, tenant: table.tenant, execution_id: id }));
  const shown = others.slice(0, 10).flatMap((each, at) => [at ? ", " : "", tableLink(each)]);
  const more = others.length > 10 ? ` and ${others.length - 10} more` : "";
  return element("span", {}, incidentLink(table, id), others.length ? "; with " : "", ...shown, more);
}

function episodesOfCard(table) {
  return parts.episodes
    .filter((row) => row.of === table)
    .slice(0, 10)
    .map((row) => element("span", {}, executionLink(table, row.first_execution_id), " to ", executionLink(table, row.last_execution_id), `: ${count(row.errors, "error")}, `, ...(row.is_open ? ["still failing"] : ["ended by ", executionLink(table, row.ended_by_execution_id)])));
}

function togetherWith(table) {
  const found = [];
  for (const row of parts.together) {
    const sides = ["a", "b"].map((side) => ({ cluster: row.cluster, tenant: row.tenant, schema_name: row[`schema_name_${side}`], table_name: row[`table_name_${side}`] }));
    const at = sides.findIndex((side) => tableKey(side) === tableKey(table));
    if (at >= 0) found.push(element("span", {}, tableLink(sides[1 - at]), `: began ${row.starts_both} times together, ${row.expected.toFixed(1)} expected by chance`));
  }
  return found;
}

// Groups, schemas and tables of an execution, with what is in error first.
function treeOf(key) {
  const execution = executionOfKey.get(key);
  if (!execution) return headed(`Execution ${key}`, element("p", {}, "This execution is not on this page."));
  const groups = new Map();
  for (const table of parts.tables) {
    const status = statusIn(table, execution);
    if (!status) continue;
    const group = table.inPlans.get(execution.planKey).group_name;
    const schemas = groups.get(group) ?? groups.set(group, new Map()).get(group);
    (schemas.get(table.schema_name) ?? schemas.set(table.schema_name, []).get(table.schema_name)).push({ table, status });
  }
  const list = element("ul", { class: "tree" });
  for (const [group, schemas] of [...groups].sort(([a], [b]) => a.localeCompare(b, "en"))) {
    const ofGroup = element("ul");
    for (const [schema, tables] of schemas) ofGroup.append(element("li", {}, nameOf(schema), leaves(tables)));
    list.append(element("li", {}, nameOf(group), ofGroup));
  }
  return headed(
    `Execution ${key} of ${execution.load_plan}`,
    element("p", {}, `${OUTCOMES[execution.outcome]}, ${partOf(execution.table_errors, execution.tables)} tables in error${execution.is_partial ? "; not a full run" : ""}${[timesWords(execution)].filter(Boolean).map((words) => `; ${words}`).join("")}.`),
    list,
  );
}

function leaves(tables) {
  const order = Object.keys(OUTCOMES);
  const sorted = [...tables].sort((a, b) => order.indexOf(a.status.outcome) - order.indexOf(b.status.outcome) || a.table.label.localeCompare(b.table.label, "en"));
  return element("ul", {}, ...sorted.map(({ table, status }) => {
    const canvas = sharpCanvas(CELL.width, CELL.height);
    drawCell(canvas.getContext("2d"), status.outcome, 0);
    canvas.setAttribute("aria-hidden", "true");
    return element("li", {}, canvas, tableLink(table), element("span", { class: "quiet" }, ` ${OUTCOMES[status.outcome]}${status.job_status ? ` (${status.job_status})` : ""}`));
  }));
}

dialog.addEventListener("close", () => {
  opened = {};
  writeFragment();
});
