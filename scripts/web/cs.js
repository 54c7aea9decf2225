/*
 * cs.js - sends what visitors of a shop do to a collector; clickstream-web(7) says how it is used.
 *
 *     <script>window.cs=window.cs||function(){(cs.q=cs.q||[]).push(arguments)}</script>
 *     <script async src="/t/s.js" data-to="https://shop.example/t/e"></script>
 *
 * The queue is localStorage: an event is one item, "cs_" and its time and a random number, which is its event_id as
 * well. So tabs of one shop cannot overwrite each other's events, names in order are events in order, and whatever page
 * comes next finds what the last one could not send. An item is deleted when the collector has answered, never before.
 * While a request is on its way the items in it begin with a blank. A page that finds such items when it begins cannot
 * know what became of them, because the page that sent them has left: they share the fate of its own first request.
 *
 * It is minified at build, and may be 1,024 bytes gzipped: that is why nothing here has a class, and names of the
 * browser's are not given names of our own, which gzip does better.
 */
{
  // `off` is undefined where consent needs not be asked for, a text while it is waited for, false or true when it was
  // given or refused.
  let { to, consent: off, privacy = 'gpc', domain = '' } = document.currentScript.dataset;

  if (/g/.test(privacy) && navigator.globalPrivacyControl || /d/.test(privacy) && navigator.doNotTrack > 0)
    cs = () => 0;
  else {
    // Calls that wait for consent, or for a page that is only prerendered to be shown; the session, and when it was
    // last seen; the address counted last; when to send next, and how long the last failure made us pause at most.
    let calls = window.cs?.q || [], store, session, seen = 0, here, next = 0, pause;

    // Where storage is forbidden, what is to be sent lasts as long as the page.
    try { store = localStorage; } catch { store = {}; }

    // An unknown attribute, ";false", is ignored.
    let cookie = (text) => {
      document.cookie =
        `cs_sid=${text};path=/;samesite=lax;domain=${domain};${location.protocol > 'http:' && 'secure'}`;
    };

    let keys = (like) => Object.keys(store).filter((key) => like.test(key)).sort();

    // Puts one event into the queue. The cookie is looked at and prolonged once a second at most, as that takes a third
    // of a millisecond; where there are no cookies the page remembers its session. What cannot be written as JSON
    // is left out, and where storage is full we go on without it: no exception of ours reaches the shop's own code.
    let track = (type, given) => {
      try {
        let now = Date.now(), id = 'cs_' + now + '-' + Math.random();
        if (now - seen > 1e3) {
          session = /cs_sid=([^;]+)/.exec(document.cookie)?.[1] || now - seen < 18e5 && session ||
            (store.cs_r = document.referrer, id);
          cookie(session + ';max-age=1800');
          seen = now;
        }
        // 200 wait at most.
        if (!keys(/^cs_\d/)[199])
          store[id] = JSON.stringify({
            event_id: id, session_id: session, user_id: store.cs_u, event_type: type, page_url: here,
            referrer: store.cs_r, event_time: now, ...given,
          });
      } catch { store = {}; }
    };

    // Sends the oldest events, 20 KB at once: requests that outlive their page may be 64 KiB together, in bytes, and
    // what is refused for that would be lost. One event that is larger goes without that promise.
    let flush = () => {
      let body = '', mine = {};
      for (let key of keys(/^cs_\d/)) {
        let text = store[key];
        // Begins with a blank: on its way, of a page before this one if we have had no answer yet.
        if (text < '!' ? pause == null : !(body && (body + text)[2e4]) && (body += (body && ',') + text))
          store[key] = ' ' + (mine[key] = text.trim());
      }
      if (body) {
        next = Date.now() + 2e4; // if no answer comes at all
        // As text/plain no permission is asked for beforehand; a beacon would send cookies.
        fetch(to, {
          method: 'POST', credentials: 'omit', keepalive: !body[2e4],
          body: `{"sent_at":${Date.now()},"events":[${body}]}`,
        })
          // Too many (429) and faults of the server are for another time; what it does not want is not sent again.
          .then((answer) => answer.status > 428, () => 1)
          .then((failed) => {
            for (let key in mine)
              if (failed && !off) store[key] = mine[key];
              else delete store[key];
            pause = failed && Math.min(pause * 2 || 5e3, 3e5);
            next = Date.now() + pause * Math.random();
            if (!failed) flush();
          });
      }
    };

    // Twice a second, on every call and when the page is shown or hidden: has the address changed, has anything been
    // called, is it time to send? Looking is smaller than taking the place of pushState and replaceState, and sees what
    // routers do that have kept the browser's own.
    let look = (event) => {
      if (!document.prerendering) {
        if (!off && here != (here = location.href.split('#')[0])) track('page_view');
        calls = calls.filter(([type, given]) => {
          if (type == 'consent') {
            if (off = !given) {
              for (let key of keys(/^cs_/)) delete store[key];
              cookie(';max-age=0');
              seen = 0;
            }
          } else if (off) return off != 1; // waits, unless consent was refused
          else if (type != 'identify') track(type, given);
          else if (store.cs_u != given) {
            if (given) {
              store.cs_u = given;
              track('user_identified');
            } else delete store.cs_u;
          }
        });
        // When the page is hidden, or twice a second. A call, which has no type, waits for others to go with it; and a
        // tab that is shown waits for what the one before it has just sent.
        if (!off && (event ? event.type && document.hidden : navigator.onLine && Date.now() > next)) flush();
      }
    };

    cs = (...words) => look(words, calls.push(words));
    look(calls);
    setInterval(look, 500);
    // Back from the cache of whole pages: as if it began. A request from within this event would never hear its answer.
    addEventListener('pageshow', (event) => event.persisted && (here = pause = next = null));
    addEventListener('visibilitychange', look);
  }
}
