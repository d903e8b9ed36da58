// The map: circles on a canvas, equirectangular with the longitude shrunk by the cosine of the middle latitude.
Report.map = (() => {
  const { data, colour, element } = Report;
  const PAD = 18, KM_PER_DEGREE = 111.195;
  let canvas, ctx, circles = [], width = 0, height = 0, perDegree = 1;

  const ends = (values) => values.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);

  function coordinates() {
    const { latitude, longitude } = data.map;
    const span = (values) => ends(values)[1] - ends(values)[0];
    const east = longitude.map((l) => (l < 0 ? l + 360 : l)), lon = span(longitude) > 180 && span(east) < span(longitude) ? east : longitude;
    const [south, north] = ends(latitude), shrink = Math.cos(((south + north) / 360) * Math.PI);
    return { x: lon.map((l) => l * shrink), y: latitude.map((l) => -l) };
  }

  function layout() {
    const { x, y } = coordinates(), { population } = data.map;
    const [x0, x1] = ends(x), [y0, y1] = ends(y);
    width = canvas.parentElement.clientWidth;
    const shape = x1 > x0 ? (y1 - y0) / (x1 - x0) : y1 > y0 ? 1 : 0;
    height = Math.round(Math.min(Math.max((width - 2 * PAD) * shape + 2 * PAD, width * 0.45), Math.min(width * 1.15, 620)));
    perDegree = Math.min((width - 2 * PAD) / Math.max(x1 - x0, 1e-6), (height - 2 * PAD) / Math.max(y1 - y0, 1e-6));
    const largest = Math.max(1, ends(population)[1]), sum = Math.max(1, population.reduce((a, b) => a + b, 0));
    const most = Math.min(Math.sqrt((0.16 * width * height * largest) / (Math.PI * sum)), 0.07 * Math.min(width, height));
    const radius = (people) => Math.max(1.6, most * Math.sqrt(people / largest));
    circles = population.map((people, place) => ({
      place, r: radius(people),
      x: width / 2 + (x[place] - (x0 + x1) / 2) * perDegree, y: height / 2 + (y[place] - (y0 + y1) / 2) * perDegree,
    })).sort((a, b) => b.r - a.r);
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    sizes(largest, radius);
  }

  // Circles of three round populations beside the colour scale.
  function sizes(largest, radius) {
    const svg = document.getElementById("sizes"), ns = "http://www.w3.org/2000/svg";
    const top = 10 ** Math.floor(Math.log10(largest)), shown = [top / 100, top / 10, top].filter((n) => n >= 1);
    svg.replaceChildren();
    let at = 2;
    const tall = Math.max(9, radius(top));
    const add = (name, attributes, text = "") => {
      const node = document.createElementNS(ns, name);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      node.textContent = text;
      svg.append(node);
    };
    for (const people of shown) {
      const r = radius(people), label = Report.short(people);
      add("circle", { cx: at + r, cy: tall + 1, r, class: "size" });
      add("text", { x: at + 2 * r + 5, y: tall + 5 }, label);
      at += 2 * r + 5 + 7.5 * label.length + 14;
    }
    svg.setAttribute("width", at);
    svg.setAttribute("height", 2 * tall + 2);
  }

  function draw(valueOf, range) {
    ctx.clearRect(0, 0, width, height);
    const quiet = colour("quiet"), edge = colour("panel");
    ctx.lineWidth = 0.7;
    ctx.strokeStyle = edge;
    const circle = ({ x, y, r }, fill) => {
      ctx.beginPath();
      ctx.arc(x, y, r, 0, 2 * Math.PI);
      ctx.fillStyle = fill;
      ctx.fill();
      ctx.stroke();
    };
    ctx.globalAlpha = 0.9;
    for (const c of circles) if (!(valueOf(c.place) > 0)) circle(c, quiet);
    for (const c of circles) {
      const value = valueOf(c.place);
      if (value > 0) circle(c, Report.scale.colourAt(Report.scale.position(value, range)));
    }
    ctx.globalAlpha = 1;
    if (circles.length > 1) bar();
  }

  function bar() {
    const room = (0.22 * width * KM_PER_DEGREE) / perDegree, decade = 10 ** Math.floor(Math.log10(room));
    const km = [5, 2, 1].map((n) => n * decade).find((n) => n <= room), long = (km / KM_PER_DEGREE) * perDegree;
    ctx.strokeStyle = ctx.fillStyle = colour("muted");
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(4.5, height - 10);
    ctx.lineTo(4.5, height - 5.5);
    ctx.lineTo(4.5 + long, height - 5.5);
    ctx.lineTo(4.5 + long, height - 10);
    ctx.stroke();
    ctx.font = "11px system-ui, sans-serif";
    ctx.fillText(`${Report.short(km)} km`, 9, height - 11);
  }

  // The smallest circle under the pointer, else the nearest within reach of a finger.
  function under(px, py) {
    let best = null, reach = 14;
    for (const c of circles) {
      const away = Math.hypot(c.x - px, c.y - py) - c.r;
      if (away <= 0 ? !best || best.away > 0 || c.r <= best.circle.r : away < reach && (!best || (best.away > 0 && away < best.away))) best = { circle: c, away };
    }
    return best?.circle ?? null;
  }

  function tooltip(linesOf) {
    const box = document.getElementById("tooltip");
    const hide = () => { box.hidden = true; };
    const show = (event) => {
      const edge = canvas.getBoundingClientRect(), hit = under(event.clientX - edge.left, event.clientY - edge.top);
      if (!hit) return hide();
      box.replaceChildren(...linesOf(hit.place).map((text, k) => element(k ? "div" : "strong", { textContent: text })));
      box.hidden = false;
      const left = hit.x + hit.r + 10;
      box.style.left = `${left + box.offsetWidth > width ? Math.max(0, hit.x - hit.r - 10 - box.offsetWidth) : left}px`;
      box.style.top = `${Math.min(Math.max(0, hit.y - box.offsetHeight / 2), Math.max(0, height - box.offsetHeight))}px`;
    };
    canvas.addEventListener("pointermove", show);
    canvas.addEventListener("pointerdown", show);
    canvas.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });
    Report.onDay.push(hide);
  }

  function start() {
    canvas = document.getElementById("map");
    ctx = canvas.getContext("2d");
    layout();
  }
  return { start, layout, draw, tooltip, get width() { return width; }, at: (place) => circles.find((c) => c.place === place) };
})();
