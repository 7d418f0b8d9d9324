// Surveying a page for the draft of a playbook: its controls, each with the locators that name it and nothing else.
// Values of fields are never read here.

const CAPTCHA = 'iframe[src*="recaptcha"],iframe[src*="hcaptcha"],iframe[src*="challenges.cloudflare"],iframe[src*="arkoselabs"],' +
  '.g-recaptcha,.h-captcha,.cf-turnstile,[data-sitekey],input[name*="captcha" i]';
const BUTTONS = 'button,input[type=submit],input[type=button],input[type=image],[role=button],[role=menuitem],[role=tab],summary';
const TOGGLES = '[role=checkbox],[role=radio],[role=switch]';
const CONTROLS = `input:not([type=hidden]),select,textarea,${BUTTONS},a[href]`;
const MENUS = ['[aria-haspopup]', '[aria-expanded]', '[data-toggle="dropdown"]', '[data-bs-toggle="dropdown"]', 'summary'];
// A list of choices is no menu, nor is what opens nothing.
const NO_MENU = '[aria-haspopup=listbox],[aria-haspopup=false]';
const ROLES_NAMED = new Set(['button', 'link', 'menuitem', 'tab', 'option', 'switch', 'checkbox', 'img']);
// What shows something that a playbook may read: the picture of a secret, say. Icons show nothing.
const IMAGES = 'img,canvas,svg,object,embed';
function isLargeImage(element) {
  const { width, height } = element.getBoundingClientRect();
  return element.matches(IMAGES) && Math.min(width, height) >= 48 && !element.closest(`${BUTTONS},a[href]`);
}
// What is made into a button by a script alone: it says so by being reached with the keyboard, or by what it does.
// So does what opens a menu.
const OPENS = '[aria-haspopup],[data-toggle="dropdown"],[data-bs-toggle="dropdown"]';
const MADE = `[onclick],[tabindex="0"],${OPENS}`;
// So does what alone shows a hand to the mouse.
const PLAIN = 'div,span,li,dt,h1,h2,h3,h4,h5,h6,a:not([href])';
const cursorOf = (element) => element ? getComputedStyle(element).cursor : '';
const isPointed = (element) => element.matches(PLAIN) && cursorOf(element) === 'pointer' && cursorOf(parentOf(element)) !== 'pointer';
const isMade = (element) => (element.matches(MADE) || isPointed(element)) && !element.matches(CONTROLS) &&
  ![...element.querySelectorAll(CONTROLS)].some(isVisible) && !element.closest(`${BUTTONS},a[href]`) &&
  Boolean(wordsOf(element) || titleOf(element) || element.matches(OPENS));
// What is seen of its words: a menu that is closed says nothing.
const wordsOf = (element) => short(element.innerText ?? '');
// What a picture is called that has no words.
const titleOf = (element) => element.getAttribute('aria-label') || element.getAttribute('title') || '';
const LONGEST = 80;
const MOST = 400;

// Fields that people type in. A checkbox is often a transparent one over what is drawn; a text field is never.
const TYPED = 'input:not([type=hidden],[type=checkbox],[type=radio],[type=file],[type=range],[type=color],[type=submit],[type=button],[type=image],[type=reset]),textarea';
const NO_SIZE = 2;

// Whether nobody sees it, though it is drawn: pages keep such fields for password managers, and for the step after, and such
// buttons and links for the keyboard alone.
function isDecoy(element) {
  if (element.matches(`${BUTTONS},a[href]`)) return isOutOfReach(element) || isClippedAway(element);
  if (!element.matches(TYPED)) return false;
  // A page behind a dialog is hidden from readers as a whole: that says nothing of its fields.
  for (let at = element; at && (at === element || element.form?.contains(at) && at !== element.form); at = parentOf(at)) {
    if (at.getAttribute('aria-hidden') === 'true') return true;
  }
  const { width, height } = element.getBoundingClientRect();
  // A code's field may lie transparent over boxes that are drawn for its digits.
  const code = /\bone-time-code\b/.test(element.autocomplete);
  return Math.min(width, height) <= NO_SIZE || !code && opacityOf(element) < 0.05 || isOutOfReach(element) || isClippedAway(element);
}

function opacityOf(element) {
  let opacity = 1;
  for (let at = element; at; at = parentOf(at)) opacity *= Number(getComputedStyle(at).opacity);
  return opacity;
}

// To the left of a page, or above it, no scrolling leads.
function isOutOfReach(element) {
  let { right, bottom } = element.getBoundingClientRect();
  for (let at = parentOf(element); at; at = parentOf(at)) { right += Math.abs(at.scrollLeft); bottom += at.scrollTop; }
  const leftwards = getComputedStyle(document.documentElement).direction === 'rtl';
  return bottom <= 0 || right <= 0 && !leftwards;
}

function isClippedAway(element) {
  const box = element.getBoundingClientRect();
  let position = 'static';
  for (let at = element; at && at !== document.body; at = parentOf(at)) {
    const style = getComputedStyle(at);
    if (/^rect\([01]px, [01]px, [01]px, [01]px\)$/.test(style.clip) || /^inset\((50|100)%\)$/.test(style.clipPath)) return true;
    const holds = at !== element && position !== 'fixed' && (position !== 'absolute' || style.position !== 'static');
    if (holds && /hidden|clip/.test(`${style.overflowX} ${style.overflowY}`)) {
      const around = at.getBoundingClientRect();
      const seen = Math.min(box.right, around.right) - Math.max(box.left, around.left);
      if (seen <= NO_SIZE || around.height <= NO_SIZE || box.bottom <= around.top) return true;
    }
    if (at === element || holds) ({ position } = style);
  }
  return false;
}

const locator = (by, more = {}) => ({ by, exact: false, frame: null, within: null, containing: [], ...more });
const short = (text) => { const whole = fold(text).replace(/[\s:*]+$/, ''); return whole && whole.length <= LONGEST && !/\p{C}/u.test(whole) ? whole : ''; };
// The first words of a label that is a whole paragraph: a part of a name finds it, too.
const opening = (text) => {
  const whole = fold(text);
  if (whole.length <= LONGEST || /\p{C}/u.test(whole)) return '';
  const words = whole.slice(0, LONGEST / 2 + 1).split(' ').slice(0, -1);
  const clause = words.findLastIndex((word) => /[.,;:]$/.test(word)) + 1;
  return words.slice(0, clause > 2 ? clause : undefined).join(' ').replace(/[\s:*,;.]+$/, '');
};
const quoted = (text) => `"${text.replace(/["\\]/g, '\\$&')}"`;
const isWord = (text) => /^[A-Za-z_][\w-]*(\[[\w-]+\])*$/.test(text || '') && text.length <= 60;
// Names that a page makes up anew at each visit have numbers in them.
const isKept = (text) => isWord(text) && !/\d{3,}|--|[_-]\d+$|^_r_|^(ember|react|radix|mui|headlessui)/.test(text);

// The way to an element from the nearest ancestor with a name, within its own root.
function pathTo(element) {
  const parts = [];
  for (let at = element; at && at !== document.body && at !== document.documentElement; at = at.parentElement) {
    const tag = at.tagName.toLowerCase();
    const id = at.getAttribute('id') ?? ''; // a form that has a field of the name `id` says so when it is asked for its own
    if (at !== element && isKept(id)) { parts.unshift(`#${CSS.escape(id)}`); break; }
    const alike = at.parentElement ? [...at.parentElement.children].filter((each) => each.tagName === at.tagName) : [];
    parts.unshift(alike.length > 1 ? `${tag}:nth-of-type(${alike.indexOf(at) + 1})` : tag);
  }
  return parts.join(' > ');
}

// What could name the element, the words that people see first.
function candidates(element) {
  const found = [];
  const tag = element.tagName.toLowerCase();
  const role = roleOf(element);
  const field = element.matches(FIELDS) && !element.matches(BUTTONS);
  const add = (by) => found.push([locator(by), locator(by, { exact: true })]);
  if (field) for (const label of labelTexts(element)) {
    if (short(label)) add({ label: [short(label)] });
    else if (opening(label)) found.push([locator({ label: [opening(label)] })]);
  }
  if (!field && ROLES_NAMED.has(role) && short(nameOf(element, role))) add({ role: { role, name: [short(nameOf(element, role))] } });
  if (!field && !ROLES_NAMED.has(role) && isMade(element) && wordsOf(element)) add({ text: [wordsOf(element)] });
  if (!field && isMade(element)) for (const key of ['aria-label', 'title']) {
    if (short(element.getAttribute(key))) found.push([locator({ css: `${tag}[${key}=${quoted(element.getAttribute(key))}]` })]);
  }
  if (field && short(element.getAttribute('placeholder'))) add({ placeholder: [short(element.getAttribute('placeholder'))] });
  const id = element.dataset?.testid || element.dataset?.testId || element.dataset?.test;
  if (isWord(id)) found.push([locator({ test_id: id })]);
  const token = (element.getAttribute('autocomplete') || '').toLowerCase().split(/\s+/).filter(Boolean)
    .find((each) => ['username', 'email', 'current-password', 'new-password', 'one-time-code'].includes(each));
  if (field && token) found.push([locator({ autocomplete: token })]);
  if (isKept(element.id)) found.push([locator({ css: `#${CSS.escape(element.id)}` })]);
  const name = element.getAttribute('name');
  if (isWord(name)) found.push([locator({ css: `${tag}[name=${quoted(name)}]` })]);
  if (tag === 'a' && hrefOf(element)) found.push([locator({ css: hrefOf(element) })]);
  if (tag === 'iframe' && short(element.title)) found.push([locator({ css: `iframe[title=${quoted(short(element.title))}]` })]);
  if (field && element.type === 'password') found.push([locator({ css: 'input[type="password"]' })]);
  return found;
}

// Those of them that name nothing else, as the strict search has it. Inside a landmark where that helps.
function locatorsOf(element) {
  const roots = rootsOf(document);
  const only = (each) => { const { visible } = matches([each], roots); return visible.length === 1 && visible[0] === element; };
  // What is a part of another's name would find that one, should its own come late or lose its name.
  const alone = (each) => locate(each, roots).every(([other]) => other === element || !isVisible(other));
  const found = [];
  const rest = [];
  for (const ways of candidates(element)) {
    const way = ways.find((each) => only(each) && alone(each)) || ways.find(only);
    if (way) found.push(way); else rest.push(ways[ways.length - 1]);
    if (found.length === 4) return found;
  }
  const marks = ['main', 'nav', 'header', 'footer', 'form', 'dialog', '[role=dialog]', 'aside', 'table', 'fieldset', 'section'];
  if (!found.length) for (const way of rest) for (const css of marks) {
    const inner = { ...way, within: locator({ css }) };
    if (element.closest(css) && only(inner)) return [inner];
  }
  // Of several forms, say, the one that is about this.
  if (!found.length) for (const way of rest) for (const css of marks) for (const text of titlesOf(element.closest(css))) {
    const inner = { ...way, within: locator({ css }, { containing: [text] }) };
    if (only(inner)) return [inner];
  }
  return found.length ? found : pathAlone(element, roots);
}

// What a part of a page says that it is about: its headings.
const titlesOf = (part) => part ? select(rootsOf(part), 'h1,h2,h3,h4,h5,h6,legend,caption,[role=heading]').filter(isVisible)
  .map((each) => short(textOf(each))).filter(Boolean).slice(0, 3) : [];

// The way to it, if that names nothing else. What stands there for others may be no menu.
function pathAlone(element, roots, menu = '') {
  const path = locator({ css: pathTo(element) + (menu === 'summary' ? '' : menu) });
  const { visible } = matches([path], roots);
  return visible.length === 1 && visible[0] === element ? [path] : [];
}

function kindOf(element) {
  if (isToggle(element)) return 'toggle';
  if (element.matches(BUTTONS)) return 'button';
  if (element.tagName === 'A') return 'link';
  return element.matches(IMAGES) ? 'image' : 'field';
}

// What can be used or read, in document order, each with the locator that a playbook would write. Of very many the first.
function controls(most) {
  const all = select(rootsOf(document), `${CONTROLS},${TOGGLES},${IMAGES}`).filter((element) => isVisible(element) && (!element.matches(IMAGES) || isLargeImage(element)));
  return {
    controls: all.slice(0, most).map((element) => ({
      kind: kindOf(element), on: isToggle(element) ? isOn(element) : null, disabled: isDisabled(element), locator: locatorsOf(element)[0] || null,
    })),
    more: Math.max(0, all.length - most),
  };
}

// What lies over the page and takes the clicks on the rest of it, or null. An app may be drawn within such a part as a
// whole: then nothing is behind it.
function overlayOf(used) {
  const isCovered = (element) => { const { x, y } = pointOf(element); return !receives(element, elementAt(x, y)); };
  for (let at = elementAt(innerWidth / 2, innerHeight / 2); at && at !== document.body; at = parentOf(at)) {
    if (!liesOver(at)) continue;
    const behind = used.filter((each) => !contains(at, each) && pointOf(each));
    if (behind.length && behind.filter(isCovered).length * 2 >= behind.length) return at;
  }
  return null;
}

function liesOver(element) {
  if (element.matches(':modal,[role=dialog],[role=alertdialog],[aria-modal=true]')) return true;
  const { width, height } = element.getBoundingClientRect();
  return getComputedStyle(element).position === 'fixed' && width >= innerWidth * 0.9 && height >= innerHeight * 0.9;
}

const headingOf = (part) => titlesOf(part)[0] || (part.innerText || '').split('\n').map(short).find(Boolean) || '';

// What the page's author calls the picture on a control that has no words.
function pictureOf(element) {
  const parts = [element, ...element.querySelectorAll('*')].slice(0, 12);
  const names = parts.flatMap((part) => [part.getAttribute('class'), part.dataset?.icon, part.dataset?.testid, part.getAttribute('icon'),
    part.localName === 'use' ? part.getAttribute('href') || part.getAttribute('xlink:href') : '']);
  return clip(names.filter(Boolean).join(' ').replace(/[-_/.#]+/g, ' '), 200);
}

// Whether a list of links stands behind it and is not shown: menus as style sheets alone make them.
function hidesList(element) {
  const next = element.matches('li > a, li > button') ? element.nextElementSibling : null;
  return Boolean(next) && next.matches('ul,ol,menu,div') && !isVisible(next) && Boolean(next.querySelector('a[href],button'));
}

// Where a link leads, up to what is one account's only: a number, say.
function hrefOf(link) {
  const href = link.getAttribute('href') || '';
  if (!/^\/[\w./-]{1,60}$/.test(href)) return '';
  const parts = href.split('/');
  const own = parts.findIndex((part) => /^\d+$|^(?=.*\d)[\w-]{16,}$/.test(part));
  if (own < 0) return `a[href=${quoted(href)}]`;
  return own > 1 ? `a[href^=${quoted(`${parts.slice(0, own).join('/')}/`)}]` : '';
}

// Where a link leads by itself: not to a place on its own page, which its script may take for anything.
function leadsTo(element) {
  if (element.tagName !== 'A') return '';
  const [page] = location.href.split('#');
  const [there, place] = element.href.split('#');
  return place !== undefined && there === page && !/^!?\//.test(place) ? '' : element.href;
}

// What stands before a field that has no label: in the cell before its own, or in the line that it is in.
function besideOf(element) {
  const cell = element.closest('td,th,dd');
  for (let at = element; at && at !== document.body; at = at.parentElement) {
    let before = '';
    for (let each = at.previousSibling; each; each = each.previousSibling) {
      if (each.nodeType === Node.ELEMENT_NODE && each.matches(`${CONTROLS},form,fieldset`) || each.querySelector?.(CONTROLS)) return '';
      before = fold(`${each.textContent} ${before}`);
      if (before) return before.length <= LONGEST ? before : '';
    }
    if (at !== cell && at.matches('form,td,th,fieldset')) return '';
  }
  return '';
}

// Whether its form is not sent off before something is typed or chosen here.
const isMissing = (element) => Boolean(element.validity?.valueMissing) ||
  element.getAttribute('aria-required') === 'true' && element.matches(TYPED) && !element.value;

// A field whose text is covered is a password's.
const typeOf = (element) => element.type === 'text' && coversText(element) ? 'password' : element.type || '';

function survey() {
  const roots = rootsOf(document);
  const forms = [];
  const formOf = (element) => {
    let at = element.form || element;
    while (at && at.tagName !== 'FORM') at = parentOf(at);
    if (!at) return null;
    if (!forms.includes(at)) forms.push(at);
    return forms.indexOf(at);
  };
  const sentTo = (form) => {
    const action = form?.getAttribute('action');
    const origin = action && URL.canParse(action, document.baseURI) ? new URL(action, document.baseURI).origin : self.origin;
    return /^http/.test(origin) && origin !== self.origin ? origin : '';
  };
  const used = select(roots, `${CONTROLS},${MADE},${PLAIN}`).filter((element) =>
    (element.matches(CONTROLS) || isMade(element)) && isVisible(element) && !isDecoy(element));
  const overlay = overlayOf(used);
  const controls = used.slice(0, MOST).map((element, place) => {
    const role = roleOf(element);
    const name = clip(isMade(element) ? element.getAttribute('aria-label') || wordsOf(element) && element.innerText || titleOf(element) || element.innerText : nameOf(element, role), 120);
    const button = element.matches(BUTTONS) || isMade(element);
    // What is open already opens nothing.
    const menu = element.getAttribute('aria-expanded') === 'true' || element.matches(NO_MENU) ? undefined
      : MENUS.find((each) => element.matches(each)) || (hidesList(element) ? `:has(+ ${element.nextElementSibling.localName})` : undefined);
    const locators = locatorsOf(element);
    // The menu of one's own account is mostly called by one's own name, which is nobody else's.
    if (menu) locators.push(...pathAlone(element, roots, menu));
    return {
      kind: button ? 'button' : element.tagName === 'A' ? 'link' : 'field',
      type: typeOf(element), role, id: element.id || '', name: element.getAttribute('name') || '',
      labels: labelTexts(element).map((text) => clip(text, 120)).filter(Boolean),
      beside: button || element.tagName === 'A' || labelTexts(element).length ? '' : besideOf(element),
      text: name, picture: pictureOf(element), placeholder: clip(element.getAttribute('placeholder'), 120),
      autocomplete: (element.getAttribute('autocomplete') || '').toLowerCase(),
      href: leadsTo(element), place, form: formOf(element), sent_to: sentTo(element.form), disabled: isDisabled(element), missing: isMissing(element),
      choices: element.options ? element.options.length : 0,
      switch: isToggle(element) || ['aria-pressed', 'aria-checked'].some((name) => element.hasAttribute(name)) || /checkbox|radio/.test(role),
      portrait: button && !name && Boolean(element.querySelector('img')) && Boolean(element.closest('header,nav,[role=banner]')),
      menu: Boolean(menu), over: Boolean(overlay) && contains(overlay, element),
      one: element.maxLength === 1,
      digits: element.inputMode === 'numeric' || element.type === 'number' || (element.maxLength > 0 && element.maxLength <= 8),
      minlength: element.minLength > 0 ? element.minLength : null, rules: element.getAttribute('passwordrules'),
      locators,
    };
  });
  // What a menu that is closed leads to needs no click.
  const hidden = select(roots, 'a[href]').filter((element) => (!isVisible(element) || isDecoy(element)) && leadsTo(element)).slice(0, MOST)
    .map((element) => ({ text: clip(fold(element.textContent), 120), href: element.href }));
  const captcha = select(roots, CAPTCHA).some((element) => isVisible(element) || element.type === 'hidden' && isDrawn(element.form || element.parentElement || element)) ||
    /\b(captcha|not a robot|verify (that )?you are (a )?human)\b/i.test(document.body?.innerText || '');
  const text = (document.body?.innerText || '').slice(0, 200000);
  const overlaid = overlay && headingOf(overlay);
  const headings = select(roots, 'h1,h2,h3,[role=heading]').filter(isVisible).map((element) => clip(textOf(element), 60)).filter(Boolean).slice(0, 4);
  return { url: location.href, origin: self.origin, page: overview(), lang: document.documentElement?.lang || '', headings, text, controls, hidden, captcha, overlay: overlaid, finished: isFinished(text), ready: isReady() };
}

// Before it is read to its end a page lacks what it has, and before its style sheets are there it shows what it hides.
function isReady() {
  return document.readyState === 'complete' || document.readyState === 'interactive' &&
    [...document.querySelectorAll('link[rel~="stylesheet" i][href]')].every((link) => link.sheet || link.disabled);
}

// All of it is there, and nothing on it draws more or leads elsewhere by itself.
function isFinished(text) {
  return document.readyState === 'complete' && Boolean(fold(text)) &&
    !document.querySelector('script:not([type$="json"]), meta[http-equiv="refresh" i], body[onload]');
}

// Resolves once the document has changed and then stayed as it is for a moment: true; or when the time is up: false.
function changed({ milliseconds, still }) {
  return new Promise((done) => {
    let quiet = null;
    const end = (moved) => { observer.disconnect(); clearTimeout(quiet); clearTimeout(deadline); done(moved); };
    const observer = new MutationObserver(() => { clearTimeout(quiet); quiet = setTimeout(() => end(true), still); });
    const deadline = setTimeout(() => end(quiet !== null), milliseconds);
    for (const root of rootsOf(document)) {
      observer.observe(root, { subtree: true, childList: true, attributes: true, attributeFilter: ['class', 'style', 'hidden', 'disabled', 'open', 'type'] });
    }
  });
}

Object.assign(turnlock, { survey, changed, locatorsOf, controls });
