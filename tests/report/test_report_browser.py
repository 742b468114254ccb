"""The page in a real browser: ``pytest -m browser`` (Chromium, its driver, and selenium)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drivers import wait_until
from report_runs import make_run

from deap_nas.report.compare import make_comparison
from deap_nas.report.page import make_report
from deap_nas.runs.record import read_run

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (shutil.which("chromium") and shutil.which("chromedriver")),
        reason="needs chromium and chromedriver: apt-get install chromium chromium-driver",
    ),
    pytest.mark.filterwarnings("default"),  # selenium's own
]
ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
DESKTOP, PHONE = (1280, 900), (390, 800)
MAIN = "scatter_fitness"
PAGES = ("run/report", "failed/report", "two/report", "finals/report", "compare")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    make_report(make_run(folder / "run", fail=0.15), tensorflow=False)
    make_report(make_run(folder / "failed", 4, 1, fail=1.0), tensorflow=False)
    make_report(make_run(folder / "two", 2, 0), tensorflow=False)
    make_report(make_run(folder / "finals", finalists=3, int8=True), tensorflow=False)
    make_comparison([folder / "run", folder / "two", folder / "finals"], folder / "compare.html")
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install it")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


def show(browser: Any, page: Path, size: tuple[int, int] = DESKTOP) -> None:
    """Open a page in a window of so many pixels, with nothing in the logs."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(page.as_uri())


def scroll_to(browser: Any, element: Any) -> None:
    """Scroll at once, and wait until the page has been told of it."""
    browser.execute_async_script(
        """arguments[0].scrollIntoView({block: "center", behavior: "instant"});
        requestAnimationFrame(() => requestAnimationFrame(arguments[1]));""",
        element,
    )


def tip(browser: Any) -> str:
    return browser.execute_script(
        "const tip = document.getElementById('tip'); return tip.hidden ? '' : tip.innerText"
    )


@pytest.mark.parametrize(
    "page", ["run/report", "failed/report", "two/report", "finals/report", "compare"]
)
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_error_no_network_nothing_cut(
    browser: Any, runs: Path, page: str, size: tuple[int, int]
) -> None:
    show(browser, runs / f"{page}.html", size)
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    addresses = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    asked = [a for a in addresses if not a.startswith(("data:", "chrome:", "about:"))]
    assert asked == [(runs / f"{page}.html").as_uri()]
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= size[0], "the page itself does not scroll sideways"


def test_choosing_a_cost_shows_its_chart_alone(browser: Any, runs: Path) -> None:
    show(browser, runs / "finals" / "report.html")

    def shown() -> list[str]:
        charts = browser.find_elements("css selector", "[data-cost]")
        return [each.get_attribute("data-cost") for each in charts if each.is_displayed()]

    assert shown() == ["ram"]
    for by in ("flash", "multiply_adds", "ram"):
        choice = browser.find_element("css selector", f"#costs [value={by}]")
        scroll_to(browser, choice)
        choice.click()
        assert shown() == [by]


@pytest.mark.parametrize("figure", ["front", MAIN, "scatter_fitness_time"])
def test_pointing_at_a_dot_shows_its_genome(browser: Any, runs: Path, figure: str) -> None:
    from selenium.webdriver import ActionChains

    show(browser, runs / "run" / "report.html")
    table = read_run(runs / "run").table
    dots = browser.find_elements("css selector", f"#figure-{figure} .dot")
    for dot in (dots[0], dots[len(dots) // 2], dots[-1]):
        scroll_to(browser, dot)
        ActionChains(browser).move_to_element(dot).perform()
        ring = browser.execute_script(
            "return document.querySelector('.ring').getBoundingClientRect().x"
        )
        box = dot.rect
        assert abs(ring + 10 - (box["x"] + box["width"] / 2)) < 12
        shown = tip(browser)
        rows = table[table["genome"] == shown.split("\n")[0]]
        assert len(rows) == 1
        row = rows.iloc[0]
        assert f"{row['n_params']:,} parameters" in shown
        assert f"generation {row['generation']}" in shown
        if row["status"] == "ok":
            assert f"accuracy {row['accuracy']:.4f}" in shown
            assert f"fitness {row['fitness']:.4f}, with time {row['fitness_time']:.4f}" in shown
            assert "status ok" in shown
        else:
            assert f"{row['status']}: {row['reason']}" in shown
    ActionChains(browser).move_to_element(browser.find_element("css selector", "h1")).perform()
    assert tip(browser) == ""


def test_the_keyboard_reaches_every_dot(browser: Any, runs: Path) -> None:
    from selenium.webdriver import ActionChains, Keys

    def press(*keys: str) -> None:
        ActionChains(browser).send_keys(*keys).perform()

    show(browser, runs / "run" / "report.html")
    table = read_run(runs / "run").table.sort_values(["n_params", "accuracy"])
    link = browser.find_element("css selector", f"#figure-{MAIN} figcaption a:last-child")
    browser.execute_script("arguments[0].focus()", link)
    press(Keys.TAB)
    assert tip(browser).split("\n")[0] == table["genome"].iloc[0], "Tab goes to the first dot"
    seen = [tip(browser).split("\n")[0]]
    for _ in range(len(table) - 1):
        press(Keys.ARROW_RIGHT)
        seen.append(tip(browser).split("\n")[0])
    assert sorted(seen) == sorted(table["genome"])
    label = browser.execute_script("return document.activeElement.getAttribute('aria-label')")
    assert label.startswith(seen[-1])
    press(Keys.HOME)
    assert tip(browser).split("\n")[0] == seen[0]
    press(Keys.ESCAPE)
    wait_until(lambda: tip(browser) == "")
    press(Keys.TAB)
    inside = f"return document.activeElement.closest('#figure-{MAIN}')"
    wait_until(lambda: browser.execute_script(inside) is None)  # one tab stop for the whole figure


def test_a_budget_names_the_best_network_within_it(browser: Any, runs: Path) -> None:
    show(browser, runs / "run" / "report.html")
    good = read_run(runs / "run").good
    answer = browser.find_element("id", "budget-answer")
    within = good[good["n_params"] <= 3000]
    best = within["accuracy"].max()
    assert f"accuracy {best:.4f}" in answer.text
    field = browser.find_element("id", "budget")
    field.clear()
    field.send_keys("1")
    assert f"The smallest has {good['n_params'].min():,} parameters." in answer.text


def test_dark_is_dark(browser: Any, runs: Path) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        show(browser, runs / "run" / "report.html")
        look = "return getComputedStyle(document.{}).{}"
        paper = browser.execute_script(look.format("body", "backgroundColor"))
        ink = browser.execute_script(look.format("querySelector('figure svg text')", "fill"))
        colours[scheme] = (paper, ink)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert len({colour for pair in colours.values() for colour in pair}) == 4


@pytest.mark.parametrize(
    "page", ["run/report", "failed/report", "two/report", "finals/report", "compare"]
)
def test_labels_do_not_overlap_and_dots_are_in_sight(browser: Any, runs: Path, page: str) -> None:
    show(browser, runs / f"{page}.html")
    overlaps = browser.execute_script("""
      const found = [];
      for (const svg of document.querySelectorAll("figure svg")) {
        if (!svg.getClientRects().length) continue;  // of a choice of charts, another is shown
        const texts = [...svg.querySelectorAll("text")].map((t) => [t, t.getBoundingClientRect()]);
        for (const [i, [a, p]] of texts.entries()) for (const [b, q] of texts.slice(i + 1)) {
          const w = Math.min(p.right, q.right) - Math.max(p.left, q.left);
          const h = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
          const turned = (t) => /rotate\\(-45/.test(t.outerHTML);
          if (w > 2 && h > 4 && !turned(a) && !turned(b))
            found.push(`${svg.closest("figure").id}: ${a.textContent} / ${b.textContent}`);
        }
        const frame = svg.getBoundingClientRect();
        for (const dot of svg.querySelectorAll(".dot")) {
          const d = dot.getBoundingClientRect();
          if (!d.width || d.left < frame.left || d.right > frame.right || d.top < frame.top
              || d.bottom > frame.bottom) found.push(`${svg.closest("figure").id}: ${dot.id}`);
        }
        for (const [t, p] of texts)
          if (p.left < frame.left - 2 || p.right > frame.right + 2)
            found.push(`${svg.closest("figure").id}: ${t.textContent} is cut`);
      }
      return found;""")
    assert overlaps == []
