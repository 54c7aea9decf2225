"""A browser for tests: Chromium, driven through chromedriver by WebDriver (W3C), with nothing but Python's own library.

    with Browser() as browser:
        browser.open('file:///tmp/report.html')
        browser.run('return document.title')
        browser.until('return document.querySelector("h1") !== null')
        browser.console()           # what went wrong: errors and warnings
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

LIMIT = float(os.environ.get("LIMIT", "60"))


class Browser:
    def __init__(self, width=1200, height=900, flags=()):
        self.work = tempfile.mkdtemp()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True, cwd=self.work)
        self.wait_for(lambda: self.call("GET", "/status")["ready"])
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     f"--window-size={width},{height}", f"--user-data-dir={self.work}/profile", *flags]
        self.session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}}})["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=LIMIT) as answer:
            return json.load(answer)["value"]

    @staticmethod
    def wait_for(condition):
        end = time.monotonic() + LIMIT
        while True:
            try:
                value = condition()
                if value:
                    return value
            except OSError:
                pass
            assert time.monotonic() < end, "waited too long"
            time.sleep(0.02)

    def open(self, url):
        self.call("POST", f"/session/{self.session}/url", {"url": url})

    def run(self, script, *arguments):
        return self.call("POST", f"/session/{self.session}/execute/sync", {"script": script, "args": list(arguments)})

    def until(self, script, *arguments):
        return self.wait_for(lambda: self.run(script, *arguments))

    def click(self, css):
        """A click of the mouse, where the element is."""
        found = self.call("POST", f"/session/{self.session}/element", {"using": "css selector", "value": css})
        self.call("POST", f"/session/{self.session}/element/{next(iter(found.values()))}/click", {})

    def keys(self, text):
        actions = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self.call("POST", f"/session/{self.session}/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def console(self):
        return [entry["message"] for entry in self.call("POST", f"/session/{self.session}/se/log", {"type": "browser"})
                if entry["level"] in ("SEVERE", "WARNING")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", f"/session/{self.session}")
        finally:
            os.killpg(self.driver.pid, signal.SIGKILL)
            self.driver.wait()
            shutil.rmtree(self.work, ignore_errors=True)
