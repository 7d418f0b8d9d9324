// The page as it is now, as HTML that needs nothing else: no script, no request, no style sheet of the app's. What matters
// of the styles stands in a table, so that names of classes may change without the page changing with them. A line break
// follows the name in each tag, where it means nothing: a page is to be read in a diff.
//
// The answer is a list of parts, [kind, text], so that whoever keeps it can see to what must not be kept:
//   m  markup, as it is          t  text           a  the value of an attribute
//   u  an address in one         f  the id of a frame, within the attribute that says where it comes from
//   x  a text or a value that is not told
// What fields hold never leaves the page, nor does what is `masked`. With it comes which elements can be seen, a digit each.

// With the value that needs no saying. Those of the second list go from an element to what is in it.
const STYLES = { position: 'static', top: 'auto', right: 'auto', bottom: 'auto', left: 'auto', float: 'none', clear: 'none', 'z-index': 'auto',
  opacity: '1', 'flex-direction': 'row', 'flex-wrap': 'nowrap', 'flex-grow': '0',
  'flex-shrink': '1', 'flex-basis': 'auto', order: '0', 'align-items': 'normal', 'align-self': 'auto', 'align-content': 'normal',
  'justify-content': 'normal', 'justify-self': 'auto', 'row-gap': 'normal', 'column-gap': 'normal', 'grid-template-columns': 'none',
  'grid-template-rows': 'none', 'grid-template-areas': 'none', 'grid-column-start': 'auto', 'grid-column-end': 'auto', 'grid-row-start': 'auto', 'grid-row-end': 'auto',
  'min-width': 'auto', 'min-height': 'auto', 'max-width': 'none', 'max-height': 'none', transform: 'none', translate: 'none', 'clip-path': 'none', clip: 'auto',
  'content-visibility': 'visible', width: 'auto', height: 'auto', 'vertical-align': 'baseline', 'table-layout': 'auto' };
const INHERITED = ['visibility', 'pointer-events', 'font-size', 'line-height', 'text-align', 'text-indent', 'white-space-collapse', 'text-wrap-mode',
  'text-transform', 'border-collapse'];
const SIDES = ['top', 'right', 'bottom', 'left'];
const IN_PARTS = { margin: SIDES.map((side) => `margin-${side}`), padding: SIDES.map((side) => `padding-${side}`), overflow: ['overflow-x', 'overflow-y'] };
// What the browser's own style sheet says of an element is taken back, so that the table says only what differs.
const NOTHING_SAID = '[tl-style]{all:unset}';
// Of these it says nothing but this.
const PLAIN = { DIV: 'block', SPAN: 'inline', SLOT: 'contents' };
const isPlain = (element, display) => (element.tagName.includes('-') ? 'inline' : PLAIN[element.tagName]) === display && !element.matches('[hidden],[popover]');
const REPLACED = /^(IMG|IFRAME|VIDEO|AUDIO|CANVAS|OBJECT|EMBED|svg)$/;
const EMPTIED = new Set(['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE', 'CANVAS', 'VIDEO', 'AUDIO', 'OBJECT', 'TEXTAREA', 'IFRAME']);
const DROPPED = new Set(['LINK', 'META', 'BASE']);
const VOID = new Set(['AREA', 'BASE', 'BR', 'COL', 'EMBED', 'HR', 'IMG', 'INPUT', 'LINK', 'META', 'SOURCE', 'TRACK', 'WBR']);
const ADDRESSES = new Set(['href', 'src', 'action', 'formaction', 'data', 'poster', 'cite', 'xlink:href']);
// The last ones are marks of Vue and Angular, by which the styles of a component find its elements.
const LEFT_OUT = /^(on.*|style|nonce|integrity|srcset|imagesrcset|srcdoc|ping|value|checked|selected|tl-style|content|autofocus|is|data-v-[0-9a-f]+(-s)?|_ng(content|host)-.*)$/i;
const WORDS = /^(aria-label|title|alt|placeholder|data-.*)$/i;
const BUTTON_TYPES = new Set(['button', 'submit', 'reset', 'image']);

// `4px 8px` for 4px 8px 4px 8px: what is as it is on the other side needs no saying.
function shortOf(values) {
  const short = [...values];
  for (const [last, same] of [[3, 1], [2, 0], [1, 0]]) if (short.length === last + 1 && short[last] === short[same]) short.pop();
  return short.join(' ');
}

function styleOf(element, hiddenAbove) {
  if (hiddenAbove) return '';
  const map = element.computedStyleMap();
  const get = (name) => String(map.get(name) ?? '');
  if (get('display') === 'none') return 'display:none';
  const above = parentOf(element)?.computedStyleMap();
  const said = [`display:${get('display')}`];
  const add = (name, value, usual) => value && value !== usual && said.push(`${name}:${value}`);
  for (const [name, parts] of Object.entries(IN_PARTS)) add(name, shortOf(parts.map(get)), name === 'overflow' ? 'visible' : '0px');
  // What is computed knows a width also of a border that is not drawn.
  const used = getComputedStyle(element);
  const borders = SIDES.map((side) => used.getPropertyValue(`border-${side}-width`));
  if (borders.some((each) => each !== '0px')) said.push(`border:solid;border-width:${shortOf(borders)}`);
  add('box-sizing', get('box-sizing'), 'content-box');
  const replaced = REPLACED.test(element.tagName);
  // Icons of a font or of a background are gone: what they drew keeps its room.
  const empty = !element.children.length && !element.shadowRoot && !fold(element.textContent);
  const box = replaced || empty ? element.getBoundingClientRect() : null;
  for (const [name, usual] of Object.entries(STYLES)) {
    if (replaced && (name === 'width' || name === 'height')) continue;
    add(name, get(name), usual);
  }
  for (const name of INHERITED) add(name, get(name), above && String(above.get(name) ?? ''));
  const round = (length) => `${Math.round(length * 100) / 100}px`;
  if (replaced) said.push(`width:${round(element.offsetWidth ?? box.width)}`, `height:${round(element.offsetHeight ?? box.height)}`);
  else if (box && box.width && box.height && !/^inline$|^contents$/.test(get('display'))) said.push(`min-width:${round(element.offsetWidth)}`, `min-height:${round(element.offsetHeight)}`);
  else if (box && box.width && box.height && get('display') === 'inline') said.push('display:inline-block', `min-width:${round(box.width)}`, `min-height:${round(box.height)}`);
  if (element.matches(':modal') || (element.hasAttribute('popover') && element.matches(':popover-open'))) said.push('z-index:2147483647');
  return said.length === 1 && isPlain(element, get('display')) ? '' : said.join(';');
}

// What is put into a component and has no place there, or one that is not drawn, is not drawn either.
function isLeftOut(node) {
  if (!node.parentElement?.shadowRoot) return false;
  for (let at = node.assignedSlot; at; at = parentOf(at)) if (getComputedStyle(at).display === 'none') return true;
  return !node.assignedSlot;
}

// What HTML cannot say is said otherwise: scripts put a button into a button, where a parser ends the first.
const BLOCKS = 'address,article,aside,blockquote,details,dialog,div,dl,fieldset,figure,footer,form,h1,h2,h3,h4,h5,h6,header,hr,main,menu,nav,ol,p,pre,section,table,ul';
const NESTED = { BUTTON: ['span', 'button'], A: ['span', 'link'], FORM: ['div', 'form'] };
const nested = (element) => NESTED[element.tagName] && element.parentElement?.closest(element.localName) ? NESTED[element.tagName] : null;
const tagOf = (element) => nested(element)?.[0] ?? (element.tagName === 'P' && element.querySelector(BLOCKS) ? 'div' : element.localName);

// The way to an element, the same in what is kept: `html > body > x-login >>> form > input:nth-of-type(2)`.
function placeOf(element) {
  const parts = [];
  for (let at = element; at; at = at.parentElement) {
    const tag = tagOf(at);
    const alike = at.parentNode ? [...at.parentNode.children].filter((each) => tagOf(each) === tag) : [];
    parts.unshift(alike.length > 1 ? `${CSS.escape(tag)}:nth-of-type(${alike.indexOf(at) + 1})` : CSS.escape(tag));
  }
  const root = element.getRootNode();
  return (root instanceof ShadowRoot ? `${placeOf(root.host)} >>> ` : '') + parts.join(' > ');
}

const markup = (text) => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');

function serialize(masked) {
  const parts = [];
  const put = (kind, text) => {
    const last = parts[parts.length - 1];
    if (kind === 'm' && last?.[0] === 'm') last[1] += text; else parts.push([kind, text]);
  };
  const putUnless = (secret, kind, text) => secret && fold(text) ? put('x', '') : put(kind, text);
  let visible = '';

  // A table of styles for each root, since a style sheet does not reach into a shadow root.
  const table = () => {
    const known = new Map();
    return {
      name(style) { if (!known.has(style)) known.set(style, known.size + 1); return known.get(style); },
      toString: () => known.size ? [NOTHING_SAID, ...[...known].map(([style, name]) => `[tl-style="${name}"]{${style}}`)].join('\n') : '',
    };
  };

  function attributesOf(element, secret) {
    // Of a picture the secret is what it shows, and that is not kept.
    const picture = REPLACED.test(element.tagName);
    for (const { name, value } of element.attributes) {
      if (LEFT_OUT.test(name) || !/^[^\s"'<>/=\u0000]+$/.test(name)) continue;
      if (element.tagName === 'IFRAME' && name === 'src') continue;
      if (!value) { put('m', ` ${name}`); continue; }
      put('m', ` ${name}="`);
      if (ADDRESSES.has(name.toLowerCase())) put('u', value); else putUnless(secret && WORDS.test(name) && !picture, 'a', value);
      put('m', '"');
    }
    if (element.tagName === 'INPUT') {
      // The words of a button are its name; what else a field holds is nobody's business.
      const kept = BUTTON_TYPES.has(element.type) || ['checkbox', 'radio'].includes(element.type);
      if (kept && element.hasAttribute('value')) { put('m', ' value="'); putUnless(secret, 'a', element.value); put('m', '"'); }
      if (element.checked) put('m', ' checked');
    }
    if (element.tagName === 'OPTION') {
      if (element.hasAttribute('value')) { put('m', ' value="'); put('a', element.getAttribute('value')); put('m', '"'); }
      if (element.selected) put('m', ' selected');
    }
    if (['BUTTON', 'LI', 'PARAM', 'DATA'].includes(element.tagName) && element.hasAttribute('value')) { put('m', ' value="'); put('a', element.getAttribute('value')); put('m', '"'); }
  }

  function visit(node, styles, hiddenAbove, secretAbove) {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = node.data.replace(/[ \t\r\n\f]+/g, ' ');
      const [kind, before] = parts[parts.length - 1];
      if (text && !(text === ' ' && kind === 't' && before.endsWith(' '))) putUnless(secretAbove, 't', text);
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    const tag = tagOf(node);
    // Something that no HTML can say.
    if (!/^[a-z][^\s"'<>/=]*$/i.test(tag)) return;
    if (DROPPED.has(node.tagName)) return put('m', `<${tag}>`);
    if (['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE'].includes(node.tagName)) return put('m', `<${tag}></${tag}>`);
    const secret = secretAbove || masked.has(node) || (node.isContentEditable && !node.parentElement?.isContentEditable);
    put('m', `<${tag}\n`);
    attributesOf(node, secret);
    if (nested(node) && !node.hasAttribute('role')) put('m', ` role="${nested(node)[1]}"`);
    const undrawn = hiddenAbove || isLeftOut(node);
    const style = styleOf(node, undrawn);
    const hidden = undrawn || style === 'display:none';
    visible += hidden || !isVisible(node) ? 0 : 1;
    if (style) put('m', ` tl-style="${styles.name(style)}"`);
    if (node.tagName === 'IFRAME' && turnlock.frameIds.has(node)) { put('m', ' src="'); put('f', turnlock.frameIds.get(node)); put('m', '"'); }
    put('m', '>');
    if (VOID.has(node.tagName)) return;
    // Of a component that is not drawn nobody sees the inside.
    if (node.shadowRoot && !hidden) {
      const inner = table();
      put('m', '<template shadowrootmode="open">');
      for (const child of node.shadowRoot.childNodes) visit(child, inner, hidden, secret);
      const said = inner.toString();
      put('m', `${said && `<style>${said}</style>`}</template>`);
    }
    if (node.tagName === 'svg') { const title = node.querySelector('title'); if (title) { put('m', '<title>'); put('t', title.textContent); put('m', '</title>'); } }
    else if (!EMPTIED.has(node.tagName)) for (const child of node.childNodes) visit(child, styles, hidden, secret);
    put('m', `</${tag}>`);
  }

  const styles = table();
  const html = document.documentElement;
  const style = styles.name(styleOf(html, false));
  put('m', '<!doctype html>\n<html');
  attributesOf(html, false);
  put('m', ` tl-style="${style}"><head><meta charset="utf-8"><title>`);
  put('t', document.title);
  // The table is complete when the body is.
  const here = parts.length;
  if (document.body) visit(document.body, styles, false, false);
  parts.splice(here, 0, ['m', `</title><style>${styles}</style></head>`]);
  put('m', '</html>\n');
  return { parts, visible };
}

// {targets: [target or null], masked: [target]} → the parts, and for each target what each of its locators finds.
async function snapshot({ targets, masked }) {
  // A page that is still being read is given a moment, so that no half of it is kept.
  if (document.readyState !== 'complete') await new Promise((done) => { addEventListener('load', done, { once: true }); setTimeout(done, 2000); });
  const roots = rootsOf(document);
  const hidden = new Set(masked.filter(Boolean).flatMap((target) => matches(target.alternatives, roots).visible));
  const found = targets.map((target) => target && target.alternatives.map((each) => matches([each], roots).visible.map(placeOf)));
  return { url: location.href, status: statusOf(), quirks: document.compatMode !== 'CSS1Compat', ...serialize(hidden), found };
}
