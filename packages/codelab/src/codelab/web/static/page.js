// Extras of a page: buttons to copy, keys that turn pages, and live progress. Everything else works without scripts.
'use strict';

for (const button of document.querySelectorAll('button.copy')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'The browser does not allow copying';
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

document.addEventListener('keydown', (event) => {
  const typing = event.target.closest('input, select, textarea, pre, iframe, [tabindex]');
  if (typing || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const rel = {ArrowLeft: 'prev', ArrowRight: 'next'}[event.key];
  const link = rel && document.querySelector(`a[rel=${rel}]`);
  if (link) link.click();
});

// A form that starts apps takes seconds. Show that it is busy, and send it only once.
document.addEventListener('submit', (event) => {
  const button = event.submitter;
  if (!button || event.target.method !== 'post') return;
  requestAnimationFrame(() => {
    button.setAttribute('aria-busy', 'true');
    button.disabled = true;
  });
});
window.addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('button[aria-busy]')) {
    button.removeAttribute('aria-busy');
    button.disabled = false;
  }
});

const progress = document.getElementById('progress');
const markPage = () => {
  for (const link of document.querySelectorAll('.steps a')) {
    if (new URL(link.href).pathname.replace(/\/$/, '') === location.pathname.replace(/\/$/, '')) {
      link.setAttribute('aria-current', 'page');
    }
  }
};
if (progress) {
  markPage();
  const events = new EventSource(progress.dataset.events);
  events.onmessage = (message) => {
    const fresh = document.createElement('template');
    fresh.innerHTML = message.data;
    for (const field of fresh.content.querySelectorAll('input[name=back]')) field.value = location.pathname;
    // Keep the live region and replace its content, so that screen readers announce it. Keep the focus too.
    const focusable = () => [...progress.querySelectorAll('a, button')];
    const focused = focusable().indexOf(document.activeElement);
    for (const part of ['.steps', '.progress']) {
      progress.querySelector(part).replaceChildren(...fresh.content.querySelector(part).childNodes);
    }
    if (focused >= 0) focusable()[Math.min(focused, focusable().length - 1)].focus();
    markPage();
  };
  window.addEventListener('pagehide', () => events.close());
}
