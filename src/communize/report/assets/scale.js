// Values by place and day, unpacked, and the colours they have on the map.
Report.scale = (() => {
  const { data, number } = Report;
  // Anchors of matplotlib's perceptually uniform map "inferno" (CC0); dark pages run from dark to bright, light ones back.
  const INFERNO = ["#000004", "#160b39", "#420a68", "#6a176e", "#932667", "#bc3754", "#dd513a", "#f37819", "#fca50a", "#f6d746", "#fcffa4"]
    .map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const TITLES = { rate: "in struggle per 1,000 residents", active: "people in struggle", participants: "people in measures", instances: "measures in force", contested_sites: "contested sites", force: "State force present, people" };

  // Tokens are base-128 integers: the zigzag code of a difference, or 0 and then how many further zeros follow.
  function unpack(text, size, days, step) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), out = new Float32Array(size);
    let at = 0, i = 0, value = 0;
    const next = () => {
      let result = 0, factor = 1, byte;
      do {
        byte = bytes[at++];
        result += (byte & 127) * factor;
        factor *= 128;
      } while (byte & 128);
      return result;
    };
    const put = (difference) => {
      if (i % days === 0) value = 0;
      value += difference;
      out[i++] = value * step;
    };
    while (i < size) {
      const token = next();
      if (token) put(token % 2 ? -(token + 1) / 2 : token / 2);
      else for (let zeros = next() + 1; zeros > 0; zeros--) put(0);
    }
    return out;
  }

  function all() {
    const { map } = data, n = map.names.length, days = map.days ? map.days.length : data.days, values = {};
    for (const [name, { data: text, step }] of Object.entries(map.variables)) values[name] = unpack(text, n * days, days, step);
    if (values.active) values.rate = values.active.map((v, i) => (v ? (1000 * v) / Math.max(1, map.residents[Math.floor(i / days)]) : 0));
    return values;
  }

  // Ends of the logarithmic scale: nearly all positive values of the whole run, rounded outwards to 1, 2 or 5.
  function limits(values) {
    const stride = Math.max(1, Math.floor(values.length / 200000)), some = [];
    for (let i = 0; i < values.length; i += stride) if (values[i] > 0) some.push(values[i]);
    if (!some.length) return [0.1, 1];
    some.sort((a, b) => a - b);
    const high = rounded(some[Math.min(some.length - 1, Math.floor(some.length * 0.999))], true);
    const low = rounded(Math.max(some[Math.floor(some.length * 0.05)], high / 1000), false);
    return low < high ? [low, high] : [high / 10, high];
  }
  function rounded(value, up) {
    const decade = 10 ** Math.floor(Math.log10(value)), steps = [1, 2, 5, 10].map((n) => n * decade);
    return up ? steps.find((s) => s >= value * 0.9999) : steps.findLast((s) => s <= value * 1.0001);
  }
  function ticks([low, high]) {
    const marks = [];
    for (let decade = 10 ** Math.floor(Math.log10(low) + 1e-9); decade <= high; decade *= 10)
      for (const n of Math.log10(high / low) > 2 ? [1] : [1, 2, 5]) if (n * decade >= low * 0.999 && n * decade <= high * 1.001) marks.push(n * decade);
    return marks;
  }

  const isDark = () => !document.documentElement.dataset.print && matchMedia("(prefers-color-scheme: dark)").matches;
  function colourAt(t) {
    const at = 10 * (isDark() ? 0.28 + 0.7 * t : 0.87 - 0.77 * t), k = Math.min(9, Math.floor(at));
    return `rgb(${INFERNO[k].map((c, i) => Math.round(c + (at - k) * (INFERNO[k + 1][i] - c))).join(" ")})`;
  }
  const position = (value, [low, high]) => Math.min(1, Math.max(0, Math.log(value / low) / Math.log(high / low)));

  function legend(name, range) {
    document.getElementById("scale-title").textContent = TITLES[name];
    const stops = Array.from({ length: 21 }, (_, k) => colourAt(k / 20));
    document.getElementById("scale").style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    document.getElementById("scale-ticks").replaceChildren(...ticks(range).map((value) => {
      const label = Report.element("span", { textContent: number(value) });
      label.style.left = `${100 * position(value, range)}%`;
      return label;
    }));
  }
  return { all, unpack, limits, colourAt, position, legend, TITLES };
})();
