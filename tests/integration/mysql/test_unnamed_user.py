"""A container may run as a user who has an id, and no name."""

import subprocess
import sys

from tests.integration.server_process import ROOT

# What Python 3.13 and later do for such a user.
_PROGRAM = """
import getpass, os

def name():
    if not os.environ.get("LOGNAME"):
        raise OSError("No username set in the environment")

os.environ.pop("LOGNAME", None)
getpass.getuser = name
import adapters.mysql
"""


def test_the_store_does_not_need_the_name_of_the_process_s_user() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
