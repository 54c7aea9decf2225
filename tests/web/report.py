"""The page of cs-report in Chromium: range, comparison, filter and live rows clicked through, and numbers held against rows.

    report.py page REPORT.HTML FUNNEL.NDJSON     a page at rest
    report.py live REPORT.HTML ROWS.NDJSON       one that cs-report --live writes of that file, which is added to
    report.py time REPORT.HTML                   how long it takes to open, and to draw anew
"""
import json
import sys
from datetime import datetime

from browser import Browser

STEPS = ["sessions", "product_views", "add_to_carts", "checkout_starts", "purchases"]


def rows_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def ms(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def grouped(number):
    return f"{number:,}"


def shown(browser):
    """The funnel's counts as they stand in the page."""
    return browser.run("return [...document.querySelectorAll('.funnel .step b')].map((b) => b.textContent)")


def sums(rows, begin, end, **only):
    wanted = [row for row in rows if begin <= ms(row["window_start"]) < end and all(row[k] == v for k, v in only.items())]
    return [grouped(sum(row[step] for row in wanted)) for step in STEPS]


def is_shown(browser, wanted):
    browser.wait_for(lambda: shown(browser) == wanted) if shown(browser) != wanted else None


def rate(part, whole):
    """As the tools round it: two decimals, half away from zero."""
    hundredths = (part * 20000 + whole) // (2 * whole)
    return f"{hundredths / 100:.2f}".rstrip("0").rstrip(".") + " %"


def quiet(browser):
    said = browser.console()
    assert said == [], said


def set_value(browser, css, value):
    browser.run("const e = document.querySelector(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('change'))", css, value)


def page(path, funnel):
    rows = rows_of(funnel)
    begin, end = min(ms(row["window_start"]) for row in rows), max(ms(row["window_end"]) for row in rows)
    with Browser() as browser:
        browser.open(f"file://{path}")
        browser.until("return document.querySelectorAll('.funnel li').length === 5")

        # The whole range, and what a stranger has searched for, as text.
        browser.click("[aria-label=range] button:last-child")
        is_shown(browser, sums(rows, begin, end))
        text = browser.run("return document.querySelector('.body').textContent")
        assert "</script><img src=x onerror=alert(1)>" in text
        assert "\\u202e" in text and "\u202e" not in text
        assert browser.run("return document.querySelectorAll('img').length") == 0

        # A range, typed; compared with the one before.
        middle = begin + (end - begin) // 2
        browser.run("""
          const set = (css, ms) => { const e = document.querySelector(css); e.value = new Date(ms).toISOString().slice(0, 16);
            e.dispatchEvent(new Event('change')); };
          set('input[aria-label=to]', arguments[1]); set('input[aria-label=from]', arguments[0]);""", middle, end)
        is_shown(browser, sums(rows, middle, end))
        before = sums(rows, begin, middle)
        browser.until("return document.querySelector('.figure .under').textContent.includes(arguments[0])", f"before {before[0]}")

        # A filter; its rate is of its sums.
        set_value(browser, ".filters select", '"google"')
        wanted = sums(rows, middle, end, traffic_source="google")
        is_shown(browser, wanted)
        numbers = [int(number.replace(",", "")) for number in wanted]
        conversion = browser.run("return document.querySelectorAll('.figure .big')[2].textContent")
        assert conversion == rate(numbers[-1], numbers[0]), (conversion, numbers)

        # No comparison, by the keyboard: c goes on to the next; x takes the filter away.
        browser.run("document.activeElement.blur()")
        browser.keys("ccc")
        browser.until("return document.querySelector('#compare').value === 'none' && !document.querySelector('.was')")
        browser.keys("x")
        is_shown(browser, sums(rows, middle, end))

        # A click on a group filters, too; a table is sorted, and searched.
        browser.click("td button.link, th button.link")
        browser.until("return document.querySelector('.range').textContent.includes('only')")
        browser.keys("x")
        browser.until("return !document.querySelector('.range').textContent.includes('only')")
        first = browser.run("return document.querySelector('.two tbody th').textContent")
        browser.click(".two thead th:first-child button")
        browser.until("return document.querySelector('.two thead th').getAttribute('aria-sort') === 'ascending'")
        names = browser.run("return [...document.querySelectorAll('.two tbody th')].map((e) => e.textContent)")
        assert names == sorted(names) and first in names, names

        # One row alone has the very rate that it says; with the address, somebody else sees the same.
        row = next(row for row in rows if row["purchases"] > 0)
        start = ms(row["window_start"])
        said = json.dumps({"from": start, "to": start + 1, "compare": "none", "filter": {
            "traffic_source": json.dumps(row["traffic_source"]), "device_type": json.dumps(row["device_type"])}})
        browser.run("location.hash = encodeURIComponent(arguments[0])", said)
        is_shown(browser, [grouped(row[step]) for step in STEPS])
        conversion = browser.run("return document.querySelectorAll('.figure .big')[2].textContent")
        assert conversion == f"{row['overall_conversion_rate']} %", (conversion, row)
        # Every part has been drawn at some time, and nothing has gone wrong.
        browser.run("dispatchEvent(new Event('beforeprint'))")
        quiet(browser)


def live(path, name):
    rows = rows_of(name)
    with Browser() as browser:
        browser.open(f"file://{path}")
        browser.until("return document.querySelectorAll('.funnel li').length === 5")
        browser.click("[aria-label=range] button:last-child")
        begin = min(ms(row["window_start"]) for row in rows)
        is_shown(browser, sums(rows, begin, begin + 10**12))
        more = {**rows[-1], "window_start": "2026-01-03T00:00:00.000Z", "window_end": "2026-01-03T00:10:00.000Z", "sessions": 123456}
        with open(name, "a", encoding="utf-8") as file:
            file.write(json.dumps(more) + "\n")
        is_shown(browser, sums(rows + [more], begin, begin + 10**12))
        browser.until("return document.querySelector('.live').textContent.startsWith('live')")
        print("taken", flush=True)
        sys.stdin.readline()  # cs-report has ended
        browser.until("return document.querySelector('main').classList.contains('old')")
        quiet(browser)


def timed(path):
    with Browser() as browser:
        browser.open(f"file://{path}")
        browser.until("return document.querySelectorAll('.funnel li').length > 0")
        opened = browser.run("return performance.getEntriesByType('navigation')[0].loadEventEnd")
        metrics = browser.run("""
          const button = [...document.querySelectorAll('[aria-label=range] button')].filter((b) => !b.disabled);
          const took = [];
          const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          return (async () => {
            for (let i = 0; i < 9; i++) {
              button[i % button.length].click();
              const from = performance.now();
              await new Promise((done) => requestAnimationFrame(done));
              took.push(performance.now() - from);
              await frame();
            }
            return took;
          })();""")
        print(json.dumps({"opened_ms": opened, "redraw_ms": sorted(metrics)}))


if __name__ == "__main__":
    {"page": page, "live": live, "time": timed}[sys.argv[1]](*sys.argv[2:])
