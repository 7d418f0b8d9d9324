// Waiting until an element can be acted on, and acting on it. One call finds, waits, checks and answers.

// The innermost element at a point, through open shadow roots.
function elementAt(x, y) {
  let at = document.elementFromPoint(x, y);
  while (at?.shadowRoot) {
    const inner = at.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === at) break;
    at = inner;
  }
  return at;
}

// Whether a click that lands on `hit` is a click on `element`: within it, or on the label that stands for it.
function receives(element, hit) {
  if (!hit) return false;
  if (contains(element, hit)) return true;
  const label = hit.closest?.('label');
  return !!label && label.control === element;
}

function isDisabled(element) {
  if (element.matches(':disabled')) return true;
  for (let at = element; at; at = parentOf(at)) if (at.getAttribute('aria-disabled') === 'true') return true;
  return false;
}

const frame = () => new Promise((done) => {
  // A page that paints nothing new still gets animation frames; the timer is for one that gets none.
  const timer = setTimeout(done, 250);
  requestAnimationFrame(() => { clearTimeout(timer); done(); });
});

const boxOf = (element) => {
  // A link over two lines is clicked on its first part, not in the gap between.
  const rects = [...element.getClientRects()].filter((rect) => rect.width > 0 && rect.height > 0);
  return rects[0] || element.getBoundingClientRect();
};
const sameBox = (a, b) => a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

// The point in the middle of what is seen of the element, in this frame's viewport.
function pointOf(element) {
  const box = boxOf(element);
  const left = Math.max(0, box.left), right = Math.min(innerWidth, box.right);
  const top = Math.max(0, box.top), bottom = Math.min(innerHeight, box.bottom);
  if (right <= left || bottom <= top) return null;
  return { x: (left + right) / 2, y: (top + bottom) / 2 };
}

// A checkbox drawn by its label is itself invisible or tiny: then the label is what a person clicks.
const standIn = (element) => [...(element.labels || [])].find(isVisible);

// What keeps the element from being acted on, or null. `needs`: enabled, editable, hit.
function obstacle(element, needs) {
  if (!element.isConnected) return { why: 'detached' };
  if (!isVisible(element)) return { why: 'hidden' };
  if (needs.enabled && isDisabled(element)) return { why: 'disabled' };
  if (needs.editable && (element.readOnly || element.getAttribute('aria-readonly') === 'true')) return { why: 'read-only' };
  if (needs.hit) {
    let point = pointOf(element);
    if (!point || !receives(element, elementAt(point.x, point.y))) {
      element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
      point = pointOf(element);
    }
    if (!point) return { why: 'off screen' };
    const hit = elementAt(point.x, point.y);
    if (!receives(element, hit)) return { why: 'covered', by: hit ? describe(hit) : 'nothing that receives events' };
  }
  return null;
}

// Runs `check` now and after whatever may change its answer, until it answers or the time is up.
// It never polls while nothing happens, but for a backstop: style sheets, media queries and closed
// worlds change what is visible without an event.
function until(check, milliseconds) {
  return new Promise((done, failed) => {
    const observer = new MutationObserver(() => soon());
    const observed = new WeakSet();
    const events = ['input', 'change', 'focusin', 'load', 'scroll', 'resize', 'transitionend', 'animationend', 'toggle', 'popstate', 'hashchange'];
    let queued = false, running = false, again = false, ended = false;
    const end = (settle, value) => {
      if (ended) return;
      ended = true;
      observer.disconnect();
      for (const name of events) removeEventListener(name, soon, true);
      clearTimeout(deadline);
      clearInterval(backstop);
      settle(value);
    };
    async function run() {
      if (running) { again = true; return; }
      running = true;
      try {
        for (const root of rootsOf(document)) {
          if (observed.has(root)) continue;
          observed.add(root);
          observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
        }
        const answer = await check();
        if (answer !== undefined) return end(done, answer);
      } catch (error) {
        return end(failed, error);
      } finally {
        running = false;
      }
      if (again) { again = false; soon(); }
    }
    // Changes come in bursts while a page is built: one check for each burst.
    function soon() {
      if (queued || ended) return;
      queued = true;
      setTimeout(() => { queued = false; if (!ended) run(); }, 2);
    }
    for (const name of events) addEventListener(name, soon, true);
    const deadline = setTimeout(() => end(done, undefined), milliseconds);
    const backstop = setInterval(soon, 100);
    run();
  });
}

// --- the guard: proof that a click landed where it was meant to

// Registered before any script of the page runs, so that no handler of the page comes first.
const guard = { element: null, result: null, blocking: false };
for (const name of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click', 'auxclick', 'dblclick']) {
  addEventListener(name, (event) => {
    if (!event.isTrusted) return;
    if (guard.element && (name === 'pointerdown' || name === 'mousedown') && guard.result === null) {
      const hit = event.composedPath()[0];
      guard.result = receives(guard.element, hit) ? 'hit' : `missed: ${describe(hit)}`;
      guard.blocking = guard.result !== 'hit';
    }
    if (guard.blocking) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);
}

const disarm = () => {
  const { result } = guard;
  guard.element = null;
  guard.result = null;
  guard.blocking = false;
  return result;
};

// --- actions

const NEEDS = {
  click: { enabled: true, hit: true, still: true },
  hover: { hit: true, still: true },
  check: { enabled: true, hit: true, still: true },
  fill: { enabled: true, editable: true, hit: true },
  select: { enabled: true },
  focus: { enabled: true },
  read: {},
  picture: { still: true },
  frame: {},
};

const isToggle = (element) => element.type === 'checkbox' || element.type === 'radio' || ['checkbox', 'radio', 'switch'].includes(roleOf(element));
const isOn = (element) => 'checked' in element && (element.type === 'checkbox' || element.type === 'radio') ? element.checked : element.getAttribute('aria-checked') === 'true';

// Brings the caret into the field, with everything selected that is in it.
function focusAll(element) {
  element.focus({ preventScroll: true });
  if (typeof element.select === 'function') element.select();
  else if (element.isContentEditable) getSelection().selectAllChildren(element);
}

const deepActive = () => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at;
};

const valueOf = (element) => 'value' in element ? element.value : textOf(element).trim();

// `execCommand` edits this very document's focused field and nothing else, whatever takes the focus in the
// browser meanwhile, and the events that it fires are the browser's own. The origin is checked in the same
// task, so that no navigation can come in between.
function type(element, { text, origins }) {
  if (!origins.includes(self.origin)) return { blocked: self.origin };
  focusAll(element);
  const active = deepActive();
  if (active !== element && !contains(element, active)) return undefined;
  const boxes = codeBoxes(element, text);
  if (boxes) return { boxes: boxes.length };
  if (text === '') document.execCommand('delete');
  else document.execCommand('insertText', false, text);
  const have = valueOf(element);
  // Pages may space a value out or change its case, but must not lose or refuse any of it.
  const plain = (value) => value.replace(/[\s-]/g, '').toLowerCase();
  if (plain(have) === plain(text)) return { typed: true };
  return { differs: { wanted: text.length, has: have.length, most: element.maxLength > 0 ? element.maxLength : null } };
}

// A code field drawn as one box a character: the first takes one character only, and is followed by others like it.
function codeBoxes(element, text) {
  if (element.maxLength !== 1 || text.length < 2) return null;
  const roots = rootsOf(document);
  const all = select(roots, 'input').filter((each) => each.maxLength === 1 && isVisible(each));
  const from = all.indexOf(element);
  return from >= 0 && all.length - from >= text.length ? all.slice(from, from + text.length) : null;
}

function choose(element, option) {
  if (element.tagName !== 'SELECT') return { not: 'a <select>' };
  const wanted = [...element.options].map((each) => [each, Math.max(textRank([option], each.label, false), each.value === option ? 2 : 0)]);
  const top = Math.max(...wanted.map(([, rank]) => rank), 0);
  const chosen = wanted.filter(([, rank]) => rank === top && rank > 0);
  if (chosen.length !== 1) return { options: [...element.options].map((each) => clip(each.label, 30)).slice(0, 12) };
  element.focus({ preventScroll: true });
  chosen[0][0].selected = true;
  element.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
  element.dispatchEvent(new Event('change', { bubbles: true }));
  return { chosen: true };
}

function read(element) {
  const inner = element.querySelector?.('input,textarea');
  const field = 'value' in element && ['INPUT', 'TEXTAREA'].includes(element.tagName) ? element : null;
  if (field) return field.value;
  const text = textOf(element);
  if (fold(text) || !inner) return element.innerText || text;
  return inner.value;
}

function linkOf(element) {
  const link = element.closest('a[href]') || element.querySelector('a[href]');
  return element.getAttribute('href') || link?.getAttribute('href') || element.getAttribute('data-uri') || '';
}

// Several targets at once: the first whose element is visible. Looking asks for at least one match, acting for exactly one.
function firstVisible(targets) {
  const roots = rootsOf(document);
  for (let at = 0; at < targets.length; at++) if (targets[at] && matches(targets[at].alternatives, roots).visible.length) return at;
  return undefined;
}

// An interruption that is in the way: [index, point], once it can be clicked.
function interruption(list) {
  if (!list.length) return null;
  const roots = rootsOf(document);
  for (let at = 0; at < list.length; at++) {
    if (!matches(list[at].see.alternatives, roots).visible.length) continue;
    const { visible } = matches(list[at].click.alternatives, roots);
    if (visible.length !== 1 || obstacle(visible[0], NEEDS.click)) continue;
    return { element: visible[0], at };
  }
  return null;
}

async function still(element) {
  const before = boxOf(element);
  await frame();
  return sameBox(before, boxOf(element));
}

// Says why nothing came of a wait: what matched, and what stood in the way.
function report(target, needs) {
  const { visible, hidden } = matches(target.alternatives, rootsOf(document));
  const what = visible.slice(0, 5).map(describe);
  if (visible.length > 1) return { why: 'several', what, count: visible.length };
  if (visible.length === 1) return { ...(obstacle(visible[0], needs) || { why: 'moving' }), what };
  return { why: hidden.length ? 'hidden' : 'missing', what: hidden.slice(0, 3).map(describe) };
}

const statusOf = () => performance.getEntriesByType('navigation')[0]?.responseStatus || 0;

const turnlock = {
  // {verb, target, interruptions, milliseconds, ...arguments} → one of {done}, {point}, {interruption}, {timeout}.
  async act(request) {
    const needs = NEEDS[request.verb];
    let answer;
    try {
      answer = await until(async () => {
        const inTheWay = interruption(request.interruptions);
        if (inTheWay && await still(inTheWay.element) && !obstacle(inTheWay.element, NEEDS.click)) {
          guard.element = inTheWay.element;
          return { interruption: inTheWay.at, point: pointOf(inTheWay.element) };
        }
        const { visible, hidden } = matches(request.target.alternatives, rootsOf(document));
        let element = visible.length === 1 ? visible[0] : null;
        if (!element && !visible.length && request.verb === 'check' && hidden.length === 1 && isToggle(hidden[0])) element = hidden[0];
        if (!element) {
          if (statusOf() >= 500 && document.readyState === 'complete' && !visible.length) return { error_status: true, page: overview() };
          return undefined;
        }
        const acted = request.verb === 'check' && (!isVisible(element) || obstacle(element, NEEDS.check)) ? standIn(element) || element : element;
        if (obstacle(acted, needs)) return undefined;
        if (needs.still && !(await still(acted))) return undefined;
        if (needs.still && obstacle(acted, needs)) return undefined;
        if (!request.origins.includes(self.origin)) return { blocked: self.origin };
        return perform(request, element, acted);
      }, request.milliseconds);
    } catch (error) {
      return { invalid: String(error.message || error) };
    }
    return answer ?? { timeout: report(request.target, needs), page: overview() };
  },

  // {targets: [target or null], interruptions, milliseconds} → {first: index}.
  async first(request) {
    try {
      const answer = await until(async () => {
        const at = firstVisible(request.targets);
        if (at !== undefined) return { first: at };
        // An error page that has come whole will not turn into one of the states.
        if (statusOf() >= 500 && document.readyState === 'complete') return { error_status: true, page: overview() };
        const inTheWay = interruption(request.interruptions);
        if (inTheWay && await still(inTheWay.element)) {
          guard.element = inTheWay.element;
          return { interruption: inTheWay.at, point: pointOf(inTheWay.element) };
        }
        return undefined;
      }, request.milliseconds);
      return answer ?? { timeout: { why: 'missing', what: [] }, page: overview() };
    } catch (error) {
      return { invalid: String(error.message || error) };
    }
  },

  async gone(request) {
    try {
      const roots = () => rootsOf(document);
      const answer = await until(() => matches(request.target.alternatives, roots()).visible.length ? undefined : { done: true }, request.milliseconds);
      return answer ?? { timeout: { why: 'still there', what: matches(request.target.alternatives, roots()).visible.slice(0, 3).map(describe) }, page: overview() };
    } catch (error) {
      return { invalid: String(error.message || error) };
    }
  },

  // One character into the box that has the focus, if it is a field of this document and this origin.
  typeInBox(at, { text, origins }) {
    if (!origins.includes(self.origin)) return { blocked: self.origin };
    const boxes = codeBoxes(this.target, text);
    const box = boxes?.[at];
    if (!box) return { lost: true };
    focusAll(box);
    document.execCommand('insertText', false, text[at]);
    return { typed: true };
  },

  disarm,
  overview,
  textBoxes,
  // A point of a frame's viewport, seen from the frame around it; and what lies over it there, if anything.
  throughFrame: (element, x, y) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const point = { x: x + box.x + element.clientLeft + parseFloat(style.paddingLeft), y: y + box.y + element.clientTop + parseFloat(style.paddingTop) };
    const hit = elementAt(point.x, point.y);
    return hit === element ? point : { ...point, by: hit ? describe(hit) : 'nothing' };
  },
};

function perform(request, element, acted) {
  switch (request.verb) {
    case 'click':
    case 'hover':
      if (request.verb === 'click') guard.element = acted;
      return { point: pointOf(acted), what: describe(acted) };
    case 'check':
      if (!isToggle(element)) return { not: 'a checkbox, radio button or switch' };
      if (isOn(element) === request.on) return { done: true };
      guard.element = acted;
      return { point: pointOf(acted), what: describe(acted) };
    case 'fill': {
      const typed = type(element, request);
      if (typed?.boxes) turnlock.target = element;
      return typed;
    }
    case 'select':
      return choose(element, request.option);
    case 'focus':
      element.focus();
      return { done: true };
    case 'read':
      return { text: request.attribute === 'href' ? linkOf(element) : read(element) };
    case 'picture': {
      element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
      const { x, y, width, height } = element.getBoundingClientRect();
      return { box: [x, y, width, height] };
    }
    case 'frame':
      turnlock.frameElement = element;
      return { done: true };
  }
  return { invalid: `no such verb: ${request.verb}` };
}

globalThis.turnlock = turnlock;
