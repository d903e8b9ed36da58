// The day of the map: slider, play and pause, keys, choice of variable, and the ten places with most.
Report.places = (() => {
  const { data, number, element } = Report;
  const byId = (id) => document.getElementById(id);
  let values, days, nDays, index = 0, variable, range, timer = null;

  // Columns of the table: always those of people and measures, the others while the map shows them.
  const COLUMNS = { active: "in struggle", rate: "per 1,000", participants: "in measures", instances: "measures", contested_sites: "contested sites", force: "force" };
  const NOUNS = {
    active: ["person in struggle", "people in struggle"], participants: ["person in measures", "people in measures"],
    instances: ["measure in force", "measures in force"], contested_sites: ["contested site", "contested sites"],
  };

  const value = (name, place) => values[name][place * nDays + index];
  const has = (name) => values[name] !== undefined;

  function linesOf(place) {
    const { map } = data, region = map.regions[place], lines = [region ? `${map.names[place]} (${region})` : map.names[place]];
    lines.push(`population ${number(map.population[place])}${map.residents[place] === map.population[place] ? "" : `, ${number(map.residents[place])} in the run`}`);
    if (has("active")) lines.push(`${number(value("active", place))} in struggle, ${number(value("rate", place))} per 1,000`);
    if (has("participants")) lines.push(`${number(value("participants", place))} in measures`);
    if (has("instances")) lines.push(`${number(value("instances", place))} measures in force${map.begun ? `; ${number(map.begun[place])} begun in the whole run` : ""}`);
    if (has("contested_sites")) lines.push(`${number(value("contested_sites", place))} contested sites`);
    if (has("force")) lines.push(`State force present: ${number(value("force", place))}`);
    return lines;
  }

  function table() {
    const columns = Object.keys(COLUMNS).filter((name) => has(name) && (name === variable || !["contested_sites", "force"].includes(name)));
    byId("top").caption.textContent = `The ten places with most: ${Report.scale.TITLES[variable]}`;
    const ranked = data.map.names.map((_, place) => place).filter((place) => value(variable, place) > 0)
      .sort((a, b) => value(variable, b) - value(variable, a) || a - b).slice(0, 10);
    byId("top").tHead.rows[0].replaceChildren(...["place", "residents", ...columns.map((name) => COLUMNS[name])].map((text, k) =>
      element("th", { scope: "col", className: k ? "n" : "", textContent: text })));
    const body = byId("top").tBodies[0];
    body.replaceChildren(...ranked.map((place) => element("tr", {},
      element("th", { scope: "row", title: data.map.names[place], textContent: data.map.names[place] }),
      element("td", { className: "n", textContent: number(data.map.residents[place]) }),
      ...columns.map((name) => element("td", { className: "n", textContent: number(value(name, place)) })))));
    if (!ranked.length) body.append(element("tr", {}, element("td", { colSpan: columns.length + 2, textContent: "None on this day." })));
  }

  function total() {
    const name = NOUNS[variable] ? variable : "active";
    if (!has(name)) return "";
    let sum = 0, places = 0;
    for (let place = 0; place < data.map.names.length; place++) {
      sum += value(name, place);
      places += value(name, place) > 0;
    }
    return `${number(Math.round(sum))} ${NOUNS[name][sum === 1 ? 0 : 1]}, in ${number(places)} of ${number(data.map.names.length)} places`;
  }

  function show() {
    const day = days ? days[index] : index;
    byId("slider").value = index;
    byId("slider").setAttribute("aria-valuetext", Report.longDate(day));
    byId("date").textContent = `${Report.longDate(day)} (day ${day})`;
    byId("total").textContent = total();
    Report.map.draw((place) => value(variable, place), range);
    table();
  }

  function choose(name) {
    variable = name;
    range = Report.scale.limits(values[name]);
    Report.scale.legend(name, range);
    show();
  }

  function go(wanted) {
    const next = Math.min(nDays - 1, Math.max(0, wanted));
    Report.setDay(days ? days[next] : next);
  }
  function stop() {
    clearInterval(timer);
    timer = null;
    byId("play").textContent = "Play";
  }
  function play() {
    if (timer) return stop();
    if (index === nDays - 1) go(0);
    byId("play").textContent = "Pause";
    timer = setInterval(() => (index >= nDays - 1 ? stop() : go(index + 1)), Math.min(250, Math.max(50, 12000 / nDays)));
  }

  function keys(event) {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -nDays, End: nDays }[event.key];
    if (step) go(index + step);
    else if (event.key === " ") play();
    else return;
    event.preventDefault();
  }

  function start() {
    if (!data.map) return;
    values = Report.scale.all();
    days = data.map.days;
    nDays = days ? days.length : data.days;
    index = data.map.start;
    const slider = byId("slider"), choices = [...document.querySelectorAll("input[name=variable]")];
    slider.max = nDays - 1;
    slider.addEventListener("input", () => { stop(); go(Number(slider.value)); });
    byId("play").addEventListener("click", play);
    for (const [id, step] of [["earlier", -1], ["later", 1]]) byId(id).addEventListener("click", () => { stop(); go(index + step); });
    byId("map").addEventListener("keydown", keys);
    for (const choice of choices) choice.addEventListener("change", () => choose(choice.value));
    Report.onDay.push((day) => {
      index = days ? days.reduce((best, d, k) => (Math.abs(d - day) < Math.abs(days[best] - day) ? k : best), 0) : day;
      show();
    });
    Report.map.start();
    Report.map.tooltip(linesOf);
    const chosen = choices.find((choice) => choice.checked) ?? choices[0];
    chosen.checked = true;
    choose(chosen.value);
    const again = () => { Report.map.layout(); choose(variable); };
    new ResizeObserver(() => { if (byId("map").parentElement.clientWidth !== Report.map.width) again(); }).observe(byId("map").parentElement);
    Report.onPaint.push(again);
  }
  return { start };
})();
