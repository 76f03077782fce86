"""Runs in each process of an app, before the SDK closes its sandbox: lets the app import more of its `libraries`.

The SDK's sandbox lets an app import modules in C of a few libraries only. Production had more.
"""

from google.appengine.tools.devappserver2.python.runtime import sandbox

for _name, _modules in (
    ("MySQLdb", r"(MySQLdb(\..*)?|_mysql|_mysql_exceptions)$"),
    ("crcmod", r"crcmod(\..*)?$"),
    ("matplotlib", r"matplotlib(\..*)?$"),
    ("mysqlclient", r"(MySQLdb(\..*)?|_mysql|_mysql_exceptions)$"),
    ("psycopg2", r"psycopg2(\..*)?$"),
):
    sandbox.THIRD_PARTY_C_MODULES._name_to_module[_name] = sandbox._ThirdPartyCModule(_name, _modules)
