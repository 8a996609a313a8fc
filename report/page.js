// Shows what a stack needs and what needs it, while it has the focus or the pointer, and after it was chosen; finds.
(() => {
  "use strict";
  document.documentElement.classList.add("script");
  const graph = document.querySelector(".graph svg");
  const nodes = [...graph.querySelectorAll(".node")];
  const edges = [...graph.querySelectorAll(".edge")].map((line) => ({
    line,
    from: line.dataset.from.split(" "),
    to: line.dataset.to.split(" "),
  }));
  let chosen = null;
  // The stacks that are searched for; null for all.
  let found = null;

  const walk = (id, near, here, there) => {
    const left = [id];
    const seen = new Set(left);
    while (left.length) {
      const at = left.pop();
      for (const edge of edges) {
        if (!edge[here].includes(at)) continue;
        near.add(edge.line);
        for (const each of edge[there]) {
          if (!seen.has(each)) seen.add(each), left.push(each);
        }
      }
    }
    for (const each of seen) near.add(each);
  };

  const look = (id) => {
    const near = new Set(id ? [] : found);
    if (id) {
      walk(id, near, "to", "from");
      walk(id, near, "from", "to");
    }
    graph.classList.toggle("looking", Boolean(id || found));
    for (const node of nodes) node.classList.toggle("near", near.has(node.dataset.id));
    for (const { line } of edges) line.classList.toggle("near", near.has(line));
  };

  const choose = (id) => {
    chosen = nodes.some((node) => node.dataset.id === id) ? id : null;
    for (const stack of document.querySelectorAll(".stack")) {
      stack.classList.toggle("chosen", stack.id === `stack-${chosen}`);
    }
    look(chosen);
  };

  for (const node of nodes) {
    const id = node.dataset.id;
    node.addEventListener("pointerenter", () => look(id));
    node.addEventListener("pointerleave", () => look(chosen));
    node.addEventListener("focus", () => look(id));
    node.addEventListener("blur", () => look(chosen));
  }

  // Large estates have a field to find stacks by; tables and stacks show what holds every word of it.
  const field = document.getElementById("find");
  const searched = field ? document.querySelectorAll("main tbody tr, .stack") : [];
  const parts = [...searched].map((element) => {
    const copy = element.cloneNode(true);
    // The cluster is needed by every service, and is none of them.
    for (const others of copy.querySelectorAll(".others")) others.remove();
    return { element, text: copy.textContent.toLowerCase() };
  });
  const search = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { element, text } of parts) element.hidden = !words.every((word) => text.includes(word));
    const left = [...document.querySelectorAll(".stack:not([hidden])")].map((stack) => stack.id.replace("stack-", ""));
    found = words.length ? left : null;
    field.parentElement.querySelector("[role=status]").textContent = found ? `${left.length} of ${nodes.length}` : "";
    look(chosen);
  };
  const searchNothing = () => {
    field.value = "";
    search();
  };
  field?.addEventListener("input", search);
  field?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    searchNothing();
  });

  const choosePlace = () => {
    const place = decodeURIComponent(location.hash).slice(1);
    const target = document.getElementById(place);
    if (target?.hidden) {
      searchNothing();
      target.scrollIntoView();
    }
    choose(place.replace(/^stack-/, ""));
  };
  addEventListener("hashchange", choosePlace);
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !chosen) return;
    const node = nodes.find((each) => each.dataset.id === chosen);
    history.replaceState(null, "", location.pathname + location.search);
    choose(null);
    node.focus();
    look(null);
  });
  choosePlace();

  // Where there is no room for all columns, services are what a person looks for; they are the last ones.
  const box = graph.parentElement;
  if (matchMedia("(max-width: 40rem)").matches) box.scrollLeft = box.scrollWidth;
})();
