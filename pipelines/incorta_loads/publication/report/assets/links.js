"use strict";
// Links to the card of a table and to the tree of an execution, as addresses that can be sent.

// A table by its name, with cluster and tenant if there are several.
function tableKey(row) {
  return [...placeOf(row), tableName(row.schema_name, row.table_name)].join(", ");
}

function executionKey(row, id) {
  return [...placeOf(row), id].join(", ");
}

const tableOfKey = new Map(parts.tables.map((table) => [tableKey(table), table]));
const executionOfKey = new Map(parts.executions.map((each) => [executionKey(each, each.execution_id), each]));

// The address keeps the choices, and opens something on top of the page.
function addressWith(opened) {
  return `#${fragmentOf(opened)}`;
}

function tableLink(row, label = tableName(row.schema_name, row.table_name)) {
  const key = tableKey(row);
  if (!tableOfKey.has(key)) return nameOf(label);
  return element("a", { href: addressWith({ card: key }), title: key }, nameOf(label));
}

// The id of an execution; a link if its tree is on this page.
function executionLink(row, id) {
  const key = executionKey(row, id);
  return executionOfKey.has(key) ? element("a", { href: addressWith({ execution: key }) }, String(id)) : String(id);
}

const incidentOfKey = new Map(parts.incidents.map((row) => [executionKey(row, row.execution_id), row]));

// The page with the tables of an incident only.
function incidentLink(row, id, label) {
  const key = executionKey(row, id);
  const found = incidentOfKey.get(key);
  const words = label ?? (found ? incidentWords(found) : `incident ${id}`);
  return element("a", { href: `#${new URLSearchParams({ incident: key })}` }, nameOf(words));
}
