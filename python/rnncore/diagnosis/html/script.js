"use strict";
(() => {
  const svgNamespace = "http://www.w3.org/2000/svg";
  const places = JSON.parse(document.getElementById("places").textContent);
  const status = document.getElementById("status");

  function make(tag, parent, attributes = {}) {
    const element = parent.namespaceURI === svgNamespace ? document.createElementNS(svgNamespace, tag)
      : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return parent.appendChild(element);
  }

  function cellsOf(table) {
    return [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent));
  }

  // The values of a figure where a pointer or the slider is, told below it and marked in it.
  function tellValues(figure) {
    const plot = figure.querySelector(".plot");
    const { colours, plane, ...forms } = places[plot.dataset.places];
    const table = figure.querySelector("table");
    if (!table) return;
    const [names, ...rows] = cellsOf(table);
    const legend = [...figure.querySelectorAll(".legend b")];
    const slider = make("input", figure, { type: "range", min: 0, max: rows.length - 1, value: 0, step: 1,
      "aria-label": `Cursor: ${figure.querySelector("h3").textContent}` });
    plot.after(slider);
    const marks = new Map();
    for (const form of ["wide", "narrow"]) {
      const svg = plot.querySelector(`svg.${form}`);
      const group = make("g", svg, { "aria-hidden": "true" });
      const line = plane ? null : make("line", group, { class: "cursor", visibility: "hidden" });
      const dots = colours.map((colour) => make("circle", group,
        { class: "dot", r: 4, style: `fill: ${colour}`, visibility: "hidden" }));
      marks.set(form, { svg, line, dots });
    }

    function place(mark, x, y) {
      mark.setAttribute("visibility", x === null || y === null ? "hidden" : "visible");
      if (x === null || y === null) return;
      mark.setAttribute("cx", x);
      mark.setAttribute("cy", y);
    }

    function show(index) {
      slider.value = index;
      rows[index].forEach((value, column) => { legend[column].textContent = value; });
      const told = names.map((name, column) => `${name} ${rows[index][column] || "none"}`);
      slider.setAttribute("aria-valuetext", told.join(", "));
      for (const [form, { line, dots }] of marks) {
        const { x, y, box } = forms[form];
        dots.forEach((dot, series) => place(dot, x[index], y[series][index]));
        if (!line) continue;
        const across = x[index] === null ? box[0] : x[index];
        for (const [name, value] of [["x1", across], ["x2", across], ["y1", box[1]], ["y2", box[3]]]) {
          line.setAttribute(name, value);
        }
        line.setAttribute("visibility", "visible");
      }
    }

    function nearest(form, event) {
      const { x, y } = forms[form];
      const { svg } = marks.get(form);
      const frame = svg.getBoundingClientRect();
      const scale = svg.viewBox.baseVal.width / frame.width;
      const across = (event.clientX - frame.left) * scale;
      const down = (event.clientY - frame.top) * scale;
      let best = 0;
      let least = Infinity;
      x.forEach((value, index) => {
        if (value === null) return;
        const distance = Math.hypot(value - across, plane ? y[0][index] - down : 0);
        if (distance < least) [best, least] = [index, distance];
      });
      return best;
    }

    for (const [form, { svg }] of marks) {
      for (const kind of ["pointermove", "pointerdown"]) {
        svg.addEventListener(kind, (event) => show(nearest(form, event)));
      }
    }
    slider.addEventListener("input", () => show(Number(slider.value)));
    slider.addEventListener("focus", () => show(Number(slider.value)));
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = make("textarea", document.body, { class: "unseen", "aria-hidden": "true" });
      field.value = text;
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      if (!done) throw new Error("the browser does not copy");
    }
  }

  function letCopy(button) {
    const words = button.firstChild;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const table = document.getElementById(button.dataset.table);
      const text = cellsOf(table).map((row) => row.map((cell) => cell.replace(/\s+/g, " ")).join("\t")).join("\n");
      try {
        await copy(text);
        words.textContent = "Copied";
      } catch {
        words.textContent = "Not copied: select the table instead";
      }
      status.textContent = words.textContent;
      button.focus();
      setTimeout(() => { words.textContent = "Copy table"; status.textContent = ""; }, 2000);
    });
  }

  function letChooseTheme(button) {
    const root = document.documentElement;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const name = () => { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      name();
    });
    system.addEventListener("change", name);
    name();
    button.hidden = false;
  }

  document.querySelector(".hint").hidden = false;
  document.querySelectorAll("figure").forEach(tellValues);
  document.querySelectorAll("button.copy").forEach(letCopy);
  letChooseTheme(document.getElementById("theme"));
})();
