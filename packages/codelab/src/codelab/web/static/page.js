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
  if (!button || event.target.method !== 'post' || event.target.id === 'check-form') return;
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

// On a phone the list of steps would come before the text: it is closed there until someone opens it.
const steps = () => document.querySelector('#progress .steps');
if (steps() && matchMedia('(max-width: 62rem)').matches) steps().open = false;

const progress = document.getElementById('progress');
const markPage = () => {
  for (const link of document.querySelectorAll('.steps a')) {
    if (new URL(link.href).pathname.replace(/\/$/, '') === location.pathname.replace(/\/$/, '')) {
      link.setAttribute('aria-current', 'page');
    }
  }
};

// Replace what is in one part of the page. The part stays, so that screen readers announce it, and so does the focus.
const replaceContent = (part, fresh) => {
  if (!part || !fresh || part.innerHTML === fresh.innerHTML) return;
  const focusable = () => [...part.querySelectorAll('a, button, summary')];
  const focused = focusable().indexOf(document.activeElement);
  const open = [...part.querySelectorAll('details')].map((details) => details.open);
  part.className = fresh.className;
  part.replaceChildren(...fresh.childNodes);
  part.querySelectorAll('details').forEach((details, number) => { details.open = open[number] ?? details.open; });
  if (focused >= 0) focusable()[Math.min(focused, focusable().length - 1)]?.focus();
};

// What the server sends has every step; this page shows one of them, or none.
const showNews = (news) => {
  for (const field of news.querySelectorAll('input[name=back]')) field.value = location.pathname;
  const step = progress.dataset.step;
  const ofStep = step ? `[data-step="${step}"]` : ':not([data-step])';
  for (const part of ['.steps nav', '.steps summary']) {
    replaceContent(progress.querySelector(part), news.querySelector(part));
  }
  replaceContent(document.querySelector('#your-copy .your-copy'), news.querySelector(`.your-copy${ofStep}`));
  for (const part of document.querySelectorAll('.findings')) {
    const name = CSS.escape(part.dataset.file);
    replaceContent(part, news.querySelector(`.findings${ofStep}[data-file="${name}"]`));
  }
  for (const part of document.querySelectorAll('.pane-news')) {
    replaceContent(part, news.querySelector(`.pane-news[data-pane="${CSS.escape(part.dataset.pane)}"]`));
  }
  markPage();
};
if (progress) {
  markPage();
  let events;
  const listen = () => {
    events = new EventSource(progress.dataset.events);
    events.onmessage = (message) => {
      const fresh = document.createElement('template');
      fresh.innerHTML = message.data;
      showNews(fresh.content);
    };
  };
  listen();
  window.addEventListener('pagehide', () => events.close());
  // A page that the browser has kept, and that comes back with its Back button, has missed the news since.
  window.addEventListener('pageshow', (event) => { if (event.persisted) listen(); });
}

// A check takes seconds and tells its news by itself: stay on the page.
document.addEventListener('submit', async (event) => {
  if (event.target.id !== 'check-form') return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(event.target));
  fields.set('news', 'yes');
  // Without the server, the browser says so.
  const answer = await fetch(event.target.action, {method: 'POST', body: fields}).catch(() => null);
  if (!answer?.ok) location.reload();
});
