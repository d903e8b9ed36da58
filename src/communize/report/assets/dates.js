// Marks on axes: dates on whole days, months or years, and numbers on logarithmic scales.
Report.dates = (() => {
  const { MONTHS } = Report;
  const ROOM = 62; // pixels that a date needs
  const roomOf = (width) => Math.max(2, Math.floor(width / ROOM));
  const daysBetween = (room, span) => [1, 2, 5, 7, 14].find((n) => span / n <= room);

  // They do not depend on the reader's time zone.
  function ticks(width, low, high) {
    const room = roomOf(width), span = Math.max(1, high - low), from = Report.dateOf(Math.ceil(low)), marks = [];
    const step = daysBetween(room, span);
    if (step) {
      for (let d = Math.ceil(low / step) * step; d <= high; d += step) marks.push(d);
      return marks;
    }
    const months = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200].find((n) => span / (30.4 * n) <= room) ?? 6000;
    let month = Math.floor((from.getUTCFullYear() * 12 + from.getUTCMonth()) / months) * months;
    for (; ; month += months) {
      const d = Report.dayOf(Math.floor(month / 12), month % 12, 1);
      if (d > high) return marks;
      if (d >= low) marks.push(d);
    }
  }
  function labels(width, low, high, marks) {
    const monthly = !daysBetween(roomOf(width), high - low);
    const yearly = monthly && marks.length > 1 && marks.every((d) => Report.dateOf(d).getUTCMonth() === 0);
    let year = null;
    return marks.map((d) => {
      const date = Report.dateOf(d), y = date.getUTCFullYear(), month = MONTHS[date.getUTCMonth()].slice(0, 3);
      const label = yearly ? `${y}` : `${monthly ? month : `${date.getUTCDate()} ${month}`}${y === year ? "" : `\n${y}`}`;
      year = y;
      return label;
    });
  }

  function logarithmic(low, high) {
    const marks = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++)
      for (const n of [1, 2, 5]) {
        const mark = Number(`${n}e${power}`);
        if (mark >= low * 0.999 && mark <= high) marks.push(mark);
      }
    return marks;
  }
  // On an axis that is linear up to 1 and logarithmic above: 0 and powers of ten, and half-way marks where there is room.
  function fromZero(high) {
    const powers = [0];
    for (let mark = 1; mark <= high; mark *= 10) powers.push(mark);
    return powers.length > 3 ? powers : [...new Set([...powers, ...powers.flatMap((mark) => [2 * mark, 5 * mark])])].filter((mark) => mark <= high).sort((a, b) => a - b);
  }
  return { ticks, labels, logarithmic, fromZero };
})();
