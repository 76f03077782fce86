"""Module 3 by hand: `import ... as`, clients of other names, tuples, and everything in one function."""

from tests.codelab.learner.hand import Replace, Step, Walk, Write

MAIN = Walk(
    "mod3-datastore",
    [
        Step(
            "Add the Cloud Datastore package and its client",
            [
                Write(
                    "requirements.txt",
                    "Google_Cloud_Datastore==2.27.0\nFlask==3.1.3\ngoogle-cloud-ndb==2.7.1  # not for long\n"
                    "Werkzeug==3.1.9\ngunicorn==27.0.1\n",
                ),
                Replace("main.py", "import os\n", "import os\n\nimport google.cloud.datastore as ds\n"),
                Replace("main.py", "client = ndb.Client()\n", "old = ndb.Client()\ndb = ds.Client()\n"),
                Replace("main.py", "with client.context():", "with old.context():"),
            ],
        ),
        Step(
            "Store a visit by key and entity",
            [
                Replace("main.py", "import os\n", "import datetime as dt\nimport os\n"),
                Replace(
                    "main.py",
                    "    Visit(visitor='%s: %s' % (remote_addr, user_agent)).put(timeout=10)\n",
                    """\
    entity = ds.Entity(exclude_from_indexes=("visitor",), key=db.key("Visit"))
    entity.update(visitor=f"{remote_addr}: {user_agent}", timestamp=dt.datetime.now(dt.timezone.utc))
    db.put(entity, timeout=10)
""",
                ),
            ],
        ),
        Step(
            "Query by kind and order",
            [
                Replace(
                    "main.py",
                    "    return Visit.query().order(-Visit.timestamp).fetch(limit, timeout=10)\n",
                    """\
    newest_first = ("-timestamp",)
    return [*db.query(order=newest_first, kind="Visit").fetch(timeout=10, limit=limit)]
""",
                )
            ],
        ),
        Step(
            "Leave Cloud NDB behind",
            [
                Write(
                    "requirements.txt",
                    "google-cloud-datastore==2.27.0\nFlask==3.1.3\nWerkzeug==3.1.9\ngunicorn==27.0.1\n",
                ),
                Replace("main.py", "from google.cloud import ndb\n", ""),
                Replace("main.py", "old = ndb.Client()\n", ""),
                Replace(
                    "main.py",
                    """\
class Visit(ndb.Model):
    \"\"\"A visit: who came, and when (UTC).\"\"\"
    visitor = ndb.TextProperty()
    timestamp = ndb.DateTimeProperty(auto_now_add=True)


""",
                    "",
                ),
                Replace(
                    "main.py",
                    """\
    with old.context():
        store_visit(request.remote_addr, request.headers.get('User-Agent', ''))
        visits = fetch_visits(10)
    return render_template('index.html', visits=visits)
""",
                    """\
    store_visit(request.remote_addr, request.headers.get("User-Agent", ""))
    return render_template("index.html", visits=fetch_visits(10))
""",
                ),
            ],
        ),
    ],
    leads_to="make start MOD=mod4-cloudrun",
)
