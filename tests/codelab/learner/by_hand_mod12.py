"""Module 12 by hand: the arguments of `set` by position or all by name, early returns, subscripts in the template."""

from tests.codelab.learner.hand import Replace, Step, Walk

OLD_FETCH = """\
    return Visit.query().order(-Visit.timestamp).fetch(limit)
"""
OLD_ROOT = """\
    store_visit(request.remote_addr, request.headers.get('User-Agent', ''))
    visits = fetch_visits(10)
    return render_template('index.html', visits=visits)
"""

MAIN = Walk(
    "mod12-memcache",
    [
        Step(
            "Turn visits into data that a cache can hold",
            [
                Replace(
                    "main.py",
                    OLD_FETCH,
                    """\
    listed = []
    for visit in Visit.query().order(-Visit.timestamp).fetch(limit):
        listed.append(dict(visitor=visit.visitor, timestamp=visit.timestamp.ctime()))
    return listed
""",
                ),
                Replace(
                    "templates/index.html",
                    "{{ visit.timestamp.ctime() }} from {{ visit.visitor }}",
                    "{{ visit['timestamp'] }} from {{ visit['visitor'] }}",
                ),
            ],
        ),
        Step(
            "Write the list to Memcache",
            [
                Replace(
                    "main.py",
                    "from google.appengine.ext import ndb\n",
                    "from google.appengine.ext import ndb\nimport google.appengine.api.memcache as cache, json\n",
                ),
                Replace(
                    "main.py",
                    OLD_ROOT,
                    """\
    store_visit(request.remote_addr, request.headers.get('User-Agent', ''))
    visits = fetch_visits(10)
    cache.set("visits", json.dumps(visits), 60 * 60)
    return render_template('index.html', visits=visits)
""",
                ),
            ],
        ),
        Step(
            "Serve the same visitor from the cache",
            [
                Replace(
                    "main.py",
                    """\
    store_visit(request.remote_addr, request.headers.get('User-Agent', ''))
    visits = fetch_visits(10)
    cache.set(""",
                    """\
    address, agent = request.remote_addr, request.headers.get('User-Agent', '')
    visits = known()
    if visits and visits[0]["visitor"] == "{}: {}".format(address, agent):
        return render_template('index.html', visits=visits)
    store_visit(address, agent)
    visits = fetch_visits(10)
    cache.set(""",
                ),
                Replace(
                    "main.py",
                    "@app.route('/')\n",
                    """\
def known():
    try:
        found = json.loads(cache.get("visits"))
        return [dict(timestamp=each["timestamp"], visitor=each["visitor"]) for each in found]
    except Exception as problem:
        app.logger.warning("cached by somebody else? " + repr(problem))
        return []


@app.route('/')
""",
                ),
            ],
        ),
    ],
    leads_to="make start MOD=mod13-memorystore",
)

PYTHON_3 = Walk(
    "mod12-memcache/START-py3",
    [
        Step(
            "Turn visits into data that a cache can hold",
            [
                Replace(
                    "main.py",
                    OLD_FETCH,
                    """\
    def shown(visit: Visit) -> dict[str, str]:
        return {"visitor": visit.visitor, "timestamp": visit.timestamp.ctime()}

    return list(map(shown, Visit.query().order(-Visit.timestamp).fetch(limit)))
""",
                ),
                Replace("templates/index.html", "visit.timestamp.ctime()", 'visit["timestamp"]'),
            ],
        ),
        Step(
            "Write the list to Memcache",
            [
                Replace("main.py", "from flask import", "from json import dumps, loads\n\nfrom flask import"),
                Replace(
                    "main.py",
                    "import wrap_wsgi_app\n",
                    "import wrap_wsgi_app\nfrom google.appengine.api import memcache\n",
                ),
                Replace(
                    "main.py",
                    OLD_ROOT,
                    """\
    return render_template("index.html", visits=renewed(request.remote_addr, request.headers.get("User-Agent", "")))


def renewed(remote_addr: str, user_agent: str) -> list[dict[str, str]]:
    store_visit(remote_addr, user_agent)
    visits = fetch_visits(10)
    memcache.set(key="visits", value=dumps(visits), time=3600)
    return visits
""",
                ),
            ],
        ),
        Step(
            "Serve the same visitor from the cache",
            [
                Replace(
                    "main.py",
                    """\
    return render_template("index.html", visits=renewed(request.remote_addr, request.headers.get("User-Agent", "")))
""",
                    """\
    remote_addr, user_agent = request.remote_addr, request.headers.get("User-Agent", "")
    visits = known()
    if not visits or visits[0]["visitor"] != f"{remote_addr}: {user_agent}":
        visits = renewed(remote_addr, user_agent)
    return render_template("index.html", visits=visits)


def known() -> list[dict[str, str]]:
    try:
        visits = loads(memcache.get("visits"))
        if all(isinstance(visit, dict) and visit.keys() >= {"timestamp", "visitor"} for visit in visits):
            return visits
    except Exception:
        app.logger.warning("unreadable", exc_info=True)
    return []
""",
                ),
            ],
        ),
    ],
    leads_to="make start MOD=mod13-memorystore",
)
