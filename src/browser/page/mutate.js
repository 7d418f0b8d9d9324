// Changes that apps make to their pages without a word, tried on a kept page: each says in a line what it does, and
// answers whether it touched what the step is about. See docs/playbooks/mutations.md.

const MARK = 'data-turnlock-step';
const BRIEFLY = 500;
const FIELD = 'input:not([type=hidden]):not([type=submit]):not([type=button]):not([type=reset]):not([type=image]),select,textarea';

const marked = () => rootsOf(document).flatMap((root) => [...root.querySelectorAll(`[${MARK}]`)]);
const everything = () => rootsOf(document).flatMap((root) => [...root.querySelectorAll('*')]).filter((each) => !each.closest('head'));
const above = (element) => { const all = []; for (let at = element; at && at !== document.documentElement; at = parentOf(at)) all.push(at); return all; };
// The elements that a person would point at: those of the step, what holds them, what is in them and what labels them.
const about = () => new Set(marked().flatMap((element) => [...above(element), ...element.querySelectorAll('*'), ...(element.labels || []),
  ...(element.getAttribute('aria-labelledby') || '').split(/\s+/).filter(Boolean).map((id) => element.getRootNode().getElementById?.(id)).filter(Boolean)]));
const touches = (elements) => { const those = about(); return elements.some((element) => those.has(element)); };
const without = (element) => { for (const each of [element, ...element.querySelectorAll(`[${MARK}]`)]) each.removeAttribute(MARK); return element; };
const make = (html) => { const at = document.createElement('template'); at.innerHTML = html; return at.content; };
const topmost = (element) => { let at = element; while (at.parentElement && at.parentElement !== document.body && at.parentElement.tagName !== 'MAIN') at = at.parentElement; return at; };
const isButton = (element) => element.tagName === 'BUTTON' || (element.tagName === 'INPUT' && ['submit', 'button'].includes(element.type));
const generated = (text) => { let sum = 7; for (const each of text) sum = (sum * 31 + each.codePointAt(0)) % 2147483647; return `x${sum.toString(36)}`; };

function become(element, tag, attributes, content) {
  const other = document.createElement(tag);
  for (const { name, value } of element.attributes) if (!['type', 'value', 'href', 'role'].includes(name)) other.setAttribute(name, value);
  for (const [name, value] of Object.entries(attributes)) other.setAttribute(name, value);
  if (content) other.append(...content);
  element.replaceWith(other);
  return other;
}

const GERMAN = { 'sign in': 'Anmelden', 'log in': 'Anmelden', login: 'Anmeldung', 'sign out': 'Abmelden', 'log out': 'Abmelden', username: 'Benutzername', 'user name': 'Benutzername',
  password: 'Passwort', 'current password': 'Aktuelles Passwort', 'old password': 'Altes Passwort', 'new password': 'Neues Passwort', email: 'E-Mail', 'e-mail': 'E-Mail', 'email address': 'E-Mail-Adresse',
  code: 'Code', 'authentication code': 'Bestätigungscode', verify: 'Bestätigen', confirm: 'Bestätigen', continue: 'Weiter', next: 'Weiter', save: 'Speichern', submit: 'Absenden', cancel: 'Abbrechen',
  'change password': 'Passwort ändern', 'turn on': 'Einschalten', 'turn off': 'Ausschalten', activate: 'Aktivieren', deactivate: 'Deaktivieren', enable: 'Aktivieren', 'recovery codes': 'Wiederherstellungscodes',
  'backup tokens': 'Ersatzcodes', settings: 'Einstellungen', profile: 'Profil', account: 'Konto', yes: 'Ja', no: 'Nein', back: 'Zurück', close: 'Schließen' };
// What the dictionary lacks becomes words of a language that nobody speaks.
const abroad = (text) => GERMAN[bare(text)] ?? text.replace(/[\p{L}]{2,}/gu, (word) => [...word.toLowerCase()].reverse().join(''));

const spoken = (change) => {
  const walk = (root) => { const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT); const all = []; while (walker.nextNode()) all.push(walker.currentNode); return all; };
  const texts = rootsOf(document).flatMap((root) => walk(root.nodeType === Node.DOCUMENT_NODE ? root.body : root)).filter((node) => fold(node.data) && !['STYLE', 'SCRIPT'].includes(node.parentElement?.tagName));
  const touched = [];
  for (const node of texts) { const now = change(node.data); if (now !== node.data) { node.data = now; touched.push(node.parentElement || node.getRootNode().host); } }
  for (const element of everything()) {
    const names = ['aria-label', 'placeholder', 'title', 'alt', ...(isButton(element) && element.tagName === 'INPUT' ? ['value'] : [])];
    for (const name of names) { const was = element.getAttribute(name); if (was && change(was) !== was) { element.setAttribute(name, change(was)); touched.push(element); } }
  }
  return touches(touched);
};

const MUTATIONS = {
  'ids-renamed'() {
    // A form that has a field of the name `id` says so when it is asked for its own.
    const all = everything().filter((element) => element.getAttribute('id'));
    const hit = touches(all);
    for (const element of all) element.setAttribute('id', generated(element.getAttribute('id')));
    for (const element of everything()) {
      for (const name of ['for', 'aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-owns', 'list', 'form', 'headers', 'popovertarget']) {
        const value = element.getAttribute(name);
        if (value) element.setAttribute(name, value.split(/\s+/).filter(Boolean).map(generated).join(' '));
      }
    }
    return hit;
  },
  'classes-renamed'() {
    const all = everything().filter((element) => element.getAttribute('class'));
    const hit = touches(all);
    for (const element of all) element.setAttribute('class', [...element.classList].map(generated).join(' '));
    return hit;
  },
  'test-ids-gone'() {
    const names = ['data-testid', 'data-test-id', 'data-test', 'data-cy', 'data-qa'];
    const all = everything().filter((element) => names.some((name) => element.hasAttribute(name)));
    const hit = touches(all);
    for (const element of all) for (const name of names) element.removeAttribute(name);
    return hit;
  },
  'field-names-changed'() {
    const all = everything().filter((element) => element.matches('input,select,textarea,button') && element.name);
    const hit = touches(all);
    for (const element of all) element.name = generated(element.name);
    return hit;
  },
  'autocomplete-gone'() {
    const all = everything().filter((element) => element.hasAttribute('autocomplete'));
    const hit = touches(all);
    for (const element of all) element.removeAttribute('autocomplete');
    return hit;
  },
  'late'() {
    if (marked().some((element) => element === document.body)) return false;
    for (const element of marked()) {
      const place = document.createComment('');
      element.replaceWith(place);
      setTimeout(() => place.replaceWith(element), BRIEFLY);
    }
    return true;
  },
  'covered-for-a-moment'() {
    const veil = document.createElement('div');
    veil.style.cssText = 'position:fixed;inset:0;z-index:2147483647;background:#8888';
    document.body.append(veil);
    setTimeout(() => veil.remove(), BRIEFLY);
    return true;
  },
  'drawn-anew'() {
    let rounds = 10;
    const again = () => {
      for (const element of marked().slice(0, 1)) {
        const part = element.closest('form,fieldset,table,ul,ol,section') || element;
        if (part.contains(document.body) || part.shadowRoot || part.querySelector('iframe')) { element.replaceWith(element.cloneNode(true)); continue; }
        part.replaceWith(part.cloneNode(true));
      }
      if ((rounds -= 1)) setTimeout(again, BRIEFLY / 10);
    };
    setTimeout(again, BRIEFLY / 10);
    return true;
  },
  'fields-reordered'() {
    let hit = false;
    for (const form of new Set(marked().map((element) => element.form || element.closest('form')).filter(Boolean))) {
      let holder = form;
      // The rows: where the ways to the fields part.
      while (holder.children.length === 1 || [...holder.children].filter((each) => each.matches(FIELD) || each.querySelector(FIELD)).length === 1) {
        const inner = [...holder.children].find((each) => each.querySelector(FIELD));
        if (!inner) break;
        holder = inner;
      }
      const rows = [...holder.children].filter((each) => each.matches(FIELD) || each.querySelector(FIELD));
      if (rows.length < 2 || holder.matches('tr,thead')) continue;
      for (const row of rows) holder.insertBefore(row, holder.firstChild);
      hit = true;
    }
    return hit;
  },
  'another-language': () => spoken(abroad),
  'newsletter-added'() {
    document.body.append(make('<form style="display:block;padding:8px"><h3>Newsletter</h3><label>Your email address <input type="email" name="newsletter"></label> <button>Subscribe</button></form>'));
    return true;
  },
  'registration-added'() {
    const form = make('<form style="display:block;padding:8px"><h3>New here?</h3><label>Choose a username <input name="r_user"></label> ' +
      '<label>Choose a password <input type="password" name="r_pass" autocomplete="new-password"></label> <button>Create account</button></form>');
    const [first] = marked();
    const top = topmost(first);
    if (top.getRootNode() !== document || top === document.body) document.body.prepend(form); else top.before(form);
    return true;
  },
  'hidden-twin'() {
    let hit = false;
    for (const element of marked().slice(0, 1)) {
      const part = element.closest('form') || element;
      // What is put into a component goes to the first slot of the name, which would be the twin's.
      if (part === document.body || part.querySelector('slot')) continue;
      const twin = without(part.cloneNode(true));
      for (const each of [twin, ...twin.querySelectorAll('[id]')]) if (each.getAttribute('id')) each.setAttribute('id', `${each.getAttribute('id')}-mobile`);
      for (const each of twin.querySelectorAll('[for]')) each.setAttribute('for', `${each.getAttribute('for')}-mobile`);
      twin.style.cssText = 'display:none';
      part.before(twin);
      hit = true;
    }
    return hit;
  },
  'wrapped'() {
    let hit = false;
    for (const element of marked()) {
      if (element.matches('body,tr,td,th,tbody,thead,li,option,legend,dt,dd,summary') || !element.parentElement) continue;
      for (let rounds = 0; rounds < 2; rounds++) {
        const wrap = document.createElement(getComputedStyle(element).display.startsWith('inline') ? 'span' : 'div');
        element.replaceWith(wrap);
        wrap.append(element);
      }
      hit = true;
    }
    return hit;
  },
  'button-as-link'() {
    const all = marked().filter(isButton);
    for (const element of all) become(element, 'a', { role: 'button', href: '#' }, element.tagName === 'INPUT' ? [element.value] : [...element.childNodes]);
    return all.length > 0;
  },
  'button-as-input'() {
    const all = marked().filter((element) => isButton(element) && (element.tagName === 'INPUT' || !element.querySelector('img,svg,input')));
    for (const element of all) {
      if (element.tagName === 'INPUT') become(element, 'button', { type: 'submit' }, [element.value]);
      else become(element, 'input', { type: 'submit', value: fold(textOf(element)) });
    }
    return all.length > 0;
  },
  'heading-without-tag'() {
    const all = marked().filter((element) => /^H[1-6]$/.test(element.tagName));
    for (const element of all) become(element, 'div', { role: 'heading', 'aria-level': '2' }, [...element.childNodes]);
    return all.length > 0;
  },
  'labels-by-aria'() {
    let hit = false;
    for (const element of marked()) for (const label of [...(element.labels || [])]) {
      const text = fold(textOf(label));
      if (!text || label.contains(element)) continue;
      label.remove();
      element.setAttribute('aria-label', text);
      hit = true;
    }
    return hit;
  },
  'labels-as-placeholders'() {
    let hit = false;
    for (const element of marked()) for (const label of [...(element.labels || [])]) {
      const text = fold(textOf(label));
      if (!text || !element.matches('input,textarea') || ['checkbox', 'radio'].includes(element.type)) continue;
      if (label.contains(element)) label.replaceWith(element); else label.remove();
      element.placeholder = text;
      hit = true;
    }
    return hit;
  },
  'spaced-and-in-capitals': () => spoken((text) => text.toUpperCase().replace(/ /g, '\u00a0 ').replace(/^\s*/, '\n  ')),
  'in-a-shadow-root'() {
    const [element] = marked();
    const part = topmost(element);
    if (part === document.body || part.tagName === 'MAIN' || part.getRootNode() !== document || part.querySelector('iframe')) return false;
    const host = document.createElement('x-part');
    host.style.display = 'block';
    part.replaceWith(host);
    const root = host.attachShadow({ mode: 'open' });
    // The table of styles does not reach in.
    for (const style of document.head.querySelectorAll('style')) root.append(style.cloneNode(true));
    root.append(part);
    return true;
  },
  'banner-added'() {
    document.body.prepend(make('<div role="region" aria-label="Announcement" style="display:block;padding:12px"><h2>We have a new look</h2><p>Everything is where it was. <a href="#news">Read more</a> <button type="button">Dismiss</button></p></div>'));
    return true;
  },
  'out-of-sight'() {
    const [element] = marked();
    const top = topmost(element);
    const room = document.createElement('div');
    room.style.cssText = 'display:block;height:3000px;min-width:100%;clear:both';
    if (top === document.body || top.getRootNode() !== document) document.body.prepend(room); else top.before(room);
    document.documentElement.style.cssText = document.body.style.cssText = 'overflow:visible;height:auto;max-height:none';
    return true;
  },
};

// Marks what the step is about, listens, and makes the change; `applied` says whether it touched that.
async function mutate({ places, mutation }) {
  // A page that is still being read has not got it yet.
  if (document.readyState !== 'complete') await new Promise((done) => addEventListener('load', done, { once: true }));
  const inRoots = (place) => { let at = document; for (const path of place.split(' >>> ')) { at = (at.shadowRoot || at)?.querySelector?.(path); if (!at) return null; } return at; };
  const elements = places.map(inRoots).filter(Boolean);
  for (const element of elements) element.setAttribute(MARK, '');
  const trial = { clicks: [] };
  addEventListener('click', (event) => {
    const path = event.composedPath();
    if (event.isTrusted) trial.clicks.push(path.some((each) => each.hasAttribute?.(MARK) || (each.tagName === 'LABEL' && each.control?.hasAttribute(MARK))));
    // Nothing is sent from a page that was kept, and nothing opened.
    if (path.some((each) => each.tagName === 'A' || each.tagName === 'FORM' || each.form)) {
      const toggles = path[0].matches?.('input[type=checkbox],input[type=radio],label,label *');
      if (!toggles) event.preventDefault();
    }
  }, true);
  addEventListener('submit', (event) => event.preventDefault(), true);
  turnlock.trial = trial;
  if (!mutation) return { marked: elements.length, applied: elements.length > 0 };
  return { marked: elements.length, applied: elements.length > 0 && MUTATIONS[mutation]() };
}
