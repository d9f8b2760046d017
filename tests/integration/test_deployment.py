"""What systemd and Docker do to the server, according to the files in infra/."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from entrypoints.services.ports import free_port
from entrypoints.services.program import wait_until
from tests.integration.raw_client import PATIENCE
from tests.integration.server_process import ROOT
from tests.unit.infra.files import setting, text_of


def healthcheck() -> list[str]:
    """The health check of the Dockerfile."""
    text = text_of("docker/Dockerfile").replace("\\\n", "")
    (command,) = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", text, re.MULTILINE)
    return [sys.executable if word == "python" else word for word in json.loads(command)]


def test_the_unit_s_command_serves_reloads_and_stops(tmp_path: Path) -> None:
    """`systemctl reload` does no harm without a certificate to read again."""
    config = text_of("systemd/chat.toml").replace("/var/lib/chat", str(tmp_path))
    (tmp_path / "chat.toml").write_text(config.replace("/run/chat", str(tmp_path)))
    own = {"CHAT_PORT": str(free_port()), "CHAT_HTTP_PORT": str(free_port())}
    own |= {"CHAT_HOST": "127.0.0.1", "CHAT_CONFIG": str(tmp_path / "chat.toml")}
    environment = os.environ | own
    command = shlex.split(setting("chat.service", "ExecStart"))

    def is_well() -> bool:
        done = subprocess.run(healthcheck(), env=environment, capture_output=True, check=False)
        return done.returncode == 0

    assert not is_well()
    with subprocess.Popen(
        [sys.executable if word.endswith("/python") else word for word in command],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            assert wait_until(is_well, PATIENCE)
            server.send_signal(signal.SIGHUP)
            assert is_well()
            server.terminate()
            assert server.wait(PATIENCE) == 0
        finally:
            server.kill()
