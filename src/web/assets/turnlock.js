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

/** A stream on which nothing is heard for so long has died: the server beats more often. */
const SILENCE = 10000;
/** A stream that has ended is asked for again so soon; one that cannot be had, less and less often, up to the last. */
const AGAIN = 300;
const FIRST = 1000;
const SELDOM = 30000;

/** So many events are kept for the tabs that come later. */
const KEPT = 500;

/**
 * Events, for as long as the page is open and looked at: says at the mark whether they come, and begins anew where they do not.
 * A browser keeps few connections to a server, all its tabs together: one that nobody looks at gives its up, and
 * catches up when it is looked at again; of those that show the same, one has the stream and tells the others. `address` is told the
 * last event that was seen.
 */
function follow(address, mark, handlers) {
  const mine = crypto.randomUUID?.() ?? String(Math.random());
  let source = null;
  let last = null;
  let ended = false;
  // Tries in vain, since anything was heard.
  let tries = 0;
  // Runs out where nothing is heard; or when it is to be tried again.
  let timer = null;
  const wait = (what, length) => {
    clearTimeout(timer);
    timer = setTimeout(what, length);
  };

  // What was heard: the last of each name, and those with a number in their order, none missing behind `since`.
  const newest = new Map();
  let numbered = [];
  let since = Number(mark.dataset.after ?? 0);
  const keep = (name, data, id) => {
    if (name === "again") return;
    if (!id) {
      newest.set(name, data);
      return;
    }
    numbered.push({ name, data, id });
    while (numbered.length > KEPT) since = Number(numbered.shift().id);
  };

  /** What the stream says, to this tab; from whichever tab it comes. What it has is passed over. */
  const hear = (name, data, id) => {
    if (ended || !Object.hasOwn(handlers, name)) return;
    if (id) {
      if (last !== null && Number(id) <= Number(last)) return;
      last = id;
    }
    keep(name, data, id);
    handlers[name]({ data }, () => {
      ended = true;
      leave();
    });
  };
  let said = null;
  const say = (text, lost) => {
    said = [text, lost];
    if (mark.textContent !== text) mark.textContent = text;
    mark.classList.toggle("lost", lost);
  };

  // The tabs of this session that show the same. Where a browser cannot do it, each has a stream of its own.
  const what = new URL(address(null), location.href);
  what.searchParams.delete("after");
  const shared = `turnlock ${document.querySelector("input[name=csrf]")?.value ?? ""} ${what.pathname}${what.search}`;
  const canShare = Boolean(navigator.locks && window.BroadcastChannel && window.AbortController);
  let channel = null;
  let leads = false;
  // Gives the stream up, or no longer waits for it.
  let giveUp = null;
  const tell = (message) => channel?.postMessage(message);
  const sayAll = (text, lost) => {
    say(text, lost);
    tell({ say: said });
  };

  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };
  const silence = () => {
    away();
    again();
  };
  const away = () => sayAll("not live: the server is away, or you are signed out", true);
  // Many viewers do not come back all at once.
  const again = () => {
    close();
    const length = tries === 0 ? AGAIN : Math.min(FIRST * 2 ** (tries - 1), SELDOM) * (0.5 + Math.random() / 2);
    wait(open, length);
    tell({ silent: length });
    tries += 1;
  };
  const lost = async () => {
    // What is no stream, and not merely one that has ended: the page tells whether it is for want of a session.
    const refused = source?.readyState === EventSource.CLOSED;
    if (refused || tries > 0) away();
    again();
    if (!refused) return;
    const page = await fetch(location.href, { redirect: "manual" }).catch(() => null);
    if (page?.type === "opaqueredirect") location.reload();
  };
  const open = () => {
    source = new EventSource(address(last));
    wait(silence, SILENCE);
    source.addEventListener("error", lost);
    source.addEventListener("beat", (event) => {
      tries = 0;
      wait(silence, SILENCE);
      if (event.data === "well") sayAll("live", false);
      else sayAll("not live: the server cannot read its database", true);
    });
    for (const name of Object.keys(handlers)) {
      source.addEventListener(name, (event) => {
        const { data, lastEventId: id } = event;
        tell({ name, data, id });
        hear(name, data, id);
      });
    }
  };

  /** Tells the tab that has come with this event as its last what it has missed; or that it has missed too much. */
  const catchUp = (to, after) => {
    if (after < since) {
      tell({ to, name: "again", data: "", id: "" });
      return;
    }
    for (const event of numbered) {
      if (Number(event.id) > after) tell({ to, ...event });
    }
    for (const [name, data] of newest) tell({ to, name, data, id: "" });
    if (said) tell({ to, say: said });
  };
  const ask = () => tell({ asks: mine, after: Number(last ?? mark.dataset.after ?? 0) });
  const told = ({ data: message }) => {
    if (message.to && message.to !== mine) return;
    if (leads && message.asks) catchUp(message.asks, message.after);
    if (leads || message.asks) return;
    // The tab that has the stream lives; one from which nothing comes is not waited for.
    wait(alone, SILENCE + (message.silent ?? 0));
    if (message.leads) ask();
    else if (message.say) say(...message.say);
    else if (message.name) hear(message.name, message.data, message.id);
  };
  const leave = () => {
    close();
    giveUp?.();
    giveUp = null;
    channel?.close();
    channel = null;
    leads = false;
  };
  const alone = () => {
    leave();
    open();
  };
  const join = () => {
    channel = new BroadcastChannel(shared);
    channel.addEventListener("message", told);
    const waiting = new AbortController();
    giveUp = () => waiting.abort();
    navigator.locks
      .request(shared, { signal: waiting.signal }, () => new Promise((release) => {
        // It was given up in the same moment.
        if (waiting.signal.aborted) {
          release();
          return;
        }
        giveUp = release;
        leads = true;
        open();
        tell({ leads: true });
      }))
      .catch(() => {});
    wait(alone, SILENCE);
    ask();
  };
  const turn = () => {
    if (ended) return;
    if (document.hidden) {
      leave();
      say("paused while nobody looks", false);
    } else if (!source && !channel) {
      close();
      tries = 0;
      if (canShare) join();
      else open();
    }
  };
  document.addEventListener("visibilitychange", turn);
  turn();
}

/** A date, or a time without a zone: year, month, day, and maybe hours, minutes, seconds. */
const ZONELESS = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/;

/** The same time with the browser's offset, as `2026-05-31T08:00:00+02:00`; what is none stays as it is. Until a day is to its end. */
function zoned(text, isUntil) {
  const parts = ZONELESS.exec(text.trim());
  if (!parts) return text;
  const [year, month, day, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  const next = isUntil && parts[4] === undefined ? 1 : 0;
  const at = new Date(year, month - 1, day + next, hours, minutes, seconds);
  // The 31st of February is for the server to refuse.
  const there = new Date(year, month - 1, day);
  if (there.getMonth() !== month - 1 || Number.isNaN(at.getTime())) return text;
  const two = (number) => String(Math.trunc(number)).padStart(2, "0");
  const offset = -at.getTimezoneOffset();
  const date = `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${date}T${time}${offset < 0 ? "-" : "+"}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
}

/** Times that are asked for are the browser's, as those that are shown; the address says which they are to everyone. */
function writeOutTimes(note) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  note.textContent = `Dates, and times without a zone, are those of your clock (${timeZone}).`;
  const form = note.closest("form");
  form.addEventListener("submit", () => {
    for (const name of ["since", "until"]) {
      const field = form.elements[name];
      field.value = zoned(field.value, name === "until");
    }
  });
}

/** The log: a row that begins comes where it belongs, one that ends takes its own place. */
function followLog(mark) {
  const body = document.getElementById("rows");
  const banner = document.getElementById("waiting");
  // Which rows are of attempts that wait for a person.
  let asking = null;
  const tell = (root) => {
    if (!asking) return;
    for (const mark of root.querySelectorAll(".asks")) mark.hidden = !asking.has(mark.closest("tr").id);
  };
  const address = (last) => {
    const query = new URLSearchParams(location.search);
    query.set("after", last ?? mark.dataset.after);
    return `${mark.dataset.live}?${query}`;
  };
  follow(address, mark, {
    again: () => location.reload(),
    waiting: (event) => {
      const [said, attempts] = event.data.split("\n");
      const words = said === "-" ? "" : said;
      asking = new Set((attempts ?? "").split(" ").map((attempt) => `attempt-${attempt}`));
      tell(body);
      const link = banner.querySelector("a");
      if (link.textContent !== words) link.textContent = words;
      banner.hidden = words === "";
    },
    row: (event) => {
      const template = document.createElement("template");
      template.innerHTML = event.data;
      const row = template.content.querySelector("tr");
      if (!row) return;
      local(row);
      tell(row);
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
  if (section?.dataset.question === there?.dataset.question) {
    // A worker that is told to end waits for less long.
    const [was, is] = [there, section].map((of) => of?.querySelector("time"));
    if (was && is && was.dateTime !== is.dateTime) {
      local(section);
      was.replaceWith(is);
    }
    return;
  }
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

/** These children from now on; those that are there as they are to be stay, for somebody may be writing in them. */
function patch(root, fresh) {
  const key = (child) => child.dataset.question ?? child.dataset.key;
  const there = new Map(Array.from(root.children, (child) => [key(child), child]));
  const wanted = Array.from(fresh.children, (child) => {
    const old = there.get(key(child));
    if (old && old.dataset.mark === child.dataset.mark) return old;
    local(child);
    return child;
  });
  for (const old of Array.from(root.children)) {
    if (!wanted.includes(old)) old.remove();
  }
  wanted.forEach((child, nth) => {
    if (root.children[nth] !== child) root.insertBefore(child, root.children[nth] ?? null);
  });
}

/** What wants a human: the lists are loaded anew when they may have changed, and not all the time. */
function followNeeds(root, mark) {
  let due = null;
  let loading = false;
  const load = async () => {
    due = null;
    if (loading) {
      soon();
      return;
    }
    loading = true;
    try {
      const answer = await fetch(location.href);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("needs");
      if (fresh) patch(root, fresh);
    } catch {
      // The stream says that the server is away.
    } finally {
      loading = false;
    }
  };
  const soon = () => { due ??= setTimeout(load, 300); };
  const shows = (account) =>
    root.querySelector("[data-hidden]") !== null
    || Array.from(root.querySelectorAll("[data-account]")).some((row) => row.dataset.account === account);
  follow(() => mark.dataset.live, mark, {
    again: soon,
    waiting: soon,
    wants: soon,
    goes_on: (event) => { if (shows(event.data)) soon(); },
  });
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
    const cancel = document.getElementById("cancel");
    if (cancel) cancel.hidden = timeline.querySelector("[data-cancelling]") !== null;
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

/** A part of the page, whenever it has changed. Who is at something in it by keyboard stays there. */
function followPart(part) {
  const mark = document.querySelector(".live");
  const place = (element) => element?.getAttribute("href") ?? element?.form?.getAttribute("action");
  const focusable = () => Array.from(part.querySelectorAll("a[href],button,[tabindex]"));
  let shown = null;
  follow(() => part.dataset.live, mark, {
    part: (event) => {
      if (event.data === shown) return;
      shown = event.data;
      const at = focusable().indexOf(document.activeElement);
      const was = at < 0 ? null : place(document.activeElement);
      part.innerHTML = event.data;
      for (const form of part.querySelectorAll("form")) {
        if (part.dataset.csrf) form.elements.csrf.value = part.dataset.csrf;
        else form.remove();
      }
      local(part);
      if (at < 0) return;
      const now = focusable();
      (now.find((element) => was && place(element) === was) ?? now[at])?.focus({ preventScroll: true });
    },
  });
}

local(document);
look(document);
const zone = document.getElementById("zone");
if (zone) writeOutTimes(zone);
const part = document.querySelector("#part[data-live]");
if (part) followPart(part);
const mark = document.querySelector(".live[data-live]");
const needs = document.getElementById("needs");
if (mark && needs) followNeeds(needs, mark);
else if (mark) followLog(mark);
const timeline = document.querySelector("#timeline[data-live]");
if (timeline) followJob(timeline);
