"""A Flink cluster on loopback: a job manager, two task managers and Beam's job server, each a process of its own."""

import contextlib
import json
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable

ROOT = pathlib.Path(__file__).parents[2]
JARS = ROOT / ".engines" / "flink" / "jars"
TASK_MANAGERS = 2

# Every process of a cluster inherits it, workers too, so that none can be left behind unseen.
_MARK = "NABI_TEST_CLUSTER"
_START_SECONDS = 120
_JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
_TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
_JOB_SERVER = "org.apache.beam.runners.flink.FlinkJobServerDriver"

# Flink reaches into the Java library: what its own start script opens for Java 17.
_OPENED = "lang net io nio lang.reflect text time util util.concurrent util.concurrent.atomic util.concurrent.locks"

# What Flink's start script works out; two slots each, so that one task manager alone can go on.
_CONFIGURATION = """
jobmanager.rpc.address: 127.0.0.1
jobmanager.rpc.port: {rpc}
jobmanager.bind-host: 127.0.0.1
taskmanager.host: 127.0.0.1
taskmanager.bind-host: 127.0.0.1
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
rest.port: {rest}
io.tmp.dirs: {folder}
taskmanager.numberOfTaskSlots: 2
cluster.evenly-spread-out-slots: true
taskmanager.cpu.cores: 1.0
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.framework.off-heap.size: 128m
taskmanager.memory.task.heap.size: 512m
taskmanager.memory.task.off-heap.size: 0m
taskmanager.memory.network.min: 256m
taskmanager.memory.network.max: 256m
taskmanager.memory.managed.size: 256m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 192m
taskmanager.memory.jvm-overhead.max: 192m
heartbeat.interval: 1000
heartbeat.timeout: 8000
slot.request.timeout: 30000
restart-strategy.type: fixed-delay
restart-strategy.fixed-delay.attempts: 2
restart-strategy.fixed-delay.delay: 1 s
"""


class FlinkCluster:
    """Runs as long as the context lasts.

    Attributes:
      task_managers: the processes, to be killed; `start_task_manager` adds one.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        if not any(JARS.glob("beam-runners-flink-*.jar")):
            raise FileNotFoundError(f"{JARS} holds no Flink: run `make test-flink`, which downloads it")
        self._folder = folder
        self._mark = uuid.uuid4().hex
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ports = dict(zip(("rest", "rpc", "job", "artifact", "expansion"), free_ports(5), strict=True))
        self.task_managers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "FlinkCluster":
        (self._folder / "flink-conf.yaml").write_text(_CONFIGURATION.format(**self._ports, folder=self._folder))
        try:
            self._java("job-manager", _JOB_MANAGER, "--configDir", str(self._folder))
            self._java("job-server", _JOB_SERVER, f"--flink-master=127.0.0.1:{self._ports['rest']}", *self._endpoints())
            for _ in range(TASK_MANAGERS):
                self.start_task_manager()
            self.wait_for_task_managers(TASK_MANAGERS)
            wait_until(lambda: is_open(self._ports["job"]), "Beam's job server to open its port")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _endpoints(self) -> list[str]:
        ports = [f"--{name}-port={self._ports[name]}" for name in ("job", "artifact", "expansion")]
        return [*ports, f"--artifacts-dir={self._folder / 'artifacts'}"]

    def _java(self, name: str, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        opened = [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in _OPENED.split()]
        command = ["java", "-Xmx700m", *opened, "-cp", f"{JARS}/*", main, *arguments]
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**os.environ, _MARK: self._mark},
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def start_task_manager(self) -> None:
        """Adds a task manager; its workers belong to its process group."""
        name = f"task-manager-{len(self.task_managers)}"
        self.task_managers.append(self._java(name, _TASK_MANAGER, "--configDir", str(self._folder)))

    def wait_for_task_managers(self, number: int) -> None:
        """Returns when the job manager knows of so many."""
        address = f"http://127.0.0.1:{self._ports['rest']}/taskmanagers"

        def known() -> int:
            with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
                return len(json.load(answer)["taskmanagers"])
            return -1

        wait_until(lambda: known() == number, f"{number} task managers to be registered")

    def flags(self) -> list[str]:
        """What a job is given to run here, on both task managers."""
        script = self._folder / "worker"
        command = f"cd {shlex.quote(str(ROOT))} && exec {shlex.quote(sys.executable)} -m tests.engines.sdk_worker"
        script.write_text(f'#!/bin/sh\n{command} "$@"\n')
        script.chmod(0o755)
        return [
            "--runner=PortableRunner",
            f"--job_endpoint=127.0.0.1:{self._ports['job']}",
            "--environment_type=PROCESS",
            f"--environment_config={json.dumps({'command': str(script)})}",
            # Otherwise a worker is started for each stage of the pipeline anew.
            "--environment_cache_millis=600000",
            f"--parallelism={TASK_MANAGERS}",
        ]

    def stop(self) -> None:
        """Kills every process of the cluster, workers of killed task managers too."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def left(self) -> list[int]:
        """Processes that the cluster started, or that those did, and that run."""
        return [int(path.parent.name) for path in pathlib.Path("/proc").glob("[0-9]*/environ") if self._is_ours(path)]

    def _is_ours(self, environ: pathlib.Path) -> bool:
        try:
            return f"{_MARK}={self._mark}".encode() in environ.read_bytes()
        except OSError:
            return False


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for some in sockets:
            some.bind(("127.0.0.1", 0))
        return [int(some.getsockname()[1]) for some in sockets]


def is_open(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = _START_SECONDS) -> None:
    """Returns when it is so; raises TimeoutError, naming what was waited for, if it never is."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.1)
