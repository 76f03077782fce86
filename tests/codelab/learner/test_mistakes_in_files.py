"""The most likely mistakes that the files show: each is reported with file and line, without running the app."""

from __future__ import annotations

from tests.codelab.learner.hand import Delete, Move, Replace, Write
from tests.codelab.learner.terminal import Answer, Learner


def check(learner: Learner, place: str) -> Answer:
    """Check the files only, which have a mistake; return the answer."""
    answer = learner.codelab("check", place, "--no-run")
    answer.says("is not complete yet:\n  ")
    return answer


def test_template_left_beside_main_py(learner: Learner) -> None:
    learner.makes("mod1-flask", Replace("index.html", ".ctime }}", ".ctime() }}"), after=2)
    check(learner, "mod1-flask").says("index.html: should be gone after this step; move it to templates/")


def test_template_copied_instead_of_moved(learner: Learner) -> None:
    learner.makes(
        "mod1-flask", Write("index.html", "{% for v in visits %}{{ v.timestamp.ctime }}{% endfor %}"), after=3
    )
    check(learner, "mod1-flask").says(
        "2 of 4", "Step 3", "index.html: should be gone after this step; delete it, templates/index.html replaces it"
    )


def test_parentheses_of_ctime_forgotten_in_the_template(learner: Learner) -> None:
    learner.makes("mod1-flask", Replace("templates/index.html", "ctime()", "ctime"), after=3)
    check(learner, "mod1-flask").says(
        "2 of 4",
        'templates/index.html:13: expected "<li>{{ visit.timestamp.ctime() }} from {{ visit.visitor }}</li>", '
        'found "<li>{{ visit.timestamp.ctime }} from {{ visit.visitor }}</li>"',
    )


def test_old_import_left_in(learner: Learner) -> None:
    learner.makes("mod1-flask", Replace("main.py", "\napp = Flask", "import webapp2\n\napp = Flask"), after=2)
    check(learner, "mod1-flask").says(
        "1 of 4", 'main.py:6: "import webapp2" still uses webapp2, which this step removes'
    )


def test_old_ndb_imported_after_the_new_one(learner: Learner) -> None:
    both = "from google.cloud import ndb\nfrom google.appengine.ext import ndb\n"
    learner.makes("mod2-cloudndb", Replace("main.py", "from google.cloud import ndb\n", both), after=3)
    check(learner, "mod2-cloudndb").says(
        "2 of 5",
        'main.py:3: "from google.appengine.ext import ndb" still uses google.appengine, which this step removes',
    )


def test_requirement_without_a_pin(learner: Learner) -> None:
    learner.makes("mod2-cloudndb", Replace("requirements.txt", "ndb==1.11.2", "ndb"), after=1)
    check(learner, "mod2-cloudndb").says(
        'requirements.txt:2: expected "google-cloud-ndb==1.11.2", found "google-cloud-ndb"'
    )


def test_requirement_pinned_to_an_older_version(learner: Learner) -> None:
    learner.makes("mod2-cloudndb", Replace("requirements.txt", "1.11.2", "1.9.0"), after=1)
    check(learner, "mod2-cloudndb").says(
        'requirements.txt:2: expected "google-cloud-ndb==1.11.2", found "google-cloud-ndb==1.9.0"'
    )


def test_requirement_misspelled(learner: Learner) -> None:
    learner.makes("mod2-cloudndb", Replace("requirements.txt", "google-cloud-ndb==", "google-cloud-nbd=="), after=1)
    check(learner, "mod2-cloudndb").says(
        'requirements.txt:2: expected "google-cloud-ndb==1.11.2", found "google-cloud-nbd==1.11.2"'
    )


def test_requirement_with_a_single_equals_sign(learner: Learner) -> None:
    learner.makes("mod2-cloudndb", Replace("requirements.txt", "six==", "six="), after=1)
    check(learner, "mod2-cloudndb").says('requirements.txt:3: "six=1.16.0" is not a requirement; write one such as')


def test_gunicorn_forgotten_where_app_yaml_starts_it(learner: Learner) -> None:
    learner.makes("mod2-cloudndb/FINISH", Replace("requirements.txt", "gunicorn==27.0.1\n", ""), after=3)
    check(learner, "mod2-cloudndb/FINISH").says("0 of 3", 'requirements.txt: "gunicorn==27.0.1" is missing')


def test_client_made_in_each_request(learner: Learner) -> None:
    learner.makes(
        "mod2-cloudndb",
        Replace("main.py", "client = ndb.Client()\n", ""),
        Replace("main.py", "    with client", "    client = ndb.Client()\n    with client"),
        after=4,
    )
    check(learner, "mod2-cloudndb").says('main.py:26: "client = ndb.Client()" should be at the top level of the file')


def test_proxy_hops_forgotten_in_app_yaml(learner: Learner) -> None:
    learner.makes(
        "mod2-cloudndb",
        Replace(
            "app.yaml", "env_variables:\n  PROXY_HOPS: '0'  # python27 itself puts the visitor into REMOTE_ADDR\n", ""
        ),
        after=5,
    )
    check(learner, "mod2-cloudndb").says("4 of 5", "app.yaml: \"PROXY_HOPS: '0'\" is missing")


def test_proxy_hops_of_another_platform_in_app_yaml(learner: Learner) -> None:
    learner.makes("mod2-cloudndb", Replace("app.yaml", "PROXY_HOPS: '0'", "PROXY_HOPS: '1'"), after=5)
    check(learner, "mod2-cloudndb").says(
        "4 of 5", "app.yaml:16: expected \"PROXY_HOPS: '0'\", found \"PROXY_HOPS: '1'\""
    )


def test_proxy_hops_of_cloud_run_on_app_engine(learner: Learner) -> None:
    learner.makes("mod2-cloudndb/FINISH", Replace("app.yaml", "PROXY_HOPS: '2'", "PROXY_HOPS: '1'"), after=2)
    check(learner, "mod2-cloudndb/FINISH").says(
        "1 of 3", "app.yaml:5: expected \"PROXY_HOPS: '2'\", found \"PROXY_HOPS: '1'\""
    )


def test_python_2_keys_left_in_app_yaml(learner: Learner) -> None:
    learner.makes(
        "mod1-flask/FINISH", Write("app.yaml", "runtime: python314\napi_version: 1\napp_engine_apis: true\n"), after=2
    )
    check(learner, "mod1-flask/FINISH").says("1 of 3", 'app.yaml:2: "api_version: 1" should be gone after this step')


def test_bundled_services_not_asked_for(learner: Learner) -> None:
    learner.makes("mod1-flask/FINISH", Write("app.yaml", "runtime: python314\n"), after=2)
    check(learner, "mod1-flask/FINISH").says('app.yaml: "app_engine_apis: true" is missing')


def test_app_wrapped_in_place_of_its_wsgi_app(learner: Learner) -> None:
    learner.makes(
        "mod1-flask/FINISH",
        Replace("main.py", "app.wsgi_app = wrap_wsgi_app(app.wsgi_app)", "app = wrap_wsgi_app(app)"),
        after=3,
    )
    check(learner, "mod1-flask/FINISH").says(
        "2 of 3", 'main.py:6: expected "app.wsgi_app = wrap_wsgi_app(app.wsgi_app)"'
    )


def test_app_yaml_left_behind(learner: Learner) -> None:
    learner.makes("mod4-cloudrun", Write("app.yaml", "runtime: python314\n"), after=3)
    check(learner, "mod4-cloudrun").says("2 of 3", "app.yaml: should be gone after this step; delete it")


def test_pip_install_before_the_requirements_are_copied(learner: Learner) -> None:
    learner.makes(
        "mod4-cloudrun",
        Replace("Dockerfile", "COPY requirements.txt ./\n", ""),
        Replace("Dockerfile", "COPY . ./\n", "COPY requirements.txt ./\nCOPY . ./\n"),
        after=1,
    )
    check(learner, "mod4-cloudrun").says(
        "0 of 3",
        'Dockerfile:6: expected "COPY requirements.txt, then RUN pip install, then COPY the source", found "RUN pip',
    )


def test_everything_copied_before_pip_install(learner: Learner) -> None:
    learner.makes(
        "mod4-cloudrun",
        Write(
            "Dockerfile",
            "FROM python:3.14-slim\nWORKDIR /app\nCOPY . ./\nRUN pip install -r requirements.txt\n"
            "CMD exec gunicorn -b :$PORT --threads 8 main:app\n",
        ),
        after=1,
    )
    check(learner, "mod4-cloudrun").says(
        "0 of 3", 'Dockerfile:4: expected "COPY requirements.txt, then RUN pip install'
    )


def test_port_fixed_in_the_dockerfile(learner: Learner) -> None:
    learner.makes("mod4-cloudrun", Replace("Dockerfile", "$PORT", "8080"), after=1)
    check(learner, "mod4-cloudrun").says("0 of 3", "Dockerfile:12: expected", ":$PORT", "found", ":8080")


def test_list_form_without_a_shell_to_fill_in_the_port(learner: Learner) -> None:
    learner.makes(
        "mod4-cloudrun",
        Replace(
            "Dockerfile",
            '["sh", "-c", "exec gunicorn -b :$PORT --threads 8 --timeout 0 --no-control-socket main:app"]',
            '["gunicorn", "-b", ":$PORT", "--threads", "8", "main:app"]',
        ),
        after=1,
    )
    check(learner, "mod4-cloudrun").says("0 of 3", "Dockerfile:12: expected", "sh", "found")


def test_threads_forgotten_in_the_dockerfile(learner: Learner) -> None:
    learner.makes("mod4-cloudrun", Replace("Dockerfile", " --threads 8", ""), after=1)
    check(learner, "mod4-cloudrun").says("0 of 3", "Dockerfile:12: expected", "--threads 8", "found")


def test_dockerignore_without_its_dot(learner: Learner) -> None:
    learner.makes("mod4-cloudrun", Move(".dockerignore", "dockerignore"), after=2)
    check(learner, "mod4-cloudrun").says(
        "1 of 3", ".dockerignore: this file is missing; rename dockerignore to .dockerignore"
    )


def test_timeout_forgotten_in_the_dockerfile(learner: Learner) -> None:
    learner.makes("mod4-cloudrun", Replace("Dockerfile", " --timeout 0", ""), after=1)
    check(learner, "mod4-cloudrun").says("0 of 3", "Dockerfile:12: expected", "--timeout 0", "found")


def test_procfile_in_lower_case(learner: Learner) -> None:
    learner.makes("mod5-buildpacks", Move("Procfile", "procfile"), after=1)
    check(learner, "mod5-buildpacks").says("Procfile: this file is missing; rename procfile to Procfile")


def test_procfile_with_a_suffix(learner: Learner) -> None:
    learner.makes("mod5-buildpacks", Move("Procfile", "Procfile.txt"), after=1)
    check(learner, "mod5-buildpacks").says("Procfile: this file is missing; rename Procfile.txt to Procfile")


def test_procfile_without_web(learner: Learner) -> None:
    learner.makes("mod5-buildpacks", Write("Procfile", "gunicorn -b :$PORT --threads 8 main:app\n"), after=1)
    check(learner, "mod5-buildpacks").says(
        'Procfile:1: cannot read "gunicorn -b', 'write a line such as "web: COMMAND"'
    )


def test_procfile_with_another_process_type(learner: Learner) -> None:
    learner.makes("mod5-buildpacks", Replace("Procfile", "web:", "app:"), after=1)
    check(learner, "mod5-buildpacks").says('Procfile:1: expected "web: gunicorn', 'found "app: gunicorn')


def test_patch_release_named_in_python_version(learner: Learner) -> None:
    learner.makes("mod5-buildpacks", Write(".python-version", "3.11.7\n"), after=2)
    check(learner, "mod5-buildpacks").says('.python-version:1: expected "3.14", found "3.11.7"')


def test_function_of_another_name(learner: Learner) -> None:
    learner.makes("mod11-functions", Write("main.py", "def visit_me(request):\n    return ''\n"), after=5)
    check(learner, "mod11-functions").says('main.py: "def visitme(request):" is missing')


def test_memcache_add_in_place_of_set(learner: Learner) -> None:
    learner.makes("mod12-memcache", Replace("main.py", "memcache.set(", "memcache.add("), after=2)
    check(learner, "mod12-memcache").says(
        "1 of 3", "main.py:34: expected \"memcache.set('visits'", "found \"memcache.add('visits'"
    )


def test_expiry_forgotten(learner: Learner) -> None:
    learner.makes("mod12-memcache", Replace("main.py", ", time=HOUR)", ")"), after=2)
    check(learner, "mod12-memcache").says(
        "1 of 3", "main.py:34: expected", "time=HOUR", "found \"memcache.set('visits'"
    )


def test_only_connection_error_caught(learner: Learner) -> None:
    learner.makes(
        "mod13-memorystore",
        Replace(
            "main.py",
            "return cache.get(key)\n    except redis.RedisError",
            "return cache.get(key)\n    except redis.ConnectionError",
        ),
        Replace("main.py", "ex=seconds)\n    except redis.RedisError", "ex=seconds)\n    except redis.ConnectionError"),
        after=4,
    )
    check(learner, "mod13-memorystore").says(
        "3 of 4",
        'main.py:46: expected "except redis.RedisError as error:", found "except redis.ConnectionError as error:"',
    )


def test_time_outs_forgotten(learner: Learner) -> None:
    learner.makes(
        "mod13-memorystore",
        Replace("main.py", ",\n                    socket_connect_timeout=1, socket_timeout=1", ""),
        after=3,
    )
    check(learner, "mod13-memorystore").says("2 of 4", "main.py:18: expected", "socket_timeout=1", "found")


def test_address_of_redis_written_into_the_code(learner: Learner) -> None:
    learner.makes(
        "mod13-memorystore", Replace("main.py", "os.environ.get('REDIS_HOST', 'localhost')", "'10.0.0.3'"), after=3
    )
    check(learner, "mod13-memorystore").says("2 of 4", "main.py", "REDIS_HOST", "is missing")


def test_invalid_python(learner: Learner) -> None:
    learner.makes("mod2-cloudndb", Replace("main.py", "with client.context():", "with client.context()"), after=4)
    check(learner, "mod2-cloudndb").says('main.py:27: not valid Python: "with client.context()" (')


def test_a_block_that_is_not_indented(learner: Learner) -> None:
    learner.makes("mod2-cloudndb", Replace("main.py", "        store_visit(", "    store_visit("), after=4)
    check(learner, "mod2-cloudndb").says("main.py:28: not valid Python: ")


def test_invalid_yaml(learner: Learner) -> None:
    learner.makes("mod2-cloudndb", Replace("app.yaml", "- name: grpcio\n", "- name: grpcio\n\t"), after=2)
    check(learner, "mod2-cloudndb").says("1 of 5", "app.yaml:11: not valid YAML: ")


def test_invalid_template(learner: Learner) -> None:
    learner.makes("mod1-flask", Replace("templates/index.html", "{% endfor %}\n", ""), after=3)
    check(learner, "mod1-flask").says("templates/index.html:", "not a valid Jinja2 template: ")


def test_a_file_deleted_that_no_step_deletes(learner: Learner) -> None:
    learner.makes("mod5-buildpacks", Delete("main.py"), after=3)
    answer = learner.codelab("check", "mod5-buildpacks", "--no-run")
    answer.says("3 of 3", "no step changes them", "main.py: this file is missing")
    assert answer.code == 1
