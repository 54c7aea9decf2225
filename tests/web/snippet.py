"""cs.js in Debian's Chromium, cross-origin: pages from one port, events to another one. Prints TAP.

    snippet.py SNIPPET [CS-COLLECT]

The collector is CS-COLLECT with a spool; without it one of our own, for what only a collector can show that fails on
command. Only 127.0.0.1 is asked for anything. SCENARIO=NAME runs that one alone.
"""

import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from browser import Browser

PATIENCE = 30
STUB = "window.cs=window.cs||function(){(cs.q=cs.q||[]).push(arguments)}"


def wait_for(condition, what):
    """Until the condition gives something true, which is returned."""
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "waited in vain for " + what
        time.sleep(0.02)


def serve(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Pages:
    """Any address is a page with the snippet in it; ?attributes=... adds to its element."""

    def __init__(self, snippet, where_to):
        pages = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/s.js":
                    return self.answer("text/javascript", snippet)
                if self.path == "/favicon.ico":
                    return self.answer("image/x-icon", b"")
                more = {"/wait": "data-consent=wait", "/dnt": "data-privacy=dnt", "/none": "data-privacy=none"}
                element = '<script async src=/s.js data-to="%s" %s></script>' % (
                    where_to(), more.get(self.path.partition("?")[0], ""))
                text = "<!DOCTYPE html><title>%s</title><script>%s</script>%s<p>shop" % (self.path, STUB, element)
                return self.answer("text/html", text.encode())

            def answer(self, kind, body):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        Handler.log_message = lambda *_: None
        self.server = serve(Handler)
        self.port = self.server.server_address[1]

    def address(self, path):
        return "http://127.0.0.1:%d%s" % (self.port, path)


class OwnCollector:
    """Remembers what comes, and answers with whatever status it is told."""

    def __init__(self):
        collector = self
        self.status, self.requests, self.lock = 204, [], threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with collector.lock:
                    status = collector.status
                    collector.requests.append((self.command, dict(self.headers), body, status))
                self.send_response(status)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Content-Length", "0") if status != 204 else None
                self.end_headers()

            do_OPTIONS = do_GET = do_POST

        Handler.log_message = lambda *_: None
        self.port = serve(Handler).server_address[1]
        self.address = "http://127.0.0.1:%d/e" % self.port

    def all_requests(self):
        with self.lock:
            return list(self.requests)

    def forget(self):
        with self.lock:
            self.requests.clear()

    def events(self):
        found = []
        for _, _, body, status in self.all_requests():
            if status == 204:
                found += json.loads(body)["events"]
        return found


class RealCollector:
    """cs-collect with a spool; events are what is in it."""

    def __init__(self, program, directory):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.spool = pathlib.Path(directory) / "spool"
        self.program, self.since = program, ""
        self.address = "http://127.0.0.1:%d/e" % self.port
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "--listen=127.0.0.1:%d" % self.port, "--spool=%s" % self.spool, "--seal=100ms"])
        wait_for(self.listens, "cs-collect")

    def listens(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def whole(self):
        """Events of all files; once more where one was renamed while we looked."""
        while True:
            names = sorted(self.spool.iterdir())
            try:
                texts = [path.read_text() for path in names]
            except OSError:
                continue
            if sorted(self.spool.iterdir()) == names:
                break
        lines = [line for text in texts for line in text.splitlines(keepends=True) if line.endswith("\n") and "{" in line]
        return sorted((json.loads(line[line.index("{"):]) for line in lines), key=lambda event: event["event_time"])

    def forget(self):
        now = time.time()
        self.since = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + ".%03dZ" % (now % 1 * 1000)

    def events(self):
        return [event for event in self.whole() if event["event_time"] >= self.since]


class Visitor(Browser):
    """With tabs, a history, and a network that can be cut off; it asks no host but this one."""

    def __init__(self):
        super().__init__(flags=["--no-first-run", "--disable-background-networking", "--disable-component-update",
                                "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"])
        self.command("Network.enable")
        self.command("Page.enable")

    def ask(self, method, path, body=None):
        return self.call(method, "/session/%s%s" % (self.session, path), body)

    def command(self, name, **parameters):
        return self.ask("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def back(self):
        self.ask("POST", "/back", {})

    def forward(self):
        self.ask("POST", "/forward", {})

    def tab(self):
        return self.ask("POST", "/window/new", {"type": "tab"})["handle"]

    def switch(self, handle):
        self.ask("POST", "/window", {"handle": handle})

    def handle(self):
        return self.ask("GET", "/window")

    def close_tab(self):
        return self.ask("DELETE", "/window")

    def clean(self):
        self.command("Network.clearBrowserCookies")
        self.run("localStorage.clear()")


class Scenarios:
    """Each method that has a sentence is a test; those that want `own` need the collector that fails on command."""

    def __init__(self, browser, pages, collector):
        self.browser, self.pages, self.collector = browser, pages, collector

    def fresh(self, path="/", loaded=True):
        """Nobody has been here; the first page is there and counted."""
        self.browser.open(self.pages.address("/s.js"))
        self.browser.clean()
        self.collector.forget()
        self.visit(path)
        if loaded:
            self.arrived("page_view", 1)

    def visit(self, path):
        self.browser.open(self.pages.address(path))
        wait_for(lambda: self.browser.run("return !window.cs.toString().includes('cs.q')"), "the snippet")

    def of(self, kind):
        return [event for event in self.collector.events() if event["event_type"] == kind]

    def arrived(self, kind, count):
        """Exactly so many different ones of that type. One may come twice, as what a page sent that has left does when
        the next one cannot know that; then it is the same."""
        wait_for(lambda: len(self.of(kind)) >= count, "%d %s" % (count, kind))
        self.settled()
        events = {json.dumps({name: event[name] for name in event if name != "received_at"}, sort_keys=True)
                  for event in self.of(kind)}
        ids = {event["event_id"] for event in self.of(kind)}
        assert len(ids) == len(events) == count, "%s: %d, %d different, of %d" % (kind, len(events), len(ids), count)

    def different(self, kind):
        """How many there are. Of two pages alive at the same time both may send what waits in the storage they share."""
        return len({event["event_id"] for event in self.of(kind)})

    def waiting(self):
        return self.browser.run("return Object.keys(localStorage).filter(k => /^cs_[0-9]/.test(k)).length")

    def settled(self):
        """Nothing waits for an answer. What a page that left had sent last is settled by the next request of this one."""
        self.browser.run("cs('settled')")
        wait_for(lambda: self.waiting() == 0, "an empty queue")

    def one_request(self, own):
        """a page view is one POST of text/plain with no permission asked, and sends no cookies"""
        self.fresh("/product/7?color=red#top")
        requests = own.all_requests()
        assert {method for method, *_ in requests} == {"POST"}, requests
        # Behind it comes only what the test has called itself.
        (_, headers, body, _), *_ = requests
        assert headers["Content-Type"].startswith("text/plain"), headers
        assert "Cookie" not in headers and headers["Origin"] == self.pages.address("")
        message = json.loads(body)
        [event] = message["events"]
        assert event["page_url"] == self.pages.address("/product/7?color=red")
        assert abs(event["event_time"] - time.time() * 1000) < 60000 > abs(message["sent_at"] - event["event_time"])
        assert re.search("cs_sid=" + re.escape(event["session_id"]), self.browser.run("return document.cookie"))

    def before_navigation(self):
        """40 of 40 add_to_cart arrive that are called just before the page is left, each under one event_id"""
        self.fresh()
        for n in range(40):
            self.browser.run("cs('add_to_cart',{product_id:'p%d'});location.href='/p%d'" % (n, n))
            wait_for(lambda: self.browser.run(
                "return location.pathname=='/p%d'&&!window.cs.toString().includes('cs.q')" % n), "the next page")
        self.arrived("add_to_cart", 40)
        assert {event["product_id"] for event in self.of("add_to_cart")} == {"p%d" % n for n in range(40)}
        assert len({event["session_id"] for event in self.collector.events()}) == 1
        self.arrived("page_view", 41)

    def before_closing(self):
        """10 of 10 purchases arrive that are called just before the tab is closed"""
        self.fresh()
        first = self.browser.handle()
        for n in range(10):
            self.browser.switch(self.browser.tab())
            self.visit("/thanks")
            self.browser.run("cs('purchase',{product_id:'p%d'})" % n)
            self.browser.close_tab()
            self.browser.switch(first)
        wait_for(lambda: len({event["product_id"] for event in self.of("purchase")}) == 10, "10 purchases")
        self.visit("/")
        self.settled()
        assert self.different("purchase") == 10

    def many_large(self):
        """200 events of 1.3 KB of one page arrive, each under one event_id"""
        self.fresh()
        self.browser.run("for(let i=0;i<200;i++)cs('bulk',{n:i,text:'x'.repeat(1200)})")
        self.arrived("bulk", 200)

    def many_large_left(self):
        """200 events of 1.3 KB arrive though the page is left at once"""
        self.fresh()
        self.browser.run("for(let i=0;i<200;i++)cs('bulk',{n:i,text:'x'.repeat(1200)});location.href='/next'")
        wait_for(lambda: len({event["event_id"] for event in self.of("bulk")}) == 200, "200 events")
        self.arrived("bulk", 200)

    def too_large(self):
        """an event larger than what may outlive a page does not keep those behind it"""
        self.fresh()
        self.browser.run("cs('huge',{text:'x'.repeat(30000)});cs('small')")
        self.arrived("small", 1)
        self.arrived("huge", 1)

    def offline(self):
        """what happens offline, and on the page after, arrives when the network is back"""
        self.fresh()
        link = dict(latency=0, downloadThroughput=-1, uploadThroughput=-1)
        self.browser.command("Network.emulateNetworkConditions", offline=True, **link)
        try:
            self.browser.run("cs('add_to_cart',{product_id:'a'});cs('purchase',{product_id:'a'})")
            wait_for(lambda: self.waiting() == 2, "a queue")
            assert not self.of("purchase")
        finally:
            self.browser.command("Network.emulateNetworkConditions", offline=False, **link)
        self.arrived("add_to_cart", 1)
        self.arrived("purchase", 1)

    def unavailable(self, own):
        """what a collector refuses with 503 arrives later, under the same event_id, also of a page that has been left"""
        self.fresh()
        own.status = 503
        try:
            self.browser.run("cs('add_to_cart',{product_id:'a'})")
            wait_for(lambda: any(b"add_to_cart" in body for _, _, body, _ in own.all_requests()), "a refusal")
            self.visit("/cart")
            wait_for(lambda: any(b"/cart" in body for _, _, body, _ in own.all_requests()), "a refusal of the next page")
        finally:
            own.status = 204
        self.visit("/checkout")
        self.arrived("add_to_cart", 1)
        self.arrived("page_view", 3)
        tried = [json.loads(body)["events"] for _, _, body, _ in own.all_requests()]
        ids = {event["event_id"] for events in tried for event in events if event["event_type"] == "add_to_cart"}
        assert len(ids) == 1, ids

    def unwanted(self, own):
        """what a collector does not want (400) is not sent again"""
        self.fresh()
        own.status = 400
        try:
            self.browser.run("cs('odd')")
            wait_for(lambda: any(b"odd" in body for _, _, body, _ in own.all_requests()), "a refusal")
            self.settled()
        finally:
            own.status = 204
        self.visit("/next")
        self.arrived("page_view", 2)
        assert sum(b"odd" in body for _, _, body, _ in own.all_requests()) == 1

    def consent(self):
        """before consent there is no request, no cookie and nothing stored; then what was called counts; refusal clears"""
        self.fresh("/wait", loaded=False)
        self.browser.run("cs('product_view',{product_id:'a'})")
        looks = self.browser.run("window.looks=0;setInterval(()=>looks++,500);return looks")
        wait_for(lambda: self.browser.run("return looks") >= looks + 3, "three looks of the snippet")
        assert self.browser.run("return document.cookie+Object.keys(localStorage)") == ""
        assert not self.collector.events()
        self.browser.run("cs('consent',true)")
        self.arrived("page_view", 1)
        self.arrived("product_view", 1)
        self.browser.run("cs('identify','u1');cs('consent',false);cs('add_to_cart')")
        assert self.browser.run("return document.cookie+Object.keys(localStorage)") == ""
        self.browser.run("cs('consent',true);cs('search',{search_query:'hat'})")
        self.arrived("search", 1)
        assert not self.of("add_to_cart") and self.of("search")[0].get("user_id") is None
        assert self.of("search")[0]["session_id"] != self.of("page_view")[0]["session_id"]

    def privacy(self):
        """who asks not to be tracked is not, by the signals that the page names"""
        script = ("Object.defineProperty(Navigator.prototype,'globalPrivacyControl',{get:()=>true,configurable:true});"
                  "Object.defineProperty(Navigator.prototype,'doNotTrack',{get:()=>'1',configurable:true})")
        added = self.browser.command("Page.addScriptToEvaluateOnNewDocument", source=script)
        try:
            self.fresh("/", loaded=False)
            self.browser.run("cs('add_to_cart')")
            self.visit("/dnt")
            self.browser.run("cs('add_to_cart')")
            assert self.browser.run("return document.cookie+Object.keys(localStorage)") == ""
            self.visit("/none")
            self.arrived("page_view", 1)
            assert self.of("page_view")[0]["page_url"].endswith("/none") and not self.of("add_to_cart")
        finally:
            self.browser.command("Page.removeScriptToEvaluateOnNewDocument", identifier=added["identifier"])

    def history(self):
        """history counts where path or query changed: once for two changes in one task, not for hashes or the same address"""
        self.fresh("/list")
        self.browser.run("history.pushState(0,'','/a');history.pushState(0,'','/b');cs('mark1')")
        self.arrived("page_view", 2)
        self.browser.run("history.replaceState({x:1},'','/b');location.hash='x';cs('mark2')")
        self.arrived("mark2", 1)
        self.arrived("page_view", 2)
        self.browser.run("history.replaceState(0,'','/b?page=2')")
        self.arrived("page_view", 3)
        self.browser.run("history.go(-2)")
        self.arrived("page_view", 4)
        seen = sorted(self.of("page_view"), key=lambda event: event["event_time"])
        addresses = [event["page_url"].partition(str(self.pages.port))[2] for event in seen]
        assert addresses == ["/list", "/b", "/b?page=2", "/a"], addresses

    def kept_page(self):
        """a page that comes back as it was left, from the cache of whole pages, counts once more"""
        self.fresh("/one")
        self.browser.run("window.kept=1")
        self.visit("/two")
        self.arrived("page_view", 2)
        self.browser.back()
        assert self.browser.run("return window.kept") == 1, "the browser has not kept the page"
        wait_for(lambda: self.different("page_view") == 3, "the page that came back")
        self.browser.forward()
        wait_for(lambda: self.different("page_view") == 4, "the other one")
        self.visit("/three")
        self.settled()
        assert self.different("page_view") == 5

    def login(self):
        """who logs in is in all later events, is identified once, and is forgotten when logged out"""
        self.fresh()
        self.browser.run("cs('add_to_cart');cs('identify','u1')")
        self.visit("/account")
        self.browser.run("cs('identify','u1');cs('purchase');cs('identify',null);cs('search')")
        self.arrived("search", 1)
        self.arrived("user_identified", 1)
        whose = {kind: self.of(kind)[0].get("user_id") for kind in ("add_to_cart", "user_identified", "purchase", "search")}
        assert whose == {"add_to_cart": None, "user_identified": "u1", "purchase": "u1", "search": None}, whose

    def two_tabs(self):
        """two tabs are one session, and lose none of each other's events"""
        self.fresh()
        first = self.browser.handle()
        second = self.browser.tab()
        self.browser.switch(second)
        self.visit("/second")
        for n in range(5):
            self.browser.run("cs('from_second')")
            self.browser.switch(first)
            self.browser.run("cs('from_first')")
            self.browser.switch(second)
        self.browser.close_tab()
        self.browser.switch(first)
        wait_for(lambda: self.different("from_first") == self.different("from_second") == 5, "five of each")
        assert len({event["session_id"] for event in self.collector.events()}) == 1

    def hostile(self):
        """what is no JSON costs only itself, and no exception reaches the shop"""
        self.fresh()
        assert self.browser.run("let a={};a.a=a;cs('round',a);cs('big',{n:10n});cs('good');return 7") == 7
        self.visit("/next")
        self.arrived("good", 1)
        assert not self.of("round") and not self.of("big")


def main():
    snippet = pathlib.Path(sys.argv[1]).read_bytes()
    directory = tempfile.mkdtemp(prefix="cs-web-")
    collector = RealCollector(sys.argv[2], directory) if len(sys.argv) > 2 else OwnCollector()
    pages = Pages(snippet, lambda: collector.address)
    tests = [(name, method) for name, method in vars(Scenarios).items()
             if callable(method) and method.__doc__ and name not in ("fresh", "arrived", "different", "settled")]
    chosen = os.environ.get("SCENARIO")
    failed, number = 0, 0
    try:
        with Visitor() as visitor:
            scenarios = Scenarios(visitor, pages, collector)
            for name, method in tests:
                own = "own" in method.__code__.co_varnames[:method.__code__.co_argcount]
                if own != isinstance(collector, OwnCollector) or (chosen and chosen != name):
                    continue
                number += 1
                began = time.monotonic()
                try:
                    method(scenarios, collector) if own else method(scenarios)
                    print("ok %d - %s (%.1f s)" % (number, method.__doc__, time.monotonic() - began), flush=True)
                except Exception:
                    failed += 1
                    print("not ok %d - %s" % (number, method.__doc__))
                    print("".join("# %s\n" % line for line in traceback.format_exc().splitlines()), end="", flush=True)
            print("1..%d" % number)
    finally:
        if isinstance(collector, RealCollector):
            collector.stop()
        shutil.rmtree(directory)
    sys.exit(failed > 0)


main()
