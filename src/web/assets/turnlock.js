// Times as the reader's clock shows them, and pages that change as things happen. Without it, every page works when it
// is loaded anew.
"use strict";

function local(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.title = time.textContent;
    time.textContent = at.toLocaleString();
  }
}

/** The log: a row that begins comes on top, one that ends takes its own place. */
function followLog(mark) {
  const body = document.getElementById("rows");
  const query = new URLSearchParams(location.search);
  query.set("after", mark.dataset.after);
  const source = new EventSource(`${mark.dataset.live}?${query}`);
  source.addEventListener("open", () => { mark.textContent = "live"; mark.classList.remove("lost"); });
  source.addEventListener("error", () => { mark.textContent = "not live: the server is away"; mark.classList.add("lost"); });
  source.addEventListener("again", () => location.reload());
  source.addEventListener("row", (event) => {
    const template = document.createElement("template");
    template.innerHTML = event.data;
    const row = template.content.querySelector("tr");
    if (!row) return;
    local(row);
    row.classList.add("fresh");
    const there = document.getElementById(row.id);
    if (there) there.replaceWith(row);
    else body.prepend(row);
    document.getElementById("none")?.remove();
    while (body.rows.length > 500) body.lastElementChild.remove();
  });
}

/** A job: the whole timeline, whenever it has changed. */
function followJob(timeline) {
  const source = new EventSource(timeline.dataset.live);
  const show = (event) => {
    timeline.innerHTML = event.data;
    local(timeline);
  };
  source.addEventListener("timeline", show);
  source.addEventListener("ended", (event) => {
    show(event);
    source.close();
    // Other buttons are offered now.
    location.reload();
  });
}

local(document);
const mark = document.querySelector(".live[data-live]");
if (mark) followLog(mark);
const timeline = document.querySelector("#timeline[data-live]");
if (timeline) followJob(timeline);
