// Parts of a page that follow the market: they can be paused, keep still under the reader's hand, and say when they are stale.
"use strict";
(() => {
  const state = document.querySelector("[data-live-state]");
  const said = document.querySelector("[data-live-said]");
  const button = document.querySelector("[data-live-toggle]");
  if (!state || !button) return;
  const words = state.dataset;
  let paused = false;
  let last = words.liveFrom;

  const show = (words_) => { if (said.textContent !== words_) said.textContent = words_; };
  const busy = (part) => part.contains(document.activeElement) || part.matches(":hover") || document.hidden;

  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    button.textContent = paused ? words.liveResume : words.livePause;
    show(paused ? `${words.livePaused} ${last}` : `${words.liveAsOf} ${last}`);
  });
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const part = event.target.closest("[data-live]");
    if (part && event.target === part && (paused || busy(part))) event.preventDefault();
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const part = event.target.closest("[data-live]");
    if (!part || event.target !== part) return;
    part.classList.toggle("stale", !event.detail.successful);
    if (event.detail.successful) {
      last = event.detail.xhr.getResponseHeader("Suanli-As-Of") || last;
      show(`${words.liveAsOf} ${last}`);
    } else {
      show(`${words.liveLost} ${last}`);
    }
  });
})();
