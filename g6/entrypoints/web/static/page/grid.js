// A table whose rows have keys: it is built once, and later only the cells that changed are written.

import { h, setAttribute, setText } from "./dom.js";

// columns: { key, label, unit, title, class, head (a heading of the row), text(row), paint(cell, row) }.
export class Grid {
  constructor(host, { caption, columns, groups = [], label = caption, mark = () => "" }) {
    this.columns = columns;
    this.mark = mark;
    this.rows = new Map();
    this.body = h("tbody");
    this.foot = h("tfoot");
    const head = h("thead");
    if (groups.length) {
      head.append(h("tr", {}, ...groups.map(({ text, span, class: name }) =>
        text ? h("th", { colspan: span, scope: "colgroup", class: name }, text) : h("td", { colspan: span, class: name }))));
    }
    head.append(h("tr", {}, ...columns.map((column) =>
      h("th", { scope: "col", class: column.class, title: column.title },
        column.label, column.unit ? h("span", { class: "unit" }, ` ${column.unit}`) : null))));
    this.caption = h("caption", {}, caption);
    this.table = h("table", {}, this.caption, head, this.body, this.foot);
    this.frame = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, this.table);
    host.append(this.frame);
    if (groups.length) {
      this.groups = [...head.firstChild.children].map((cell, place) => ({ cell, span: groups[place].span }));
      this.heads = [...head.lastChild.children];
      new ResizeObserver(() => this.spread()).observe(this.frame);
    }
  }

  // A group spans those of its columns that there is room for.
  spread() {
    let from = 0;
    for (const { cell, span } of this.groups) {
      const own = this.heads.slice(from, from + span).filter((head) => getComputedStyle(head).display !== "none");
      setAttribute(cell, "colspan", Math.max(1, own.length));
      from += span;
    }
  }

  // records: [key, row] in their order.
  show(records) {
    const keys = new Set();
    let before = null;
    for (const [key, row] of records) {
      keys.add(key);
      const line = this.rows.get(key) || this.add(key);
      this.write(line, row);
      const next = before ? before.nextSibling : this.body.firstChild;
      if (line.element !== next) this.body.insertBefore(line.element, next);
      before = line.element;
    }
    for (const [key, line] of this.rows) {
      if (keys.has(key)) continue;
      line.element.remove();
      this.rows.delete(key);
    }
  }

  add(key) {
    const element = h("tr", { "data-key": key });
    const cells = this.columns.map((column) => {
      const cell = h(column.head ? "th" : "td", { scope: column.head ? "row" : null, class: column.class });
      const text = h("span", { class: "text", "data-cell": column.key });
      cell.append(text);
      element.append(cell);
      return { cell, text };
    });
    const line = { element, cells, row: {} };
    this.rows.set(key, line);
    return line;
  }

  write(line, row) {
    line.row = row;
    const mark = this.mark(row);
    if (line.element.className !== mark) line.element.className = mark;
    this.columns.forEach((column, place) => {
      const { cell, text } = line.cells[place];
      if (column.text) setText(text, column.text(row));
      column.paint?.(cell, row, text);
    });
  }

  // Write some fields of rows that are there already.
  patch(key, fields) {
    const line = this.rows.get(key);
    if (line) this.write(line, { ...line.row, ...fields });
  }

  total(cells) {
    const row = h("tr", {}, ...this.columns.map((column, place) =>
      h(place === this.columns.findIndex((one) => one.head) ? "th" : "td",
        { class: column.class, scope: place === this.columns.findIndex((one) => one.head) ? "row" : null },
        cells[column.key] ?? "")));
    this.foot.replaceChildren(row);
  }
}

// A bar beside the text of a cell, or under it where there is little room: a share of that room.
export function bar(cell, share, role) {
  let element = cell.querySelector(".bar");
  if (!element) {
    element = h("i", { class: "bar", "aria-hidden": "true" });
    cell.prepend(element);
    cell.classList.add("barred");
  }
  setAttribute(element, "data-role", role);
  const part = String(Math.round(1000 * Math.min(1, Math.max(0, share || 0))) / 1000);
  if (element.style.getPropertyValue("--share") !== part) element.style.setProperty("--share", part);
}

// Figures with their names, as a list of terms.
export function figures(host, records) {
  if (!host.list) {
    host.list = h("dl", { class: "figures" });
    host.prepend(host.list);
    host.terms = new Map();
  }
  for (const [name, value, unit, title] of records) {
    let term = host.terms.get(name);
    if (!term) {
      term = h("dd");
      host.list.append(h("div", { title }, h("dt", {}, name, unit ? h("span", { class: "unit" }, ` ${unit}`) : null), term));
      host.terms.set(name, term);
    }
    setText(term, value);
  }
}
