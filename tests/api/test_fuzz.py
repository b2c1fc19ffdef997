"""Schemathesis sends what the description allows, and what it does not, to a running server: never a fault of ours,
answers as described.
"""

import os
import subprocess

import pytest

import crabenv

# what would end the login that all other requests need
ENDING = "^/(auth/.*|member/me)$"


@pytest.mark.parametrize("role", ["stranger", "member", "dealer", "staff"])
def test_described_and_odd_requests(people, role, tmp_path):
    command = [
        str(crabenv.VENV_PYTHON.parent / "schemathesis"),
        "run",
        str(crabenv.ROOT / "docs" / "openapi.json"),
        f"--url={people[role].server.url}/api/v1",
        "--phases=fuzzing",
        "--mode=all",
        "--max-examples=2",
        "--seed=1",
        "--workers=2",
        "--checks=not_a_server_error,response_schema_conformance",
        "--continue-on-failure",
        "--suppress-health-check=all",
        "--no-color",
        "--warnings=off",
        "--generation-database=none",
    ]
    if role != "stranger":
        command += [f"--header=Authorization: Bearer {people[role].tokens['access_token']}"]
        command += [f"--exclude-path-regex={ENDING}"]
    # nothing is written besides the folder of the test, and nobody's settings are read
    environment = {**os.environ, "HOME": str(tmp_path), "SCHEMATHESIS_HOOKS": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
