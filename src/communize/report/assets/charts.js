// Line charts with uPlot: one cursor for all of them, and a mark on the day that the map shows.
Report.charts = (() => {
  const { data, number, short, colour, element } = Report;
  const FONT = "12px system-ui, sans-serif";
  const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
  const INKS = ["ink-1", "ink-2", "ink-3", "ink-4"];
  const COUNTS = [1, 2, 5].flatMap((n) => Array.from({ length: 12 }, (_, k) => n * 10 ** k)).sort((a, b) => a - b);
  const LABELLED = 5; // lines from which on each is named at its end as well
  const xs = Array.from({ length: data.days }, (_, d) => d);
  const live = new Map();

  const plotWidth = (u) => u.bbox.width / devicePixelRatio;
  const dateTicks = (u, _axis, low, high) => Report.dates.ticks(plotWidth(u), low, high);
  const dateLabels = (u, ticks) => Report.dates.labels(plotWidth(u), u.scales.x.min, u.scales.x.max, ticks);

  const axis = (more) => ({
    font: FONT, labelFont: FONT, stroke: colour("muted"), grid: { stroke: colour("grid"), width: 1 },
    ticks: { stroke: colour("grid"), width: 1, size: 5 }, gap: 5, ...more,
  });
  function valueAxis(unit, more = {}) {
    return axis({
      label: unit, labelSize: 18, labelGap: 2, values: (_u, ticks) => ticks.map((v) => (v == null ? "" : short(v))),
      size: (_u, labels) => 14 + 7 * Math.max(2, ...(labels ?? []).map((text) => `${text ?? ""}`.length)), ...more,
    });
  }

  // Beyond four lines each ink comes again with another dash.
  const inkOf = (line, n) => colour(line.faint ? "muted" : line.ink || INKS[(n + Math.floor(n / INKS.length)) % INKS.length]);

  function series(line, n, stacked) {
    const stroke = inkOf(line, n);
    if (stacked) {
      const paths = data.days < 3 ? uPlot.paths.bars({ size: [0.8, 24, 1] }) : undefined;
      return { label: line.label, stroke: colour("panel"), fill: stroke, width: 0.7, paths, points: { show: false } };
    }
    if (line.kind === "bars") {
      const paths = data.days > 120 ? uPlot.paths.stepped({ align: 1 }) : uPlot.paths.bars({ size: [0.8, 24, 1] });
      return { label: line.label, stroke, fill: stroke, width: 0, paths, points: { show: false } };
    }
    if (line.kind === "dots") {
      const ink = colour("ink");
      return { label: line.label, stroke: ink, paths: () => null, points: { show: true, size: 8, width: 1.6, stroke: ink, fill: line.hollow ? colour("panel") : ink } };
    }
    const dash = line.faint ? DASHES[2] : line.ink ? [] : DASHES[n % DASHES.length];
    return { label: line.label, stroke, width: line.faint ? 1.2 : 1.8, dash, points: { show: data.days < 3, size: 7, fill: stroke } };
  }

  function swatch(line, n, stacked) {
    const ns = "http://www.w3.org/2000/svg", svg = document.createElementNS(ns, "svg");
    svg.setAttribute("viewBox", "0 0 24 12");
    const draw = (name, attributes) => {
      const node = document.createElementNS(ns, name);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      svg.append(node);
    };
    const s = line.kind === "shade" ? null : series(line, n, stacked);
    if (!s) draw("rect", { x: 1, y: 1, width: 22, height: 10, fill: colour("shade") });
    else if (line.kind === "dots") draw("circle", { cx: 12, cy: 6, r: 4, stroke: s.stroke, fill: s.points.fill, "stroke-width": 1.6 });
    else if (stacked || line.kind === "bars") draw("rect", { x: 5, y: 2, width: 14, height: 9, fill: s.fill });
    else draw("line", { x1: 0, x2: 24, y1: 6, y2: 6, stroke: s.stroke, "stroke-width": 2.2, "stroke-dasharray": s.dash.join(" ") || "none" });
    return svg;
  }
  function legend(box, date, spec) {
    const cells = spec.lines.map((line, n) => {
      const value = element("span", { className: "value" });
      box.append(element("span", { className: "key" }, swatch(line, n, spec.stack), element("span", { textContent: line.label }), value));
      return [value, line.values];
    });
    if (spec.shade.length) box.append(element("span", { className: "key" }, swatch({ kind: "shade" }, 0), "state of exception"));
    return (idx) => {
      date.textContent = Report.shortDate(idx);
      for (const [cell, values] of cells) cell.textContent = number(values[idx]);
    };
  }

  function underneath(u, spec) {
    const { ctx, bbox } = u, x = (value) => u.valToPos(value, "x", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = colour("shade");
    for (const [from, to] of spec.shade) ctx.fillRect(x(from - 0.5), bbox.top, x(to + 0.5) - x(from - 0.5), bbox.height);
    ctx.restore();
  }

  // A line of reference, on top of the curves.
  function level(u, spec) {
    if (spec.level == null) return;
    const { ctx, bbox } = u, y = u.valToPos(spec.level, "y", true);
    if (!(y >= bbox.top && y <= bbox.top + bbox.height)) return;
    ctx.save();
    ctx.strokeStyle = colour("ink");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 2 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }

  // Names at the ends of many lines, moved apart where they would cover each other.
  // Lines that are 0 at the end have none where the axis begins at 0.
  const namesEnds = (spec, width) => !spec.stack && spec.lines.length >= LABELLED && width >= 430;
  const named = (spec, value) => value != null && (!spec.base || value > 0);
  function endNames(u, spec) {
    const { ctx, bbox } = u, high = 13 * devicePixelRatio, until = Math.min(data.days - 1, Math.floor(u.scales.x.max));
    const names = spec.lines.map((line, n) => {
      let day = until;
      while (day >= 0 && line.values[day] == null) day--;
      return !named(spec, line.values[day]) ? null : { text: line.label, ink: inkOf(line, n), y: u.valToPos(line.values[day], "y", true) };
    }).filter((name) => name !== null).sort((a, b) => a.y - b.y);
    names.forEach((name, k) => { name.at = Math.max(name.y, k ? names[k - 1].at + high : bbox.top + high / 2); });
    for (let k = names.length - 1, floor = bbox.top + bbox.height; k >= 0; k--) {
      names[k].at = Math.min(names[k].at, floor);
      floor = names[k].at - high;
    }
    ctx.save();
    ctx.font = `${11.5 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    ctx.setLineDash([]);
    const right = bbox.left + bbox.width;
    for (const { text, ink, y, at } of names) {
      ctx.strokeStyle = ctx.fillStyle = ink;
      ctx.lineWidth = devicePixelRatio;
      ctx.beginPath();
      ctx.moveTo(right + 2 * devicePixelRatio, y);
      ctx.lineTo(right + 9 * devicePixelRatio, at);
      ctx.stroke();
      ctx.fillText(text, right + 12 * devicePixelRatio, at);
    }
    ctx.restore();
  }
  function roomForNames(spec) {
    const ctx = document.createElement("canvas").getContext("2d");
    ctx.font = "11.5px system-ui, sans-serif";
    const shown = spec.lines.filter((line) => named(spec, line.values.findLast((v) => v != null)));
    return 18 + Math.max(0, ...shown.map((line) => ctx.measureText(line.label).width));
  }

  // Small triangles at the top edge, on the dates on which the scenario itself does something.
  function shocks(u, spec) {
    if (spec.name !== "participation") return;
    const { ctx, bbox } = u, r = 5 * devicePixelRatio;
    ctx.save();
    ctx.fillStyle = colour("ink");
    for (const { day } of data.shocks) {
      const x = u.valToPos(day, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x - r, bbox.top - r);
      ctx.lineTo(x + r, bbox.top - r);
      ctx.lineTo(x, bbox.top + 0.6 * r);
      ctx.fill();
    }
    ctx.restore();
  }

  // What is drawn: the lines, or the sums that they reach when they stand on each other, the uppermost first.
  function drawn(spec) {
    if (!spec.stack) return spec.lines.map((line, n) => [line.values, series(line, n, false)]);
    const sum = new Array(data.days).fill(0);
    return spec.lines.map((line, n) => [line.values.map((v, d) => (sum[d] += v ?? 0)), series(line, n, true)]).reverse();
  }

  function yRange(spec, low, high) {
    if (spec.level != null && high != null) [low, high] = [Math.min(low, spec.level), Math.max(high, spec.level)];
    if (low == null) return spec.base ? [0, 1] : [-1, 1];
    if (spec.log) return [0, Math.max(2, high * 1.4)];
    if (!spec.base && low === high) return [low - 1, high + 1];
    return spec.base ? [0, high > 0 ? high * 1.06 : 1] : uPlot.rangeNum(low, high, 0.1, true);
  }

  function options(spec, show, width) {
    const integers = spec.lines.every((line) => line.values.every((v) => v == null || Number.isInteger(v)));
    const atEnds = namesEnds(spec, width);
    return {
      width, height: spec.wide ? 260 : 200, legend: { show: false }, padding: [10, atEnds ? roomForNames(spec) : 14, 0, 0],
      cursor: { sync: { key: "days" }, y: false, drag: { x: true, y: false, dist: 6 }, points: { size: 7 } },
      scales: {
        x: { time: false, range: (_u, low, high) => [low <= 0 ? -0.5 : low, high >= data.days - 1 ? data.days - 0.5 : high] },
        y: { range: (_u, low, high) => yRange(spec, low, high), ...(spec.log ? { distr: 4, asinh: 1 } : {}) },
      },
      axes: [axis({ splits: dateTicks, values: dateLabels, size: 42 }), valueAxis(spec.unit, spec.log ? { splits: (_u, _axis, _low, high) => Report.dates.fromZero(high), filter: (_u, ticks) => ticks } : integers && spec.base ? { incrs: COUNTS } : {})],
      series: [{}, ...drawn(spec).map(([, options]) => options)],
      hooks: {
        drawClear: [(u) => underneath(u, spec)],
        draw: [(u) => level(u, spec), (u) => atEnds && endNames(u, spec), (u) => shocks(u, spec), (u) => mark(u)],
        setCursor: [(u) => show(u.cursor.idx ?? Report.day)],
      },
    };
  }

  function mark(u) {
    const line = u.over.querySelector(".daymark"), at = u.valToPos(Report.day, "x");
    if (!line) return;
    line.style.transform = `translateX(${at}px)`;
    line.hidden = !(at >= 0 && at <= u.over.clientWidth);
  }

  function build(figure, spec) {
    live.get(figure)?.u.destroy();
    const plot = figure.querySelector(".plot"), box = figure.querySelector(".legend");
    plot.replaceChildren();
    box.replaceChildren();
    const show = legend(box, figure.querySelector(".when"), spec);
    const u = new uPlot(options(spec, show, plot.clientWidth), [xs, ...drawn(spec).map(([values]) => values)], plot);
    u.over.append(element("div", { className: "daymark" }));
    let pressed = 0;
    u.over.addEventListener("mousedown", (event) => { pressed = event.clientX; });
    u.over.addEventListener("click", (event) => {
      if (Math.abs(event.clientX - pressed) < 4 && u.cursor.idx != null) Report.setDay(u.cursor.idx);
    });
    mark(u);
    show(Report.day);
    live.set(figure, { u, show });
  }

  function draw(figure) {
    if (!figure.querySelector(".plot").clientWidth) return;
    const { chart, distribution: name, columns } = figure.dataset;
    if (chart) build(figure, data.charts.find((spec) => spec.name === chart));
    else {
      live.get(figure)?.u.destroy();
      const u = columns ? Report.columns.draw(figure, data.columns.find((spec) => spec.name === columns))
        : Report.curves.draw(figure, data.distributions.find((spec) => spec.name === name));
      if (u) live.set(figure, { u, show: () => {} });
    }
  }

  function start() {
    const figures = [...document.querySelectorAll("figure.chart")];
    figures.forEach(draw);
    const observer = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        const figure = target.closest("figure"), drawn = live.get(figure), width = target.clientWidth;
        if (!drawn) draw(figure);
        else if (width && Math.abs(width - drawn.u.width) > 1) drawn.u.setSize({ width, height: drawn.u.height });
      }
    });
    figures.forEach((figure) => observer.observe(figure.querySelector(".plot")));
    Report.onPaint.push(() => figures.forEach(draw));
    Report.onDay.push((day) => live.forEach(({ u, show }, figure) => {
      if (!figure.dataset.chart) return;
      mark(u);
      if (u.cursor.idx == null) show(day);
    }));
  }
  return { start, axis, valueAxis, swatch, inkOf };
})();
