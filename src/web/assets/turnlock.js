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

/** Events, for as long as the page is open: says at the mark whether they come, and begins anew where a browser gives up. */
function follow(address, mark, handlers) {
  const source = new EventSource(address());
  const say = (text, lost) => {
    mark.textContent = text;
    mark.classList.toggle("lost", lost);
  };
  let ended = false;
  source.addEventListener("open", () => say("live", false));
  source.addEventListener("error", () => {
    if (ended) return;
    // A stream that has ended is asked for again by the browser at once; an answer that is no stream is not.
    if (source.readyState !== EventSource.CLOSED) return;
    say("not live: the server is away, or you are signed out", true);
    setTimeout(() => location.reload(), 5000);
  });
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handle(event, () => { ended = true; source.close(); }));
  }
}

/** The log: a row that begins comes where it belongs, one that ends takes its own place. */
function followLog(mark) {
  const body = document.getElementById("rows");
  const address = () => {
    const query = new URLSearchParams(location.search);
    query.set("after", mark.dataset.after);
    return `${mark.dataset.live}?${query}`;
  };
  follow(address, mark, {
    again: () => location.reload(),
    row: (event) => {
      const template = document.createElement("template");
      template.innerHTML = event.data;
      const row = template.content.querySelector("tr");
      if (!row) return;
      local(row);
      row.classList.add("fresh");
      const there = document.getElementById(row.id);
      if (there) {
        there.replaceWith(row);
        return;
      }
      const seq = Number(row.dataset.seq);
      const older = Array.from(body.rows).find((other) => Number(other.dataset.seq) < seq);
      // What is older than all of them is on another page.
      if (!older && body.rows.length >= 50) return;
      body.insertBefore(row, older ?? null);
      document.getElementById("none")?.remove();
      while (body.rows.length > 500) body.lastElementChild.remove();
    },
  });
}

/** The page that a job waits in, about each second, for as long as it is looked at. */
function look(root) {
  const first = root.querySelector("img[data-view]");
  if (!first) return;
  let shown = first;
  let count = 0;
  const next = () => {
    if (!shown.isConnected) return;
    if (document.hidden) {
      setTimeout(next, 1000);
      return;
    }
    const image = new Image();
    image.alt = first.alt;
    image.addEventListener("load", () => {
      shown.replaceWith(image);
      shown = image;
      shown.closest("figure").hidden = false;
      setTimeout(next, 1000);
    });
    // There is none yet, or none any more.
    image.addEventListener("error", () => setTimeout(next, 1000));
    count += 1;
    image.src = `${first.dataset.view}&n=${count}`;
  };
  next();
}

/** What a job waits for: left alone while it is the same, since somebody may be writing. */
function showQuestion(holder, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const section = template.content.querySelector("section");
  const there = holder.querySelector("section");
  if (section?.dataset.question === there?.dataset.question) return;
  if (!section) {
    holder.replaceChildren();
    return;
  }
  const csrf = section.querySelector("input[name=csrf]");
  if (holder.dataset.csrf && csrf) csrf.value = holder.dataset.csrf;
  else section.querySelector("form")?.remove();
  local(section);
  holder.replaceChildren(section);
  look(section);
}

/** A job: the whole timeline, whenever it has changed. */
function followJob(timeline) {
  const mark = document.querySelector(".live");
  const question = document.getElementById("question");
  const show = (event) => {
    if (timeline.innerHTML === event.data) return;
    timeline.innerHTML = event.data;
    local(timeline);
    const requeue = document.getElementById("requeue");
    if (requeue) requeue.hidden = timeline.querySelector("[data-waits]") === null;
  };
  follow(() => timeline.dataset.live, mark, {
    timeline: show,
    question: (event) => showQuestion(question, event.data),
    ended: (event, end) => {
      show(event);
      end();
      // Other buttons are offered now.
      location.reload();
    },
  });
}

local(document);
look(document);
const mark = document.querySelector(".live[data-live]");
if (mark) followLog(mark);
const timeline = document.querySelector("#timeline[data-live]");
if (timeline) followJob(timeline);
