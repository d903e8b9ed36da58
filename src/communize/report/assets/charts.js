// Line charts with uPlot: one cursor for all of them, and a mark on the day that the map shows.
Report.charts = (() => {
  const { data, MONTHS, number, short, colour, element } = Report;
  const FONT = "12px system-ui, sans-serif";
  const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
  const INKS = ["ink-1", "ink-2", "ink-3", "ink-4"];
  const COUNTS = [1, 2, 5].flatMap((n) => Array.from({ length: 12 }, (_, k) => n * 10 ** k)).sort((a, b) => a - b);
  const xs = Array.from({ length: data.days }, (_, d) => d);
  const live = new Map();

  // Ticks on whole days, months or years, so that they do not depend on the reader's time zone.
  const roomOf = (u) => Math.max(2, Math.floor(u.bbox.width / devicePixelRatio / 62));
  const daysBetween = (room, span) => [1, 2, 5, 7, 14].find((n) => span / n <= room);
  function dateTicks(u, _axis, low, high) {
    const room = roomOf(u), span = Math.max(1, high - low), from = Report.dateOf(Math.ceil(low)), ticks = [];
    const step = daysBetween(room, span);
    if (step) {
      for (let d = Math.ceil(low / step) * step; d <= high; d += step) ticks.push(d);
      return ticks;
    }
    const months = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200].find((n) => span / (30.4 * n) <= room) ?? 6000;
    let month = Math.floor((from.getUTCFullYear() * 12 + from.getUTCMonth()) / months) * months;
    for (; ; month += months) {
      const d = Report.dayOf(Math.floor(month / 12), month % 12, 1);
      if (d > high) return ticks;
      if (d >= low) ticks.push(d);
    }
  }
  function dateLabels(u, ticks) {
    const monthly = !daysBetween(roomOf(u), u.scales.x.max - u.scales.x.min);
    const yearly = monthly && ticks.length > 1 && ticks.every((d) => Report.dateOf(d).getUTCMonth() === 0);
    let year = null;
    return ticks.map((d) => {
      const date = Report.dateOf(d), y = date.getUTCFullYear(), month = MONTHS[date.getUTCMonth()].slice(0, 3);
      const label = yearly ? `${y}` : `${monthly ? month : `${date.getUTCDate()} ${month}`}${y === year ? "" : `\n${y}`}`;
      year = y;
      return label;
    });
  }

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

  function series(line, n) {
    const stroke = colour(line.faint ? "muted" : INKS[n % INKS.length]);
    if (line.kind === "bars") {
      const paths = data.days > 120 ? uPlot.paths.stepped({ align: 1 }) : uPlot.paths.bars({ size: [0.8, 24, 1] });
      return { label: line.label, stroke, fill: stroke, width: 0, paths, points: { show: false } };
    }
    if (line.kind === "dots") {
      const ink = colour("ink");
      return { label: line.label, stroke: ink, paths: () => null, points: { show: true, size: 8, width: 1.6, stroke: ink, fill: line.hollow ? colour("panel") : ink } };
    }
    const dash = line.faint ? DASHES[2] : DASHES[n % DASHES.length];
    return { label: line.label, stroke, width: line.faint ? 1.2 : 1.8, dash, points: { show: data.days < 3, size: 7, fill: stroke } };
  }

  function swatch(line, n) {
    const ns = "http://www.w3.org/2000/svg", svg = document.createElementNS(ns, "svg");
    svg.setAttribute("viewBox", "0 0 24 12");
    const draw = (name, attributes) => {
      const node = document.createElementNS(ns, name);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      svg.append(node);
    };
    const s = line.kind === "shade" ? null : series(line, n);
    if (!s) draw("rect", { x: 1, y: 1, width: 22, height: 10, fill: colour("shade") });
    else if (line.kind === "dots") draw("circle", { cx: 12, cy: 6, r: 4, stroke: s.stroke, fill: s.points.fill, "stroke-width": 1.6 });
    else if (line.kind === "bars") draw("rect", { x: 5, y: 2, width: 14, height: 9, fill: s.stroke });
    else draw("line", { x1: 0, x2: 24, y1: 6, y2: 6, stroke: s.stroke, "stroke-width": 2.2, "stroke-dasharray": s.dash.join(" ") || "none" });
    return svg;
  }
  function legend(box, date, spec) {
    const cells = spec.lines.map((line, n) => {
      const value = element("span", { className: "value" });
      box.append(element("span", { className: "key" }, swatch(line, n), element("span", { textContent: line.label }), value));
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

  function options(spec, show) {
    const integers = spec.lines.every((line) => line.values.every((v) => v == null || Number.isInteger(v)));
    return {
      height: spec.wide ? 260 : 200, legend: { show: false }, padding: [10, 14, 0, 0],
      cursor: { sync: { key: "days" }, y: false, drag: { x: true, y: false, dist: 6 }, points: { size: 7 } },
      scales: {
        x: { time: false, range: (_u, low, high) => [low <= 0 ? -0.5 : low, high >= data.days - 1 ? data.days - 0.5 : high] },
        y: { range: (_u, low, high) => (low == null ? (spec.base ? [0, 1] : [-1, 1]) : spec.base ? [0, high > 0 ? high * 1.06 : 1] : uPlot.rangeNum(low, high, 0.1, true)) },
      },
      axes: [axis({ splits: dateTicks, values: dateLabels, size: 42 }), valueAxis(spec.unit, integers && spec.base ? { incrs: COUNTS } : {})],
      series: [{}, ...spec.lines.map(series)],
      hooks: {
        drawClear: [(u) => underneath(u, spec)],
        draw: [(u) => shocks(u, spec), (u) => mark(u)],
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
    const u = new uPlot({ ...options(spec, show), width: plot.clientWidth }, [xs, ...spec.lines.map((line) => line.values)], plot);
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

  function logTicks(_u, _axis, low, high) {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++)
      for (const n of [1, 2, 5]) {
        const tick = Number(`${n}e${power}`);
        if (tick >= low * 0.999 && tick <= high) ticks.push(tick);
      }
    return ticks;
  }
  const labelled = (tick, ticks) => ticks[ticks.length - 1] / ticks[0] < 200 || /^1e/.test(tick.toExponential());

  function distribution(figure, spec) {
    live.get(figure)?.u.destroy();
    const plot = figure.querySelector(".plot"), ink = colour("ink-1");
    plot.replaceChildren();
    if (!spec.x.length) return void plot.append(element("p", { className: "note", textContent: "No value above 0." }));
    const percent = (v) => `${Number((100 * v).toPrecision(2))}%`;
    const lowest = Math.min(...spec.share), decade = 10 ** Math.floor(Math.log10(lowest) - (lowest === 1 ? 1 : 0));
    const log = (label) => ({ splits: logTicks, filter: (_u, ticks) => ticks, values: (_u, ticks) => ticks.map((v) => (labelled(v, ticks) ? label(v) : "")) });
    const u = new uPlot({
      width: plot.clientWidth, height: 240, legend: { show: false }, padding: [10, 18, 0, 0], cursor: { y: false, drag: { x: false } },
      scales: {
        x: { time: false, distr: 3, range: [spec.x[0] / 1.12, spec.x[spec.x.length - 1] * 1.25] },
        y: { distr: 3, range: [decade, 1.15] },
      },
      axes: [axis({ label: spec.unit, labelSize: 18, size: 30, ...log(short) }), valueAxis("share at or above", log(percent))],
      series: [{}, { stroke: ink, width: 1, points: { show: true, size: 5, fill: ink, width: 0 } }],
    }, [spec.x, spec.share], plot);
    live.set(figure, { u, show: () => {} });
  }

  function draw(figure) {
    if (!figure.querySelector(".plot").clientWidth) return;
    const { chart, distribution: name } = figure.dataset;
    if (chart) build(figure, data.charts.find((spec) => spec.name === chart));
    else distribution(figure, data.distributions.find((spec) => spec.name === name));
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
  return { start };
})();
