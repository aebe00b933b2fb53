"use strict";
// The lists of the page and their columns.

function place(row) {
  return severalPlaces ? element("div", { class: "quiet" }, nameOf(placeOf(row).join(", "))) : null;
}

function tableCell(row) {
  const table = row.of ?? row;
  return element("div", {}, tableLink(table), place(table));
}

const tableColumn = (options = {}) => drawn("Table", "label", tableCell, { minWidth: 180, widthGrow: 3, headerSortStartingDir: "asc", ...options });

const rateColumns = [
  part("Errors", "errors", "counted", { width: 130 }),
  number("Rate", "error_rate", { words: (row) => `${percent(row.error_rate)} %`, width: 90 }),
  drawn("95 % interval", "error_rate_low", (row) => element("span", { class: "rate" }, intervalBar(row.error_rate, row.error_rate_low, row.error_rate_high), interval(row.error_rate_low, row.error_rate_high)), { sorter: "number", minWidth: 210, widthGrow: 2 }),
  part("Recent", "recent_errors", "recent_counted", { width: 130 }),
];

const LISTS = [
  new List("incidents", {
    rows: (choice) => parts.incidents.filter((row) => isIncidentChosen(row, choice)),
    empty: "No tables broke together in recent executions",
    part: "incidents",
    size: 5,
    columns: [
      drawn("What happened", "execution_id", incidentCell, { sorter: "number", minWidth: 300, widthGrow: 4 }),
      drawn("Still failing", "open_tables", (row) => (row.open_tables ? element("b", {}, partOf(row.open_tables, row.tables)) : `none, the last error was in ${row.last_execution_id}`), { sorter: "number", minWidth: 200, widthGrow: 2 }),
    ],
  }),
  new List("changes", {
    rows: (choice) => parts.changes.filter((row) => isChosen(row.of, choice)),
    empty: "No table broke, got worse or recovered",
    size: 5,
    columns: [
      drawn("Change", "change", (row) => element("b", {}, row.change), { width: 110, headerSortStartingDir: "asc" }),
      drawn("Table", "table", tableCell, { minWidth: 180, widthGrow: 3, sorter: "number" }),
      drawn("Since", "since_execution_id", (row) => executionLink(row.of, row.since_execution_id), { sorter: "number", width: 90 }),
      drawn("Last runs", "runs", (row) => strip(row.of, 14), { ...NOT_SORTED, width: 178 }),
    ],
  }),
  new List("failing", {
    rows: (choice) => tablesOf(choice).filter((row) => isFailing(row) && row.behaviour !== "always_failing").sort((a, b) => b.failing_since_execution_id - a.failing_since_execution_id || b.current_streak - a.current_streak),
    empty: report.totals.executions ? "Nothing is failing now" : "No data yet",
    size: 10,
    columns: [
      tableColumn({ minWidth: 165, widthGrow: 2 }),
      drawn("Since", "failing_since_execution_id", (row) => executionLink(row, row.failing_since_execution_id), { sorter: "number", width: 90 }),
      number("Errors in a row", "current_streak", { width: 140 }),
      drawn("Last runs", "place", (row) => strip(row, 24), { ...NOT_SORTED, width: 290 }),
      drawn("State", "behaviour", (row) => (row.is_broken ? element("b", {}, "broken") : "failed in the last run"), { width: 180 }),
      ...(parts.tables.some((row) => isFailing(row) && openIncident(row) !== undefined) ? [drawn("Incident", "incident", incidentOfTable, { ...NOT_SORTED, width: 110 })] : []),
    ],
  }),
  new List("regressions", {
    rows: (choice) => tablesOf(choice).filter((row) => VERDICTS[row.compared_verdict]).sort((a, b) => a.compared_rank - b.compared_rank),
    empty: "No table is significantly worse or better than before",
    columns: [
      tableColumn(),
      drawn("Change", "compared_rank", (row) => element("b", {}, VERDICTS[row.compared_verdict]), { sorter: "number", headerSortStartingDir: "asc", width: 100 }),
      drawn("Since", "compared_since_execution_id", worseSince, { sorter: "number", minWidth: 190 }),
      drawn("Errors in the last runs", "compared_recent_errors", errorsOfRuns, { sorter: "number", minWidth: 220 }),
      drawn("Last runs", "place", (row) => strip(row, 20), { ...NOT_SORTED, width: 246 }),
      drawn("Now", "behaviour", (row) => BEHAVIOURS[row.behaviour], { width: 130 }),
    ],
  }),
  new List("plans", {
    rows: (choice) => plansOf(choice).sort(worseEnd),
    empty: "No load plan",
    size: 8,
    columns: [
      drawn("Load plan", "load_plan", (row) => element("div", {}, nameOf(row.load_plan), place(row)), { headerSortStartingDir: "asc", minWidth: 150, widthGrow: 2 }),
      part("Errors", "errors", "counted", { width: 110 }),
      number("Rate", "error_rate", { words: (row) => `${percent(row.error_rate)} %`, width: 90 }),
      drawn("Last executions", "place", planStrip, { ...NOT_SORTED, width: 290 }),
      drawn("Last execution", "last_execution_id", lastExecution, { sorter: "number", minWidth: 220, widthGrow: 3 }),
    ],
  }),
  new List("slow-tables", {
    rows: ofTables("table_durations"),
    empty: "No durations are known",
    columns: [
      drawn("Table", "table", tableCell, { minWidth: 180, widthGrow: 3, sorter: "number" }),
      text("Load plan", "load_plan", { minWidth: 120, widthGrow: 2 }),
      number("Median", "median_longest_seconds", { words: (row) => between(row.median_shortest_seconds, row.median_longest_seconds), width: 120 }),
      number("Of the plan", "share_of_plan", { words: (row) => (row.share_of_plan === null ? "" : `${percent(row.share_of_plan)} %`), width: 120 }),
      number("Last run", "last_longest_seconds", { words: (row) => between(row.last_shortest_seconds, row.last_longest_seconds), width: 120 }),
      drawn("Slower", "verdict", (row) => (row.verdict === "slower" ? element("b", {}, PACES.slower) : PACES[row.verdict]), { width: 140 }),
      number("Runs", "runs", { width: 80 }),
    ],
  }),
  new List("schema-rates", {
    rows: schemasOf,
    empty: "No schema",
    sort: [{ column: "error_rate_low", dir: "desc" }],
    columns: [
      drawn("Schema", "schema_name", (row) => element("div", {}, nameOf(row.schema_name), place(row)), { headerSortStartingDir: "asc", minWidth: 160, widthGrow: 2 }),
      ...rateColumns,
      part("Table errors", "table_errors", "tables_counted", { width: 150 }),
    ],
  }),
  new List("table-rates", {
    rows: ratesOf,
    empty: "No table",
    size: 20,
    sort: [{ column: "error_rate_low", dir: "desc" }],
    columns: [
      tableColumn(),
      ...rateColumns,
      drawn("Behaviour", "behaviour", (row) => BEHAVIOURS[row.behaviour], { width: 130 }),
    ],
  }),
  new List("episode-list", {
    rows: ofTables("episodes"),
    empty: "No episode",
    part: "episodes",
    columns: [
      drawn("Table", "table", tableCell, { minWidth: 180, widthGrow: 3, sorter: "number" }),
      drawn("From execution", "first_execution_id", (row) => executionLink(row.of, row.first_execution_id), { sorter: "number", cssClass: "number", width: 150 }),
      drawn("To", "last_execution_id", (row) => executionLink(row.of, row.last_execution_id), { sorter: "number", cssClass: "number", width: 100 }),
      number("Errors", "errors"),
      number("Failed", "failures", { width: 140 }),
      drawn("Ended by", "ended_by_execution_id", (row) => (row.is_open ? element("b", {}, "ongoing") : element("span", {}, "execution ", executionLink(row.of, row.ended_by_execution_id))), { sorter: "number", width: 160 }),
    ],
  }),
  new List("causes", {
    rows: ofTables("causes"),
    empty: "Nothing that once worked still fails",
    part: "causes",
    columns: [
      number("Rank", "fix_rank", { width: 80, headerSortStartingDir: "asc" }),
      drawn("Node", "name", causeCell, { minWidth: 160, widthGrow: 3, headerSortStartingDir: "asc" }),
      drawn("State", "behaviour", (row) => BEHAVIOURS[row.behaviour] ?? "", { width: 120 }),
      drawn("Since", "failing_since_execution_id", (row) => (row.failing_since_execution_id === null ? "" : executionLink(row, row.failing_since_execution_id)), { sorter: "number", cssClass: "number", width: 90 }),
      ...(parts.causes.some((row) => row.incident_execution_id !== null) ? [drawn("Incident", "incident_execution_id", incidentOfCause, { sorter: "number", width: 110 })] : []),
      ...(parts.causes.some((row) => row.tables_not_run) ? [number("Blocks", "tables_not_run", { words: (row) => (row.tables_not_run ? count(row.tables_not_run, "table") : ""), width: 110 })] : []),
      part("Failed executions", "executions_failed", "failed_executions", { width: 170 }),
      number("Only cause of", "executions_only_cause", { width: 130 }),
      part("Clean after", "cumulative_clean_executions", "failed_executions", { width: 130 }),
    ],
  }),
  new List("origins", {
    rows: ofTables("origins"),
    empty: "No errors originated here",
    part: "origins",
    columns: [
      drawn("Execution", "execution_id", (row) => executionLink(row, row.execution_id), { sorter: "number", cssClass: "number", width: 110 }),
      text("Load plan", "load_plan", { minWidth: 120, widthGrow: 2 }),
      drawn("Node", "name", causeCell, { minWidth: 180, widthGrow: 3, headerSortStartingDir: "asc" }),
      drawn("Outcome", "outcome", (row) => OUTCOMES[row.outcome], { width: 180 }),
      number("Inherited above", "inherited_above", { width: 170 }),
      number("All origins", "origins_in_execution", { width: 130 }),
    ],
  }),
  new List("together", {
    rows: (choice) => parts.together.filter((row) => !choice.behaviour && (matches(sideOf(row, "a"), choice) || matches(sideOf(row, "b"), choice))),
    empty: "No such pair",
    part: "together",
    columns: [
      drawn("Table", "table_name_a", (row) => tableLink(sideOf(row, "a")), { minWidth: 160, widthGrow: 2, headerSortStartingDir: "asc" }),
      drawn("And", "table_name_b", (row) => tableLink(sideOf(row, "b")), { minWidth: 160, widthGrow: 2, headerSortStartingDir: "asc" }),
      number("Together", "starts_both", { width: 110 }),
      number("By chance", "expected", { words: (row) => row.expected.toFixed(1), width: 120 }),
      drawn("Each", "starts_a", (row) => `${row.starts_a} and ${row.starts_b} of ${row.executions}`, { sorter: "number", width: 150 }),
    ],
  }),
  new List("conflicts", {
    rows: conflictsOf,
    empty: "No contradiction",
    part: "conflicts",
    columns: [
      drawn("Execution", "execution_id", (row) => executionLink(row, row.execution_id), { sorter: "number", cssClass: "number", width: 110 }),
      drawn("Contradiction", "rule", (row) => RULES[row.rule], { minWidth: 180, widthGrow: 2 }),
      drawn("Node", "path", (row) => element("div", {}, nameOf(row.path)), { minWidth: 220, widthGrow: 4, headerSortStartingDir: "asc" }),
      text("Status", "job_status", { minWidth: 140 }),
    ],
  }),
  ...(parts.backtest ? [new List("backtest", {
    rows: () => parts.backtest,
    empty: "No data yet",
    columns: [
      drawn("Setting", "setting", (row) => element("div", {}, row.setting, place(row)), { minWidth: 110, headerSortStartingDir: "asc" }),
      drawn("Says", "kind", (row) => row.kind, { width: 100 }),
      number("Sent", "messages", { width: 90 }),
      number("Per million runs", "messages_per_million_runs", { words: (row) => rounded(row.messages_per_million_runs), width: 150 }),
      drawn("What became of them", "confirmed", becameWords, { ...NOT_SORTED, minWidth: 220, widthGrow: 3 }),
      number("Confirmed", "share_confirmed", { words: (row) => (row.share_confirmed === null ? "" : `${percent(row.share_confirmed)} %`), width: 120 }),
      number("Median delay in runs", "median_delay_runs", { words: (row) => rounded(row.median_delay_runs), width: 180 }),
    ],
  })] : []),
  new List("coverage", {
    rows: () => parts.coverage,
    empty: "No id was requested yet",
    columns: [
      drawn("Cluster, tenant", "cluster", (row) => nameOf(`${row.cluster}, ${row.tenant}`), { minWidth: 160, widthGrow: 2, headerSortStartingDir: "asc" }),
      drawn("Loaded", "loaded", (row) => `${partOf(row.loaded, row.ids_asked - row.not_found)} ids`, { sorter: "number", minWidth: 140 }),
      number("Do not exist", "not_found", { width: 130 }),
      drawn("Not loaded", "unavailable", notLoaded, { ...NOT_SORTED, minWidth: 200, widthGrow: 2 }),
      drawn("Ids", "lowest_loaded_id", (row) => (row.lowest_loaded_id === null ? "none" : `${row.lowest_loaded_id} to ${row.highest_loaded_id}, ${grouped.format(row.ids_missing)} missing between`), { sorter: "number", minWidth: 200, widthGrow: 2 }),
      number("Not final", "executions_not_final", { width: 140 }),
      drawn("Last response", "last_fetched_at", (row) => utc(row.last_fetched_at), { sorter: "number", width: 180 }),
    ],
  }),
  new List("gaps", {
    rows: () => parts.gaps,
    empty: "No gap",
    columns: [
      number("From id", "first_id", { width: 120 }),
      number("To id", "last_id", { width: 120 }),
      number("Ids", "ids", { width: 100 }),
      drawn("Reason", "reason", (row) => REASONS[row.reason] ?? row.reason, { minWidth: 220, widthGrow: 3 }),
      ...(severalPlaces ? [drawn("Cluster, tenant", "cluster", (row) => nameOf(`${row.cluster}, ${row.tenant}`), { minWidth: 160 })] : []),
    ],
  }),
];

const REASONS = {
  not_found: "do not exist in the cluster",
  forbidden: "the token has no access (403)",
  rejected: "the cluster refused the request",
  unavailable: "no usable response after all retries",
  invalid_payload: "the response could not be read",
  never_asked: "never requested",
};

function sideOf(row, side) {
  return { cluster: row.cluster, tenant: row.tenant, schema_name: row[`schema_name_${side}`], table_name: row[`table_name_${side}`] };
}

function isIncidentChosen(row, choice) {
  if (choice.incident) return executionKey(row, row.execution_id) === choice.incident;
  return parts.tables.some((table) => brokeIn(table, row) && isChosen(table, choice));
}

function incidentWords(row) {
  const schemas = row.schemas === 1 ? row.schema_name : count(row.schemas, "schema");
  return `${count(row.tables, "table")} of ${schemas} broke after execution ${row.broke_after_execution_id} and by ${row.broke_by_execution_id}`;
}

function incidentCell(row) {
  const plans = row.load_plans === 1 ? row.load_plan : count(row.load_plans, "load plan");
  const link = incidentLink(row, row.execution_id);
  return element("div", {}, row.is_open ? element("b", {}, link) : link, element("span", { class: "quiet" }, " in ", nameOf(plans)), place(row));
}

function incidentOfTable(row) {
  const id = openIncident(row);
  return id === undefined ? "" : incidentLink(row, id, String(id));
}

function incidentOfCause(row) {
  const id = row.incident_execution_id;
  return id === null ? "" : incidentLink(row, id, String(id));
}

function planStrip(row) {
  const runs = parts.executions.filter((each) => each.planKey === planKey(row)).slice(-24);
  return stripOf(runs.map((each) => each.outcome));
}

// Tables that never succeeded, in one row that unfolds.
function showNever(choice) {
  const found = tablesOf(choice).filter((row) => isFailing(row) && row.behaviour === "always_failing");
  const holder = document.getElementById("never");
  holder.hidden = !found.length;
  holder.firstElementChild.textContent = `${count(found.length, "table")} never succeeded`;
  holder.lastElementChild.replaceChildren(...found.flatMap((row, at) => [at ? ", " : "", tableLink(row)]));
}

function showChangesNote() {
  const isFirst = report.last_report_at === null;
  note("changes-note", isFirst ? "This is the first report here, so nothing is marked as new." : `The last report was published ${utc(report.last_report_at)}.`);
  document.getElementById("changes").hidden = isFirst;
}

// Plans with the worst last execution first; plans without a final execution last.
function worseEnd(a, b) {
  const outcomes = Object.keys(OUTCOMES);
  const [first, second] = [a, b].map((row) => (row.last_execution_id === null ? outcomes.length : outcomes.indexOf(row.last_outcome)));
  return first - second || b.last_table_errors - a.last_table_errors;
}

// The number of failing tables.
function failingNote(found) {
  if (!found.length) return "";
  const broken = found.filter((table) => table.is_broken).length;
  const words = broken ? [`${grouped.format(broken)} broken (${report.variables.behaviour_min_streak} or more consecutive errors, or never a success)`] : [];
  if (broken < found.length) words.push(`${grouped.format(found.length - broken)}${broken ? " more" : ""} failed in the last run`);
  return `${words.join("; ")}.`;
}

function lastExecution(row) {
  if (row.last_execution_id === null) return "no final execution yet";
  const canvas = sharpCanvas(CELL.width, CELL.height);
  drawCell(canvas.getContext("2d"), row.last_outcome, 0);
  const words = [`${partOf(row.last_table_errors, row.last_tables)} tables in error`];
  if (row.last_tables_not_run) words.push(`${count(row.last_tables_not_run, "table")} not run`);
  if (row.last_is_partial) words.push("not a full run");
  if (row.running) words.push(`${count(row.running, "execution")} not final`);
  return element("span", {}, canvas, " ", executionLink(row, row.last_execution_id), ` ${OUTCOMES[row.last_outcome]}, ${words.join(", ")}`);
}

function causeCell(row) {
  const kind = { table: "", schema: "schema ", group: "group ", load_plan: "load plan " }[row.role] ?? `${row.type} `;
  const shown = row.role === "table" ? tableLink({ ...row, table_name: row.name }) : nameOf(row.name);
  return element("div", {}, kind, shown, place(row));
}

function evidence(row) {
  return { improved: row.compared_p_improved, outage: row.compared_p_runs }[row.compared_verdict] ?? row.compared_p_value;
}

function becameWords(row) {
  return ["confirmed", "passed", "unclear", "open", "short", "long"].filter((became) => row[became]).map((became) => `${grouped.format(row[became])} ${became}`).join(", ") || "none";
}

function rounded(number) {
  return number === null ? "" : grouped.format(Math.round(number));
}

function errorsOfRuns(row) {
  return `${partOf(row.compared_recent_errors, row.compared_recent_runs)}, before ${partOf(row.compared_baseline_errors, row.compared_baseline_runs)}`;
}

function worseSince(row) {
  const { compared_since_execution_id: since, compared_changed_after_execution_id: after, compared_changed_by_execution_id: by } = row;
  if (since === null) return "";
  return element("span", {}, executionLink(row, since), " ", element("span", { class: "quiet" }, after === null ? `(by ${by})` : `(between ${after} and ${by})`));
}

function notLoaded(row) {
  const words = ["forbidden", "rejected", "unavailable", "invalid_payload"].filter((reason) => row[reason]).map((reason) => `${grouped.format(row[reason])} ${reason.replace("_", " ")}`);
  return words.join(", ") || "none";
}
