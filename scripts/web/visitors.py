"""Visitors of samples/shop, in a headless Chromium: visitors.py ADDRESS N. Each has cookies and storage of its own."""

import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "web"))
from browser import Browser  # noqa: E402

FLAGS = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--no-proxy-server",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
THINGS = ["teapot", "mug", "assam", "jacket", "hat", "lamp", "flask"]


def visit(shop, number, chance):
    """The first one buys, the second leaves its cart, the third only looks; then again."""
    kind = ("buys", "leaves the cart", "only looks")[number % 3]
    with Browser(flags=FLAGS) as browser:
        browser.open(shop + "/index.html")
        browser.until("return !window.cs.toString().includes('cs.q')")
        if number == 0:
            browser.open(shop + "/login.html")
            browser.run("document.querySelector('[name=user]').value='ada';document.querySelector('.panel button').click()")
            browser.until("return location.pathname === '/index.html'")
        browser.open(shop + "/search.html?q=tea")
        for thing in chance.sample(THINGS, 2):
            browser.open(shop + "/product.html?id=" + thing)
            if kind != "only looks":
                browser.click("#add")
        if kind == "buys":
            browser.open(shop + "/cart.html")
            browser.click("#checkout")
            browser.until("return document.querySelector('#pay') !== null")
            browser.click("#pay")
            browser.until("return location.pathname === '/thanks.html'")
        # Until nothing waits in the browser for an answer, as it is thrown away now.
        browser.run("cs('goodbye')")
        browser.until("return !Object.keys(localStorage).some(key => /^cs_[0-9]/.test(key))")
    print("visitor %d %s" % (number + 1, kind), flush=True)


def main():
    chance = random.Random(14)
    for number in range(int(sys.argv[2])):
        visit(sys.argv[1], number, chance)


main()
