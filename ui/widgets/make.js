// An element with properties, attributes where it has no such property, and children.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    name in element && name !== "list" ? (element[name] = value) : element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

