// Columns side by side, one group for each label.
Report.columns = (() => {
  const { number, colour, element } = Report;
  const INKS = ["quiet-ink", "ink-2"];

  const widthOf = (many) => (many ? 0.42 : 0.7);
  function series(line, n, many) {
    const ink = colour(many ? INKS[n] : INKS[1]);
    const bars = uPlot.paths.bars({ size: [widthOf(many), 40, 1], align: many ? (n ? 1 : -1) : 0 });
    return { label: line.label, stroke: ink, fill: ink, width: 0, paths: bars, points: { show: false } };
  }

  // The legend reads the group under the pointer.
  function legend(figure, spec) {
    const many = spec.lines.length > 1, values = [], box = figure.querySelector(".legend"), when = figure.querySelector(".when");
    box.replaceChildren();
    spec.lines.forEach((line, n) => {
      const swatch = element("span", { className: "square" }), value = element("span", { className: "value" });
      swatch.style.background = colour(many ? INKS[n] : INKS[1]);
      values.push(value);
      box.append(element("span", { className: "key" }, swatch, line.label, value));
    });
    return (k) => {
      when.textContent = k == null ? "" : spec.what === "tenth" ? `tenth ${spec.labels[k]}` : `${spec.labels[k]} ${spec.what}`;
      values.forEach((value, n) => { value.textContent = k == null ? "" : number(spec.lines[n].values[k]); });
    };
  }

  function draw(figure, spec) {
    const plot = figure.querySelector(".plot"), show = legend(figure, spec), many = spec.lines.length > 1;
    const { axis, valueAxis } = Report.charts, xs = spec.labels.map((_, k) => k), log = spec.lowest != null;
    const shown = spec.lines.map((line) => line.values.map((v) => (log && !(v > 0) ? null : v)));
    const all = shown.flat().filter((v) => v != null), most = Math.max(0, ...all), least = Math.min(0, ...all);
    plot.replaceChildren();
    const marks = log ? { splits: (_u, _axis, low, high) => Report.dates.logarithmic(Math.max(1, low), high).filter((v) => most < 30 || /^1e/.test(v.toExponential())), filter: (_u, ticks) => ticks } : {};
    return new uPlot({
      width: plot.clientWidth, height: 220, legend: { show: false }, padding: [10, 14, 0, 0],
      cursor: { y: false, drag: { x: false }, points: { show: false } },
      scales: {
        x: { time: false, range: [-0.6, xs.length - 0.4] },
        y: log ? { distr: 3, range: [spec.lowest, Math.max(2, most * 1.3)] } : { range: [least * 1.06, most > least ? most * 1.06 : 1] },
      },
      axes: [
        axis({ label: spec.what, labelSize: 18, size: spec.labels.some((label) => /-/.test(label)) ? 42 : 30, grid: { show: false }, splits: () => xs, values: (u) => labels(spec.labels, u.bbox.width / devicePixelRatio) }),
        valueAxis(spec.unit, marks),
      ],
      series: [{}, ...spec.lines.map((line, n) => series(line, n, many))],
      hooks: { setCursor: [(u) => show(u.cursor.idx)] },
    }, [xs, ...shown], plot);
  }
  // A long range stands on two lines; where there is no room for all labels every second one is left out.
  function labels(names, width) {
    const broken = names.map((name) => name.replace("-", name.length > 4 ? "–\n" : "–").replace(" or more", "\nor more")), longest = Math.max(...broken.map((name) => name.split("\n")[0].length));
    const every = Math.max(1, Math.ceil((6.4 * longest + 6) / (width / names.length)));
    return broken.map((name, k) => (k % every ? "" : name));
  }
  return { draw };
})();
