"""The script that makes a virtual environment."""

import subprocess
from pathlib import Path

from tests.unit.infra.files import INFRA

SCRIPT = INFRA / "make-venv.sh"


def test_an_environment_that_a_symbolic_link_leads_to_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "used").touch()
    link = tmp_path / ".venv"
    link.symlink_to("shared")

    done = subprocess.run(
        ["sh", SCRIPT, link], check=False, capture_output=True, text=True, timeout=60
    )

    assert (done.returncode, done.stderr) == (
        1,
        f"{link} is a symbolic link. Replace it with an environment of its own: rm {link}\n",
    )
    assert (tmp_path / "shared" / "used").exists()
