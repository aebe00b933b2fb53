"use strict";
// Filters tables, and the rows about them, by the choices.

function isOfPlan(row, plan) {
  return !plan || row.load_plan === undefined || row.load_plan === plan || row.load_plan === "(no name)";
}

// Matches part of a name, or the whole name in quotation marks.
function isNamed(name, wanted) {
  const whole = /^"(.*)"$/s.exec(wanted.trim());
  return whole ? name === whole[1] : name.toLowerCase().includes(wanted.trim().toLowerCase());
}

// Rows about a schema, a group, a plan, or a table that is not on this page.
function matches(row, choice) {
  if (choice.incident) return false; // an incident has tables only
  const isTable = (row.role ?? "table") === "table";
  const name = isTable ? tableName(row.schema_name, row.table_name) : row.name;
  return (
    isOfPlan(row, choice.plan) &&
    (!choice.schema || row.schema_name === choice.schema) &&
    (!choice.table || isNamed(name, choice.table))
  );
}

function conflictsOf(choice) {
  return choice.behaviour ? [] : parts.conflicts.filter((row) => matches(row, choice));
}

function isInPlan(table, plan) {
  return [...table.inPlans.values()].some((row) => row.load_plan === plan);
}

function isChosen(table, choice) {
  return (
    (!choice.plan || isInPlan(table, choice.plan)) &&
    (!choice.schema || table.schema_name === choice.schema) &&
    (!choice.behaviour || table.behaviour === choice.behaviour) &&
    (!choice.incident || table.breaks.some((row) => executionKey(table, row.incident) === choice.incident)) &&
    (!choice.table || isNamed(table.label, choice.table))
  );
}

function tablesOf(choice) {
  return parts.tables.filter((table) => isChosen(table, choice));
}

// Only tables have a behaviour; schemas, groups and plans do not.
function ofTables(part) {
  return (choice) => parts[part].filter((row) => (row.of ? isChosen(row.of, choice) && isOfPlan(row, choice.plan) : !choice.behaviour && matches(row, choice)));
}

// The plans or schemas of the chosen tables.
function plansOf(choice) {
  const chosen = new Set(tablesOf(choice).flatMap((table) => [...table.inPlans.keys()]));
  const isAny = Object.values(choice).some(Boolean);
  return parts.plans.filter((row) => !isAny || (chosen.has(planKey(row)) && isOfPlan(row, choice.plan)));
}

function isFailing(table) {
  return table.failing_since_execution_id !== null && table.behaviour !== "gone";
}

// The rates of a table: within the chosen plan, or over all plans.
function ratesOf(choice) {
  return tablesOf(choice).map((table) => {
    if (!choice.plan) return table;
    const row = [...table.inPlans.values()].find((each) => each.load_plan === choice.plan);
    return { ...table, ...row, place: table.place };
  });
}

function schemasOf(choice) {
  const chosen = new Set(tablesOf(choice).map((table) => `${table.cluster}\n${table.tenant}\n${table.schema_name}`));
  return parts.schemas.filter(
    (row) =>
      (choice.plan ? row.is_in_plan && row.load_plan === choice.plan : !row.is_in_plan) &&
      chosen.has(`${row.cluster}\n${row.tenant}\n${row.schema_name}`),
  );
}
