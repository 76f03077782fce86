"""MySQLdb, by PyMySQL: for a machine where the real one does not build, which needs MySQL's client library."""

import pymysql

pymysql.install_as_MySQLdb()
