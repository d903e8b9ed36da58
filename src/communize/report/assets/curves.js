// Shares at or above each size or duration, on logarithmic axes.
Report.curves = (() => {
  const { short, colour, element } = Report;
  const percent = (v) => `${Number((100 * v).toPrecision(2))}%`;
  const labelled = (tick, ticks) => ticks[ticks.length - 1] / ticks[0] < 200 || /^1e/.test(tick.toExponential());
  const log = (label) => ({
    splits: (_u, _axis, low, high) => Report.dates.logarithmic(low, high), filter: (_u, ticks) => ticks,
    values: (_u, ticks) => ticks.map((v) => (labelled(v, ticks) ? label(v) : "")),
  });

  // One curve is a row of dots, one for each value that occurs; several are lines.
  const linesOf = (spec) => spec.lines ?? [{ label: "", ink: "ink-1", share: spec.share, dots: true }];
  function series(line) {
    const ink = colour(line.ink || "ink");
    if (line.dots) return { stroke: ink, width: 1, points: { show: true, size: 5, fill: ink, width: 0 } };
    return { stroke: ink, width: line.ink ? 1.5 : 2.4, paths: uPlot.paths.stepped({ align: -1 }), points: { show: false } };
  }
  function legend(box, lines) {
    box.replaceChildren(...lines.filter((line) => line.label).map((line) => {
      const swatch = element("span", { className: "stroke" });
      swatch.style.background = colour(line.ink || "ink");
      return element("span", { className: "key" }, swatch, line.label);
    }));
  }

  function draw(figure, spec) {
    const plot = figure.querySelector(".plot"), lines = linesOf(spec);
    plot.replaceChildren();
    legend(figure.querySelector(".legend"), lines);
    if (!spec.x.length) return void plot.append(element("p", { className: "note", textContent: "No value above 0." }));
    const shares = lines.flatMap((line) => line.share.filter((v) => v > 0)), lowest = Math.min(...shares);
    const decade = 10 ** Math.floor(Math.log10(lowest) - (lowest === 1 ? 1 : 0));
    const { axis, valueAxis } = Report.charts;
    return new uPlot({
      width: plot.clientWidth, height: 240, legend: { show: false }, padding: [10, 18, 0, 0], cursor: { y: false, drag: { x: false } },
      scales: {
        x: { time: false, distr: 3, range: [spec.x[0] / 1.12, spec.x[spec.x.length - 1] * 1.25] },
        y: { distr: 3, range: [decade, 1.15] },
      },
      axes: [axis({ label: spec.unit, labelSize: 18, size: 30, ...log(short) }), valueAxis("share at or above", log(percent))],
      series: [{}, ...lines.map(series)],
    }, [spec.x, ...lines.map((line) => line.share)], plot);
  }
  return { draw };
})();
