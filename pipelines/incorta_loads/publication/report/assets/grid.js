"use strict";
// The grid of tables × executions. Tabulator draws the visible rows; runs are drawn on canvases.

const GRID_ROW_HEIGHT = 22;
const KEYS = "Every run of every table. Use the arrow keys to move between runs, Home and End for the oldest and the newest.";

class Grid {
  constructor() {
    this.holder = document.getElementById("grid");
    this.executions = [];
    this.hidden = 0; // executions that are newer than the visible ones
    this.fit = 1; // executions that fit
    this.at = null; // { place, column } that the keyboard is on
    this.left = null; // where the keyboard was when the focus left
    this.canvases = new Map(); // place of a table → its canvas
    this.turned = 0; // number of page turns; an invisible canvas may be from an earlier one
    this.range = element("output", { class: "range" });
    this.older = element("button", { type: "button" }, "← Older");
    this.newer = element("button", { type: "button" }, "Newer →");
    this.older.addEventListener("click", () => this.turn(this.hidden + this.fit));
    this.newer.addEventListener("click", () => this.turn(this.hidden - this.fit));
    this.rowsHolder = element("div");
    this.emptyRow = emptyRow();
    this.frame = element("div", { class: "frame" }, this.rowsHolder);
    this.paper = element("div", { class: "paper" });
    this.holder.append(element("div", { class: "turn" }, this.older, this.range, this.newer), this.frame, this.paper);
    this.frame.addEventListener("keydown", (event) => this.key(event));
    this.frame.addEventListener("focusin", () => this.go(this.left ?? { place: this.order()[0], column: this.executions.length - 1 }));
    this.frame.addEventListener("focusout", () => this.leave());
    this.frame.addEventListener("pointerdown", (event) => this.press(event));
    this.frame.addEventListener("mousemove", (event) => this.point(event));
    this.frame.addEventListener("mouseleave", () => hideTip());
    new ResizeObserver(() => this.measure()).observe(this.frame);
    drawLegend();
  }

  show(choice) {
    const found = tablesOf(choice);
    const plans = new Set(found.flatMap((table) => [...table.inPlans.keys()]));
    this.executions = parts.executions
      .filter((each) => plans.has(each.planKey) && (!choice.plan || each.load_plan === choice.plan))
      .slice(-report.limits.executions_of_a_plan);
    this.hidden = 0;
    this.at = this.left = null;
    this.tables = found;
    this.paper.textContent = paperNote(found.length);
    writeEmpty(this.emptyRow, "No table", choice);
    if (this.table) {
      this.built.then(async () => {
        this.table.setHeight(heightOf(found));
        await this.table.replaceData(inSchemas(found));
        this.measure();
      });
      return;
    }
    this.header = sharpCanvas(1, 34);
    this.header.setAttribute("role", "img");
    this.header.setAttribute("aria-label", "How each execution ended");
    this.table = new Tabulator(this.rowsHolder, {
      data: inSchemas(found),
      index: "place",
      columns: [
        { title: "Table", field: "label", width: this.nameWidth(), headerSort: false, resizable: false, formatter: (cell) => tableInGrid(cell.getData()), formatterPrint: (cell) => nameOf(cell.getValue()) },
        { title: "Runs", field: "place", headerSort: false, resizable: false, titleFormatter: () => this.header, formatter: (cell) => this.canvasOf(cell), formatterPrint: (cell) => this.canvasOf(cell) },
      ],
      layout: "fitColumns",
      height: heightOf(found),
      rowHeight: GRID_ROW_HEIGHT,
      groupBy: "schema_name",
      groupHeader: schemaHeader,
      groupHeaderPrint: (schema) => escaped(schema),
      groupToggleElement: false,
      placeholder: this.emptyRow,
      printAsHtml: true,
      printStyled: false,
      printRowRange: () => this.table.getRows("active").slice(0, ROWS_ON_PAPER),
    });
    this.table.on("scrollVertical", () => requestAnimationFrame(() => this.refresh()));
    this.built = new Promise((resolve) => this.table.on("tableBuilt", () => {
      bodyOf(this.rowsHolder).setAttribute("aria-label", KEYS);
      this.measure();
      resolve();
    }));
  }

  nameWidth() {
    return Math.round(Math.min(340, Math.max(120, 0.36 * this.frame.clientWidth)));
  }

  measure() {
    if (!this.table?.initialized) return;
    const names = this.table.getColumn("label");
    if (names.getWidth() !== this.nameWidth()) names.setWidth(this.nameWidth());
    this.width = Math.max(CELL.width, this.frame.clientWidth - names.getWidth() - 18);
    this.fit = Math.max(1, Math.floor(this.width / CELL.width));
    this.turn(this.hidden);
  }

  // The number of newer executions that are not visible.
  turn(hidden) {
    this.hidden = Math.max(0, Math.min(hidden, this.executions.length - this.fit));
    this.older.disabled = this.hidden + this.fit >= this.executions.length;
    this.newer.disabled = this.hidden === 0;
    const [first, last] = [this.first(), this.last() - 1];
    this.range.value = this.executions.length
      ? `Executions ${this.executions[first].execution_id} to ${this.executions[last].execution_id} (${partOf(last - first + 1, this.executions.length)})`
      : report.totals.executions ? "No matching execution on this page" : "No execution";
    this.drawHeader();
    this.turned += 1;
    this.refresh();
  }

  // Rows that were invisible when the page was turned are redrawn.
  refresh() {
    for (const [place, canvas] of this.canvases) {
      if (canvas.isConnected && canvas.turned !== this.turned) this.draw(place);
    }
  }

  first() {
    return Math.max(0, this.last() - this.fit);
  }

  last() {
    return this.executions.length - this.hidden;
  }

  canvasOf(cell) {
    const { place } = cell.getData();
    const canvas = sharpCanvas(1, CELL.height);
    canvas.dataset.place = place;
    this.canvases.set(place, canvas);
    this.draw(place);
    return canvas;
  }

  draw(place) {
    const canvas = this.canvases.get(place);
    if (!this.width) return;
    canvas.turned = this.turned;
    resizeCanvas(canvas, this.width, CELL.height);
    const context = canvas.getContext("2d");
    const table = parts.tables[place];
    for (let column = this.first(); column < this.last(); column++) {
      const status = statusIn(table, this.executions[column]);
      if (status) drawCell(context, status.outcome, (column - this.first()) * CELL.width);
    }
    if (this.at?.place === place) {
      context.strokeStyle = colors.ring;
      context.lineWidth = 2;
      context.strokeRect((this.at.column - this.first()) * CELL.width, 1, CELL.width - 1, CELL.height - 2);
    }
  }

  // Draws the outcome of each execution, and above them as many ids as fit.
  drawHeader() {
    resizeCanvas(this.header, this.width, 34);
    const context = this.header.getContext("2d");
    for (let column = this.last() - 1; column >= this.first(); column--) {
      const x = (column - this.first()) * CELL.width;
      drawCell(context, this.executions[column].outcome, x, 15);
    }
    context.fillStyle = colors.ring;
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "top";
    context.textAlign = "left";
    for (let column = this.first(); column + 6 < this.last(); column += 10) {
      context.fillText(String(this.executions[column].execution_id), (column - this.first()) * CELL.width, 1);
    }
  }

  // Indexes of tables in row order.
  order() {
    return inSchemas(this.tables).map((table) => table.place);
  }

  key(event) {
    if (!this.at) return;
    if (event.key === "Escape") hideTip();
    const order = this.order();
    const row = order.indexOf(this.at.place);
    const { column } = this.at;
    const moves = {
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      Home: [row, 0], End: [row, this.executions.length - 1], PageUp: [row - 10, column], PageDown: [row + 10, column],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const within = (value, length) => Math.max(0, Math.min(length - 1, value));
    this.go({ place: order[within(move[0], order.length)], column: within(move[1], this.executions.length) });
  }

  async go(at) {
    if (at.place === undefined || !this.executions.length) return;
    const before = this.at;
    this.at = at;
    if (before) this.canvases.has(before.place) && this.draw(before.place);
    if (at.column < this.first()) this.turn(this.executions.length - at.column - this.fit);
    else if (at.column >= this.last()) this.turn(this.executions.length - 1 - at.column);
    await this.table.scrollToRow(at.place, "nearest", false).catch(() => undefined);
    const canvas = this.canvases.get(at.place);
    if (!canvas?.isConnected || this.at !== at) return;
    this.draw(at.place);
    const lines = this.linesAt(at);
    document.getElementById("spoken").textContent = lines.join(". ");
    const box = canvas.getBoundingClientRect();
    showTip(lines, box.left + (at.column - this.first()) * CELL.width, box.bottom);
  }

  leave() {
    hideTip();
    this.left = this.at;
    this.at = null;
    if (this.left && this.canvases.has(this.left.place)) this.draw(this.left.place);
  }

  // The cell below the pointer; `place` is null in the header.
  cellAt(event) {
    const { place } = event.target.dataset ?? {};
    const inHeader = event.target === this.header;
    const left = event.target.getBoundingClientRect().left;
    const column = this.first() + Math.floor((event.clientX - left) / CELL.width);
    if ((place === undefined && !inHeader) || column >= this.last()) return null;
    return { place: inHeader ? null : Number(place), column };
  }

  // The focus event that follows keeps the pressed cell.
  press(event) {
    const at = this.cellAt(event);
    if (!at || at.place === null) return;
    this.left = at;
    if (this.at) this.go(at);
  }

  point(event) {
    const at = this.cellAt(event);
    if (!at) {
      hideTip();
      return;
    }
    const lines = at.place === null ? executionLines(this.executions[at.column]) : this.linesAt(at);
    showTip(lines, event.clientX, event.clientY + 14);
  }

  // The description of a cell, as lines.
  linesAt({ place, column }) {
    const table = parts.tables[place];
    const execution = this.executions[column];
    const status = statusIn(table, execution);
    const row = table.inPlans.get(execution.planKey);
    const path = status ? [execution.load_plan, row.group_name] : [];
    return [
      [...placeOf(table), ...path, table.schema_name, table.table_name].join(" › "),
      `Execution ${execution.execution_id}: ${status ? OUTCOMES[status.outcome] : "not part of it"}${status?.job_status ? ` (${status.job_status})` : ""}`,
    ];
  }
}

function executionLines(execution) {
  return [
    `${[...placeOf(execution), execution.load_plan].join(" › ")}, execution ${execution.execution_id}: ${OUTCOMES[execution.outcome]}`,
    `${partOf(execution.table_errors, execution.tables)} tables in error${execution.is_partial ? "; not a full run" : ""}`,
  ];
}

// Schemas by their worst table, and tables within each, worst first.
function inSchemas(tables) {
  const schemas = new Map();
  for (const table of tables) {
    if (!schemas.has(table.schema_name)) schemas.set(table.schema_name, []);
    schemas.get(table.schema_name).push(table);
  }
  return [...schemas.values()].flat();
}

// As high as its rows, up to a share of the screen.
function heightOf(tables) {
  const rows = tables.length + new Set(tables.map((table) => table.schema_name)).size;
  return Math.min(620, 0.7 * window.innerHeight, 80 + rows * GRID_ROW_HEIGHT);
}

function schemaHeader(schema, rows) {
  const header = element("span", { role: "gridcell" }, nameOf(schema), element("span", { class: "quiet" }, ` ${count(rows, "table")}`));
  queueMicrotask(() => header.parentElement?.setAttribute("role", "row"));
  return header;
}

function tableInGrid(table) {
  const bad = table.current_streak_is_error && table.current_streak > 0 && table.behaviour !== "gone";
  const name = table.table_name.startsWith(`${table.schema_name}.`) ? table.table_name.slice(table.schema_name.length + 1) : table.table_name;
  const title = [...placeOf(table), table.label].join(" › ");
  const where = severalPlaces ? element("span", { class: "quiet" }, " ", nameOf(placeOf(table).join(", "))) : null;
  return element("span", { class: bad ? "bad" : "", title }, tableLink(table, name), where);
}

function drawLegend() {
  for (const legend of document.querySelectorAll(".legend")) {
    legend.replaceChildren();
    for (const [outcome, words] of Object.entries(OUTCOMES)) {
      const canvas = sharpCanvas(CELL.width, CELL.height);
      drawCell(canvas.getContext("2d"), outcome, 0);
      legend.append(element("span", {}, canvas, words));
    }
    legend.append(element("span", { class: "quiet" }, "blank: not part of that execution"));
  }
}

function escaped(text) {
  return element("span", {}, text).innerHTML;
}

const tip = document.getElementById("tip");

function showTip(lines, x, y) {
  tip.replaceChildren(...lines.map((line) => element("div", {}, nameOf(line))));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x, document.documentElement.clientWidth - width - 4))}px`;
  tip.style.top = `${y + height > window.innerHeight ? y - height - 30 : y + 4}px`;
}

function hideTip() {
  tip.hidden = true;
}
