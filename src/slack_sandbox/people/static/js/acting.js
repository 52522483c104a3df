// Using an app's elements: telling the sandbox what was pressed, showing that one waits, and what went wrong.

import { as } from "./api.js";
import { h, icon } from "./dom.js";
import { notice } from "./popover.js";
import { state } from "./state.js";
import { sent } from "./values.js";

export const TROUBLE = "We had some trouble connecting. Try again?";

/** Whether the app answered in time and with something Slack accepts. */
export const acknowledged = (ack) => !ack || (ack.status >= 200 && ack.status < 300 && ack.body !== "invalid_command_response");

let showView = () => {};
export const onView = (show) => (showView = show);

/** `place` is {channel, message_ts} or {view_id}; the result is what blocks.js takes as `where`. `heading` is the level of header blocks. */
export function whereIn(place, values, { heading = 3 } = {}) {
  const own = (block, el) => ({ ...place, block_id: block.block_id, action_id: el.action_id });
  return {
    values,
    heading,
    async act(el, block, value, node) {
      clearFailure(node);
      node?.setAttribute("aria-busy", "true");
      try {
        await remember(place, values, el);
        const answer = await as(state.me, "actions", { ...own(block, el), value });
        if (!acknowledged(answer.ack)) failAt(node, TROUBLE);
        else if (answer.view) showView(answer.view);
      } catch (failure) {
        failAt(node, failure.status ? failure.message : TROUBLE);
      } finally {
        node?.removeAttribute("aria-busy");
      }
    },
    async options(el, block, query) {
      const answer = await as(state.me, "options", { ...own(block, el), query });
      if (!acknowledged(answer.ack)) throw new Error("Something went wrong loading the options");
      return answer;
    },
  };
}

/** Before an app hears of an action it must find in the state what was typed elsewhere in the view. */
async function remember(place, values, acting) {
  for (const [block, el, value] of values.takeChanged()) {
    if (el === acting || block.type !== "input" || block.dispatch_action) continue;
    try {
      await as(state.me, "actions", { ...place, block_id: block.block_id, action_id: el.action_id, value: sent(value) });
    } catch (failure) {
      if (!failure.status) throw failure; // a value the sandbox does not take yet, such as half a number, stays here only
    }
  }
}

const hostOf = (node) => node?.closest(".block");

function clearFailure(node) {
  hostOf(node)?.querySelector(":scope > .act-failure")?.remove();
}

function failAt(node, text) {
  const host = hostOf(node);
  if (!host?.isConnected) return notice(text, "error");
  clearFailure(node);
  return host.append(h("p.act-failure", { role: "alert" }, icon("warn"), text));
}
