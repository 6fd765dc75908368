"use strict";
(() => {
  const form = document.getElementById("filter");
  const groups = [...document.querySelectorAll("details.group")];
  const rows = [...document.querySelectorAll("table.timeline tbody tr")];
  const hosts = [...document.querySelectorAll("section.host")];
  const days = [...document.querySelectorAll("section.day")];

  // A link into something closed opens it, also where the browser doesn't do that by itself.
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    let opened = false;
    for (let e = target; e; e = e.parentElement) {
      if (e.hidden && e !== form) { e.hidden = false; opened = true; }
      if (e.tagName === "DETAILS" && !e.open) { e.open = true; opened = true; }
    }
    if (opened) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // The section that is being read is marked in the list of sections.
  const entries = [...document.querySelectorAll(".side nav a")];
  const sections = entries.map((a) => document.getElementById(a.hash.slice(1)));
  const mark = () => {
    let at = 0;
    sections.forEach((s, i) => { if (s && s.getBoundingClientRect().top < innerHeight / 3) at = i; });
    entries.forEach((a, i) => (i === at ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current")));
  };
  addEventListener("scroll", mark, { passive: true });
  mark();

  if (!form || !groups.length) return;
  form.hidden = false;
  const text = document.getElementById("filter-text");
  const out = document.getElementById("filter-count");
  const boxes = [...form.querySelectorAll("input[type=checkbox]")];
  const contents = new Map();
  const content = (e) => {
    let c = contents.get(e);
    if (c === undefined) {
      const host = e.closest("section.host");
      c = (e.textContent + " " + (host ? host.querySelector("h3").textContent : "")).toLowerCase();
      contents.set(e, c);
    }
    return c;
  };
  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const levels = new Set(boxes.filter((b) => b.checked).map((b) => b.value));
    const fits = (e) => levels.has(e.dataset.level) && words.every((w) => content(e).includes(w));
    let shown = 0;
    for (const g of groups) { g.hidden = !fits(g); if (!g.hidden) shown++; }
    for (const r of rows) r.hidden = !fits(r);
    const filtered = words.length > 0 || levels.size < boxes.length;
    for (const h of hosts) h.hidden = filtered && !h.querySelector("details.group:not([hidden])");
    for (const d of days) d.hidden = filtered && !d.querySelector("tbody tr:not([hidden])");
    out.textContent = filtered ? shown + " of " + groups.length + " rows" : groups.length + " rows";
  };
  let timer = 0;
  text.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(apply, 120); });
  for (const b of boxes) b.addEventListener("change", apply);
  form.addEventListener("submit", (e) => e.preventDefault());
  const setAll = (open) => { for (const g of groups) if (!g.hidden) g.open = open; };
  document.getElementById("open-all").addEventListener("click", () => setAll(true));
  document.getElementById("close-all").addEventListener("click", () => setAll(false));
  apply();
})();
