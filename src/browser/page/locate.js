// Finding elements as a person would name them. Runs in Turnlock's isolated world of every frame:
// it shares the page's DOM, but not its globals, so that a page cannot change what these functions do.
//
// A locator arrives as the playbook's tree serialises it:
//   {by: {label: ["Password"]}, exact: false, within: null, containing: []}

const fold = (text) => (text || '').normalize('NFKC').replace(/\s+/g, ' ').trim();
const bare = (text) => fold(text).replace(/[\s:*]+$/, '').toLowerCase();

// 2: a whole match, 1: a part, 0: none. A whole match beats a part, so that "Password" does not mean
// "Repeat password" when both are there.
function textRank(wanted, have, exact) {
  const text = bare(have);
  if (!text) return 0;
  let best = 0;
  for (const each of wanted) {
    const want = bare(each);
    if (text === want) return 2;
    if (!exact && want && text.includes(want)) best = 1;
  }
  return best;
}

const INLINE = new Set(['A', 'ABBR', 'B', 'BDI', 'BDO', 'CITE', 'CODE', 'DATA', 'DFN', 'EM', 'FONT', 'I', 'KBD', 'MARK',
  'Q', 'S', 'SAMP', 'SMALL', 'SPAN', 'STRONG', 'SUB', 'SUP', 'TIME', 'U', 'VAR', 'WBR']);
const SILENT = new Set(['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE', 'HEAD', 'TITLE', 'META', 'LINK']);

// The text of an element with a space wherever the layout breaks, through open shadow roots and slots.
function textOf(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE && node.nodeType !== Node.DOCUMENT_FRAGMENT_NODE) return '';
  if (SILENT.has(node.tagName)) return '';
  if (node.tagName === 'BR') return '\n';
  if (node.tagName === 'INPUT') return ['button', 'submit', 'reset'].includes(node.type) ? node.value : '';
  const assigned = node.tagName === 'SLOT' ? node.assignedNodes() : [];
  const children = node.shadowRoot ? [node.shadowRoot] : assigned.length ? assigned : node.childNodes;
  let text = '';
  for (const child of children) text += textOf(child);
  return node.nodeType === Node.ELEMENT_NODE && !INLINE.has(node.tagName) ? ` ${text} ` : text;
}

// The document and every open shadow root in it.
function rootsOf(start) {
  const roots = [start];
  for (let at = 0; at < roots.length; at++) {
    const owner = roots[at].nodeType === Node.ELEMENT_NODE ? roots[at] : null;
    if (owner && owner.shadowRoot) roots.push(owner.shadowRoot);
    const walker = document.createTreeWalker(roots[at], NodeFilter.SHOW_ELEMENT);
    while (walker.nextNode()) if (walker.currentNode.shadowRoot) roots.push(walker.currentNode.shadowRoot);
  }
  return roots;
}

const select = (roots, selector) => roots.flatMap((root) => [...root.querySelectorAll(selector)]);

const parentOf = (element) => element.assignedSlot || element.parentElement ||
  (element.getRootNode() instanceof ShadowRoot ? element.getRootNode().host : null);

function contains(outer, inner) {
  for (let at = inner; at; at = parentOf(at)) if (at === outer) return true;
  return false;
}

function isVisible(element) {
  if (!element.isConnected) return false;
  if (element.tagName === 'OPTION' || element.tagName === 'OPTGROUP') return isVisible(element.closest('select') || document.body);
  if (getComputedStyle(element).display === 'contents') return [...element.children].some(isVisible) || !!fold(element.textContent);
  if (!element.checkVisibility({ visibilityProperty: true })) return false;
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0;
}

// A component that draws a dialog over the page has itself no box: what is in it counts all the same.
const holdsVisible = (element) => isVisible(element) || isDrawn(element) && select(rootsOf(element), '*').some(isVisible);

// Whether the element or its children take part in the drawing; visibility is not asked for, children may have their own.
const isDrawn = (element) => element.checkVisibility() || getComputedStyle(element).display === 'contents';

// --- accessible names and roles: the part of ACCNAME 1.2 and HTML-AAM that names of controls rest on

const byIds = (element, attribute) => (element.getAttribute(attribute) || '').split(/\s+/).filter(Boolean)
  .map((id) => element.getRootNode().getElementById?.(id)).filter(Boolean);

function labelTexts(element) {
  const texts = [];
  const labelledBy = byIds(element, 'aria-labelledby').map(textOf).join(' ');
  if (labelledBy) texts.push(labelledBy);
  if (element.getAttribute('aria-label')) texts.push(element.getAttribute('aria-label'));
  for (const label of element.labels || []) texts.push(labelWithout(label, element));
  return texts;
}

// A label around its field does not include what the field itself holds (its options, say).
function labelWithout(label, field) {
  if (!label.contains(field)) return textOf(label);
  let text = '';
  for (const child of label.childNodes) {
    if (child === field) continue;
    text += child.nodeType === Node.ELEMENT_NODE && child.contains(field) ? labelWithout(child, field) : textOf(child);
  }
  return text;
}

const NAMED_BY_CONTENT = new Set(['button', 'link', 'heading', 'tab', 'menuitem', 'menuitemcheckbox', 'menuitemradio',
  'option', 'checkbox', 'radio', 'switch', 'cell', 'columnheader', 'rowheader', 'row', 'treeitem', 'tooltip', 'gridcell']);

function nameOf(element, role = roleOf(element)) {
  const labels = labelTexts(element).map(fold).filter(Boolean);
  if (labels.length) return labels.join(' ');
  if (element.tagName === 'INPUT' && ['button', 'submit', 'reset'].includes(element.type)) {
    return element.value || element.title || { submit: 'Submit', reset: 'Reset' }[element.type] || '';
  }
  if (['IMG', 'AREA'].includes(element.tagName) || element.type === 'image') return element.alt || element.title || '';
  if (element.tagName === 'FIELDSET') return textOf(element.querySelector('legend') || document.createTextNode(''));
  if (element.tagName === 'TABLE') return textOf(element.caption || document.createTextNode('')) || element.title;
  if (element.tagName === 'IFRAME') return element.title;
  if (NAMED_BY_CONTENT.has(role)) {
    const text = fold(contentName(element));
    if (text) return text;
  }
  // A form has its fields as properties: one that is called `title`, say.
  return fold(element.getAttribute('title') || element.getAttribute('placeholder') || '');
}

// Content with the names of pictures and labelled children in place.
function contentName(element) {
  let text = '';
  // What is hidden names nothing that is seen.
  const seen = isDrawn(element);
  const children = element.shadowRoot ? element.shadowRoot.childNodes : element.childNodes;
  for (const child of children) {
    if (child.nodeType === Node.TEXT_NODE) text += child.data;
    if (child.nodeType !== Node.ELEMENT_NODE || SILENT.has(child.tagName)) continue;
    if (child.getAttribute('aria-hidden') === 'true' || (seen && !isDrawn(child))) continue;
    const label = child.getAttribute('aria-label');
    const own = label || (child.tagName === 'IMG' ? child.alt
      : child.tagName === 'SVG' || child.tagName === 'svg' ? textOf(child.querySelector('title') || document.createTextNode(''))
        : child.tagName === 'SLOT' ? child.assignedNodes().map(textOf).join('') : contentName(child));
    text += INLINE.has(child.tagName) ? own : ` ${own} `;
  }
  return text;
}

const INPUT_ROLES = { button: 'button', submit: 'button', reset: 'button', image: 'button', checkbox: 'checkbox', radio: 'radio',
  range: 'slider', number: 'spinbutton', search: 'searchbox', email: 'textbox', tel: 'textbox', text: 'textbox', url: 'textbox',
  password: 'textbox' };
const TAG_ROLES = { A: (e) => e.hasAttribute('href') ? 'link' : 'generic', AREA: () => 'link', ARTICLE: () => 'article',
  ASIDE: () => 'complementary', BUTTON: () => 'button', DIALOG: () => 'dialog', FIELDSET: () => 'group', FOOTER: () => 'contentinfo',
  FORM: () => 'form', H1: () => 'heading', H2: () => 'heading', H3: () => 'heading', H4: () => 'heading', H5: () => 'heading',
  H6: () => 'heading', HEADER: () => 'banner', HR: () => 'separator', IMG: (e) => e.getAttribute('alt') === '' ? 'presentation' : 'img',
  INPUT: (e) => e.hasAttribute('list') && INPUT_ROLES[e.type] === 'textbox' ? 'combobox' : INPUT_ROLES[e.type] || 'textbox',
  LI: () => 'listitem', MAIN: () => 'main', MENU: () => 'list', METER: () => 'meter', NAV: () => 'navigation', OL: () => 'list',
  OPTION: () => 'option', OUTPUT: () => 'status', P: () => 'paragraph', PROGRESS: () => 'progressbar', SEARCH: () => 'search',
  SECTION: (e) => e.hasAttribute('aria-label') || e.hasAttribute('aria-labelledby') ? 'region' : 'generic',
  SELECT: (e) => e.multiple || e.size > 1 ? 'listbox' : 'combobox', SUMMARY: () => 'button', svg: () => 'img', TABLE: () => 'table',
  TBODY: () => 'rowgroup', TD: () => 'cell', TEXTAREA: () => 'textbox', TFOOT: () => 'rowgroup', TH: () => 'columnheader',
  THEAD: () => 'rowgroup', TR: () => 'row', UL: () => 'list', STRONG: () => 'strong', EM: () => 'emphasis', CODE: () => 'code',
  FIGURE: () => 'figure', BLOCKQUOTE: () => 'blockquote', DT: () => 'term', DD: () => 'definition' };

function roleOf(element) {
  const given = (element.getAttribute('role') || '').trim().split(/\s+/)[0];
  if (given) return given.toLowerCase();
  if (element.isContentEditable && !element.parentElement?.isContentEditable) return 'textbox';
  return TAG_ROLES[element.tagName]?.(element) || 'generic';
}

// An element that assistive technology does not see is not what a person means by a role.
const isExposed = (element) => { for (let at = element; at; at = parentOf(at)) if (at.getAttribute('aria-hidden') === 'true') return false; return true; };

const FIELDS = 'input:not([type=hidden]),select,textarea,[contenteditable=""],[contenteditable=true],[role=textbox],[role=combobox],' +
  '[role=searchbox],[role=spinbutton],[role=checkbox],[role=radio],[role=switch],[role=listbox],[role=slider],meter,output,progress';
const ROLE_TAGS = {};
for (const [tag, role] of Object.entries(TAG_ROLES)) for (const guess of new Set([role({ hasAttribute: () => true, getAttribute: () => null }),
  ...(tag === 'INPUT' ? [...Object.values(INPUT_ROLES), 'combobox'] : []), ...(tag === 'SELECT' ? ['listbox', 'combobox'] : [])])) {
  (ROLE_TAGS[guess] ||= []).push(tag.toLowerCase());
}

// --- locators

const FINDERS = {
  label: (roots, texts, exact) => select(roots, FIELDS).map((element) =>
    [element, Math.max(0, ...labelTexts(element).map((text) => textRank(texts, text, exact)))]),
  role: (roots, { role, name }, exact) => {
    const tags = ROLE_TAGS[role] || [];
    const editable = role === 'textbox' ? ',[contenteditable=""],[contenteditable=true]' : '';
    return select(roots, [...tags, `[role~="${role}"]`].join(',') + editable).filter((element) => roleOf(element) === role && isExposed(element))
      .map((element) => [element, name.length ? textRank(name, nameOf(element, role), exact) : 2]);
  },
  placeholder: (roots, texts, exact) => select(roots, '[placeholder],[aria-placeholder]').map((element) =>
    [element, textRank(texts, element.getAttribute('placeholder') || element.getAttribute('aria-placeholder'), exact)]),
  text: (roots, texts, exact) => {
    const found = [];
    const visit = (element) => {
      if (SILENT.has(element.tagName)) return 0;
      const text = textOf(element);
      // What is not in the whole is in no part.
      if (!textRank(texts, text, false)) return 0;
      let below = 0;
      const assigned = element.tagName === 'SLOT' ? element.assignedNodes() : [];
      const children = element.shadowRoot ? element.shadowRoot.children : assigned.length ? element.assignedElements() : element.children;
      for (const child of children) below = Math.max(below, visit(child));
      // A slot has no box: text that it was given is in what is around it.
      if (element.tagName === 'SLOT') return below;
      const rank = textRank(texts, text, exact);
      // The innermost element that holds the text; a better match further out replaces a part further in.
      if (rank > below) found.push([element, rank]);
      return Math.max(rank, below);
    };
    for (const root of roots.slice(0, 1)) {
      const top = root.nodeType === Node.DOCUMENT_NODE ? root.body : root;
      if (top) visit(top);
    }
    return found;
  },
  test_id: (roots, id) => select(roots, '[data-testid],[data-test-id],[data-test]').filter((element) =>
    [element.dataset.testid, element.dataset.testId, element.dataset.test].includes(id)).map((element) => [element, 2]),
  autocomplete: (roots, token) => select(roots, '[autocomplete]').filter((element) =>
    element.getAttribute('autocomplete').toLowerCase().split(/\s+/).includes(token.toLowerCase())).map((element) => [element, 2]),
  css: (roots, selector) => select(roots, selector).map((element) => [element, 2]),
  // XPath knows nothing of shadow roots: it searches the document, and keeps what is inside of the scope.
  xpath: ([scope], path) => {
    const result = document.evaluate(path, scope, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
    const nodes = Array.from({ length: result.snapshotLength }, (_, at) => result.snapshotItem(at));
    return nodes.filter((node) => node.nodeType === Node.ELEMENT_NODE && scope.contains(node)).map((node) => [node, 2]);
  },
};

// Every element that the locator names, visible or not, as [element, rank].
function locate(locator, roots) {
  const scopes = locator.within ? best(locate(locator.within, roots), holdsVisible).map((element) => rootsOf(element)) : [roots];
  const [[by, argument]] = Object.entries(locator.by);
  const seen = new Map();
  for (const scope of scopes) {
    for (const [element, rank] of FINDERS[by](scope, argument, locator.exact)) {
      if (!rank || (seen.get(element) || 0) >= rank) continue;
      if (locator.containing.length && !textRank(locator.containing, textOf(element), false)) continue;
      seen.set(element, rank);
    }
  }
  return [...seen];
}

// Of what is visible, the best rank.
function best(pairs, shows = isVisible) {
  const visible = pairs.filter(([element]) => shows(element));
  const top = Math.max(0, ...visible.map(([, rank]) => rank));
  return visible.filter(([, rank]) => rank === top).map(([element]) => element);
}

// The visible elements that the alternatives name together, and those that they name but which cannot be seen.
function matches(alternatives, roots) {
  const visible = new Set();
  const hidden = new Set();
  for (const locator of alternatives) {
    const pairs = locate(locator, roots);
    const shown = best(pairs);
    for (const element of shown) visible.add(element);
    if (!shown.length) for (const [element] of pairs) hidden.add(element);
  }
  return { visible: [...visible], hidden: [...hidden].filter((element) => !visible.has(element)) };
}
