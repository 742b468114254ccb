"use strict";
document.documentElement.classList.add("js");
const data = JSON.parse(document.getElementById("data").textContent);
const rows = new Map(data.rows.map((values) =>
  [values[0], Object.fromEntries(data.columns.map((name, i) => [name, values[i]]))]));
const tip = document.getElementById("tip");
const REACH = 24; // pixels from a dot at which it is pointed at

function line(parent, text, tag = "div") {
  const element = document.createElement(tag);
  element.textContent = text;
  parent.append(element);
}

function say(row) {
  if (row.status !== "ok") return [row.genome, `${row.status}: ${row.reason}`,
    `${row.n_params.toLocaleString("en")} parameters, generation ${row.generation}`];
  return [row.genome, ...(row.run ? [row.run] : []),
    `${data.split} accuracy ${row.accuracy.toFixed(4)}, training ${row.train_accuracy.toFixed(4)}`,
    `${row.n_params.toLocaleString("en")} parameters, ${row.train_seconds.toFixed(2)} s of training`,
    ...(row.flash ? [`${row.ram.toLocaleString("en")} bytes of RAM, ${row.flash.toLocaleString("en")} of flash`] : []),
    `fitness ${row.fitness.toFixed(4)}, with time ${row.fitness_time.toFixed(4)}`,
    `generation ${row.generation}, status ${row.status}`];
}

function hide() {
  tip.hidden = true;
  for (const ring of document.querySelectorAll(".ring")) ring.remove();
}

function show(dot) {
  hide();
  const texts = say(rows.get(Number(dot.dataset.i)));
  tip.replaceChildren();
  texts.forEach((text, i) => line(tip, text, i ? "div" : "b"));
  tip.hidden = false;
  const box = dot.getBoundingClientRect(), own = tip.getBoundingClientRect();
  const middle = box.left + box.width / 2 - own.width / 2;
  tip.style.left = `${Math.max(8, Math.min(middle, document.documentElement.clientWidth - own.width - 8))}px`;
  tip.style.top = `${box.top > own.height + 14 ? box.top - own.height - 10 : box.bottom + 10}px`;
  const svg = dot.ownerSVGElement, matrix = svg.getScreenCTM().inverse();
  const at = new DOMPoint(box.left + box.width / 2, box.top + box.height / 2).matrixTransform(matrix);
  const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  for (const [name, value] of Object.entries({ cx: at.x, cy: at.y, r: 7, class: "ring" }))
    ring.setAttribute(name, value);
  svg.append(ring);
}

// Nothing is pointed at: what the keyboard is on, if it is on a dot.
function rest() {
  const here = document.activeElement;
  here && here.matches(".dot") ? show(here) : hide();
}

function middleOf(dot) {
  const box = dot.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
}

function nearest(dots, event) {
  let best = null, least = REACH;
  for (const dot of dots) {
    const [x, y] = middleOf(dot);
    const distance = Math.hypot(x - event.clientX, y - event.clientY);
    if (distance < least) [best, least] = [dot, distance];
  }
  return best;
}

// One tab stop a figure; the arrows go from dot to dot, by what the figure has from left to right.
function wire(svg) {
  const dots = [...svg.querySelectorAll(".dot")];
  const of = (dot) => rows.get(Number(dot.dataset.i));
  const by = svg.closest("figure").dataset.by;
  dots.sort((a, b) => of(a)[by] - of(b)[by] || of(a).accuracy - of(b).accuracy);
  if (!dots.length) return;
  dots.forEach((dot, i) => {
    dot.setAttribute("tabindex", i ? "-1" : "0");
    dot.setAttribute("role", "img");
  });
  const moves = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageDown: 10, PageUp: -10,
    Home: -dots.length, End: dots.length };
  const around = svg.parentElement; // a listener on the svg would make it a tab stop of its own
  around.addEventListener("focusin", (event) => {
    const dot = event.target.closest(".dot");
    if (!dot) return;
    dot.setAttribute("aria-label", say(of(dot)).join("; "));
    show(dot);
  });
  around.addEventListener("focusout", hide);
  around.addEventListener("keydown", (event) => {
    const here = dots.indexOf(event.target.closest(".dot"));
    if (event.key === "Escape") hide();
    if (here < 0 || !(event.key in moves)) return;
    event.preventDefault();
    const next = dots[Math.max(0, Math.min(dots.length - 1, here + moves[event.key]))];
    dots[here].setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus({ preventScroll: true });
  });
  svg.addEventListener("pointermove", (event) => {
    const dot = nearest(dots, event);
    dot ? show(dot) : rest();
  });
  svg.addEventListener("pointerdown", (event) => {
    const dot = nearest(dots, event);
    if (dot) show(dot);
  });
  svg.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") rest(); });
}
document.querySelectorAll("figure.dots svg").forEach(wire);
window.addEventListener("scroll", rest, { passive: true });

const costs = document.getElementById("costs");
if (costs) {
  const choose = () => {
    const by = costs.querySelector(":checked").value;
    for (const each of document.querySelectorAll("[data-cost]")) each.hidden = each.dataset.cost !== by;
  };
  costs.addEventListener("change", choose);
  choose();
}

const budget = document.getElementById("budget");
if (budget) {
  const answer = document.getElementById("budget-answer");
  const front = data.front.map((i) => rows.get(i));
  const tell = () => {
    const fit = front.filter((row) => row.n_params <= Number(budget.value)).at(-1);
    answer.replaceChildren();
    if (fit) {
      line(answer, fit.genome.replaceAll(";", "; "), "code");
      line(answer, `${data.split} accuracy ${fit.accuracy.toFixed(4)} with `
        + `${fit.n_params.toLocaleString("en")} parameters`);
    } else line(answer, `The smallest has ${front[0].n_params.toLocaleString("en")} parameters.`);
  };
  budget.addEventListener("input", tell);
  tell();
}
