// Saying what is on the page: for error messages, for page snapshots, for covering secrets in pictures.
// Values of fields are never read here.

const clip = (text, most = 60) => { const whole = fold(text); return whole.length > most ? `${whole.slice(0, most - 1)}…` : whole; };

// `<button type=submit> "Sign in"`
function describe(element) {
  const attributes = ['id', 'name', 'type', 'role', 'aria-label', 'placeholder', 'autocomplete', 'data-testid']
    .filter((name) => element.getAttribute(name)).slice(0, 4).map((name) => ` ${name}=${JSON.stringify(clip(element.getAttribute(name), 40))}`);
  const name = clip(nameOf(element), 40);
  return `<${element.tagName.toLowerCase()}${attributes.join('')}>${name ? ` ${JSON.stringify(name)}` : ''}`;
}

// The dialog in front of everything, if one is open.
const dialogOf = (roots) => select(roots, 'dialog[open],[role=dialog],[role=alertdialog],[aria-modal=true]').filter(isVisible).pop() || null;

// What a person would notice first: title, headings, alerts, fields, buttons and links.
function overview() {
  const roots = rootsOf(document);
  const dialog = dialogOf(roots);
  const cut = [];
  const names = (selector, most, name = nameOf, what = '') => {
    const seen = select(roots, selector).filter(isVisible);
    // What lies behind a dialog cannot be used, and comes last.
    const front = dialog ? seen.filter((element) => contains(dialog, element)) : [];
    const all = [...front, ...seen.filter((element) => !front.includes(element))].map((element) => clip(name(element), 60)).filter(Boolean);
    const different = [...new Set(all)];
    if (what && different.length > most) cut.push(`${different.length - most} more ${what}`);
    return different.slice(0, most);
  };
  const label = (element) => labelTexts(element).map(fold).find(Boolean) || element.getAttribute('placeholder') || element.name || element.id || element.type;
  return {
    title: clip(document.title, 80),
    status: performance.getEntriesByType('navigation')[0]?.responseStatus || 0,
    dialog: dialog ? clip(nameOf(dialog) || select(rootsOf(dialog), 'h1,h2,h3,h4,[role=heading]').map(textOf)[0], 60) || 'without a name' : '',
    headings: names('h1,h2,h3,[role=heading],legend', 4, textOf, 'headings'),
    messages: names('[role=alert],[role=status],[aria-live],.error,.errorlist,.alert,.message', 4, textOf),
    fields: names(FIELDS, 8, label, 'fields'),
    buttons: names('button,input[type=submit],input[type=button],[role=button],summary', 8, nameOf, 'buttons'),
    links: names('a[href]', 6, (element) => nameOf(element, 'link'), 'links'),
    cut,
  };
}

// The strings of a computed `content` or `list-style-type`, with `attr()` looked up where the browser did not.
function drawnStrings(value, element) {
  const strings = [...value.matchAll(/"((?:[^"\\]|\\.)*)"|\battr\(\s*([\w-]+)/gs)];
  return strings.map(([, text, name]) => name ? element.getAttribute(name) ?? '' : text.replace(/\\(.)/gs, '$1')).join('');
}

// What the style sheet writes before, behind and beside an element. Such text has no box that could be asked for:
// it is in the element's own, unless it is a marker, which stands beside it, or is taken out of the flow.
function drawnByStyle(element) {
  const { x, y, width, height } = element.getBoundingClientRect();
  const own = [x, y, Math.max(width, element.scrollWidth), Math.max(height, element.scrollHeight)];
  const drawn = (text, box) => fold(text) ? [{ kind: 'drawn', text, boxes: [box] }] : [];
  const style = getComputedStyle(element);
  const beside = style.display === 'list-item'
    ? drawn(`${drawnStrings(style.listStyleType, element)} ${drawnStrings(getComputedStyle(element, '::marker').content, element)}`, [0, y, innerWidth, own[3]])
    : [];
  return beside.concat(...['::before', '::after'].map((which) => {
    const { content, position, float } = getComputedStyle(element, which);
    const inside = !['absolute', 'fixed'].includes(position) && float === 'none' && style.display !== 'contents';
    return drawn(drawnStrings(content, element), inside ? own : [0, 0, innerWidth, innerHeight]);
  }));
}

// The roots of closed shadow trees, by their hosts, as far as they were told: only the browser knows them.
const closedRoots = new WeakMap();
const shadowOf = (element) => element.shadowRoot || closedRoots.get(element);
function knowRoots(node) {
  for (let root = node.getRootNode(); root instanceof ShadowRoot; root = root.host.getRootNode()) closedRoots.set(root.host, root);
}

// What is around an element where it is drawn, through closed shadow roots as well.
function drawnIn(element) {
  const slots = closedRoots.get(element.parentElement)?.querySelectorAll('slot') || [];
  return [...slots].find((slot) => slot.assignedNodes().includes(element)) || parentOf(element);
}

// Whether the element is moved, scaled and zoomed at most: neither turned, skewed nor mirrored, nor seen from aside.
function isUpright(element) {
  for (let at = element; at; at = drawnIn(at)) {
    const { transform, rotate, scale, offsetPath, perspective } = getComputedStyle(at);
    const { is2D, a, b, c, d } = new DOMMatrix(transform);
    if (at instanceof SVGElement || !is2D || b || c || a <= 0 || d <= 0 || scale.includes('-')) return false;
    if ([rotate, offsetPath, perspective].some((each) => each !== 'none')) return false;
  }
  return true;
}

// How a frame's viewport lies in this one: where it begins, how much larger it is drawn, and the box that holds all of it.
// Unless it is upright, nothing but that box says where anything in it is.
function placeOf(element) {
  const { x, y, width, height } = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const px = (name) => parseFloat(style[name]) || 0;
  // Layout tells whole pixels: less than one is no scale.
  const scale = (drawn, laid) => (drawn && laid && Math.abs(drawn - laid) >= 1 ? drawn / laid : 1);
  const scaleX = scale(width, element.clientWidth + px('borderLeftWidth') + px('borderRightWidth'));
  const scaleY = scale(height, element.clientHeight + px('borderTopWidth') + px('borderBottomWidth'));
  return { x: x + scaleX * (px('borderLeftWidth') + px('paddingLeft')), y: y + scaleY * (px('borderTopWidth') + px('paddingTop')),
    scaleX, scaleY, whole: [x, y, width, height], upright: isUpright(element) };
}

// What a field shows, if only as a hint of what to type.
function shownIn(field) {
  if (field.tagName === 'SELECT') return [...(field.size > 1 || field.multiple ? field.options : field.selectedOptions)].map((option) => option.label).join('\n');
  return ['checkbox', 'radio'].includes(field.type) ? '' : field.value || field.placeholder || '';
}

// Every piece of visible text with its boxes (in this frame's viewport), for the snapshot and for covering.
function textBoxes() {
  const pieces = [];
  const box = ({ x, y, width, height }) => [x, y, width, height];
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      if (!fold(node.data) || getComputedStyle(node.parentElement || node.getRootNode().host).visibility !== 'visible') return;
      const range = document.createRange();
      range.selectNodeContents(node);
      pieces.push({ kind: 'text', text: node.data, boxes: [...range.getClientRects()].map(box) });
      return;
    }
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (SILENT.has(node.tagName) || !isDrawn(node)) return;
      pieces.push(...drawnByStyle(node));
      if (['INPUT', 'TEXTAREA', 'SELECT'].includes(node.tagName) && node.type !== 'image') {
        const shown = ['button', 'submit', 'reset'].includes(node.type);
        const label = labelTexts(node).map(fold).find(Boolean) || node.name || '';
        pieces.push({ kind: shown ? 'button' : 'field', text: shown ? node.value : clip(label), filled: !shown && !!node.value,
          secret: node.type === 'password' || typedSecrets.has(node), value: shown ? '' : shownIn(node),
          boxes: [box(node.getBoundingClientRect())] });
        return;
      }
      // Something of the app's own making that a secret was typed into.
      if (typedSecrets.has(node)) {
        const value = textOf(node);
        pieces.push({ kind: 'field', text: clip(labelTexts(node).find(Boolean)), filled: true, secret: true, value, boxes: [box(node.getBoundingClientRect())] });
        return;
      }
      if (['IMG', 'INPUT', 'CANVAS', 'svg', 'VIDEO', 'OBJECT', 'EMBED'].includes(node.tagName)) {
        // A picture that did not load shows its alternative text, and an object what is in it.
        const text = fold(`${node.getAttribute('alt') || ''} ${node.getAttribute('title') || ''}`);
        pieces.push({ kind: 'picture', text, boxes: [box(node.getBoundingClientRect())] });
        if (node.tagName !== 'svg' && node.tagName !== 'OBJECT') return;
      }
      if (getComputedStyle(node).backgroundImage !== 'none') {
        pieces.push({ kind: 'background', text: '', boxes: [box(node.getBoundingClientRect())] });
      }
      if (/^(A|BUTTON|H[1-6]|LABEL|IFRAME|DIALOG|FORM|LI|TR|P|LEGEND|SUMMARY)$/.test(node.tagName)) pieces.push({ kind: 'open', text: node.tagName.toLowerCase(), boxes: [] });
    }
    const children = shadowOf(node) ? [shadowOf(node)] : node.tagName === 'SLOT' && node.assignedNodes().length ? node.assignedNodes() : node.childNodes;
    for (const child of children) visit(child);
  };
  if (document.body) visit(document.body);
  return { title: document.title, pieces };
}
