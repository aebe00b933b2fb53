"use strict";
// Errors by day, and how long load plans take: one bar per execution, from shortest to longest.

const DAYS_SHOWN = 90;
const RUNS_TIMED = 60;
const PLANS_TIMED = 6;
const DAY_SECONDS = 86_400;

const PACES = { slower: "slower", as_before: "as before", cannot_tell: "cannot tell", insufficient_data: "too few runs" };

const timeOfKey = new Map(parts.times.map((row) => [executionKey(row, row.execution_id), row]));

function timesOf(execution) {
  return timeOfKey.get(executionKey(execution, execution.execution_id));
}

// When and how long an execution ran; empty if nothing is known.
function timesWords(execution) {
  const row = timesOf(execution);
  if (!row) return "";
  if (row.ran_seconds !== null) return isRunning(execution) ? `running for at least ${lowerEnd(row.ran_seconds)}` : "";
  return `took ${between(row.shortest_seconds, row.longest_seconds)}, ended ${utcBetween(row.ended_after, row.ended_by)}`;
}

// Whether it still runs by its status; a table that never ended also keeps an execution from being final.
function isRunning(execution) {
  return ["running", "queued"].includes(execution.outcome) && timesOf(execution)?.ran_seconds > 0;
}

function usualWords(row) {
  const median = between(row.median_shortest_seconds, row.median_longest_seconds);
  const last = between(row.last_shortest_seconds, row.last_longest_seconds);
  const pace = row.verdict === "slower" ? ", slower than 90 % of those before" : "";
  return [`${median} (median of ${count(row.runs, "run")}); `, executionLink(row.of ?? row, row.last_execution_id), ` took ${last}${pace}`];
}

function showPlanTimes(choice) {
  const days = daysOf(choice);
  const dated = days.reduce((sum, day) => sum + day.executions, 0);
  const undated = parts.days.filter((row) => row.day === "(no name)" && isOfPlan(row, choice.plan)).reduce((sum, row) => sum + row.executions, 0);
  const counted = days.reduce((sum, day) => sum + day.counted, 0);
  note("days-note", dated ? `The day is known of ${partOf(dated, dated + undated)} executions; ${grouped.format(counted)} of these succeeded or ended in error.` : "");
  document.getElementById("days").replaceChildren(...(dated ? [dayChart(days)] : []));
  const plans = parts.durations.filter((row) => isOfPlan(row, choice.plan));
  const running = parts.executions.filter(isRunning);
  note("durations-note", plans.length > PLANS_TIMED ? `Showing ${partOf(PLANS_TIMED, plans.length)} load plans; choose one to see it.` : "");
  document.getElementById("durations").replaceChildren(...plans.slice(0, PLANS_TIMED).map((row) => durationChart(row, running)));
}

// Sums of the chosen plans for each day, from the first to the last, without leaving out days.
function daysOf(choice) {
  const sums = new Map();
  for (const row of parts.days) {
    if (row.day === "(no name)" || !isOfPlan(row, choice.plan)) continue;
    const sum = sums.get(row.day) ?? { executions: 0, counted: 0, errors: 0 };
    for (const name of Object.keys(sum)) sum[name] += row[name];
    sums.set(row.day, sum);
  }
  const known = [...sums.keys()].sort();
  if (!known.length) return [];
  const last = Date.parse(known.at(-1)) / 1000;
  const first = Math.max(Date.parse(known[0]) / 1000, last - (DAYS_SHOWN - 1) * DAY_SECONDS);
  return Array.from({ length: (last - first) / DAY_SECONDS + 1 }, (_, at) => {
    const day = utc(first + at * DAY_SECONDS).slice(0, 10);
    return { day, ...(sums.get(day) ?? { executions: 0, counted: 0, errors: 0 }) };
  });
}

function dayChart(days) {
  const most = Math.max(...days.map((each) => each.counted), 1);
  const bars = days.map((each) => ({
    words: `${each.day}: ${partOf(each.errors, each.counted)} executions in error`,
    parts: [["counted", 0, each.counted], ["failure", 0, each.errors]],
  }));
  return chart(bars, most, { top: count(most, "execution"), ends: [days[0].day, days.at(-1).day], width: 24 });
}

function durationChart(row, running) {
  const executions = parts.executions.filter((each) => each.planKey === planKey(row) && timesWords(each)).slice(-RUNS_TIMED);
  const bars = executions.map((each) => {
    const { shortest_seconds: shortest, longest_seconds: longest, ran_seconds: ran } = timesOf(each);
    const part = ran === null ? [each.outcome, shortest, longest] : ["running", 0, ran];
    return { words: `${each.execution_id}: ${OUTCOMES[each.outcome]}, ${timesWords(each)}`, parts: [part] };
  });
  // what hangs, or was not looked at for long, must not flatten the others
  const longest = Math.max(...executions.map((each) => timesOf(each).longest_seconds ?? 0), 1);
  const most = Math.min(longest, Math.max(3 * row.median_longest_seconds, row.last_longest_seconds));
  const ids = executions.map((each) => String(each.execution_id));
  const now = running.filter((each) => each.planKey === planKey(row)).map((each) => element("div", {}, executionLink(each, each.execution_id), ` is ${timesWords(each)}`));
  return element("div", {},
    element("h4", {}, nameOf([row.load_plan, ...placeOf(row)].join(", "))),
    element("p", { class: "lead" }, ...usualWords(row), ...now),
    chart(bars, most, { top: `${most < longest ? "cut at " : ""}${between(most, most).split("–").at(-1)}`, ends: [ids[0] ?? "", ids.at(-1) ?? ""], width: 16 }),
  );
}

// Bars side by side. Each has words, and parts with a kind, a lower and an upper end up to `most`.
function chart(bars, most, { top, ends, width }) {
  const svg = drawing("svg", { viewBox: `0 0 ${10 * bars.length} 100`, preserveAspectRatio: "none", role: "img" });
  bars.forEach(({ words, parts: pieces }, at) => {
    const group = drawing("g");
    const title = drawing("title");
    title.textContent = words;
    group.append(title, drawing("rect", { class: "blank", x: 10 * at, y: 0, width: 10, height: 100 }));
    for (const [kind, low, high] of pieces) {
      const [from, to] = [low, high].map((end) => (100 * Math.min(end, most)) / most);
      if (high > low) group.append(drawing("rect", { class: kind, x: 10 * at + 1, y: 100 - to, width: 8, height: Math.max(2, to - from) }));
    }
    svg.append(group);
  });
  svg.setAttribute("aria-label", bars.slice(-5).map((bar) => bar.words).join("; "));
  svg.style.maxWidth = `${width * bars.length}px`;
  const axis = element("span", { class: "axis" }, ...(ends[0] === ends[1] ? ends.slice(0, 1) : ends).map((end) => element("span", {}, end)));
  axis.style.maxWidth = svg.style.maxWidth;
  return element("div", { class: "bars" }, element("span", { class: "top" }, top), svg, axis);
}

// What is known at all, and how to know more.
function timesNote() {
  const { timed, executions } = report.totals;
  const known = `Durations are known of ${partOf(timed, executions)} executions.`;
  return timed < executions ? `${known} They need a look before the start and one after the end: run incorta-loads run on a schedule.` : known;
}
