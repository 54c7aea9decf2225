// A live page takes its rows from the script beside it, again and again: from a file, or from any web server.

// take(data) is told of new rows, tick(age) once a second: how old they are in ms, and whether that is too old.
export function follow(script, every, take, tick) {
  let sequence = -1;
  let written = -1;
  let heardAt = null;

  // Called by the script.
  window.cs_rows = (number, at, rows) => {
    if (at !== written) heardAt = performance.now();
    written = at;
    if (number === sequence) return;
    sequence = number;
    take(rows());
  };

  function load() {
    const element = document.createElement('script');
    const done = () => {
      element.remove();
      setTimeout(load, every);
    };
    element.onload = done;
    element.onerror = done;
    element.src = `${script}?${Date.now()}`;
    document.head.append(element);
  }

  load();
  setInterval(() => {
    const age = heardAt === null ? null : performance.now() - heardAt;
    tick(age, age === null ? null : age > Math.max(3 * every, 5000));
  }, 1000);
}
