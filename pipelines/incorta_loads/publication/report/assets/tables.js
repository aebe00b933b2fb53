"use strict";
// Tables with sorting, paging, phone layout and printing, by Tabulator.

const ROWS_ON_PAPER = 40;

// A heading that sorts by click and by keyboard.
function sortButton(cell) {
  return element("button", { type: "button", class: "sort" }, cell.getValue());
}

function column(title, field, options = {}) {
  return {
    title,
    field,
    titleFormatter: sortButton,
    headerSortStartingDir: "desc",
    minWidth: 70,
    print: true, // also what is too wide for the screen
    ...options,
  };
}

const NOT_SORTED = { headerSort: false, titleFormatter: undefined };

// Numbers, or the text that `words` returns for their row.
function number(title, field, { words, ...options } = {}) {
  const draw = words ?? ((row) => String(row[field] ?? ""));
  return drawn(title, field, draw, { sorter: "number", cssClass: "number", width: 100, ...options });
}

function part(title, field, whole, options) {
  return number(title, field, { words: (row) => partOf(row[field], row[whole]), ...options });
}

function drawn(title, field, draw, options = {}) {
  const formatter = (cell) => draw(cell.getData());
  return column(title, field, { formatter, formatterPrint: formatter, ...options });
}

function text(title, field, options = {}) {
  return drawn(title, field, (row) => nameOf(row[field] ?? ""), { headerSortStartingDir: "asc", ...options });
}

// Columns that do not fit are listed below the row, as terms and values.
function stacked(pairs) {
  const list = element("dl");
  for (const { title, value } of pairs) {
    const content = value instanceof Node ? value : String(value ?? "");
    if (title) list.append(element("dt", {}, title), element("dd", {}, content));
  }
  queueMicrotask(() => list.parentElement?.setAttribute("role", "gridcell"));
  return list;
}

// The scrolling element gets the role rowgroup, which Tabulator sets one element further in.
function bodyOf(holder) {
  const body = holder.querySelector(".tabulator-tableholder");
  body.setAttribute("role", "rowgroup");
  body.querySelector(".tabulator-table").setAttribute("role", "presentation");
  holder.removeAttribute("aria-owns");
  return body;
}

// The row that says that a list is empty.
function emptyRow() {
  return element("div", { role: "row" }, element("span", { role: "gridcell" }));
}

// Writes why a list is empty.
function writeEmpty(row, words, choice, part) {
  const of = [];
  if (Object.values(choice).some(Boolean)) of.push(" for these choices");
  if (part && parts[part].length < report.totals[part]) of.push(" among the rows on this page");
  row.firstChild.textContent = `${words}${of.join("")}.`;
}

function paperNote(rows) {
  return rows > ROWS_ON_PAPER ? `Only the first ${partOf(ROWS_ON_PAPER, rows)} rows are printed.` : "";
}

class List {
  // A table in an element; `rows` returns the rows for the choices.
  constructor(id, { columns, rows, sort, size = 10, empty, part }) {
    this.id = id;
    this.rows = rows;
    this.holder = document.getElementById(id);
    this.columns = columns;
    this.sort = sort;
    this.size = size;
    this.empty = empty;
    this.part = part; // part of the data, if the page may not contain all of it
    this.emptyRow = emptyRow();
    this.counter = element("span", { class: "counter" });
    this.paper = element("span", { class: "paper" });
    this.pages = element("div", { class: "pages" }, this.counter, this.paper);
    this.holder.after(this.pages);
  }

  show(choice, sorted) {
    const found = this.rows(choice);
    writeEmpty(this.emptyRow, this.empty, choice, this.part);
    if (this.table) {
      this.built.then(() => this.table.replaceData(found));
      return;
    }
    this.table = new Tabulator(this.holder, {
      data: found,
      columns: this.columns,
      layout: "fitColumns",
      responsiveLayout: "collapse",
      responsiveLayoutCollapseFormatter: stacked,
      columnHeaderSortMulti: false,
      headerSortTristate: false,
      resizableColumns: false,
      initialSort: this.order(sorted),
      pagination: true,
      paginationSize: window.innerWidth < 600 ? Math.min(5, this.size) : this.size,
      paginationButtonCount: 3,
      paginationElement: this.pages,
      placeholder: this.emptyRow,
      renderVertical: "basic",
      printAsHtml: true,
      printStyled: false,
      printRowRange: () => this.table.getRows("active").slice(0, ROWS_ON_PAPER),
    });
    this.built = new Promise((resolve) => this.table.on("tableBuilt", resolve));
    this.table.on("tableBuilt", () => bodyOf(this.holder).removeAttribute("tabindex")); // it does not scroll
    this.table.on("dataProcessed", () => this.showPage());
    this.table.on("pageLoaded", () => this.showPage());
    this.table.on("dataSorted", (sorters) => this.onSort?.(sorters.map(({ field, dir }) => ({ column: field, dir }))));
  }

  sortBy(sorted) {
    this.table?.setSort(this.order(sorted));
  }

  // Unknown columns in the address are ignored. Tabulator modifies the array that it gets.
  order(sorted) {
    const known = (sorted ?? []).filter((each) => this.columns.some((column) => column.field === each.column));
    return (known.length ? known : this.sort ?? []).map((each) => ({ ...each }));
  }

  // The range of visible rows; empty if all rows are visible.
  showPage() {
    const rows = this.table.getDataCount("active");
    const first = (this.table.getPage() - 1) * this.table.getPageSize();
    const last = Math.min(rows, first + this.table.getPageSize());
    this.pages.classList.toggle("one-page", this.table.getPageMax() <= 1);
    this.paper.textContent = paperNote(rows);
    this.counter.textContent = `${grouped.format(first + 1)} to ${partOf(last, rows)}`;
  }
}
