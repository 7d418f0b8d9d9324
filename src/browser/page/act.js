// Waiting until an element can be acted on, and acting on it. One call finds, waits, checks and answers.

// The innermost element at a point, through open shadow roots.
function elementAt(x, y) {
  let at = document.elementFromPoint(x, y);
  while (at?.shadowRoot) {
    const inner = at.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === at) return slotAt(at, x, y) || at;
    at = inner;
  }
  return at;
}

// The slot whose text is at the point: `elementFromPoint` says that such text is the component's that was given it,
// and a click on it is one on the slot.
function slotAt(component, x, y) {
  const text = document.createRange();
  for (const node of component.childNodes) {
    if (node.nodeType !== Node.TEXT_NODE || !node.assignedSlot) continue;
    text.selectNode(node);
    const here = (box) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
    if ([...text.getClientRects()].some(here)) return node.assignedSlot;
  }
  return null;
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

// What keeps the element from being acted on, or null. `needs`: enabled, editable, hit, sends.
function obstacle(element, needs) {
  if (!element.isConnected) return { why: 'detached' };
  if (!isVisible(element)) return { why: 'hidden' };
  if (needs.enabled && isDisabled(element)) return { why: 'disabled' };
  if (needs.editable && isToggle(element)) return { why: 'a choice, in which nothing is typed' };
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
  const refused = needs.sends ? unsent(element, needs.sends) : null;
  return refused && { why: 'unsent', by: `${describe(refused)} ${faultOf(refused)}` };
}

// The field for which the browser would not send the form that a click on the element, or Enter in it, sends: its own check
// of what is filled in. Nothing of the page hears of the question. What a script makes of other elements is its own affair.
function unsent(element, how) {
  const control = element.closest('button,input');
  const form = control?.form;
  if (!form) return null;
  const inForm = (selector) => select([control.getRootNode()], selector).filter((each) => each.form === form);
  const submits = (each) => ['submit', 'image'].includes(each.type);
  let button = submits(control) ? control : null;
  if (!button) {
    if (how !== 'enter' || control.tagName !== 'INPUT' || ['button', 'reset'].includes(control.type)) return null;
    button = inForm('button,input').find(submits);
  }
  // A field called `hasAttribute` would stand in for the form's own.
  if (Element.prototype.hasAttribute.call(form, 'novalidate') || button?.hasAttribute('formnovalidate')) return null;
  return inForm(':invalid:not(form,fieldset)')[0] || null;
}

// How the browser's check finds fault with a field; never what it holds.
function faultOf(field) {
  const { valueMissing, tooShort, patternMismatch, customError } = field.validity || {};
  if (valueMissing) return { checkbox: 'is required and not ticked', radio: 'is required and not chosen' }[field.type] || 'is required and empty';
  const fault = tooShort ? `has fewer than ${field.minLength} characters`
    : patternMismatch ? `does not match its pattern ${clip(field.pattern)}`
      : customError ? `is refused by the page: ${JSON.stringify(clip(field.validationMessage, 120))}` : 'holds what it does not take';
  return field.type === 'password' ? `${fault}, which the playbook's password rules have to heed` : fault;
}

// Whether nobody can read what a field holds, whatever its type is.
const coversText = (element) => ['disc', 'circle', 'square'].includes(getComputedStyle(element).webkitTextSecurity);

// Whether a password may be typed there: into a field that is for one, and into another only where a locator names the whole
// of it. What merely has the word in its name need not be it.
function takesPassword(element, alternatives) {
  if (element.type === 'password' || /\b(current|new)-password\b/.test(element.getAttribute('autocomplete'))) return true;
  if (coversText(element)) return true;
  const wholly = ([found, rank]) => found === element && rank === 2;
  return alternatives.some((each) => locate(each, rootsOf(document)).some(wholly));
}

// What the request's target names; of that, where something is typed, what may take it.
function namedBy({ verb, target, password }) {
  const { visible: all, hidden } = matches(target.alternatives, rootsOf(document));
  const fields = verb === 'fill' ? all.filter((element) => !isToggle(element)) : all;
  const visible = fields.length ? fields : all;
  const unfit = password ? visible.filter((element) => !takesPassword(element, target.alternatives)) : [];
  return { visible: visible.filter((element) => !unfit.includes(element)), hidden, unfit };
}

// Runs `check` now and after whatever may change its answer, until it answers or the time is up.
// It never polls while nothing happens, but for a backstop: style sheets, media queries and closed
// worlds change what is visible without an event.
function until(check, milliseconds) {
  return new Promise((done, failed) => {
    const observer = new MutationObserver(() => soon());
    const observed = new WeakSet();
    const events = ['input', 'change', 'focusin', 'load', 'scroll', 'resize', 'transitionend', 'animationend', 'toggle', 'popstate', 'hashchange'];
    let queued = false, running = false, again = false, ended = false, spent = 0;
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
      const began = performance.now();
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
        spent = performance.now() - began;
      }
      if (again) { again = false; soon(); }
    }
    // Changes come in bursts while a page is built: one check for each burst, and at most half of the page's time.
    function soon() {
      if (queued || ended) return;
      queued = true;
      setTimeout(() => { queued = false; if (!ended) run(); }, Math.max(2, spent));
    }
    for (const name of events) addEventListener(name, soon, true);
    const deadline = setTimeout(() => end(done, undefined), milliseconds);
    const backstop = setInterval(soon, 100);
    run();
  });
}

// --- the guard: proof that a click landed where it was meant to

const guard = { element: null, again: null, result: null, blocking: false, over: false, tell: null };
// When each element was last clicked.
const clicked = new WeakMap();

function watch(event) {
  if (!event.isTrusted || !guard.element) return;
  if ((event.type === 'pointerdown' || event.type === 'mousedown') && guard.result === null) {
    const hit = event.composedPath()[0];
    // The page may have drawn the element anew as the mouse came.
    if (!guard.element.isConnected) guard.element = guard.again?.() || guard.element;
    guard.result = receives(guard.element, hit) ? 'hit' : describe(hit);
    guard.blocking = guard.result !== 'hit';
    if (!guard.blocking) clicked.set(guard.element, performance.now());
  }
  if (guard.blocking) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  // The mouse events and the click that belong to it are dispatched in this same task.
  if (event.type === 'pointerup') setTimeout(() => { guard.over = true; guard.tell?.(callOff()); });
}

// Registered before any script of the page runs, so that no handler of the page comes first.
function listen() {
  for (const name of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click', 'auxclick', 'dblclick']) addEventListener(name, watch, true);
}
listen();

function arm(element, again = null) {
  // `document.open` takes every listener away.
  listen();
  Object.assign(guard, { element, again, result: null, blocking: false, over: false, tell: null });
}

// Lets the guard rest, and says what it saw: `hit`, what was hit instead and kept from it, or null for nothing.
function callOff() {
  const { tell, result } = guard;
  Object.assign(guard, { element: null, again: null, result: null, blocking: false, over: false, tell: null });
  tell?.(result);
  return result;
}

// --- actions

const NEEDS = {
  click: { enabled: true, hit: true, still: true, loaded: true },
  hover: { hit: true, still: true },
  ready: { enabled: true, hit: true, still: true },
  send: { enabled: true, hit: true, still: true, loaded: true, sends: 'click' },
  enter: { enabled: true, loaded: true, sends: 'enter' },
  check: { enabled: true, hit: true, still: true, loaded: true },
  fill: { enabled: true, editable: true, hit: true, loaded: true },
  select: { enabled: true, loaded: true },
  focus: { enabled: true },
  read: { parsed: true },
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

// Whether the field holds what was typed. Pages may space a code out, and change the case of a name or an address,
// but nothing may be lost or refused.
function holds(element, text, secret) {
  const have = valueOf(element);
  if (have === text) return true;
  if (element.type === 'password') return false;
  if (!secret) {
    const plain = (value) => value.replace(/[\s-]/g, '').toLowerCase();
    return plain(have) === plain(text);
  }
  let at = 0;
  for (const character of have) {
    if (character === text[at]) at += 1;
    else if (!/[\s-]/.test(character)) return false;
  }
  return at === text.length;
}

// Where secrets were typed: what such a field shows is nobody's business, whatever becomes of it there.
const typedSecrets = new WeakSet();

// `execCommand` edits this very document's focused field and nothing else, whatever takes the focus in the
// browser meanwhile, and the events that it fires are the browser's own. The origin is checked in the same
// task, so that no navigation can come in between.
function type(element, text, { secret, password, origins }) {
  if (!origins.includes(self.origin)) return { blocked: self.origin };
  focusAll(element);
  const active = deepActive();
  if (active !== element && !contains(element, active)) return undefined;
  const inBoxes = () => {
    const row = rowOf(element);
    const from = row().indexOf(element);
    if (text.length < 2 || row().length - from < text.length) return null;
    firstBox = { element, row, from, secret };
    return { boxes: text.length };
  };
  const boxes = element.maxLength === 1 ? inBoxes() : null;
  if (boxes) return boxes;
  if (secret) typedSecrets.add(active);
  if (text === '') document.execCommand('delete');
  else document.execCommand('insertText', false, text);
  const over = holds(element, text, secret) ? [active] : spreadOver(element, text, password);
  if (secret) for (const each of over) typedSecrets.add(each);
  if (over.length) return { typed: true };
  // A box that cuts off what is more than its own character, and has no `maxlength` that says so.
  const cut = secret && valueOf(element) !== '' && valueOf(element) === text[0] ? inBoxes() : null;
  return cut || { differs: { wanted: text.length, has: valueOf(element).length, most: element.maxLength > 0 ? element.maxLength : null } };
}

const inputs = () => select(rootsOf(document), 'input').filter(isVisible);
// A code field drawn as one box a character: fields like it, in document order.
const codeBoxes = () => inputs().filter((each) => each.maxLength === 1);
const widthOf = (element) => Math.round(element.getBoundingClientRect().width);
let firstBox = null;

// Those that are like this one, also when the page has drawn them anew.
function rowOf(element) {
  const kind = element.type, width = widthOf(element);
  return element.maxLength === 1 ? codeBoxes : () => inputs().filter((each) => each.type === kind && widthOf(each) === width);
}

// This field and those behind it, if the page has spread over them what was typed, as it does with a code that is pasted.
function spreadOver(element, text, password) {
  const fields = inputs(), over = [];
  let rest = password ? text : text.replace(/[\s-]/g, '');
  for (let at = fields.indexOf(element); rest && at >= 0 && at < fields.length; at++) {
    const { value } = fields[at];
    if (!value || !rest.startsWith(value)) return [];
    rest = rest.slice(value.length);
    over.push(fields[at]);
  }
  return rest || over.length < 2 ? [] : over;
}

// One character into its box, wherever the page moves the focus meanwhile.
function typeInBox({ at, boxes, origins }, text) {
  if (!origins.includes(self.origin)) return { blocked: self.origin };
  const all = firstBox.row();
  // The page may have drawn the boxes anew.
  const from = all.includes(firstBox.element) ? all.indexOf(firstBox.element) : firstBox.from;
  const box = all[from + at];
  if (!box) return { typed: false };
  if (firstBox.secret) typedSecrets.add(box);
  focusAll(box);
  document.execCommand('insertText', false, text);
  // With the last one, the page may send the code off or clear the boxes at once.
  return { typed: at + 1 === boxes || box.value === text };
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

// What a field takes, as far as the page says so.
function fieldOf(element) {
  const boxes = element.maxLength === 1 ? codeBoxes() : [];
  return {
    maxlength: boxes.length > 1 || !(element.maxLength > 0) ? null : element.maxLength,
    minlength: element.minLength > 0 ? element.minLength : null,
    pattern: boxes.length > 1 ? null : element.pattern || null,
    numeric: ['numeric', 'decimal'].includes(element.inputMode) || ['tel', 'number'].includes(element.type),
    boxes: boxes.length > 1 ? boxes.length - Math.max(0, boxes.indexOf(element)) : null,
    frame_host: self !== top ? location.hostname : null,
  };
}

function linkOf(element) {
  const link = element.closest('a[href]') || element.querySelector('a[href]');
  return element.getAttribute('href') || link?.getAttribute('href') || element.getAttribute('data-uri') || '';
}

// Several targets at once: the first whose element is visible. Looking asks for at least one match, acting for exactly one.
function firstVisible(targets) {
  const roots = rootsOf(document);
  for (let at = 0; at < targets.length; at++) {
    const [element] = targets[at] ? matches(targets[at].alternatives, roots).visible : [];
    if (!element) continue;
    turnlock.acted = element;
    return at;
  }
  return undefined;
}

// The element that was found, and the places of the alternatives that name it.
const foundAs = (element, alternatives) => ({
  what: describe(element),
  by: alternatives.flatMap((each, at) => best(locate(each, rootsOf(document))).includes(element) ? [at] : []),
});
const firstFound = (alternatives) => {
  const [element] = matches(alternatives, rootsOf(document)).visible;
  return element ? foundAs(element, alternatives) : null;
};

// What covers the page and can be clicked away: {interruption, point}. One click is given time to work.
async function inTheWay(list) {
  if (!list.length) return null;
  const roots = rootsOf(document);
  for (let at = 0; at < list.length; at++) {
    if (!matches(list[at].see.alternatives, roots).visible.length) continue;
    const { visible: [element, ...more] } = matches(list[at].click.alternatives, roots);
    if (!element || more.length || performance.now() - (clicked.get(element) ?? -Infinity) < 1500) continue;
    if (obstacle(element, NEEDS.click) || !(await still(element)) || obstacle(element, NEEDS.click)) continue;
    arm(element);
    return { interruption: at, point: pointOf(element) };
  }
  return null;
}

async function still(element) {
  const before = boxOf(element);
  await frame();
  return sameBox(before, boxOf(element));
}

// Says why nothing came of a wait: what matched, and what stood in the way.
function report(request, needs) {
  const { visible, hidden, unfit } = namedBy(request);
  if (!visible.length && unfit.length) return { why: 'unfit', what: unfit.slice(0, 5).map(describe), near: near([request.target]) };
  const what = visible.slice(0, 5).map(describe);
  if (visible.length > 1) return { why: 'several', what, count: visible.length };
  if (visible.length === 1) return { ...(obstacle(visible[0], needs) || { why: isEarly(needs) ? 'on a page that has not loaded yet' : 'moving' }), what };
  return { why: hidden.length ? 'hidden' : 'missing', what: hidden.slice(0, 3).map(describe), near: near([request.target]) };
}

// How alike two texts are, from 0 to 1: the pairs of letters that they share.
function likeness(one, other) {
  const pairs = (text) => Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2));
  const left = pairs(one), right = pairs(other), all = left.length + right.length;
  let shared = 0;
  for (const pair of left) {
    const at = right.indexOf(pair);
    if (at >= 0) { right.splice(at, 1); shared += 1; }
  }
  return all ? 2 * shared / all : one === other ? 1 : 0;
}

// What comes near to targets that match nothing, as a playbook would name it: a like name, the same role before others.
function near(targets) {
  const roots = rootsOf(document);
  const wanted = targets.filter(Boolean).flatMap(({ alternatives }) => alternatives).flatMap(({ by }) => {
    const [[how, argument]] = Object.entries(by);
    const texts = how === 'role' ? argument.name : ['label', 'placeholder', 'text'].includes(how) ? argument : [];
    return texts.map((text) => ({ text: bare(text), role: how === 'role' ? argument.role : null, field: how === 'label' || how === 'placeholder' }));
  });
  if (!wanted.length) return [];
  const found = select(roots, `${CONTROLS},h1,h2,h3,[role]`).filter(isVisible).slice(0, MOST).map((element) => {
    const role = roleOf(element), field = element.matches(FIELDS);
    const names = [nameOf(element, role), ...labelTexts(element), element.getAttribute('placeholder') || ''].map(bare).filter(Boolean);
    const score = Math.max(0, ...wanted.flatMap((each) => names.map((name) => {
      const like = Math.max(likeness(each.text, name), name.includes(each.text) || each.text.includes(name) ? 0.6 : 0);
      const alike = (each.role && each.role === role) || (each.field && field);
      return like < (alike ? 0.3 : 0.4) ? 0 : like + (alike ? 0.5 : 0);
    })));
    return [element, score];
  }).filter(([, score]) => score > 0).sort(([, a], [, b]) => b - a).slice(0, 3);
  // A path through the document is no name.
  const named = found.flatMap(([element]) => locatorsOf(element).slice(0, 1)).filter(({ by }) => !by.css);
  return [...besides(targets, roots).flatMap((element) => locatorsOf(element).slice(0, 1)), ...named].slice(0, 3);
}

// The fields that follow the words which they were thought to be labelled with: many a page binds no label to its field.
function besides(targets, roots) {
  const words = targets.filter(Boolean).flatMap(({ alternatives }) => alternatives).flatMap(({ by }) => by.label || []);
  const fields = words.length ? select(roots, FIELDS).filter(isVisible).filter((field) => !labelTexts(field).some((text) => fold(text))) : [];
  const follows = (text) => fields.find((field) => {
    const position = text.compareDocumentPosition(field);
    return position & Node.DOCUMENT_POSITION_FOLLOWING && !(position & Node.DOCUMENT_POSITION_DISCONNECTED);
  });
  return [...new Set(best(FINDERS.text(roots, words, false)).map(follows).filter(Boolean))];
}

const statusOf = () => performance.getEntriesByType('navigation')[0]?.responseStatus || 0;

// An error page that has come whole will not turn into anything else.
const isErrorPage = () => statusOf() >= 500 && document.readyState === 'complete';

// Before its scripts have run, a page takes what is clicked and typed, and does nothing with it. One that never ends loading is acted
// on all the same.
const LOADING = 3000;
const isLoading = () => document.readyState !== 'complete' && performance.now() < LOADING;

// Of a page that is still coming, an element may hold the first half of what it will say.
const isParsing = () => document.readyState === 'loading' && performance.now() < LOADING;

const isEarly = (needs) => (needs.loaded && isLoading()) || (needs.parsed && isParsing());

// What covers an element for so long may be there for the mouse alone, as a tooltip is.
const COVERED = 1000;

// Where a point of a frame's viewport lies in this one.
function outward(element, x, y) {
  const place = placeOf(element);
  return { x: place.x + place.scaleX * x, y: place.y + place.scaleY * y };
}

const inSight = ({ x, y }) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;

// Each waits until it has an answer or `milliseconds` are over.
async function answer(request, check, report) {
  try {
    return await until(check, request.milliseconds) ?? { timeout: report(), page: overview() };
  } catch (error) {
    return { invalid: String(error.message || error) };
  }
}

const turnlock = {
  // {verb, target, origins, interruptions, aside, milliseconds, ...arguments} → what the verb gives, {interruption}, or
  // {aside} if the mouse is to be moved away, which may help.
  act(request, text) {
    const needs = NEEDS[request.verb];
    const only = () => {
      const { visible } = namedBy(request);
      return visible.length === 1 ? visible[0] : null;
    };
    let covered = null;
    return answer(request, async () => {
      const other = await inTheWay(request.interruptions);
      if (other) return other;
      const { visible, hidden } = namedBy(request);
      let element = visible.length === 1 ? visible[0] : null;
      if (!visible.length && request.verb === 'check' && hidden.length === 1 && isToggle(hidden[0])) element = hidden[0];
      if (!element) return !visible.length && isErrorPage() ? { error_status: true, page: overview() } : undefined;
      const acted = request.verb === 'check' && obstacle(element, needs) ? standIn(element) || element : element;
      const kept = obstacle(acted, needs);
      if (request.aside && kept?.why === 'covered') {
        covered ??= performance.now();
        return performance.now() - covered < COVERED ? undefined : { aside: true };
      }
      covered = null;
      if (kept || isEarly(needs)) return undefined;
      if (needs.still && (!(await still(acted)) || obstacle(acted, needs))) return undefined;
      if (!request.origins.includes(self.origin)) return { blocked: self.origin };
      const found = foundAs(element, request.target.alternatives);
      const done = perform(request, text, element, acted, only);
      return done && { ...done, found };
    }, () => report(request, needs));
  },

  // {targets: [target or null], origins, interruptions, milliseconds} → {first: index}.
  first(request) {
    return answer(request, async () => {
      // What a document of another origin shows decides nothing.
      const at = request.origins.includes(self.origin) ? firstVisible(request.targets) : undefined;
      if (at !== undefined) return { first: at, found: firstFound(request.targets[at].alternatives) };
      if (isErrorPage()) return { error_status: true, page: overview() };
      return await inTheWay(request.interruptions) ?? undefined;
    }, () => {
      const hidden = request.targets.filter(Boolean).flatMap((target) => matches(target.alternatives, rootsOf(document)).hidden);
      return { why: hidden.length ? 'hidden' : 'missing', what: hidden.slice(0, 3).map(describe), near: near(request.targets) };
    });
  },

  gone(request) {
    const visible = () => matches(request.target.alternatives, rootsOf(document)).visible;
    return answer(request, () => visible().length ? undefined : { done: true },
      () => ({ why: 'still there', what: visible().slice(0, 3).map(describe) }));
  },

  // {interruptions, milliseconds} → {done} once none of them can be clicked away any more.
  clear(request) {
    const there = () => request.interruptions.flatMap(({ see, click }) => {
      const roots = rootsOf(document), { visible } = matches(click.alternatives, roots);
      return visible.length === 1 && matches(see.alternatives, roots).visible.length ? visible : [];
    });
    return answer(request, async () => await inTheWay(request.interruptions) ?? (there().length ? undefined : { done: true }),
      () => ({ why: 'still there', what: there().slice(0, 3).map(describe) }));
  },

  // {target, x, y, ...}: the frame element is in sight at that point of its viewport → {point} in this viewport.
  through(request) {
    const frame = () => matches(request.target.alternatives, rootsOf(document)).visible;
    return answer(request, async () => {
      const other = await inTheWay(request.interruptions);
      if (other) return other;
      const [element, ...more] = frame();
      if (!element || more.length) return undefined;
      const at = () => outward(element, request.x, request.y);
      if (!inSight(at())) element.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
      if (!inSight(at())) scrollBy({ left: at().x - innerWidth / 2, top: at().y - innerHeight / 2, behavior: 'instant' });
      const point = at();
      if (elementAt(point.x, point.y) !== element) return undefined;
      // No event of the frame's is seen here: one that is seen went astray.
      arm(element);
      return { point };
    }, () => {
      const [element] = frame();
      const point = element && outward(element, request.x, request.y);
      const hit = point && elementAt(point.x, point.y);
      return element ? { why: 'covered', what: [describe(element)], by: hit ? describe(hit) : null } : { why: 'missing', what: [] };
    });
  },

  // {target, origins} → what the only element says that can be seen now; null without one. Looks, and changes nothing.
  glimpse({ target, origins }) {
    if (!origins.includes(self.origin) || isParsing()) return null;
    const { visible } = matches(target.alternatives, rootsOf(document));
    return visible.length === 1 ? { text: read(visible[0]), link: linkOf(visible[0]) } : null;
  },

  // {target} → everything that the locators name now, seen or not, without waiting; for a person who tries one.
  tried({ target }) {
    try {
      const { visible, hidden } = matches(target.alternatives, rootsOf(document));
      const shown = (element, seen) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return { tag: element.tagName.toLowerCase(), role: roleOf(element), name: clip(nameOf(element)), what: describe(element), seen, box: [x, y, width, height] };
      };
      return { found: [...visible.slice(0, 20).map((each) => shown(each, true)), ...hidden.slice(0, 5).map((each) => shown(each, false))],
        visible: visible.length, hidden: hidden.length };
    } catch (error) {
      return { invalid: String(error.message || error) };
    }
  },

  // What came of the click that is on its way, see `callOff`.
  landed: () => new Promise((done) => {
    if (!guard.element) done(null);
    else if (guard.over) done(callOff());
    else guard.tell = done;
  }),

  callOff,
  typeInBox,
  placeOf,
  overview,
  textBoxes,
  knowRoots,
  // The elements of the frames that were asked for, by the playbook's names.
  frames: new Map(),
  // The ids of the frames in iframe elements, while a page is kept.
  frameIds: new WeakMap(),
  // What was acted on last, or showed what was awaited: for trials of playbooks.
  acted: null,
  // What the scripts that are sent along with a question need of this one.
  tools: { fold, bare, textRank, textOf, rootsOf, select, parentOf, contains, isVisible, labelTexts, nameOf, roleOf, locate, matches, describe, statusOf, FIELDS },
};

function perform(request, text, element, acted, again) {
  turnlock.acted = element;
  switch (request.verb) {
    case 'click':
    case 'hover':
    case 'ready':
    case 'send':
      if (request.verb === 'click') arm(acted, again);
      return { point: pointOf(acted), what: describe(acted) };
    case 'check':
      if (!isToggle(element)) return { not: 'a checkbox, radio button or switch' };
      if (isOn(element) === request.on) return { done: true };
      arm(acted, again);
      return { point: pointOf(acted), what: describe(acted) };
    case 'fill':
      return type(element, text, request);
    case 'select':
      return choose(element, request.option);
    case 'focus':
      element.focus();
      return { done: true };
    case 'enter':
      return { done: true };
    case 'read':
      if (request.attribute === 'field') return { field: fieldOf(element) };
      return { text: request.attribute === 'href' ? linkOf(element) : read(element) };
    case 'picture': {
      element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
      const { x, y, width, height } = element.getBoundingClientRect();
      return { box: [x, y, width, height] };
    }
    case 'frame':
      turnlock.frames.set(request.frame, element);
      return { done: true };
  }
  return { invalid: `no such verb: ${request.verb}` };
}

globalThis.turnlock = turnlock;
