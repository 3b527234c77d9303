// Choices above the panels: what they change stands in the address.

import { h } from "../dom.js";
import { expiryDay } from "../format.js";

// choices: [value, text].
export function choice(context, name, label, choices) {
  const select = h("select", { id: `choice-${name}`, onchange: () => context.go({ [name]: select.value }) });
  for (const [value, text] of choices) select.append(h("option", { value, selected: context.state()[name] === value }, text));
  select.value = context.state()[name];
  return h("label", { for: select.id, class: "choice" }, `${label} `, select);
}

// A choice among the expiries of the chain that is shown, filled as soon as they are known.
export function expiryChoice(context, { all = "" } = {}) {
  const first = [["", all || "nearest"]];
  const shown = context.state().expiry;
  if (shown) first.push([shown, expiryDay(shown)]);
  const label = choice(context, "expiry", "Expiry", first);
  const select = label.querySelector("select");
  context.expiries().then((expiries) => {
    const days = expiries.map((one) => one.expiry);
    if (shown && !days.includes(shown)) days.push(shown);
    select.replaceChildren(h("option", { value: "" }, all || "nearest"),
      ...days.map((day) => h("option", { value: day }, expiryDay(day))));
    select.value = context.state().expiry;
  }, () => {});
  return label;
}
