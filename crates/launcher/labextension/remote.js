// The item in JupyterLab's top bar that shows how far the build of the kernel is.
//
// Written by hand in the form that JupyterLab loads: a module federation container
// with one module. It needs no bundler, and one class of JupyterLab's own.
(function () {
  'use strict';
  const name = 'lambda-workbook-progress';
  const here = document.currentScript.src.replace(/[^/]*$/, '');
  let shared;

  async function activate(app) {
    // Any version of Lumino's Widget will do: whichever JupyterLab itself shares.
    const versions = Object.values(shared['@lumino/widgets']);
    const loaded = versions.find(version => version.loaded) || versions[0];
    const { Widget } = (await loaded.get())();

    const node = document.createElement('div');
    node.setAttribute('role', 'status');
    node.style.cssText =
      'display:flex;align-items:center;gap:8px;padding:0 12px;white-space:nowrap;' +
      'font-size:var(--jp-ui-font-size1);color:var(--jp-ui-font-color1)';
    const bar = document.createElement('progress');
    bar.max = 100;
    bar.style.width = '90px';
    bar.setAttribute('aria-label', 'Build of the kernel');
    const text = document.createElement('span');
    node.append(bar, text);
    const item = new Widget({ node });
    item.id = name;
    app.shell.add(item, 'top', { rank: 950 });

    const minutes = seconds =>
      seconds < 90 ? `${Math.max(seconds, 1)} s` : `${Math.round(seconds / 60)} min`;

    // Returns whether there is more to come.
    function show(state) {
      const failed = state.phase === 'failed';
      const ready = state.phase === 'ready';
      bar.hidden = failed || ready;
      bar.value = state.percent;
      if (failed) {
        text.textContent = `The kernel could not be built: ${state.failure.what}`;
        node.title = state.failure.fix;
      } else if (ready) {
        text.textContent = 'Rust kernel: ready';
      } else {
        const left =
          state.seconds_left == null ? '' : `, about ${minutes(state.seconds_left)} left`;
        text.textContent = `Building the Rust kernel: ${state.percent} %${left}`;
        node.title = `${state.now}. Read on meanwhile; a cell that you run waits for it.`;
      }
      return !ready;
    }

    let seen = false;
    async function look() {
      let more = true;
      try {
        const answer = await fetch(`${here}build.json?${Date.now()}`, { cache: 'no-store' });
        if (answer.ok) {
          const state = await answer.json();
          more = show(state);
          // A kernel that was there from the start is no news.
          item.setHidden(!more && !seen);
          seen = seen || more;
        }
      } catch (error) {
        // The server is away for a moment; JupyterLab says so itself.
      }
      if (more) {
        setTimeout(look, 1000);
      } else if (seen) {
        setTimeout(() => item.setHidden(true), 60000);
      }
    }
    look();
  }

  const module = {
    __esModule: true,
    default: { id: `${name}:item`, autoStart: true, activate },
  };
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[name] = {
    init: scope => {
      shared = scope;
    },
    get: () => Promise.resolve(() => module),
  };
})();
