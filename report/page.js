// Shows what a stack needs and what needs it, while it has the focus or the pointer, and after it was chosen.
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
    const near = new Set();
    if (id) {
      walk(id, near, "to", "from");
      walk(id, near, "from", "to");
    }
    graph.classList.toggle("looking", Boolean(id));
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
  const choosePlace = () => choose(decodeURIComponent(location.hash).replace(/^#stack-/, ""));
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
