"""Module 2 by hand: `import ... as`, a client of another name, options with `=`, packages in another order."""

from tests.codelab.learner.hand import Delete, Replace, Step, Walk, Write

MAIN = Walk(
    "mod2-cloudndb",
    [
        Step(
            "Add the Cloud NDB package",
            [Write("requirements.txt", "six==1.16.0\nGoogle_Cloud_NDB==1.11.2  # with its own client\nFlask==1.1.4\n")],
        ),
        Step(
            "Give the Python 2 runtime what the client library needs",
            [
                Replace("app.yaml", "runtime: python27\n", "runtime: python27\nservice: default\n"),
                Replace(
                    "app.yaml",
                    "handlers:\n",
                    """\
libraries:
  - version: "36.6.0"
    name: "setuptools"
  - {name: grpcio, version: "1.0.0"}

handlers:
""",
                ),
                Write(
                    "appengine_config.py",
                    """\
import os
from google.appengine.ext import vendor
from pkg_resources import working_set

FOLDER = os.path.join(os.path.dirname(__file__), "lib")
vendor.add("lib")
working_set.add_entry(FOLDER)
""",
                ),
            ],
        ),
        Step(
            "Import Cloud NDB and make a client",
            [
                Replace("main.py", "from google.appengine.ext import ndb\n", "import google.cloud.ndb as ndb\n"),
                Replace("main.py", "app = Flask(__name__)\n", "datastore = ndb.Client()\napp = Flask(__name__)\n"),
            ],
            works=False,
        ),
        Step(
            "Open a context around the Datastore calls",
            [
                Replace(
                    "main.py",
                    """\
    store_visit(request.remote_addr, request.headers.get('User-Agent', ''))
    visits = fetch_visits(10)
    return render_template('index.html', visits=visits)
""",
                    """\
    agent = request.headers.get("User-Agent", "")

    # One context for the whole request
    with datastore.context() as _:
        store_visit(request.remote_addr, agent)
        return render_template("index.html", visits=fetch_visits(10))
""",
                )
            ],
        ),
        Step(
            "Trust only the platform's proxies",
            [
                Write("requirements.txt", "Flask==1.1.4\nWerkzeug==1.0.1\nsix==1.16.0\ngoogle-cloud-ndb==1.11.2\n"),
                Replace("main.py", "from flask import", "from os import getenv\n\nfrom flask import"),
                Replace(
                    "main.py",
                    "datastore = ndb.Client()\napp = Flask(__name__)\n",
                    """\
from werkzeug.middleware import proxy_fix

datastore = ndb.Client()
app = Flask(__name__)
hops = int(getenv("PROXY_HOPS", "1"))
app.wsgi_app = proxy_fix.ProxyFix(app.wsgi_app, hops)
""",
                ),
                Replace("app.yaml", "handlers:\n", 'env_variables: {"PROXY_HOPS": "0"}\nhandlers:\n'),
            ],
        ),
    ],
    leads_to="make start MOD=mod2-cloudndb/FINISH",
)

PORT = Walk(
    "mod2-cloudndb/FINISH",
    [
        Step(
            "Pin packages for Python 3",
            [
                Write(
                    "requirements.txt",
                    "# Served by\ngunicorn==27.0.1\n\n"
                    "# Needed by the app\nFlask==3.1.3\nWerkzeug==3.1.9\ngoogle-cloud-ndb==2.7.1\n",
                )
            ],
            works=False,
        ),
        Step(
            "Ask for the Python 3 runtime",
            [
                Write(
                    "app.yaml",
                    'entrypoint: "gunicorn --workers=1 --threads=8 --bind=:$PORT main:app"\nruntime: python314\n'
                    "env_variables: {PROXY_HOPS: 2}\n",
                )
            ],
        ),
        Step("Delete what only Python 2 read", [Delete("appengine_config.py")]),
    ],
    leads_to="make start MOD=mod3-datastore",
)
