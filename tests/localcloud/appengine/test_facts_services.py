"""The services that tell an app about itself: app_identity, modules, capabilities and system."""

import pytest

from tests.localcloud.appengine.bundled_app import app_identity, capabilities, modules, runtime


def test_names_follow_from_the_project(app):
    def names():
        return (
            app_identity.get_application_id(),
            app_identity.get_service_account_name(),
            app_identity.get_default_gcs_bucket_name(),
        )

    assert app.run(names) == ("demo", "demo@appspot.gserviceaccount.com", "demo.appspot.com")


def test_signature_is_made_by_the_key_of_the_certificate(app):
    def signed():
        key, signature = app_identity.sign_blob(b"visits")
        return key, len(signature), [one.key_name for one in app_identity.get_public_certificates()]

    key, length, certificates = app.run(signed)
    assert (length > 60, certificates) == (True, [key])


@pytest.mark.usefixtures("log")
def test_app_is_one_service_with_one_version(app):
    def facts():
        return (
            list(modules.get_modules()),
            list(modules.get_versions("default")),
            modules.get_default_version("default"),
            modules.get_hostname("default"),
        )

    assert app.run(facts) == (["default"], ["local"], "local", "localhost:8080")


def test_service_that_does_not_exist_is_an_error(app, app_error):
    def versions():
        return modules.get_versions("worker")

    with pytest.raises(app_error) as raised:
        app.run(versions)
    assert raised.value.kind == "InvalidModuleError"


def test_stopping_a_version_is_refused_by_name(app, app_error, log):
    def stop():
        modules.stop_version("default", "local")

    with pytest.raises(app_error):
        app.run(stop)
    assert "localcloud's modules does not serve StopModule()" in log[0]


def test_every_capability_is_enabled(app):
    def enabled():
        return [capabilities.CapabilitySet(name).is_enabled() for name in ("datastore_v3", "mail", "taskqueue")]

    assert app.run(enabled) == [True, True, True]


def test_use_of_processor_and_memory_is_not_measured(app):
    def usage():
        return runtime.cpu_usage().total, runtime.memory_usage().current

    assert app.run(usage) == (0, 0)
