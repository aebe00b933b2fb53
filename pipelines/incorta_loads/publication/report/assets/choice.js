"use strict";
// Which tables, and which rows about them, belong to what is chosen.

function isOfPlan(row, plan) {
  return !plan || row.load_plan === undefined || row.load_plan === plan || row.load_plan === "(no name)";
}

// A part of a name; in quotation marks the whole of it.
function isNamed(name, wanted) {
  const whole = /^"(.*)"$/s.exec(wanted.trim());
  return whole ? name === whole[1] : name.toLowerCase().includes(wanted.trim().toLowerCase());
}

// A row that is about no table of this page: a schema, a group, a plan, or a table that was left out.
function matches(row, choice) {
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
    (!choice.table || isNamed(table.label, choice.table))
  );
}

function tablesOf(choice) {
  return parts.tables.filter((table) => isChosen(table, choice));
}

// Of what is about a table; about a schema, a group or a plan it cannot behave.
function ofTables(part) {
  return (choice) => parts[part].filter((row) => (row.of ? isChosen(row.of, choice) && isOfPlan(row, choice.plan) : !choice.behaviour && matches(row, choice)));
}

// Those that a chosen table is in.
function plansOf(choice) {
  const chosen = new Set(tablesOf(choice).flatMap((table) => [...table.inPlans.keys()]));
  const isAny = Object.values(choice).some(Boolean);
  return parts.plans.filter((row) => !isAny || (chosen.has(planKey(row)) && isOfPlan(row, choice.plan)));
}

function isFailing(table) {
  return table.failing_since_execution_id !== null && table.behaviour !== "gone";
}

// The rates of a table: in the chosen plan, else over all.
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
