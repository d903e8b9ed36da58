// What all parts of the page share: data, the chosen day, dates, numbers, colours.
"use strict";
const Report = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  // What stays the same for days on end comes as pairs of a value and a number of days.
  for (const chart of data.charts) for (const line of chart.lines) line.values ??= line.runs.flatMap(([value, days]) => new Array(days).fill(value));
  const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
  const DAY = 86400000;
  const first = Date.parse(`${data.start}T00:00:00Z`);
  const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
  const fine = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 3 });
  const onDay = [], onPaint = [];
  let day = data.day;

  const signed = (text) => text.replace(/^-/, "−");
  const number = (value) =>
    value == null || !Number.isFinite(value) ? "–" : signed((Number.isInteger(value) || Math.abs(value) >= 1000 ? whole : fine).format(value));
  const short = (value) => {
    const size = Math.abs(value);
    return signed(size >= 1e6 ? `${Number((value / 1e6).toPrecision(6))} M` : size >= 1000 ? whole.format(value) : `${Number(value.toPrecision(6))}`);
  };
  const dateOf = (d) => new Date(first + d * DAY);
  const dayOf = (year, month, date) => Math.round((Date.UTC(year, month, date) - first) / DAY);
  const longDate = (d) => {
    const date = dateOf(d);
    return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  };
  const shortDate = (d) => {
    const date = dateOf(d);
    return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()].slice(0, 3)} ${date.getUTCFullYear()}`;
  };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function setDay(wanted) {
    const next = Math.min(data.days - 1, Math.max(0, Math.round(wanted)));
    if (next === day) return;
    day = next;
    for (const tell of onDay) tell(day);
  }
  const paint = () => onPaint.forEach((draw) => draw());

  // In the print the page is light whatever the screen is; the attribute comes before the browser lays the print out.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  addEventListener("beforeprint", () => { document.documentElement.dataset.print = "yes"; paint(); });
  addEventListener("afterprint", () => { delete document.documentElement.dataset.print; paint(); });

  function element(tag, properties = {}, ...children) {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  }

  return {
    data, MONTHS, number, short, dateOf, dayOf, longDate, shortDate, colour, setDay, onDay, onPaint, element,
    get day() { return day; },
  };
})();
