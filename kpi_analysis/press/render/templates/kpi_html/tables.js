// Tables sort by a click on a head, long ones have a search field. Without this script all of them read as they are.
"use strict";
for (const table of document.querySelectorAll(".kpi main table")) {
  const body = table.tBodies[0];
  if (!body || !table.tHead) continue;
  const rows = [...body.rows];
  const plain = rows.filter(row => !row.matches(".group, .total"));
  // rows stay with the label over them, and totals stay below
  const groups = [];
  for (const row of rows) {
    if (row.matches(".group") || !groups.length) groups.push({ label: row.matches(".group") ? row : null, rows: [], totals: [] });
    const group = groups[groups.length - 1];
    if (row.matches(".total")) group.totals.push(row);
    else if (row !== group.label) group.rows.push(row);
  }

  const cellOf = (row, column) => {
    let position = 0;
    for (const cell of row.cells) {
      if (position === column) return cell;
      position += cell.colSpan;
      if (position > column) return null;
    }
    return null;
  };
  const worth = (row, column) => {
    const cell = cellOf(row, column);
    if (!cell || cell.colSpan > 1) return null;
    if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
    const words = cell.textContent.trim();
    return words === "" || words === "–" ? null : words;
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b
      : typeof a === typeof b ? a.localeCompare(b, document.documentElement.lang, { numeric: true })
        : typeof a === "number" ? -1 : 1;
  // what has no value stands last, whichever way the others go
  const ordered = (given, column, way) => way === 0 ? given : given
    .map((row, place) => ({ row, place, value: worth(row, column) }))
    .sort((a, b) => a.value === null || b.value === null
      ? (a.value === null) - (b.value === null) || a.place - b.place
      : way * compare(a.value, b.value) || a.place - b.place)
    .map(one => one.row);

  const heads = [...table.tHead.rows[0].cells];
  const sort = (column, way) => {
    heads.forEach((head, place) => {
      if (place === column && way) head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    for (const group of groups)
      body.append(...[group.label, ...ordered(group.rows, column, way), ...group.totals].filter(Boolean));
  };
  if (plain.length > 2)
    heads.forEach((head, column) => {
      if (new Set(plain.map(row => worth(row, column))).size < 2) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        sort(column, now === null ? 1 : now === "ascending" ? -1 : 0);
      });
    });

  if (plain.length > 8) {
    const field = document.createElement("p");
    field.className = "filter";
    const label = document.createElement("label");
    const input = document.createElement("input");
    const told = document.createElement("span");
    const heading = table.closest("section, figure")?.querySelector("h1, h2, h3");
    input.type = "search";
    input.placeholder = "Filter rows";
    input.setAttribute("aria-label", `Filter rows: ${heading ? heading.textContent : "table"}`);
    told.setAttribute("role", "status");
    label.append(input);
    field.append(label, told);
    const wrap = table.closest(".table") ?? table;
    wrap.before(field);
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLocaleLowerCase();
      let shown = 0;
      for (const group of groups) {
        let some = false;
        for (const row of group.rows) {
          row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted);
          if (!row.hidden) { shown += 1; some = true; }
        }
        if (group.label) group.label.hidden = !some;
        // a total is that of all rows, so it does not stand under some of them
        for (const row of group.totals) row.hidden = wanted !== "";
      }
      told.textContent = wanted ? `${shown} of ${plain.length} rows` : "";
    });
  }
}
