"use strict";
// A bar chart of tables in error per execution, for the chosen tables, by uPlot.

const TREND_HEIGHT = 130;
const trendHolder = document.getElementById("trend");
let trend = null;

function errorsIn(execution, tables) {
  return tables.filter((table) => ["failure", "partial"].includes(statusIn(table, execution)?.outcome)).length;
}

function showTrend(executions, tables) {
  trend?.destroy();
  trend = null;
  trendHolder.hidden = !executions.length;
  if (trendHolder.hidden) return;
  const errors = executions.map((execution) => errorsIn(execution, tables));
  const most = errors.reduce((a, b) => Math.max(a, b), 0);
  trendHolder.setAttribute("aria-label", `Tables in error in ${count(executions.length, "execution")}: at most ${most} in one execution, ${errors.at(-1) ?? 0} in the last one`);
  const style = getComputedStyle(document.documentElement);
  const axis = { stroke: style.getPropertyValue("--quiet"), grid: { stroke: style.getPropertyValue("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  trend = new uPlot({
    width: trendHolder.clientWidth,
    height: TREND_HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
    scales: { x: { time: false, range: [-0.5, Math.max(0.5, executions.length - 0.5)] }, y: { range: [0, Math.max(4, most)] } },
    axes: [
      { ...axis, size: 24, grid: { show: false }, incrs: [1, 5, 10, 20, 50], values: (_, places) => places.map((at) => executions[at]?.execution_id ?? "") },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
    ],
    series: [{}, { stroke: colors.failure.fill, fill: colors.failure.fill, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.8, 20] }) }],
    hooks: { setCursor: [(plot) => pointAt(plot, executions, errors)] },
  }, [executions.map((_, at) => at), errors], trendHolder);
}

function pointAt(plot, executions, errors) {
  const { idx, left, top } = plot.cursor;
  if (idx === null || idx === undefined || left < 0) {
    hideTip();
    return;
  }
  const box = plot.over.getBoundingClientRect();
  showTip([`${executions[idx].load_plan}, execution ${executions[idx].execution_id}`, `${count(errors[idx], "table")} in error`], box.left + left, box.top + top + 14);
}

new ResizeObserver(() => trend?.setSize({ width: trendHolder.clientWidth, height: TREND_HEIGHT })).observe(trendHolder);
