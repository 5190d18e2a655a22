// A link to a query: it stands in the fragment, which browsers do not send, so that it reaches no log.
import { make } from "./dom";
import { setting, word } from "./setting";

const FRAGMENT = "#query=";

/** Return the query of a shared link, or null. */
export function shared(): string | null {
  if (!location.hash.startsWith(FRAGMENT)) return null;
  try {
    return decodeURIComponent(location.hash.slice(FRAGMENT.length)) || null;
  } catch {
    return null; // A link that lost its end.
  }
}

/** Put the link to a query in the address bar and on the clipboard; where that is forbidden, show it to copy. */
export function share(query: string, status: HTMLElement): void {
  const link = `${location.origin}${location.pathname}?lang=${setting.lang}${FRAGMENT}${encodeURIComponent(query)}`;
  history.replaceState(null, "", link);
  const field = make("input", { class: "link-field", readonly: true, value: link, "aria-label": word("editor_link") });
  status.replaceChildren(word("editor_link"), " ", field);
  const copied = navigator.clipboard?.writeText(link) ?? Promise.reject(new Error("no clipboard"));
  copied.then(
    () => status.replaceChildren(word("editor_copied"), " ", field),
    () => field.select(),
  );
}
