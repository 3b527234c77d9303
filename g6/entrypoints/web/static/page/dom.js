// Small helpers for elements. Texts go in as text: nothing that was fetched becomes markup.

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Write a text where it changed, and mark the cell for a moment. Return whether it changed.
export function setText(node, text) {
  if (node.textContent === text) return false;
  const isFirst = node.textContent === "";
  node.textContent = text;
  if (!isFirst) flash(node);
  return true;
}

const FLASH_MS = 600;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let lit = [];

// Animations of sixty cells were drawn anew in every frame: two changes of colour cost two frames.
function flash(node) {
  if (calm.matches || document.hidden) return;
  if (!lit.length) setTimeout(dim, FLASH_MS);
  node.classList.add("lit");
  lit.push(node);
}

function dim() {
  for (const node of lit) node.classList.remove("lit");
  lit = [];
}

export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// A colour of the palette as the theme has it now.
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export function colours(name) {
  return colour(name).split(",").map((one) => one.trim());
}
