"use strict";
// The data of the page as rows. Each table has a reference to its runs.

const report = JSON.parse(document.getElementById("data").textContent);

const names = report.names.map((name) => (name === null ? "(no name)" : name === "" ? "(empty)" : name));

function rowsOf(columns) {
  const fields = Object.keys(columns);
  const texts = new Set(report.texts);
  const length = columns[fields[0]].length;
  return Array.from({ length }, (_, place) => {
    const row = {};
    for (const field of fields) {
      const value = columns[field][place];
      row[field] = texts.has(field) ? names[value] : value;
    }
    return row;
  });
}

const parts = {};
for (const part of ["tables", "incidents", "incident_tables", "changes", "grid", "executions", "plans", "schemas", "episodes", "causes", "origins",
  "together", "conflicts", "rules", "coverage", "gaps", "days", "times", "durations", "table_durations"]) {
  parts[part] = rowsOf(report[part]);
}
// only if it was calculated
if (report.backtest) parts.backtest = rowsOf(report.backtest);

const severalPlaces = new Set(parts.tables.map((row) => `${row.cluster}\n${row.tenant}`)).size > 1;

// Cluster and tenant, if there are several.
function placeOf(row) {
  return severalPlaces ? [row.cluster, row.tenant] : [];
}

// "schema.table", without repeating the schema if the table name starts with it
function tableName(schema, table) {
  return table.startsWith(`${schema}.`) ? table : `${schema}.${table}`;
}

function planKey(row) {
  return `${row.cluster}\n${row.tenant}\n${row.load_plan}`;
}

const statuses = new Map(report.statuses.map((each) => [each.character, each]));

parts.tables.forEach((table, place) => {
  table.place = place;
  table.label = tableName(table.schema_name, table.table_name);
  table.inPlans = new Map();
});
for (const row of parts.grid) {
  parts.tables[row.table].inPlans.set(planKey({ ...parts.tables[row.table], load_plan: row.load_plan }), row);
}
for (const execution of parts.executions) {
  execution.planKey = planKey(execution);
}
parts.executions.sort((a, b) => a.execution_id - b.execution_id);

// The status of a table in an execution; undefined if it was not part of it.
function statusIn(table, execution) {
  const row = table.inPlans.get(execution.planKey);
  if (!row) return undefined;
  const blanks = report.limits.executions_of_a_plan - row.cells.length;
  return statuses.get(row.cells[execution.plan_column - blanks]);
}

// The last executions that include the table, oldest first.
function lastRuns(table, most) {
  const found = [];
  for (let at = parts.executions.length - 1; at >= 0 && found.length < most; at--) {
    const status = statusIn(table, parts.executions[at]);
    if (status) found.push({ execution: parts.executions[at], status });
  }
  return found.reverse();
}

for (const part of ["episodes", "causes", "origins", "changes", "table_durations"]) {
  for (const row of parts[part]) row.of = parts.tables[row.table];
}
for (const table of parts.tables) table.breaks = [];
for (const row of parts.incident_tables) parts.tables[row.table].breaks.push(row);

// Whether a table is part of an incident.
function brokeIn(table, incident) {
  const isHere = table.cluster === incident.cluster && table.tenant === incident.tenant;
  return isHere && table.breaks.some((row) => row.incident === incident.execution_id);
}

// The incident in which the present errors of a table began; undefined if it broke alone.
function openIncident(table) {
  return table.breaks.find((row) => row.is_open)?.incident;
}
