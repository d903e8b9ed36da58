// The descent of practices: a row a practice, time along it, lines down to what was changed from it.
Report.tree = (() => {
  const { data, number, element } = Report;
  const TOP = 46, BOTTOM = 30, LEFT = 22, THIN = 1.6, THICK = 16, GAP = 4, LABEL = 11.5, MARGIN = 268, NARROW = 640;
  let box, svg, all, rows, force, chosen = -1, x, right, kin;

  const make = (name, attributes, parent, text = "") => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.textContent = text;
    parent.append(node);
    return node;
  };
  const inForce = (row, day) => force[row.index * data.days + day];
  // Widths follow the logarithm: among thousands of measures one alone can still be seen.
  const width = (n) => (n > 0 ? THIN + ((THICK - THIN) * Math.log(n)) / Math.log(Math.max(10, data.tree.most)) : 0);

  // Outline of a row: steps where the width changes, once along the upper edge and back along the lower one.
  function outline(row) {
    let path = "", upper = [], lower = [], last = 0;
    const close = (day) => {
      if (!upper.length) return;
      upper.push(`H${x(day)}`);
      path += `${upper.join("")}${lower.reverse().join("")}Z`;
      [upper, lower, last] = [[], [], 0];
    };
    for (let day = row.day; day <= row.last + 1; day++) {
      const n = day <= row.last ? inForce(row, day) : 0, half = Math.round(5 * width(n)) / 10;
      if (half === last) continue;
      if (!half) { lower.push(`L${x(day)} ${row.y + last}`); close(day); continue; }
      if (!upper.length) upper.push(`M${x(day)} ${row.y - half}`);
      else { upper.push(`H${x(day)}V${row.y - half}`); lower.push(`L${x(day)} ${row.y + last}`); }
      lower.push(`L${x(day)} ${row.y + half}`);
      last = half;
    }
    return path;
  }

  function layout() {
    const whole = box.clientWidth, labelled = whole >= NARROW, until = data.days - 0.5;
    right = whole - (labelled ? MARGIN : LEFT);
    x = (day) => Math.round(10 * (LEFT + ((right - LEFT) * (day + 0.5)) / Math.max(1, until + 0.5))) / 10;
    let at = TOP;
    for (const row of rows) {
      const high = Math.max(THIN, width(row.most)) + GAP;
      row.y = at + high / 2;
      row.high = high;
      at += high;
    }
    draw(whole, at + BOTTOM, labelled);
  }

  function axes(high) {
    const marks = Report.dates.ticks(right - LEFT, 0, data.days - 1), texts = Report.dates.labels(right - LEFT, 0, data.days - 1, marks);
    marks.forEach((day, k) => {
      make("line", { x1: x(day), x2: x(day), y1: TOP - 12, y2: high - BOTTOM, class: "rule" }, svg);
      texts[k].split("\n").reverse().forEach((text, up) => make("text", { x: x(day), y: TOP - 17 - 13 * up, class: "date" }, svg, text));
      make("text", { x: x(day), y: high - BOTTOM + 17, class: "date" }, svg, texts[k].split("\n")[0]);
    });
  }

  function draw(whole, high, labelled) {
    svg?.remove();
    svg = make("svg", { width: whole, height: high, viewBox: `0 0 ${whole} ${high}` }, box);
    axes(high);
    const latest = rows.map((row) => row.last);
    rows.forEach((row) => { if (row.above >= 0) latest[row.above] = Math.max(latest[row.above], row.day); });
    const groups = rows.map((row, k) => {
      const group = make("g", { class: `practice channel-${row.channel}` }, svg);
      if (row.above >= 0) make("path", { d: `M${x(row.day)} ${rows[row.above].y}V${row.y}`, class: row.between ? "link far" : "link" }, group);
      make("line", { x1: x(row.day), x2: x(Math.max(row.last + 1, latest[k])), y1: row.y, y2: row.y, class: "life" }, group);
      make("path", { d: outline(row), class: "force" }, group);
      make("circle", { cx: x(row.day), cy: row.y, r: row.above < 0 ? 3.2 : 1.9, class: row.above < 0 ? "origin" : "start" }, group);
      return group;
    });
    if (labelled) labels(groups);
    make("line", { x1: 0, x2: 0, y1: TOP - 12, y2: high - BOTTOM, class: "today" }, svg);
    svg.classList.toggle("some", chosen >= 0);
    rows.forEach((row, k) => { row.group = groups[k]; });
    today();
    mark();
  }

  // Names beside the rows with most measures, as far as there is room.
  function labels(groups) {
    const taken = [];
    for (const k of rows.map((_, k) => k).sort((a, b) => rows[b].instances - rows[a].instances)) {
      const row = rows[k];
      if (taken.some((y) => Math.abs(y - row.y) < LABEL + 2)) continue;
      taken.push(row.y);
      make("line", { x1: x(row.last + 1) + 2, x2: right + 8, y1: row.y, y2: row.y, class: "leader" }, groups[k]);
      const label = make("text", { x: right + 12, y: row.y + 4, class: "name" }, groups[k]);
      make("tspan", { class: "count" }, label, number(row.instances));
      make("tspan", { dx: 6 }, label, row.needs);
      if (label.getComputedTextLength() > MARGIN - 14) shorten(label, row.needs);
    }
  }
  function shorten(label, text) {
    const part = label.lastChild;
    for (let n = text.length - 1; n > 4 && label.getComputedTextLength() > MARGIN - 14; n--) part.textContent = `${text.slice(0, n).trimEnd()}…`;
  }

  function today() {
    const line = svg.querySelector(".today");
    line.setAttribute("x1", x(Report.day));
    line.setAttribute("x2", x(Report.day));
  }

  const dated = (day) => `${Report.longDate(day)} (day ${day})`;
  function linesOf(row) {
    const far = row.between ? `, over ${number(row.between)} not drawn, ` : " ";
    const from = row.above >= 0 ? `changed${far}from ${rows[row.above].needs}` : "an independent origin";
    return [
      row.needs, `arose by ${row.by} on ${dated(row.day)}${row.place ? ` in ${row.place}` : ""}, ${from}`,
      `${number(row.instances)} ${row.instances === 1 ? "measure" : "measures"} in ${number(row.places)} ${row.places === 1 ? "place" : "places"}, at most ${number(row.most)} in force at once`,
      row.now ? `${number(row.now)} in force at the end` : `last in force on ${dated(row.last)}`,
    ];
  }

  // The chosen practice stands out with its ancestors and all that descends from it.
  function mark() {
    svg.classList.toggle("some", chosen >= 0);
    const line = new Set();
    for (let k = chosen; k >= 0; k = rows[k].above) line.add(k);
    const below = [chosen];
    for (const k of below) if (k >= 0) { line.add(k); below.push(...kin[k]); }
    rows.forEach((row, k) => {
      row.group.classList.toggle("on", line.has(k));
      row.group.classList.toggle("chosen", k === chosen);
    });
  }
  function choose(k, left, top) {
    const tip = document.getElementById("tree-tooltip");
    if (k !== chosen) {
      chosen = k;
      mark();
    }
    tip.hidden = k < 0;
    if (k < 0) return;
    tip.replaceChildren(...linesOf(rows[k]).map((text, n) => element(n ? "div" : "strong", { textContent: text })));
    const room = box.clientWidth - tip.offsetWidth;
    tip.style.left = `${Math.max(0, Math.min(left + 16, room))}px`;
    const origin = box.offsetTop, above = rows[k].y - rows[k].high / 2 - tip.offsetHeight - 6;
    tip.style.top = `${origin + (above > 0 && top === undefined ? above : rows[k].y + rows[k].high / 2 + 8)}px`;
  }
  const rowAt = (y) => rows.findIndex((row) => Math.abs(y - row.y) <= row.high / 2);

  function pointed(event) {
    const edge = svg.getBoundingClientRect(), k = rowAt(event.clientY - edge.top);
    choose(k, event.clientX - edge.left, event.clientY - edge.top);
  }
  function keys(event) {
    const next = chosen < 0 ? 0 : {
      ArrowDown: Math.min(rows.length - 1, chosen + 1), ArrowUp: Math.max(0, chosen - 1), ArrowLeft: Math.max(rows[chosen].above, -1),
      ArrowRight: kin[chosen][0] ?? chosen, Home: 0, End: rows.length - 1,
    }[event.key];
    if (event.key === "Escape") return choose(-1);
    if (next === undefined || !/^(Arrow|Home|End)/.test(event.key)) return;
    event.preventDefault();
    tell(next < 0 ? chosen : next);
  }
  function tell(k) {
    choose(k, x(rows[k].day));
    document.getElementById("tree-told").textContent = linesOf(rows[k]).join("; ");
  }

  // All rows of the data, or those that stand first by number of measures; `above` is a parent among the rows drawn.
  function show(more) {
    rows = all.filter((row) => more || row.few);
    const at = new Map(rows.map((row, k) => [row.index, k]));
    rows.forEach((row) => {
      let parent = row.parent, between = row.skipped;
      for (; parent >= 0 && !at.has(parent); parent = all[parent].parent) between += 1 + all[parent].skipped;
      Object.assign(row, { above: at.get(parent) ?? -1, between });
    });
    kin = rows.map(() => []);
    rows.forEach((row, k) => { if (row.above >= 0) kin[row.above].push(k); });
    chosen = -1;
    document.getElementById("tree-tooltip").hidden = true;
    layout();
  }

  // What a width means, as three bars beside the colours.
  function widths() {
    const keys = [1, 10, 100, 1000, 10000].filter((n) => n <= Math.max(1, data.tree.most)), holder = box.parentElement.querySelector(".widths");
    holder.replaceChildren("in force: ", ...keys.slice(-4).map((n) => {
      const bar = element("span", { className: "thick" });
      bar.style.height = `${width(n)}px`;
      return element("span", { className: "width" }, bar, Report.short(n));
    }));
  }

  function start() {
    box = document.getElementById("tree");
    if (!box || !data.tree) return;
    all = data.tree.rows.map((row, index) => ({ ...row, index }));
    force = Report.scale.unpack(data.tree.force, all.length * data.days, data.days, 1);
    widths();
    show(false);
    const button = document.getElementById("more-practices");
    button?.addEventListener("click", () => {
      const more = button.getAttribute("aria-expanded") === "false";
      button.setAttribute("aria-expanded", more);
      button.textContent = `Draw ${more ? data.tree.n_few : data.tree.n}`;
      document.getElementById("left-out").textContent = button.dataset[more ? "more" : "fewer"];
      show(more);
    });
    box.addEventListener("pointermove", pointed);
    box.addEventListener("pointerdown", pointed);
    box.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") choose(-1); });
    box.addEventListener("focus", () => { if (chosen < 0 && box.matches(":focus-visible")) tell(0); });
    box.addEventListener("blur", () => choose(-1));
    box.addEventListener("keydown", keys);
    box.addEventListener("click", (event) => {
      const at = (event.clientX - svg.getBoundingClientRect().left - LEFT) / (right - LEFT);
      if (at >= 0 && at <= 1) Report.setDay(Math.floor(at * data.days));
    });
    new ResizeObserver(() => { if (box.clientWidth && box.clientWidth !== Number(svg.getAttribute("width"))) layout(); }).observe(box);
    Report.onDay.push(today);
    Report.onPaint.push(layout);
  }
  return { start };
})();
