"use strict";
// The choices, in the form and in the address, and what they show.

const form = document.getElementById("choices");
form.hidden = document.querySelector("main").hidden = false;
const OLD_SECONDS = 86_400;
const FIELDS = ["plan", "schema", "behaviour", "incident", "table"];
const OPENED = ["card", "execution"];

function fill(name, all, options) {
  form.elements[name].replaceChildren(
    element("option", { value: "" }, all),
    ...options.map(([value, words]) => element("option", { value }, words)),
  );
}

function unlike(values) {
  return [...new Set(values)].sort((a, b) => a.localeCompare(b, "en"));
}

function fillForm() {
  fill("plan", "all", unlike(parts.plans.map((row) => row.load_plan)).map((name) => [name, name]));
  fill("schema", "all", unlike(parts.tables.map((row) => row.schema_name)).map((name) => [name, name]));
  fill("behaviour", "any", Object.entries(BEHAVIOURS));
  fill("incident", "any", parts.incidents.map((row) => [executionKey(row, row.execution_id), [incidentWords(row), ...placeOf(row)].join(", ")]));
}

function readFragment() {
  const fragment = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  for (const name of FIELDS) {
    const value = fragment.get(name) ?? "";
    const field = form.elements[name];
    field.value = value;
    if (field.value === value) continue;
    // a name that no longer exists matches nothing, rather than everything
    field.append(element("option", { value }, `${value.slice(0, 60)} (not on this page)`));
    field.value = value;
  }
  opened = Object.fromEntries(OPENED.filter((name) => fragment.has(name)).map((name) => [name, fragment.get(name)]));
  const sorts = new Map();
  for (const [key, value] of fragment) {
    const [field, dir] = value.split(".");
    if (key.startsWith("sort-")) sorts.set(key.slice(5), [{ column: field, dir }]);
  }
  return sorts;
}

let sorts = new Map();
let written = location.hash;

// The choices, the sort orders and what is open, as in the address.
function fragmentOf(open) {
  const fragment = new URLSearchParams();
  for (const name of FIELDS) if (form.elements[name].value) fragment.set(name, form.elements[name].value);
  for (const [id, [{ column, dir }]] of sorts) fragment.set(`sort-${id}`, `${column}.${dir}`);
  for (const [name, value] of Object.entries(open)) fragment.set(name, value);
  return fragment;
}

function writeFragment() {
  const fragment = fragmentOf(opened);
  written = fragment.size ? `#${fragment}` : sectionInAddress() ? location.hash : "";
  if (written !== location.hash) history.replaceState(null, "", written || location.pathname + location.search);
}

// The section that the address links to, such as #worse.
function sectionInAddress() {
  return /^#[a-z]+$/.test(location.hash) ? document.querySelector(`section${location.hash}`) : null;
}

function choice() {
  return Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value]));
}

const grid = new Grid();

function show() {
  const chosen = choice();
  const found = tablesOf(chosen).length;
  document.getElementById("shown").value =
    found === parts.tables.length ? count(found, "table") : `${partOf(found, parts.tables.length)} tables`;
  note("failing-note", failingNote(tablesOf(chosen).filter(isFailing)));
  note("scope", scopeNote(chosen));
  writeFragment();
  const [incidents, changes, failing, ...rest] = LISTS;
  for (const list of [incidents, changes, failing]) list.show(chosen, sorts.get(list.id));
  showNever(chosen);
  showOpened();
  performance.mark("first screen");
  // everything below the first screen is drawn later
  setTimeout(() => {
    showPicture(chosen);
    showPlanTimes(chosen);
    grid.show(chosen);
    showTrend(grid.executions, grid.tables);
    note("grid-note", !chosen.plan && parts.plans.length > 1 ? "Choose a load plan to see its executions side by side." : "");
    for (const list of rest) list.show(chosen, sorts.get(list.id));
    if (document.documentElement.dataset.drawn !== "all") sectionInAddress()?.scrollIntoView();
    document.documentElement.dataset.drawn = "all";
  });
}

function listen() {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", show);
  form.addEventListener("reset", () => setTimeout(show));
  window.addEventListener("hashchange", () => {
    const isPlace = location.hash && !location.hash.includes("=");
    if (isPlace || location.hash === written) return;
    const before = JSON.stringify(choice());
    sorts = readFragment();
    if (JSON.stringify(choice()) === before) {
      showOpened();
      writeFragment();
      return;
    }
    for (const list of LISTS) list.sortBy(sorts.get(list.id));
    show();
  });
  for (const list of LISTS) {
    list.onSort = (sorters) => {
      const own = JSON.stringify(list.sort ?? []);
      if (JSON.stringify(sorters) === own || !sorters.length) sorts.delete(list.id);
      else sorts.set(list.id, sorters);
      writeFragment();
    };
  }
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    link.addEventListener("click", (event) => {
      event.preventDefault(); // the address keeps the choices
      const target = document.querySelector(link.getAttribute("href"));
      target.scrollIntoView();
      target.setAttribute("tabindex", "-1");
      target.focus({ preventScroll: true });
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // paper is light even if the screen is dark
  window.addEventListener("beforeprint", () => {
    document.documentElement.dataset.paper = "";
    redraw();
  });
  window.addEventListener("afterprint", () => {
    delete document.documentElement.dataset.paper;
    redraw();
  });
}

function redraw() {
  showTimes();
  colors = readColors();
  drawLegend();
  for (const list of LISTS) list.table?.redraw(true);
  grid.table?.redraw(true);
  grid.measure();
  showTrend(grid.executions, grid.tables);
}

// Shows relative times on screen, and absolute times on paper.
function showTimes() {
  const onPaper = "paper" in document.documentElement.dataset;
  for (const each of document.querySelectorAll("time[data-at]")) {
    each.dateTime = new Date(1000 * each.dataset.at).toISOString();
    each.title = utc(Number(each.dataset.at));
    each.textContent = onPaper ? `at ${each.title}` : ago(Number(each.dataset.at));
    const isOld = Date.now() / 1000 - each.dataset.at > OLD_SECONDS;
    each.classList.toggle("old", isOld);
    if (isOld && !onPaper) each.textContent += " (older than a day)";
  }
}

// What the choices do not affect.
function scopeNote(chosen) {
  if (!Object.values(chosen).some(Boolean)) return "";
  const sentences = ["The headline above covers all load plans and tables."];
  const shared = chosen.plan ? tablesOf(chosen).filter((table) => table.inPlans.size > 1).length : 0;
  if (shared) {
    sentences.push(`${count(shared, "table")} of ${chosen.plan} ${shared === 1 ? "is" : "are"} in other load plans too. The grid, the rates and the origins of errors cover ${chosen.plan} only. The other sections cover all load plans of these tables.`);
  }
  return sentences.join(" ");
}

function note(id, words) {
  document.getElementById(id).textContent = words;
}

function writeNotes() {
  const { totals, limits } = report;
  const shownOf = (part, shown, what) => (shown < totals[part] ? `Showing ${partOf(shown, totals[part])} ${what}.` : "");
  note("episodes-note", shownOf("episodes", parts.episodes.length, "episodes, ongoing ones first, then the latest"));
  note("causes-note", shownOf("causes", parts.causes.length, "causes, by rank"));
  note("origins-note", shownOf("origins", parts.origins.length, "rows of the latest executions"));
  note("together-note", shownOf("together", parts.together.length, "pairs, the most significant ones"));
  const rules = parts.rules.map((row) => `${grouped.format(row.nodes)} × ${RULES[row.rule]}`).join("; ");
  note("conflicts-note", `${rules && `In all executions: ${rules}.`} ${shownOf("conflicts", parts.conflicts.length, "rows of the latest executions")}`);
  note("times-note", timesNote());
  note("gaps-note", shownOf("gaps", parts.gaps.length, "gaps with the highest ids"));
  const verdicts = parts.tables.filter((row) => row.compared_verdict === "insufficient_data").length;
  note("compared", verdicts ? `${count(verdicts, "table")} with too few runs after successes cannot be compared.` : "");
  note("left-out", [
    `Run by run: at most ${limits.executions_of_a_plan} of the newest executions of each load plan and ${grouped.format(limits.executions)} in total (here ${partOf(parts.executions.length, totals.executions)}). All other figures cover all executions.`,
    shownOf("plans", parts.plans.length, "load plans, worst first"),
    shownOf("schemas", parts.schemas.filter((row) => !row.is_in_plan).length, "schemas, worst first"),
    shownOf("tables", parts.tables.length, "tables, worst first"),
    shownOf("grid", parts.grid.length, "tables in load plans"),
    `Names longer than ${report.limits.characters} characters are shortened, and invisible characters are shown as escapes. Version ${report.version}.`,
  ].filter(Boolean).join(" "));
}

fillForm();
sorts = readFragment();
listen();
showTimes();
setInterval(showTimes, 60_000);
writeNotes();
showChangesNote();
show();
